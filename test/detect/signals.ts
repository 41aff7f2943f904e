/**
 * Signals of whole runs for the tests of the detectors, and how they are watched: cut into chunks as an engine leaves
 * them.
 */
import type { Thresholds } from '../../schemas/detectors.ts';
import { DEFAULT_THRESHOLDS } from '../../schemas/detectors.ts';
import type { NetworkEvent } from '../../schemas/events.ts';
import { Observer } from '../../src/detect/observer.ts';
import type { SignalChunk } from '../../src/detect/signals.ts';
import { floatArray } from '../../src/numeric/bits.ts';
import { inOrder, type Judgement } from './by-definition.ts';

/** The signals of a whole run, `[epoch − 1]`. */
export interface Signals {
  readonly loss: readonly number[];
  readonly updateCosine: readonly number[];
  readonly changedParameters: readonly number[];
  readonly nonFinite: readonly number[];
}

/**
 * Epochs of a run as a chunk: their signals and no others, and their extremes. Chunks of a multiple of `subchunkEpochs`
 * are subchunks that have extremes of their own, others are one subchunk; only the subchunk that was asked for last can
 * be read.
 */
export function chunkOf(signals: Signals, first: number, count: number, subchunkEpochs = count): SignalChunk {
  const cut = (name: keyof Signals) => signals[name].slice(first, first + count);
  const at = (values: readonly number[]) => (i: number) => {
    if (!(i in values)) throw new Error(`epoch ${i} of a chunk of ${values.length}`);
    return values[i];
  };
  const loss = cut('loss');
  const cosine = cut('updateCosine');
  const changed = cut('changedParameters');
  const flags = cut('nonFinite');
  const numbers = (values: readonly number[]) => values.filter((value) => !Number.isNaN(value));
  const smallest = (values: readonly number[]) => (values.length === 0 ? Number.NaN : Math.min(...values));
  const largest = (values: readonly number[]) => (values.length === 0 ? Number.NaN : Math.max(...values));
  const subchunkCount = count % subchunkEpochs === 0 ? count / subchunkEpochs : 1;
  let asked = 0;
  return {
    firstEpoch: first + 1,
    count: loss.length,
    subchunkCount,
    subchunk: (number) => {
      if (!(number >= 0 && number < subchunkCount)) throw new Error(`subchunk ${number} of ${subchunkCount}`);
      asked++;
      const turn = asked;
      const subchunk = chunkOf(signals, first + number * (count / subchunkCount), count / subchunkCount);
      return new Proxy(subchunk, {
        get: (target, name) => {
          if (turn !== asked) throw new Error(`subchunk ${number} after another one was asked for`);
          return Reflect.get(target, name);
        },
      });
    },
    loss: at(loss),
    copyLosses: (target, { at: to, first: from, count: length }) => target.set(loss.slice(from, from + length), to),
    updateCosine: at(cosine),
    changedParameters: at(changed),
    nonFinite: at(flags),
    lossMin: smallest(numbers(loss)),
    lossMax: largest(numbers(loss)),
    lossNan: loss.filter(Number.isNaN).length,
    lossInfinite: loss.filter((value) => value === Number.POSITIVE_INFINITY).length,
    updateCosineMin: smallest(numbers(cosine)),
    changedParametersMax: Math.max(0, ...changed),
    nonFiniteMax: Math.max(0, ...flags),
  };
}

export interface WatchOptions {
  readonly thresholds?: Thresholds;
  readonly targetVariance?: number | null;
  readonly isShuffled?: boolean;
  /** Lengths of the chunks, the last one again and again. */
  readonly chunks?: readonly number[];
  /** Epochs of a subchunk; chunks that are not whole subchunks are one. */
  readonly subchunkEpochs?: number;
  /** Whether each chunk has an observer of its own that goes on with the numbers of the one before. */
  readonly isHandedOn?: boolean;
}

/** A new observer of a run, and the events that it tells of. */
export function observerOf(
  epochs: number,
  { thresholds = DEFAULT_THRESHOLDS, targetVariance = 1, isShuffled = false }: WatchOptions = {},
) {
  const events: NetworkEvent[] = [];
  const window = floatArray('float64', thresholds.spikeLookback);
  const emit = (event: NetworkEvent) => events.push(event);
  return { observer: new Observer({ epochs, thresholds, targetVariance, isShuffled, window, emit }), events };
}

/** What watching a run comes to. */
export function watch(signals: Signals, options: WatchOptions = {}): Judgement {
  const epochs = signals.loss.length;
  const { chunks = [20], subchunkEpochs, isHandedOn = false } = options;
  let { observer, events } = observerOf(epochs, options);
  const earlier: NetworkEvent[] = [];
  for (let first = 0, chunk = 0; first < epochs; chunk++) {
    const count = Math.min(chunks[Math.min(chunk, chunks.length - 1)], epochs - first);
    observer.observe(chunkOf(signals, first, count, subchunkEpochs));
    first += count;
    if (isHandedOn) {
      const saved = observer.save();
      earlier.push(...events);
      ({ observer, events } = observerOf(epochs, options));
      observer.restore(saved);
    }
  }
  const readings = observer.readings();
  return { readings, events: inOrder([...earlier, ...events, ...observer.lastEvents(readings)]) };
}

/** A run in which every parameter changes in every epoch and no update flips. */
export function moving(loss: readonly number[], changes: Partial<Signals> = {}): Signals {
  const constant = (value: number) => loss.map(() => value);
  return { loss, updateCosine: constant(0.5), changedParameters: constant(3), nonFinite: constant(0), ...changes };
}

export const plateau = (epochs: number, value: number): number[] => Array<number>(epochs).fill(value);

/** Random numbers in [0, 1) from a seed (mulberry32), for runs that a failing test can name by a number. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
