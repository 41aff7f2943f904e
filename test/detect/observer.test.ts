/**
 * The observer against the definitions, computed from whole runs at once: events and verdicts on random signals,
 * however they are cut into chunks, interrupted and continued.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVENT_KINDS } from '../../schemas/catalogue.ts';
import { DEFAULT_THRESHOLDS, type Thresholds } from '../../schemas/detectors.ts';
import { eventsTold } from '../../src/detect/observer.ts';
import { firstTailEpoch } from '../../src/detect/tail.ts';
import { inOrder, type Judgement, judge } from './by-definition.ts';
import { chunkOf, moving, observerOf, plateau, type Signals, type WatchOptions, watch } from './signals.ts';

/** So small that a run of a few hundred epochs has all there is many times. */
const SMALL: Thresholds = {
  ...DEFAULT_THRESHOLDS,
  spikeLookback: 30,
  spikeStart: 8,
  spikeFallEpochs: 3,
  levelShiftEpochs: 40,
  onsetEpochs: 3,
  stagnationEpochs: 12,
  spikingCount: 2,
  countedMin: 2,
};

/** Stretches of a run, each with a course of the loss of its own. */
const stretch = fc.record({
  length: fc.integer({ min: 1, max: 60 }),
  level: fc.constantFrom(1, 1.2, 2, 2.5, 4, 10, 10.000000000000002, 100, 0.1, 5e-324, 0, 1e300),
  slope: fc.constantFrom(1, 1, 0.9, 1.1),
  special: fc.oneof(
    { weight: 8, arbitrary: fc.constant(null) },
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0, 50),
  ),
  specialAt: fc.integer({ min: 0, max: 60 }),
  cosine: fc.constantFrom(-1, -0.5, -0.500001, 0.3, Number.NaN),
  otherCosine: fc.constantFrom(-1, 0.3, Number.NaN),
  flipsEvery: fc.integer({ min: 1, max: 6 }),
  changed: fc.constantFrom(0, 3),
  nonFinite: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.constant(1)),
});

const signalsArbitrary: fc.Arbitrary<Signals> = fc.array(stretch, { minLength: 1, maxLength: 12 }).map((stretches) => ({
  loss: stretches.flatMap(({ length, level, slope, special, specialAt }) =>
    Array.from({ length }, (_, i) => (special !== null && i === specialAt ? special : level * slope ** i)),
  ),
  updateCosine: stretches.flatMap(({ length, cosine, otherCosine, flipsEvery }) =>
    Array.from({ length }, (_, i) => (i % flipsEvery === 0 ? cosine : otherCosine)),
  ),
  changedParameters: stretches.flatMap(({ length, changed }) => plateau(length, changed)),
  nonFinite: stretches.flatMap(({ length, nonFinite }) => plateau(length, nonFinite)),
}));
const varianceArbitrary = fc.constantFrom(null, 0, 0.5, 100);
const chunksArbitrary = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 5 });

/** Equal but for the last digits of heights, which the definition takes from another logarithm. */
function expectSame(found: Judgement, expected: Judgement): void {
  const withoutHeights = ({ verdict, events }: Judgement) => ({
    verdict: { ...verdict, spikeHeight: null },
    events: events.map((event) => ({ ...event, spike: event.spike && { ...event.spike, height: 0 } })),
  });
  expect(withoutHeights(found)).toEqual(withoutHeights(expected));
  const heights = ({ verdict, events }: Judgement) => [
    verdict.spikeHeight,
    ...events.map(({ spike }) => spike?.height),
  ];
  const others = heights(expected);
  for (const [i, height] of heights(found).entries()) {
    const other = others[i];
    if (typeof height !== 'number' || typeof other !== 'number') expect(height).toBe(other);
    // Where peak / base overflows, the definition has ∞ and the detector the truth.
    else if (other !== Number.POSITIVE_INFINITY)
      expect(Math.abs(height - other)).toBeLessThanOrEqual(4e-15 * Math.max(1, other));
  }
}

test('events and verdicts are those of the definitions, on any signals in any chunks and parts', async () => {
  await fc.assert(
    fc.property(signalsArbitrary, varianceArbitrary, chunksArbitrary, (signals, targetVariance, chunks) => {
      const expected = judge(signals, targetVariance, SMALL);
      const options: WatchOptions = { thresholds: SMALL, targetVariance };
      const found = watch(signals, { ...options, chunks });
      expectSame(found, expected);
      expect(watch(signals, { ...options, chunks, isHandedOn: true })).toEqual(found);
      expect(watch(signals, { ...options, chunks: [1] })).toEqual(found);
      for (const subchunkEpochs of [1, 7, 20]) {
        const ofSubchunks = chunks.map((count) => subchunkEpochs * (1 + (count % 5)));
        expect(watch(signals, { ...options, chunks: ofSubchunks, subchunkEpochs })).toEqual(found);
      }
      expect(watch(signals, { ...options, chunks: [signals.loss.length] })).toEqual(found);
    }),
    { numRuns: 500, seed: 20261125 },
  );
});

test('with the default thresholds too, on runs of thousands of epochs', async () => {
  await fc.assert(
    fc.property(signalsArbitrary, chunksArbitrary, (signals, chunks) => {
      const slow = (values: readonly number[]) => values.flatMap((value) => plateau(18, value)).slice(0, 5000);
      const signalsOf = { ...signals } as Record<keyof Signals, readonly number[]>;
      for (const name of Object.keys(signals) as (keyof Signals)[]) signalsOf[name] = slow(signals[name]);
      const expected = judge(signalsOf, 1, DEFAULT_THRESHOLDS);
      expectSame(watch(signalsOf, { chunks }), expected);
      expectSame(watch(signalsOf, { chunks: [240], subchunkEpochs: 20 }), expected);
    }),
    { numRuns: 25, seed: 20261126 },
  );
});

describe('a run that goes on for more epochs', () => {
  test('has the events and the verdict of one that was meant to be so long', async () => {
    await fc.assert(
      fc.property(
        signalsArbitrary,
        chunksArbitrary,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (signals, chunks, at) => {
          const epochs = signals.loss.length;
          const seen = Math.floor(at * (firstTailEpoch(epochs, SMALL) - 1));
          if (seen === 0) return;
          const short = observerOf(seen, { thresholds: SMALL });
          for (let first = 0; first < seen; first += chunks[0])
            short.observer.observe(chunkOf(signals, first, Math.min(chunks[0], seen - first)));
          const saved = short.observer.save();
          const counts = short.events.map(({ kind }) => kind);
          expect(eventsTold(saved)).toEqual(
            Object.fromEntries(EVENT_KINDS.map((kind) => [kind, counts.filter((one) => one === kind).length])),
          );
          const long = observerOf(epochs, { thresholds: SMALL });
          long.observer.restore(saved);
          long.observer.observe(chunkOf(signals, seen, epochs - seen));
          const events = inOrder([
            ...short.events,
            ...long.events,
            ...long.observer.lastEvents(long.observer.outcome()),
          ]);
          expectSame({ verdict: long.observer.outcome(), events }, judge(signals, 1, SMALL));
        },
      ),
      { numRuns: 200, seed: 20261127 },
    );
  });

  test('must not have reached its new tail, which it has seen without knowing', () => {
    const { observer } = observerOf(100);
    observer.observe(chunkOf(moving(plateau(100, 1)), 0, 100));
    const saved = observer.save();
    expect(() => observerOf(124).observer.restore(saved)).toThrow(
      'seen 100 of 100 epochs: too far for the tail of 124',
    );
    expect(() => observerOf(126).observer.restore(saved)).not.toThrow();
  });
});

test('chunks that do not follow one another are refused', () => {
  const { observer } = observerOf(100);
  const signals = moving(plateau(100, 1));
  observer.observe(chunkOf(signals, 0, 10));
  expect(() => observer.observe(chunkOf(signals, 20, 10))).toThrow('epoch 21 follows upon epoch 10');
});

test('a provisional label is the label that the run would have if it ended now', () => {
  const epochs = 3000;
  const signals = moving(
    [...plateau(1500, 1), ...plateau(1500, 0.01)].map((level, i) => level * (1 + (i % 3) / 9)),
    {
      updateCosine: [...plateau(1000, 0.5), ...plateau(2000, -0.9)],
    },
  );
  const { observer } = observerOf(epochs);
  const labelAt: Record<number, string> = {};
  for (let first = 0; first < epochs; first += 20) {
    observer.observe(chunkOf(signals, first, 20));
    labelAt[first + 20] = observer.provisionalLabel();
  }
  expect([labelAt[20], labelAt[900], labelAt[1200], labelAt[3000]]).toEqual([
    'converged',
    'converged',
    'fluctuating',
    'fluctuating',
  ]);
  const show = (after: readonly number[], changed: number) => {
    const { observer: other } = observerOf(10_000);
    const loss = [...plateau(100, 0.01), ...after];
    const course = moving(loss, { changedParameters: plateau(loss.length, changed) });
    for (let first = 0; first < loss.length; first += 20) other.observe(chunkOf(course, first, 20));
    return other.provisionalLabel();
  };
  expect(show(plateau(100, 5), 1)).toBe('diverged');
  expect(show([...plateau(100, 5), ...plateau(100, 0.011)], 1)).not.toBe('diverged');
  expect(show(plateau(1000, 0.02), 0)).toBe('stagnated');
});
