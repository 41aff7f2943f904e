/**
 * Tests of where windows stand and over which epochs curvature is followed: functions of the events, checked epoch by
 * epoch.
 */
import { describe, expect, test } from 'vitest';
import {
  curvatureRange,
  evenlySpread,
  RECORD_EPOCHS,
  randomSites,
  relaxationEnd,
  spikeSites,
  windowsWithin,
} from '../../src/analysis/sites.ts';

const spikes = [
  { onset: 500, peak: 503, end: 520 },
  { onset: 600, peak: 604, end: 640 },
  { onset: 5000, peak: 5060, end: null },
];
const all = (epochs: number, rowsMax = 1e6) => spikeSites(spikes, [0, 1, 2], { epochs, rowsMax });

describe('the windows of a spike', () => {
  test('stand where they are defined to, and all within its site', () => {
    const [first, , last] = all(10_000).map(windowsWithin);
    expect(first).toEqual([
      { kind: 'rise', firstEpoch: 441 },
      { kind: 'relaxation', firstEpoch: 508 },
      { kind: 'calm', firstEpoch: 375 },
    ]);
    expect(last.map(({ kind, firstEpoch }) => `${kind} ${firstEpoch}`)).toEqual([
      'rise 4998',
      'relaxation 5065',
      'calm 4875',
    ]);
  });

  test('are left out where another spike reaches into calm, or epochs end', () => {
    const [, second] = all(10_000);
    expect(windowsWithin(second).map(({ kind }) => kind)).toEqual(['rise', 'relaxation']);
    const [early] = spikeSites([{ onset: 40, peak: 41, end: 50 }], [0], { epochs: 90, rowsMax: 1e6 });
    expect(windowsWithin(early)).toEqual([]);
    expect([early.first, early.last]).toEqual([1, 90]);
  });
});

describe('the site of a spike', () => {
  test('reaches from the first epoch of its curvature to the end of its record, and knows its neighbours', () => {
    const [, second] = all(10_000);
    expect(second).toMatchObject({ first: 399, last: 608 + RECORD_EPOCHS + 1, previousEnd: 520, nextOnset: 5000 });
    expect(all(10_000)[2]).toMatchObject({ nextOnset: null, nextPeak: null, previousEnd: 640 });
  });

  test('knows how much the intervals around it vary, if there are four', () => {
    const peaks = [100, 200, 310, 420, 520, 2000, 2100, 2200, 2300, 2400, 2500, 2600, 2700, 2800, 2900];
    const found = spikeSites(
      peaks.map((peak) => ({ onset: peak - 3, peak, end: peak + 20 })),
      [0, 14],
      { epochs: 10_000, rowsMax: 1e6 },
    ).map(({ intervalVariation }) => intervalVariation);
    // Eight intervals on either side: 100, 110, 110, 100, 1480, 100, 100, 100; and 100 eight times.
    expect(found[0]).toBeCloseTo(1.770598, 6);
    expect(found[1]).toBe(0);
    expect(all(10_000).map(({ intervalVariation }) => intervalVariation)).toEqual([null, null, null]);
  });

  test('is cut at the last epoch, or short of its record where rows are dear, but never before its relaxation', () => {
    expect(all(700).map(({ last }) => last)).toEqual([700, 700, 700]);
    for (const site of all(10_000, 400)) {
      expect(site.last).toBeLessThan(site.first + 400);
      expect(site.last).toBeGreaterThan(relaxationEnd(site.spike));
    }
  });

  test('has its curvature followed from 200 epochs before the onset, or from the end of the spike before', () => {
    expect(all(10_000).map(curvatureRange)).toEqual([
      { first: 300, last: 500 },
      { first: 520, last: 600 },
      { first: 4800, last: 5000 },
    ]);
  });
});

describe('random sites', () => {
  const draws = Array.from({ length: 500 }, (_, i) => i);
  const sites = randomSites(spikes, draws, { epochs: 6000, seed: 3 });

  test('spread over all epochs that have 200 before them', () => {
    const epochs = sites.map(({ epoch }) => epoch);
    expect(Math.min(...epochs)).toBeGreaterThanOrEqual(202);
    expect(Math.min(...epochs)).toBeLessThan(300);
    expect(Math.max(...epochs)).toBeLessThanOrEqual(6000);
    expect(Math.max(...epochs)).toBeGreaterThan(5900);
    for (const site of sites) {
      expect(curvatureRange(site)).toEqual({ first: site.epoch - 200, last: site.epoch });
      expect([site.first, site.last]).toEqual([site.epoch - 201, site.epoch]);
      expect(windowsWithin(site)).toEqual([{ kind: 'random', firstEpoch: site.epoch - 61 }]);
    }
  });

  test('know the spikes that may follow what is seen in them', () => {
    const near = sites.filter(({ epoch }) => epoch >= 4801 && epoch <= 5200);
    expect(near.length).toBeGreaterThan(10);
    for (const { onsets } of near) expect(onsets).toEqual([5000]);
  });

  test('are none where epochs are too few', () => {
    expect(randomSites(spikes, [0], { epochs: 200, seed: 0 })).toEqual([]);
  });
});

test('what is evenly spread has every site once, both halves alike', () => {
  expect(evenlySpread(3, 10)).toEqual([0, 1, 2]);
  expect(evenlySpread(100, 4)).toEqual([12, 37, 62, 87]);
  expect(evenlySpread(0, 4)).toEqual([]);
});
