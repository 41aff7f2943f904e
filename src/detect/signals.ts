/**
 * What the detectors look at: the signals of consecutive epochs of one network. The extremes of a chunk often say all
 * that its subchunks could, and those of a subchunk all that its epochs could; then nobody looks at each.
 */
import type { CountName, End, ExtremeName, Kind } from '../../schemas/signals.ts';
import type { FloatArray } from '../numeric/bits.ts';

/**
 * The signals that detectors look at: each by i, of epoch firstEpoch + i, and its extremes and counts of all epochs.
 */
type Watched = 'loss' | 'updateCosine' | 'changedParameters' | 'nonFinite';
type WatchedSignals = Readonly<Record<Watched, (i: number) => number>>;
type WatchedNumber =
  | Extract<ExtremeName, `${Watched}${Capitalize<End>}`>
  | Extract<CountName, `${Watched}${Capitalize<Kind>}`>;

/** The signals of consecutive epochs of one network: their extremes and counts, and each epoch's where needed. */
export interface SignalChunk extends WatchedSignals, Readonly<Record<WatchedNumber, number>> {
  /** The epoch of i = 0. */
  readonly firstEpoch: number;
  readonly count: number;
  /** Subchunks of the chunk that have extremes of their own: one where it is a subchunk itself. */
  readonly subchunkCount: number;
  /** A subchunk by its number, until the next one is asked for. */
  subchunk(number: number): SignalChunk;
  /** Copies the losses of `count` epochs from i = `first` on to `target`, from `at` on. */
  copyLosses(target: FloatArray, range: { at: number; first: number; count: number }): void;
}
