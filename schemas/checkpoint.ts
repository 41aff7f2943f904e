/**
 * A checkpoint: all that networks need to train on from an epoch as if nothing had come between. Numbers stand in typed
 * arrays, which keep their bits; a network has its own entry, so that it may train on beside any others.
 *
 * One that is kept for good, at a multiple of `trace.checkpoints.every`, has the digests since the multiple before
 * alone: all of them each time would grow with the square of the epochs. To train on from there takes the ones before
 * too; to train again what was trained does not.
 */

/** What one network takes along. */
export interface NetworkCheckpoint {
  /** Id in the plan. */
  readonly network: number;
  /** State in the network's precision, `[parameter]`; nothing where the optimiser keeps no such moment. */
  readonly theta: Float32Array | Float64Array;
  readonly firstMoment: Float32Array | Float64Array;
  readonly secondMoment: Float32Array | Float64Array;
  /** Absent in checkpoints of before there was an optimiser that keeps it. */
  readonly maxSecondMoment?: Float32Array | Float64Array;
  readonly previousUpdate: Float32Array | Float64Array;
  /** The numbers of the observer and of the open bucket, in orders of their own. */
  readonly observer: Float64Array;
  readonly bucket: Float64Array;
  /** The window of losses that spikes are told by, in an order and a length of its own. */
  readonly lossWindow: Float32Array | Float64Array;
  /**
   * Digests of the finished blocks of losses from `firstBlock` on, `[block][32 bytes]`, and the losses of the open one.
   */
  readonly firstBlock: number;
  readonly blockDigests: Uint8Array;
  readonly openLosses: Float32Array | Float64Array;
}

/** A record of a checkpoint's file; a file of kept ones has several. */
export interface Checkpoint {
  readonly kind: 'checkpoint';
  readonly formatVersion: number;
  readonly runKey: string;
  /** Epochs trained. */
  readonly epoch: number;
  readonly networks: readonly NetworkCheckpoint[];
}
