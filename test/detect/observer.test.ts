/**
 * The observer against the definitions of SCIENCE.md, computed here from a whole run at once: labels on planted signals, and
 * verdicts on random ones, however they are cut into chunks.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Observer, type SignalChunk, type Verdict } from '../../src/detect/observer.ts';
import { THRESHOLDS, tailEpochs } from '../../src/detect/thresholds.ts';

/** The signals of a whole run, `[epoch − 1]`. */
interface Signals {
  readonly loss: readonly number[];
  readonly changedParameters: readonly number[];
  readonly nonFinite: readonly number[];
}

/** A chunk as an engine leaves it: the signals of its epochs and no others, and their extremes, NaN where a loss is NaN. */
function chunkOf(firstEpoch: number, { loss, changedParameters, nonFinite }: Signals): SignalChunk {
  const at = (values: readonly number[]) => (i: number) => {
    if (!(i in values)) throw new Error(`epoch ${i} of a chunk of ${values.length}`);
    return values[i];
  };
  return {
    firstEpoch,
    count: loss.length,
    loss: at(loss),
    changedParameters: at(changedParameters),
    nonFinite: at(nonFinite),
    lossMin: Math.min(...loss),
    lossMax: Math.max(...loss),
    changedParametersMax: Math.max(0, ...changedParameters),
    nonFiniteMax: Math.max(0, ...nonFinite),
  };
}

/**
 * What observing a run in chunks of the given lengths (the last one again and again) comes to; where it is handed on, each chunk has
 * an observer of its own that goes on with the numbers of the one before.
 */
function observe(
  { loss, ...other }: Signals,
  targetVariance: number,
  chunks: readonly number[] = [loss.length],
  isHandedOn = false,
): Verdict {
  let observer = new Observer({ epochs: loss.length, targetVariance });
  for (let first = 0, chunk = 0; first < loss.length; chunk++) {
    const count = Math.min(chunks[Math.min(chunk, chunks.length - 1)], loss.length - first);
    const cut = (values: readonly number[]) => values.slice(first, first + count);
    const signals = { changedParameters: cut(other.changedParameters), nonFinite: cut(other.nonFinite) };
    observer.observe(chunkOf(first + 1, { loss: cut(loss), ...signals }));
    first += count;
    if (isHandedOn) {
      const saved = observer.save();
      observer = new Observer({ epochs: loss.length, targetVariance });
      observer.restore(saved, first);
    }
  }
  return observer.verdict();
}

/** The same by the book: minima ignore NaN, a tail is the last max(1, round(pE/100)) epochs. */
function verdictByDefinition({ loss, changedParameters, nonFinite }: Signals, targetVariance: number): Verdict {
  const minimum = (values: readonly number[]) => Math.min(...values.filter((value) => !Number.isNaN(value)));
  const min = minimum(loss);
  const tailMin = minimum(loss.slice(-Math.max(1, Math.round((10 * loss.length) / 100))));
  const degraded = tailMin > 10 * min;
  const nonFiniteAt = nonFinite.indexOf(1);
  const lastChange = changedParameters.findLastIndex((count) => count > 0);
  let label: Verdict['label'] = 'other';
  if (changedParameters.length - 1 - lastChange >= 1000) label = 'stagnated';
  if (degraded && tailMin > 0.1 * targetVariance) label = 'diverged';
  if (nonFiniteAt >= 0) label = 'non-finite';
  const low = loss.findLastIndex((value) => value <= 10 * min);
  const isNumber = loss.some((value) => !Number.isNaN(value));
  return {
    label,
    degraded,
    divergedEpoch: (label === 'diverged' || label === 'non-finite') && low >= 0 ? low + 1 : null,
    nonFiniteEpoch: nonFiniteAt < 0 ? null : nonFiniteAt + 1,
    lossFirst: loss[0],
    lossMin: isNumber ? min : Number.NaN,
    lossMinEpoch: isNumber ? loss.indexOf(min) + 1 : null,
    lossLast: loss[loss.length - 1],
  };
}

/** Signals from runs of equal epochs, so that plateaus are as long as a thousand epochs. */
const signalsArbitrary: fc.Arbitrary<Signals> = fc
  .array(
    fc.record({
      length: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 30 }) }, fc.integer({ min: 990, max: 1010 })),
      loss: fc.oneof(
        fc.constantFrom(0, 1, 10, 10.000000000000002, 0.1, 5e-324, Number.NaN, Number.POSITIVE_INFINITY),
        fc.double({ min: 0, max: 1000 }),
      ),
      changed: fc.constantFrom(0, 1, 10),
      nonFinite: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.constant(1)),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((plateaus) => {
    const spread = (of: (plateau: (typeof plateaus)[number]) => number) =>
      plateaus.flatMap((plateau) => Array<number>(plateau.length).fill(of(plateau)));
    return {
      loss: spread(({ loss }) => loss),
      changedParameters: spread(({ changed }) => changed),
      nonFinite: spread((of) => of.nonFinite),
    };
  });
const varianceArbitrary = fc.constantFrom(0, 0.5, 100);
const chunksArbitrary = fc.array(fc.integer({ min: 1, max: 1024 }), { minLength: 1, maxLength: 5 });

test('verdicts are those of the definitions, on any signals in any chunks, handed on or not', async () => {
  await fc.assert(
    fc.property(signalsArbitrary, varianceArbitrary, chunksArbitrary, (signals, variance, chunks) => {
      const expected = verdictByDefinition(signals, variance);
      expect(observe(signals, variance)).toEqual(expected);
      expect(observe(signals, variance, chunks)).toEqual(expected);
      expect(observe(signals, variance, chunks, true)).toEqual(expected);
      expect(observe(signals, variance, [1])).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

/** A run in which every parameter changes in every epoch. */
const moving = (loss: readonly number[], nonFinite: readonly number[] = loss.map(() => 0)): Signals => ({
  loss,
  changedParameters: loss.map(() => 3),
  nonFinite,
});
const plateau = (epochs: number, value: number) => Array<number>(epochs).fill(value);

describe('a network', () => {
  test('has diverged where the last tenth stays above ten times the minimum and a tenth of the variance', () => {
    const lost = [...plateau(89, 0.01), ...plateau(11, 0.1001)];
    expect(observe(moving(lost), 1)).toMatchObject({ label: 'diverged', degraded: true, divergedEpoch: 89 });
    const barely = [...plateau(89, 0.01), ...plateau(11, 0.1)];
    expect(observe(moving(barely), 0.5)).toMatchObject({ label: 'other', degraded: false, divergedEpoch: null });
  });

  test('is only degraded where its loss, though risen, still explains most of the variance', () => {
    const risen = [...plateau(89, 0.01), ...plateau(11, 0.11)];
    expect(observe(moving(risen), 1.2)).toMatchObject({ label: 'other', degraded: true, divergedEpoch: null });
    expect(observe(moving(risen), 1)).toMatchObject({ label: 'diverged', degraded: true });
  });

  test('has not diverged where one epoch of the last tenth comes back, and has where the return is one epoch earlier', () => {
    const returns = (epoch: number) => moving([...plateau(50, 0.01), ...plateau(50, 1)].with(epoch - 1, 0.05));
    expect(observe(returns(91), 1)).toMatchObject({ label: 'other', divergedEpoch: null });
    expect(observe(returns(90), 1)).toMatchObject({ label: 'diverged', divergedEpoch: 90 });
  });

  test('has diverged at its last epoch within ten times the minimum of the whole run, not of its beginning', () => {
    const loss = [1, 1, 0.05, 0.001, 0.009, 0.011, 0.01, 0.02, ...plateau(12, 1)];
    expect(observe(moving(loss), 1)).toMatchObject({
      label: 'diverged',
      divergedEpoch: 7,
      lossMin: 0.001,
      lossMinEpoch: 4,
    });
  });

  test('is non-finite from the first flagged epoch on, even where the loss goes on and everything else comes to rest', () => {
    const loss = [3, 2, 1, ...plateau(1500, 50)];
    const nonFinite = loss.map((_, i) => Number(i >= 5));
    const verdict = observe({ loss, changedParameters: loss.map(() => 0), nonFinite }, 1);
    expect(verdict).toMatchObject({ label: 'non-finite', nonFiniteEpoch: 6, degraded: true, divergedEpoch: 3 });
  });

  test('has NaN as its minimum where no loss is a number, and no epoch for it', () => {
    const verdict = observe(moving([Number.NaN, Number.NaN], [1, 1]), 1);
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
      return { ...moving(loss), changedParameters: loss.map((_, i) => Number(i < 100)) };
    };
    expect(observe(still(1000), 1).label).toBe('stagnated');
    expect(observe(still(999), 1).label).toBe('other');
    const awake = still(1100);
    expect(observe({ ...awake, changedParameters: awake.changedParameters.with(-1, 1) }, 1).label).toBe('other');
  });

  test('has diverged rather than stagnated where both hold', () => {
    const loss = [0.01, ...plateau(2000, 7)];
    const verdict = observe({ ...moving(loss), changedParameters: loss.map(() => 0) }, 1);
    expect(verdict).toMatchObject({ label: 'diverged', divergedEpoch: 1 });
  });

  test('reports its first, smallest and last loss, and the first epoch of the smallest', () => {
    const verdict = observe(moving([4, Number.NaN, 2, 2, 3]), 1);
    expect(verdict).toMatchObject({ lossFirst: 4, lossMin: 2, lossMinEpoch: 3, lossLast: 3 });
  });
});

test('a provisional label is the label the run would have if it ended like the epochs seen last', () => {
  const observer = new Observer({ epochs: 10_000, targetVariance: 1 });
  const show = (firstEpoch: number, loss: readonly number[], changed = 1) => {
    const signals = {
      changedParameters: loss.map(() => changed),
      nonFinite: loss.map((value) => Number(value === Infinity)),
    };
    observer.observe(chunkOf(firstEpoch, { loss, ...signals }));
    return observer.provisionalLabel();
  };
  expect(show(1, [1, 0.01])).toBe('other');
  expect(show(3, [5, 5, 5])).toBe('diverged');
  expect(show(6, [5, 0.02, 5])).toBe('other');
  expect(show(9, plateau(1000, 0.02), 0)).toBe('stagnated');
  expect(show(1009, [Infinity])).toBe('non-finite');
});

test('an observer that goes on in a longer run has not seen its tail', () => {
  const loss = [1, ...Array<number>(19).fill(0.01), ...Array<number>(80).fill(5)];
  const short = new Observer({ epochs: 20, targetVariance: 1 });
  short.observe(chunkOf(1, moving(loss.slice(0, 19))));
  const long = new Observer({ epochs: 100, targetVariance: 1 });
  long.restore(short.save(), 19);
  long.observe(chunkOf(20, moving(loss.slice(19))));
  expect(long.verdict()).toEqual(observe(moving(loss), 1));
  expect(long.verdict().label).toBe('diverged');
});

test('the tail of a run is a share of its epochs, rounded half up, and at least one', () => {
  for (let epochs = 1; epochs <= 20_000; epochs++) {
    const expected = Math.max(1, Math.round((10 * epochs) / 100));
    if (tailEpochs(epochs, THRESHOLDS.divergenceTail) !== expected)
      throw new Error(`${epochs} epochs: expected ${expected}`);
  }
  expect([1, 4, 5, 14, 15, 25].map((epochs) => tailEpochs(epochs, 0.1))).toEqual([1, 1, 1, 1, 2, 3]);
});

test('thresholds are those of the definitions', () => {
  expect(THRESHOLDS).toEqual({ lossRatio: 10, varianceShare: 0.1, divergenceTail: 0.1, stagnationEpochs: 1000 });
});
