/**
 * Outcomes and motions on planted signals: where each begins and ends, and which comes first where several hold.
 */
import { describe, expect, test } from 'vitest';
import { DEFAULT_THRESHOLDS, THRESHOLD_NAMES, THRESHOLDS, type Thresholds } from '../../schemas/detectors.ts';
import { endEpochs, firstTailEpoch, tailEpochs, tailStart } from '../../src/detect/tail.ts';
import { moving, plateau, type Signals, type WatchOptions, watch } from './signals.ts';

const readingsOf = (signals: Signals, options: WatchOptions = {}) => watch(signals, options).readings;
const outcomeOf = (loss: readonly number[], options: WatchOptions = {}) => readingsOf(moving(loss), options).outcome;

/** 10,000 epochs: the end is the last 100 of them, the tail the last 2000. */
const endingAt = (before: number, end: number) => [...plateau(9900, before), ...plateau(100, end)];

describe('the outcome of a network', () => {
  test('is learned at a tenth of the variance, and untrained above it', () => {
    expect(outcomeOf(plateau(10_000, 0.1))).toBe('learned');
    expect(outcomeOf(plateau(10_000, 0.1000001))).toBe('untrained');
    expect(outcomeOf(plateau(10_000, 0.1), { targetVariance: 0.5 })).toBe('untrained');
  });

  test('is learned for a slow learner that comes down in the last epochs', () => {
    expect(outcomeOf([...plateau(9999, 1), 0.09])).toBe('learned');
  });

  test('is collapsed where every loss of the end is above a tenth of the variance, and one was not before', () => {
    const readings = readingsOf(moving(endingAt(0.01, 0.11)));
    expect(readings).toMatchObject({ outcome: 'collapsed', divergedEpoch: 9900 });
    expect(readings.lostDecades).toBeCloseTo(Math.log10(11), 12);
    expect(outcomeOf(endingAt(0.01, 0.11).with(-50, 0.1))).not.toBe('collapsed');
    expect(outcomeOf([...plateau(9901, 0.01), ...plateau(99, 1)])).not.toBe('collapsed');
  });

  test('is learned for a network that collapsed and came back', () => {
    expect(outcomeOf([...plateau(3000, 0.01), ...plateau(6000, 1), ...plateau(1000, 0.02)])).toBe('learned');
  });

  test('is degraded where it ends at ten times its best and still explains most of its data', () => {
    expect(outcomeOf(endingAt(0.001, 0.01))).toBe('degraded');
    expect(outcomeOf(endingAt(0.001, 0.00999))).toBe('learned');
    expect(readingsOf(moving(endingAt(0.001, 0.01))).divergedEpoch).toBe(null);
  });

  test('takes losses below the floor of 1e-10 of the variance as equal', () => {
    expect(outcomeOf(endingAt(1e-14, 1e-11))).toBe('learned');
    expect(outcomeOf(endingAt(1e-14, 1e-9))).toBe('degraded');
    expect(readingsOf(moving(endingAt(1e-14, 1e-11))).lostDecades).toBe(0);
    expect(outcomeOf(endingAt(0, 0))).toBe('learned');
  });

  test('is exploded above ten times the variance and the first loss', () => {
    expect(outcomeOf([20, ...endingAt(0.01, 20.1)])).toBe('exploded');
    expect(outcomeOf([20, ...endingAt(0.01, 19.9)])).toBe('collapsed');
    expect(outcomeOf([1, ...endingAt(0.01, 9.9)])).toBe('collapsed');
    expect(outcomeOf([1, ...plateau(9999, 10.1)])).toBe('exploded');
  });

  test('has no epoch of divergence where a network was never trained', () => {
    expect(readingsOf(moving([1, ...plateau(9999, 10.1)])).divergedEpoch).toBe(null);
    expect(readingsOf(moving([1, 0.1, ...plateau(9998, 10.1)])).divergedEpoch).toBe(2);
  });

  test('is non-finite from the first flagged epoch on, without a motion, even where all comes to rest', () => {
    const loss = [3, 2, 0.1, ...plateau(1500, 50)];
    const nonFinite = loss.map((_, i) => Number(i >= 5));
    const readings = readingsOf(moving(loss, { changedParameters: loss.map(() => 0), nonFinite }));
    expect(readings).toMatchObject({ outcome: 'non-finite', motion: null, nonFiniteEpoch: 6, divergedEpoch: 3 });
  });

  test('has NaN as its smallest loss where no loss is a number, and no epoch for it', () => {
    const readings = readingsOf(moving([Number.NaN, Number.NaN], { nonFinite: [1, 1] }));
    expect(readings).toMatchObject({ outcome: 'non-finite', nonFiniteEpoch: 1, divergedEpoch: null, lossEnd: null });
    expect(readings).toMatchObject({ lossMin: Number.NaN, lossMinEpoch: null, lostDecades: null });
    // The last hundred losses are no numbers, whatever came before.
    const late = readingsOf(moving([...plateau(200, 0.01), ...plateau(150, Number.NaN)]));
    expect([late.lossEnd, late.lostDecades]).toEqual([null, null]);
  });

  test('compares with the first loss where the targets do not vary, or there are none', () => {
    const objective = [4, ...plateau(9999, 0)];
    for (const targetVariance of [null, 0]) {
      expect(readingsOf(moving(objective), { targetVariance })).toMatchObject({
        outcome: 'learned',
        targetVariance: 4,
      });
      expect(outcomeOf([4, ...plateau(9999, 0.41)], { targetVariance })).toBe('untrained');
    }
    expect(outcomeOf(plateau(10_000, 0), { targetVariance: null })).toBe('learned');
  });
});

/** 10,000 epochs at 0.01 with something in the tail, whose first epoch is 8001. */
const inTail = (change: (epoch: number) => number) =>
  plateau(10_000, 0.01).map((level, i) => (i < 8000 ? level : level * change(i + 1)));
const motionOf = (signals: Signals, options: WatchOptions = {}) => readingsOf(signals, options).motion;

describe('the motion of a network', () => {
  test('is frozen after a thousand last epochs without a changed bit, and not after 999', () => {
    const still = (epochs: number): Signals => {
      const loss = plateau(5000, 0.05);
      return moving(loss, { changedParameters: loss.map((_, i) => Number(i < 5000 - epochs)) });
    };
    expect(motionOf(still(1000))).toBe('frozen');
    expect(motionOf(still(999))).toBe('steady');
    const awake = still(1100);
    expect(motionOf({ ...awake, changedParameters: awake.changedParameters.with(-1, 1) })).toBe('steady');
  });

  const spiking = (height: number, ...epochs: readonly number[]) =>
    readingsOf(moving(inTail((epoch) => (epochs.includes(epoch) ? height : 1))));

  test('is spiking with three spikes of four times their base that begin in the tail', () => {
    expect(spiking(4, 8001, 9000, 10_000)).toMatchObject({ motion: 'spiking', tailSpikeCount: 3, spikeCount: 3 });
    expect(spiking(4, 9000, 10_000)).toMatchObject({ motion: 'steady', tailSpikeCount: 2 });
    expect(spiking(3.99, 8001, 9000, 9500)).toMatchObject({ motion: 'steady', tailSpikeCount: 0, spikeCount: 0 });
  });

  test('counts spikes before the tail for the whole run alone', () => {
    const loss = plateau(10_000, 0.01);
    for (const epoch of [3000, 5000, 8000, 9000]) loss[epoch - 1] = 1;
    expect(readingsOf(moving(loss))).toMatchObject({ motion: 'steady', spikeCount: 4, tailSpikeCount: 1 });
  });

  test('has an interval and a height where it is spiking, and nowhere else', () => {
    expect(spiking(4, 8100, 8200)).toMatchObject({ spikeInterval: null, spikeHeight: null });
    const { spikeInterval, spikeHeight } = spiking(4, 8100, 8200, 8400, 9000);
    expect(spikeInterval).toBe(200);
    expect(spikeHeight).toBeCloseTo(Math.log10(4), 14);
  });

  test('has no spikes below the floor', () => {
    const loss = plateau(10_000, 1e-15).map((level, i) => (i > 8000 && i % 200 === 0 ? 9e-11 : level));
    expect(readingsOf(moving(loss))).toMatchObject({ motion: 'steady', spikeCount: 0 });
    const above = loss.map((value) => (value > 1e-12 ? 5e-10 : value));
    const { motion, spikeHeight } = readingsOf(moving(above));
    expect(motion).toBe('spiking');
    expect(spikeHeight).toBeCloseTo(Math.log10(5), 12);
  });

  /** A rise over so many epochs of the tail, with a return of one epoch every hundred. */
  const rising = (epochs: number, height = 20) =>
    moving(inTail((epoch) => (epoch > 8100 && epoch <= 8100 + epochs && epoch % 100 !== 0 ? height : 1)));

  test('is bursting where more than half of the tail lies inside rises and covers a decade', () => {
    expect(motionOf(rising(1001))).toBe('bursting');
    expect(motionOf(rising(1000))).toBe('steady');
    expect(motionOf(rising(1001, 9))).not.toBe('bursting');
  });

  test('is bursting where a level shift ends in the tail and it covers a decade', () => {
    const shifted = (at: number) =>
      moving(
        plateau(10_000, 0.0001).map((level, i) => (i + 1 < at ? level : i > 9000 && i % 500 === 0 ? 0.05 : 0.005)),
      );
    expect(motionOf(shifted(6002))).toBe('bursting');
    expect(motionOf(shifted(6001))).not.toBe('bursting');
  });

  const flipping = (share: number, range: number, options: WatchOptions = {}) => {
    const loss = inTail((epoch) => (epoch % 2 === 0 ? range : 1));
    const updateCosine = loss.map((_, i) => (i >= 8000 && i < 8000 + share * 2000 ? -0.6 : 0));
    return readingsOf(moving(loss, { updateCosine }), options);
  };

  test('is fluctuating where a hundredth of the tail flips and the loss covers 0.02 decades', () => {
    const moves = 10 ** 0.0201;
    expect(flipping(0.01, moves)).toMatchObject({ motion: 'fluctuating', flipFraction: 0.01, onsetEpoch: 8001 });
    expect(flipping(0.0095, moves).motion).toBe('steady');
    expect(flipping(0.01, 10 ** 0.0199).motion).toBe('steady');
    expect(flipping(0.0045, moves).onsetEpoch).toBe(null);
  });

  test('is oscillating where nine tenths of the tail flip and the loss stays within 0.18 decades', () => {
    expect(flipping(0.9, 1).motion).toBe('oscillating');
    expect(flipping(0.9, 10 ** 0.179).motion).toBe('oscillating');
    expect(flipping(0.9, 10 ** 0.181).motion).toBe('fluctuating');
    expect(flipping(0.8995, 10 ** 0.1).motion).toBe('fluctuating');
  });

  test('is noisy with shuffled batches where the loss moves, whatever its updates do', () => {
    expect(flipping(0, 1.1, { isShuffled: true }).motion).toBe('noisy');
    expect(flipping(1, 1.1, { isShuffled: true }).motion).toBe('noisy');
    expect(flipping(1, 1, { isShuffled: true }).motion).toBe('steady');
  });

  test('is rising or descending where the tail changes by a twentieth', () => {
    const by = (factor: number) => motionOf(moving(inTail((epoch) => (epoch > 9500 ? factor : 1))));
    expect([by(1.0500001), by(1.049), by(1), by(1 / 1.049), by(1 / 1.0500001)]).toEqual([
      ...['rising', 'steady', 'steady', 'steady', 'descending'],
    ]);
  });
});

describe('a network reports', () => {
  test('its first, smallest and last loss, and the first epoch of the smallest', () => {
    const readings = readingsOf(moving([4, Number.NaN, 2, 2, 3]));
    expect(readings).toMatchObject({ lossFirst: 4, lossMin: 2, lossMinEpoch: 3, lossLast: 3 });
  });

  test('the median loss of the last hundredth, and of the last hundred epochs of a short run', () => {
    const rising = (epochs: number) => Array.from({ length: epochs }, (_, i) => 1 + i);
    expect(readingsOf(moving(rising(20_000))).lossEnd).toBe(19_900.5);
    expect(readingsOf(moving(rising(1000))).lossEnd).toBe(950.5);
    expect(readingsOf(moving([7, Number.NaN, 9])).lossEnd).toBe(8);
  });

  test('the range of its tail in decades', () => {
    expect(readingsOf(moving(inTail((epoch) => (epoch === 8001 ? 100 : 1)))).tailRangeDecades).toBeCloseTo(2, 12);
    expect(readingsOf(moving(inTail((epoch) => (epoch === 8000 ? 100 : 1)))).tailRangeDecades).toBe(0);
  });

  test('its largest loss after the first thousand epochs by its first loss', () => {
    const loss = [2, ...plateau(999, 50), ...plateau(1000, 1)];
    expect(readingsOf(moving(loss)).excursion).toBe(0.5);
    expect(readingsOf(moving(loss.with(1000, 9))).excursion).toBe(4.5);
    expect(readingsOf(moving(plateau(1000, 1))).excursion).toBe(null);
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
  });

  test('has a hundred epochs at least, and no more than the run', () => {
    expect([40, 100, 5000, 50_000].map((epochs) => endEpochs(epochs, DEFAULT_THRESHOLDS))).toEqual([40, 100, 100, 500]);
  });

  test('comes into sight with the first of all that looks at it', () => {
    const first = (epochs: number, changes: Partial<Thresholds> = {}) =>
      firstTailEpoch(epochs, { ...DEFAULT_THRESHOLDS, ...changes });
    expect([first(50_000), first(50_000, { trendEnd: 0.3 }), first(50_000, { end: 0.4 })]).toEqual([
      ...[40_001, 35_001, 30_001],
    ]);
    expect([first(200), first(80)]).toEqual([101, 1]);
  });
});

test('the thresholds are those of the definitions, and each lies within its limits', () => {
  expect(DEFAULT_THRESHOLDS).toEqual({
    ...{ spikeLookback: 1000, spikeStart: 100, spikeRise: 2, spikeFall: 1.25, spikeFallEpochs: 20 },
    ...{ levelShiftEpochs: 2000, flipCosine: -0.5, onsetEpochs: 10, frozenEpochs: 1000 },
    ...{ lossFloor: 1e-10, trainedShare: 0.1, explodedRatio: 10, degradedRatio: 10 },
    ...{ tail: 0.2, end: 0.01, endEpochs: 100, spikingHeight: 4, spikingCount: 3 },
    ...{ burstingShare: 0.5, burstingRange: 1, oscillatingShare: 0.9, oscillatingRange: 0.18 },
    ...{ fluctuatingShare: 0.01, movingRange: 0.02, trendHead: 0.25, trendEnd: 0.05, trendRatio: 1.05 },
    excursionStart: 1000,
  });
  for (const name of THRESHOLD_NAMES) {
    const { value, min, max, meaning } = THRESHOLDS[name];
    expect([name, min <= value && value <= max, meaning.length > 20]).toEqual([name, true, true]);
  }
});
