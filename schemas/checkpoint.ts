/**
 * A checkpoint: all that networks need to train on from an epoch as if nothing had come between. Numbers stand in typed arrays,
 * which keep their bits; a network has its own entry, so that it may train on beside any others.
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
  /** The window of losses that spikes are told by, in an order of its own. */
  readonly lossWindow: Float32Array | Float64Array;
  /** Digests of the finished blocks of losses, `[block][32 bytes]`, and the losses of the open one. */
  readonly blockDigests: Uint8Array;
  readonly openLosses: Float32Array | Float64Array;
}

/** The only record of a checkpoint's file. */
export interface Checkpoint {
  readonly kind: 'checkpoint';
  readonly formatVersion: number;
  readonly runKey: string;
  /** Epochs trained. */
  readonly epoch: number;
  readonly networks: readonly NetworkCheckpoint[];
}
