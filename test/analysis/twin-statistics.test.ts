/** Tests of the comparison of twins: planted differences, the pairs of a sweep that comes with Gyre, and its words. */

import { describe, expect, test } from 'vitest';
import type { Labels } from '../../schemas/labels.ts';
import { compareTwins, separationRow, type TwinPair, verdictOf } from '../../src/analysis/twin-statistics.ts';
import { uniform } from '../../src/numeric/philox.ts';

const SPIKING: Labels = { outcome: 'learned', motion: 'spiking' };

const draw = (seed: number, index: number) => uniform({ seed, stream: 'analysis', layer: 6, index });

/** Pairs that have more in common than their precision: networks differ threefold, twins by `noise`. */
function pairsOf(options: { seed: number; ratio?: number; noise?: number; count?: number }): TwinPair[] {
  const { seed, ratio = 1, noise = 0.1, count = 40 } = options;
  return Array.from({ length: count }, (_, i) => {
    const own = 100 * 3 ** draw(seed, 3 * i);
    const around = (k: number) => 1 + noise * (draw(seed, 3 * i + k) - 0.5);
    const twin = (spikeInterval: number) => ({ labels: SPIKING, spikeInterval, spikeHeight: 1 });
    return { float32: twin(ratio * own * around(1)), float64: twin(own * around(2)) };
  });
}

/** Pairs of which the members are unstable or not. */
const labelled = (counts: { both?: number; only32?: number; only64?: number; neither?: number }): TwinPair[] => {
  const twin = (isUnstable: boolean) => ({
    labels: { outcome: 'learned' as const, motion: isUnstable ? ('fluctuating' as const) : ('steady' as const) },
    spikeInterval: null,
    spikeHeight: null,
  });
  const pairs = (count: number | undefined, in32: boolean, in64: boolean) =>
    Array.from({ length: count ?? 0 }, () => ({ float32: twin(in32), float64: twin(in64) }));
  return [
    ...pairs(counts.both, true, true),
    ...pairs(counts.only32, true, false),
    ...pairs(counts.only64, false, true),
    ...pairs(counts.neither, false, false),
  ];
};

describe('spikes of twins', () => {
  test.each([
    ['alike', 1],
    ['alike', 0.95],
    ['slightly different', 0.9],
    ['different', 0.8],
    ['different', 2],
  ] as const)('are %s where intervals in float32 are %d times those in float64', (verdict, ratio) => {
    const verdicts = Array.from({ length: 10 }, (_, seed) => compareTwins(pairsOf({ seed, ratio }), 0.1).interval);
    expect(verdicts.map((found) => found.verdict)).toEqual(Array.from({ length: 10 }, () => verdict));
    for (const found of verdicts) expect(found.ratio.value / ratio).toBeCloseTo(1, 1);
  });

  test('are undecided where twins differ too much from each other, or pairs are few', () => {
    expect(compareTwins(pairsOf({ seed: 1, noise: 1.5 }), 0.1).interval.verdict).toBe('undecided');
    const five = compareTwins(pairsOf({ seed: 1, ratio: 2, count: 5 }), 0.1).interval;
    expect(five).toMatchObject({ pairs: 5, verdict: 'undecided' });
    expect(five.ratio.value).toBeCloseTo(2, 0);
    expect(five.ratio.lower).toBeNaN();
  });

  test('are called alike in at most 5 % of samples whose true difference is the margin', () => {
    const called = Array.from(
      { length: 100 },
      (_, seed) => compareTwins(pairsOf({ seed: 100 + seed, ratio: 1.1, count: 24 }), 0.1).interval.verdict,
    );
    expect(called.filter((verdict) => verdict === 'alike').length).toBeLessThanOrEqual(5);
    expect(called).toContain('slightly different');
  });

  test('have the inverse ratio where precisions are exchanged', () => {
    const pairs = pairsOf({ seed: 3, ratio: 0.7, count: 30 });
    const { value, lower, upper } = compareTwins(pairs, 0.1).interval.ratio;
    const exchanged = pairs.map(({ float32, float64 }) => ({ float32: float64, float64: float32 }));
    const inverse = compareTwins(exchanged, 0.1).interval.ratio;
    expect([1 / inverse.value, 1 / inverse.upper, 1 / inverse.lower].map((end) => end.toFixed(10))).toEqual(
      [value, lower, upper].map((end) => end.toFixed(10)),
    );
  });

  test('of sweeps/spikes.yaml at beta1 0.95 are alike, and surely some 5 % shorter in float32', () => {
    const { interval } = compareTwins(SHIPPED_PAIRS, 0.1);
    expect([interval.pairs, interval.verdict]).toEqual([32, 'alike']);
    // An independent trainer has .947 [.903, .997].
    for (const [name, end] of Object.entries({ value: 0.947, lower: 0.903, upper: 0.997 }))
      expect(Math.abs(interval.ratio[name as keyof typeof interval.ratio] - end)).toBeLessThan(0.0015);
    expect(compareTwins(SHIPPED_PAIRS, 0.02).interval.verdict).toBe('slightly different');
  });

  test('are not compared where no pair has them in both precisions', () => {
    const { interval, verdict } = compareTwins(labelled({ both: 40 }), 0.1);
    expect(interval).toMatchObject({ pairs: 0, verdict: null });
    expect(verdict).toBe('alike');
  });
});

describe('shares of unstable twins', () => {
  test.each([
    ['alike', { both: 20, neither: 20 }],
    ['undecided', { both: 12, neither: 12 }],
    ['undecided', { both: 10, only32: 5, only64: 5, neither: 10 }],
    ['different', { only32: 20, neither: 12 }],
    ['different', { only64: 20, both: 12 }],
    ['slightly different', { only32: 7, both: 16, neither: 17 }],
  ] as const)('are %s for %j pairs', (verdict, counts) => {
    expect(compareTwins(labelled(counts), 0.1).unstable.verdict).toBe(verdict);
  });

  test('count pairs, and not networks', () => {
    const { unstable } = compareTwins(labelled({ both: 10, only32: 6, neither: 16 }), 0.1);
    expect(unstable).toMatchObject({ count32: 16, count64: 10, only32: 6, only64: 0, pValue: 1 / 32 });
    expect([unstable.float32.value, unstable.float64.value, unstable.difference.value]).toEqual([0.5, 0.3125, 0.1875]);
  });

  test('without a difference have a p-value below 0.05 in at most 5 % of samples', () => {
    const found = Array.from({ length: 1000 }, (_, sample) => {
      const ends = Array.from({ length: 24 }, (_, i) => draw(5000 + sample, i) < 0.5);
      const only32 = ends.filter((end) => end).length;
      return compareTwins(labelled({ only32, only64: 24 - only32 }), 0.1).unstable.pValue;
    });
    expect(found.filter((pValue) => pValue < 0.05).length).toBeLessThanOrEqual(50);
  });
});

describe('a verdict', () => {
  test.each([
    [0.903, 0.997, 'alike'],
    [0.95, 1.05, 'alike'],
    [0.85, 0.95, 'slightly different'],
    [1.02, 1.3, 'slightly different'],
    [0.49, 0.52, 'different'],
    [1.11, 1.2, 'different'],
    [0.95, 1.2, 'undecided'],
    [0.5, 2, 'undecided'],
    [Number.NaN, Number.NaN, 'undecided'],
  ])('on the interval [%d, %d] is %s', (lower, upper, verdict) => {
    expect(verdictOf({ value: 1, lower, upper }, { same: 1, margin: 0.1 })).toBe(verdict);
  });

  test('on a setting is a difference before doubt, and doubt before likeness', () => {
    const different = pairsOf({ seed: 4, ratio: 0.5 });
    expect(compareTwins(different, 0.1)).toMatchObject({ height: { verdict: 'alike' }, verdict: 'different' });
    expect(compareTwins(pairsOf({ seed: 4 }), 0.1).verdict).toBe('alike');
    expect(compareTwins(pairsOf({ seed: 4, count: 20 }), 0.1)).toMatchObject({
      interval: { verdict: 'alike' },
      unstable: { verdict: 'undecided' },
      verdict: 'undecided',
    });
  });
});

test('twins separate at the first row beyond the limit', () => {
  const theta64 = [1, 0, 1, 0, 1, 0];
  expect(separationRow([1, 0, 1, 0.0005, 1, 0.002], theta64, { parameterCount: 2, limit: 1e-3 })).toBe(2);
  expect(separationRow(theta64, theta64, { parameterCount: 2, limit: 1e-3 })).toBeNull();
});

/** Spike intervals of the networks of sweeps/spikes.yaml with beta1 0.95, by seed. */
const SHIPPED_FLOAT32 = [
  301, 266, 297.5, 250, 269.5, 284.5, 269, 286, 300, 293.5, 295, 264.5, 302, 268, 284, 254, 286, 258, 255.5, 277, 317,
  286, 239, 263, 269.5, 303, 218, 266, 231, 321, 289, 267.5,
];
const SHIPPED_FLOAT64 = [
  261, 295, 345, 229.5, 277, 301, 256, 241, 310.5, 297, 270.5, 331, 303, 294.5, 256, 345, 259, 303, 283, 374, 337.5,
  317, 269.5, 277, 290, 315.5, 308, 358, 311, 266, 275, 256,
];
const SHIPPED_PAIRS = SHIPPED_FLOAT32.map((spikeInterval, i): TwinPair => {
  const twin = (interval: number) => ({ labels: SPIKING, spikeInterval: interval, spikeHeight: 1 });
  return { float32: twin(spikeInterval), float64: twin(SHIPPED_FLOAT64[i]) };
});
