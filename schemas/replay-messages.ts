/**
 * Replay: what main and workers say to each other about it. A group has up to four networks of one shape. A worker
 * trains it again over a range of epochs, keeps the whole state in windows, and compares what the run has kept.
 */
import type { NetworkCheckpoint } from './checkpoint.ts';
import type { GroupShape } from './group-shape.ts';
import type { Network } from './network.ts';
import type { Problem } from './problems.ts';
import type { ProvidedDataset, WebAssemblyKernel } from './training-messages.ts';

/** Consecutive epochs, both ends included. */
export interface EpochRange {
  readonly first: number;
  readonly last: number;
}

/** Epochs of one network to be kept; epoch 0 is the state before the first update. */
export interface WindowRequest extends EpochRange {
  /** Id in the plan. */
  readonly network: number;
}

/**
 * The whole state of one network at consecutive epochs. The row of epoch t holds L_t and g_t, taken at θ_{t−1}, and
 * θ_t, m_t and v_t; that of epoch 0 holds θ_0 and zero moments, and neither loss nor gradient (NaN and zeros stand
 * there).
 */
export interface StateWindow extends WindowRequest {
  /** L_t, `[row]`. */
  readonly loss: Float64Array;
  /** In the network's precision, `[row][parameter]`; a moment that the optimiser does not keep is empty. */
  readonly theta: Float32Array | Float64Array;
  readonly firstMoment: Float32Array | Float64Array;
  readonly secondMoment: Float32Array | Float64Array;
  readonly maxSecondMoment: Float32Array | Float64Array;
  /** g_t as the optimiser saw it: after flushing, of the epoch's last step. */
  readonly gradient: Float32Array | Float64Array;
}

/** What a network takes along from one range of a group to the next: a checkpoint without what only observers need. */
export type ReplayState = Omit<NetworkCheckpoint, 'observer' | 'lossWindow'>;

/** Rows of the table `epochs` of one network, column by column; epochs ascend. */
export interface TracedBuckets {
  readonly epoch: Uint32Array;
  readonly columns: Readonly<Record<string, Uint32Array | Float32Array | Float64Array>>;
}

/** What a run has kept of one network, to be compared with. */
export interface KeptTrace {
  /** Last epochs of blocks, ascending, and their digests (16 hex digits). */
  readonly blockEpochs: Uint32Array;
  readonly blockDigests: readonly string[];
  readonly buckets: TracedBuckets;
  /**
   * Buckets that begin after this epoch are compared; one that a state was taken in the midst of is taken up where it
   * was.
   */
  readonly bucketsAfter: number;
  /** Digest of the trained network, 64 hex digits; null where it is not to be compared. */
  readonly digest: string | null;
}

/** A range of a group: from a state that is known to an epoch. */
export interface ReplayRequest {
  readonly networks: readonly Network[];
  readonly shape: GroupShape;
  /** Windows need the gradient that a kernel leaves in memory; one in WebAssembly can be had everywhere. */
  readonly kernel: WebAssemblyKernel;
  readonly datasets: readonly ProvidedDataset[];
  /** The epoch to start from; where it is not 0, the state of each network by then. */
  readonly epoch: number;
  readonly states: readonly ReplayState[];
  /** Files with those states, where they come from checkpoints of the run. */
  readonly checkpoints: readonly string[];
  readonly runKey: string;
  readonly untilEpoch: number;
  /** In any order; they may overlap. None reaches beyond the epochs of this range. */
  readonly windows: readonly WindowRequest[];
  /** `[network]`; null where nothing is to be compared. */
  readonly kept: readonly KeptTrace[] | null;
  /** Epochs of the run and of a bucket of its trace. */
  readonly epochs: number;
  readonly bucketEpochs: number;
  readonly memory: WebAssembly.Memory;
}

/** The first thing of a network that is not what the run has kept; what did not differ is null. */
export interface Mismatch {
  readonly block: EpochRange | null;
  readonly bucket: (EpochRange & { readonly column: string; readonly found: number; readonly kept: number }) | null;
  /** Whether every block is the same, and the last state is not. */
  readonly isStateOnly: boolean;
}

/** What came of comparing one network. */
export interface Comparison {
  readonly network: number;
  /** How many digests and buckets were the same, and the epoch up to which one of them has proven every loss. */
  readonly blocks: number;
  readonly buckets: number;
  readonly provenEpoch: number;
  /** Digest of the network, 64 hex digits, where it was replayed to its last epoch. */
  readonly digest: string | null;
  readonly mismatch: Mismatch | null;
}

/** A range of a group is done. */
export interface ReplayedRange {
  readonly kind: 'replayed';
  /** In the order of the request. */
  readonly windows: readonly StateWindow[];
  /** To go on from, `[network]`. */
  readonly states: readonly ReplayState[];
  /** `[network]`. */
  readonly comparisons: readonly Comparison[];
}

export type ReplayOutcome =
  | ReplayedRange
  /** A checkpoint could not be read. */
  | { readonly kind: 'storage-failed'; readonly problem: Problem };
