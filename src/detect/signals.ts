/**
 * What the detectors look at: the signals of consecutive epochs of one network. The extremes of a chunk often say all
 * that its subchunks could, and those of a subchunk all that its epochs could; then nobody looks at each.
 */
import type { FloatArray } from '../numeric/bits.ts';

/** The signals of consecutive epochs of one network: their extremes, and each epoch's where needed. */
export interface SignalChunk {
  /** The epoch of i = 0. */
  readonly firstEpoch: number;
  readonly count: number;
  /** Subchunks of the chunk that have extremes of their own: one where it is a subchunk itself. */
  readonly subchunkCount: number;
  /** A subchunk by its number, until the next one is asked for. */
  subchunk(number: number): SignalChunk;
  loss(i: number): number;
  /** Copies the losses of `count` epochs from i = `first` on to `target`, from `at` on. */
  copyLosses(target: FloatArray, range: { at: number; first: number; count: number }): void;
  updateCosine(i: number): number;
  changedParameters(i: number): number;
  /** 1 where NaN or ∞ stands in the loss, θ, m or v. */
  nonFinite(i: number): number;
  /** NaN where a loss of the chunk is. */
  readonly lossMin: number;
  readonly lossMax: number;
  /** Of the cosines that are numbers; NaN where none is. */
  readonly updateCosineMin: number;
  readonly changedParametersMax: number;
  readonly nonFiniteMax: number;
}
