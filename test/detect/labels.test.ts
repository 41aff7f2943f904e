/**
 * Labels on planted signals: where each begins and ends, and which comes first where several hold.
 */
import { describe, expect, test } from 'vitest';
import { DEFAULT_THRESHOLDS, THRESHOLD_NAMES, THRESHOLDS } from '../../schemas/detectors.ts';
import { firstTailEpoch, tailEpochs, tailStart } from '../../src/detect/tail.ts';
import { moving, plateau, type Signals, watch } from './signals.ts';

const verdictOf = (signals: Signals, targetVariance = 1) => watch(signals, { targetVariance }).verdict;

describe('a network', () => {
  test('has diverged where the last tenth stays above ten times the minimum and a tenth of the variance', () => {
    const lost = [...plateau(89, 0.01), ...plateau(11, 0.1001)];
    expect(verdictOf(moving(lost))).toMatchObject({ label: 'diverged', degraded: true, divergedEpoch: 89 });
    const barely = [...plateau(89, 0.01), ...plateau(11, 0.1)];
    expect(verdictOf(moving(barely), 0.5)).toMatchObject({ label: 'converged', degraded: false, divergedEpoch: null });
  });

  test('is only degraded where its loss, though risen, still explains most of the variance', () => {
    const risen = [...plateau(89, 0.01), ...plateau(11, 0.11)];
    expect(verdictOf(moving(risen), 1.2)).toMatchObject({ label: 'converged', degraded: true, divergedEpoch: null });
    expect(verdictOf(moving(risen), 1)).toMatchObject({ label: 'diverged', degraded: true });
  });

  test('has not diverged if one epoch of the last tenth comes back, and has if it comes one epoch earlier', () => {
    const returns = (epoch: number) => moving([...plateau(50, 0.01), ...plateau(50, 1)].with(epoch - 1, 0.05));
    expect(verdictOf(returns(91))).toMatchObject({ divergedEpoch: null, degraded: false });
    expect(verdictOf(returns(90))).toMatchObject({ label: 'diverged', divergedEpoch: 90 });
  });

  test('has diverged at its last epoch within ten times the minimum of the whole run, not of its beginning', () => {
    const loss = [1, 1, 0.05, 0.001, 0.009, 0.011, 0.01, 0.02, ...plateau(12, 1)];
    expect(verdictOf(moving(loss))).toMatchObject({
      label: 'diverged',
      divergedEpoch: 7,
      lossMin: 0.001,
      lossMinEpoch: 4,
    });
  });

  test('without targets is judged by its first loss', () => {
    const loss = [2, ...plateau(88, 0.01), ...plateau(11, 0.19)];
    expect(watch(moving(loss), { targetVariance: null }).verdict.label).not.toBe('diverged');
    expect(watch(moving(loss.with(0, 1)), { targetVariance: null }).verdict.label).toBe('diverged');
  });

  test('is non-finite from the first flagged epoch, even if the loss continues and all else comes to rest', () => {
    const loss = [3, 2, 1, ...plateau(1500, 50)];
    const nonFinite = loss.map((_, i) => Number(i >= 5));
    const verdict = verdictOf(moving(loss, { changedParameters: loss.map(() => 0), nonFinite }));
    expect(verdict).toMatchObject({ label: 'non-finite', nonFiniteEpoch: 6, degraded: true, divergedEpoch: 3 });
  });

  test('has NaN as its minimum where no loss is a number, and no epoch for it', () => {
    const verdict = verdictOf(moving([Number.NaN, Number.NaN], { nonFinite: [1, 1] }));
    expect(verdict).toMatchObject({ label: 'non-finite', nonFiniteEpoch: 1, divergedEpoch: null });
    expect(verdict).toMatchObject({
      lossFirst: Number.NaN,
      lossMin: Number.NaN,
      lossMinEpoch: null,
      lossLast: Number.NaN,
    });
  });

  test('has stagnated after a thousand last epochs without a changed bit, and not after 999', () => {
    const still = (epochs: number): Signals => {
      const loss = plateau(100 + epochs, 0.5);
      return moving(loss, { changedParameters: loss.map((_, i) => Number(i < 100)) });
    };
    expect(verdictOf(still(1000)).label).toBe('stagnated');
    expect(verdictOf(still(999)).label).toBe('converged');
    const awake = still(1100);
    expect(verdictOf({ ...awake, changedParameters: awake.changedParameters.with(-1, 1) }).label).toBe('converged');
  });

  test('has diverged rather than stagnated where both hold', () => {
    const loss = [0.01, ...plateau(2000, 7)];
    const verdict = verdictOf(moving(loss, { changedParameters: loss.map(() => 0) }));
    expect(verdict).toMatchObject({ label: 'diverged', divergedEpoch: 1 });
  });

  /** 10,000 epochs at 1, with tops of the given height at the given epochs. */
  const spiking = (height: number, ...epochs: readonly number[]) => {
    const loss = plateau(10_000, 1);
    for (const epoch of epochs) loss[epoch - 1] = height;
    return verdictOf(moving(loss));
  };

  test('is spiking with three tenfold spikes that begin in the last fifth', () => {
    expect(spiking(10, 8001, 9000, 10_000)).toMatchObject({ label: 'spiking', spikeCount: 3 });
    expect(spiking(10, 8000, 9000, 10_000)).toMatchObject({ label: 'converged', spikeCount: 2 });
    expect(spiking(9.99, 8001, 9000, 9500)).toMatchObject({ label: 'converged', spikeCount: 3 });
  });

  test('has an interval and a height from the fourth counted spike on', () => {
    expect(spiking(4, 8100, 8200, 8400)).toMatchObject({ spikeCount: 3, spikeInterval: null, spikeHeight: null });
    const { spikeCount, spikeInterval, spikeHeight } = spiking(4, 8100, 8200, 8400, 9000);
    expect([spikeCount, spikeInterval]).toEqual([4, 200]);
    expect(spikeHeight).toBeCloseTo(Math.log10(4), 14);
    expect(spiking(3.99, 8100, 8200, 8400, 9000)).toMatchObject({ spikeCount: 0, spikeInterval: null });
  });

  test('is fluctuating where a hundredth of the tail flips', () => {
    const flipping = (flips: number) =>
      verdictOf(
        moving(plateau(10_000, 1), {
          updateCosine: Array.from({ length: 10_000 }, (_, i) => (i >= 8000 && i < 8000 + flips ? -0.6 : 0)),
        }),
      );
    expect(flipping(20)).toMatchObject({ label: 'fluctuating', flipFraction: 0.01, onsetEpoch: 8001 });
    expect(flipping(19)).toMatchObject({ label: 'converged', flipFraction: 0.0095, onsetEpoch: 8001 });
    expect(flipping(9).onsetEpoch).toBe(null);
  });

  test('has converged where the tail gains less than a twentieth, and is descending where it gains more', () => {
    const falling = (ratio: number) => moving(Array.from({ length: 1000 }, (_, i) => (i < 900 ? ratio : 1)));
    expect(verdictOf(falling(1.049)).label).toBe('converged');
    expect(verdictOf(falling(1.05)).label).toBe('descending');
    expect(verdictOf(moving(plateau(1000, 0))).label).toBe('converged');
  });

  test('reports its first, smallest and last loss, and the first epoch of the smallest', () => {
    const verdict = verdictOf(moving([4, Number.NaN, 2, 2, 3]));
    expect(verdict).toMatchObject({ lossFirst: 4, lossMin: 2, lossMinEpoch: 3, lossLast: 3 });
  });
});

describe('the end of a run', () => {
  test('is a share of its epochs, rounded half up, and at least one', () => {
    for (const percent of [5, 10, 20]) {
      for (let epochs = 1; epochs <= 20_000; epochs++) {
        const expected = Math.max(1, Math.round((percent * epochs) / 100));
        if (tailEpochs(epochs, percent / 100) !== expected)
          throw new Error(`${percent} % of ${epochs}: expected ${expected}`);
      }
    }
    expect([1, 4, 5, 14, 15, 25].map((epochs) => tailEpochs(epochs, 0.1))).toEqual([1, 1, 1, 1, 2, 3]);
    expect(tailStart(50_000, 0.2)).toBe(40_001);
    expect(firstTailEpoch(50_000, { ...DEFAULT_THRESHOLDS, divergenceTail: 0.3 })).toBe(35_001);
  });
});

test('the thresholds are those of the definitions, and each lies within its limits', () => {
  expect(DEFAULT_THRESHOLDS).toEqual({
    ...{ spikeLookback: 1000, spikeStart: 100, spikeRise: 2, spikeFall: 1.25, spikeFallEpochs: 20 },
    ...{ levelShiftEpochs: 2000, flipCosine: -0.5, onsetEpochs: 10, stagnationEpochs: 1000 },
    ...{ lossRatio: 10, varianceShare: 0.1, divergenceTail: 0.1, tail: 0.2 },
    ...{ spikingHeight: 10, spikingCount: 3, fluctuatingShare: 0.01, countedHeight: 4, countedMin: 4 },
    ...{ convergenceHead: 0.25, convergenceTail: 0.05, convergenceRatio: 1.05 },
  });
  for (const name of THRESHOLD_NAMES) {
    const { value, min, max, meaning } = THRESHOLDS[name];
    expect([name, min <= value && value <= max, meaning.length > 20]).toEqual([name, true, true]);
  }
});
