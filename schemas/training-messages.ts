/**
 * What main and workers say to each other: one request a task, one outcome back. Everything a worker needs travels in
 * the request, so that any worker can do any task, and a lost one can be done again. Structured clone carries both; the
 * buffers are shared.
 */
import type { Dataset } from './dataset.ts';
import type { Thresholds } from './detectors.ts';
import type { EventDigest } from './events.ts';
import type { GroupShape } from './group-shape.ts';
import type { KeptNetworks, NetworkResults, SegmentCommit, UnfinishedNetworks } from './journal.ts';
import type { Network } from './network.ts';
import type { Problem } from './problems.ts';
import type { CompressionName, SegmentedTableName } from './trace.ts';

/** The one thing that a worker says unasked: that it has loaded its modules. */
export interface StartedMessage {
  readonly startedThread: number;
}

/** A segment that a task may append to. */
export interface SegmentGrant {
  /** Path without `.part`. */
  readonly path: string;
  readonly file: string;
  /** Bytes that are committed; the worker cuts off what follows. */
  readonly committedBytes: number;
}

/** Networks of one shape to be trained together. */
export interface GroupRequest {
  readonly networks: readonly Network[];
  /** Groups of one kernel share one object, also in the worker: structured clone keeps it one within a request. */
  readonly shape: GroupShape;
  /** The compiled kernel of their shape; null where the scalar reference is to train them. */
  readonly kernel: CompiledKernel | null;
  /** Epochs between two looks at the control words. */
  readonly lookEpochs: number;
  /** Epochs that they are trained by now, and the files with the checkpoints of each network where there are any. */
  readonly epoch: number;
  readonly checkpoints: readonly string[];
  /** The epoch to train to. */
  readonly untilEpoch: number;
}

/** A kernel on its way from the thread that compiled it to those that run it. */
export type CompiledKernel = WebAssemblyKernel | NativeKernel;

/** What kernels of either kind have. */
interface AnyKernel {
  /** Puts the samples of a lane into the orders of epochs; null where they keep theirs. */
  readonly shuffle: WebAssembly.Module | null;
  /** Bytes of memory that the kernel needs from address 0 on. */
  readonly memoryBytes: number;
}

export interface WebAssemblyKernel extends AnyKernel {
  readonly kind: 'webassembly';
  readonly module: WebAssembly.Module;
  /** The numbers of the table at `tableOffset`, each to fill a vector. */
  readonly constants: Float32Array | Float64Array;
  readonly tableOffset: number;
  /** Where the kernel leaves ∂L/∂θ of its last step, `[parameter][lane]`, before flushing. */
  readonly gradientOffset: number;
}

export interface NativeKernel extends AnyKernel {
  readonly kind: 'native';
  /** The file of an addon, there for as long as the session is. */
  readonly path: string;
  /** Bytes of the vectors that it trains one after another. */
  readonly vectorBytes: number;
}

/** The samples of a data file; their numbers stand in shared memory, so that no thread has a copy. */
export interface ProvidedDataset {
  readonly hash: string;
  readonly dataset: Dataset;
}

/** One task: some groups, or some epochs of a long one. */
export interface TaskRequest {
  readonly groups: readonly GroupRequest[];
  /** Those of the groups' networks that come from files. */
  readonly datasets: readonly ProvidedDataset[];
  readonly epochs: number;
  /** Epochs a bucket of the trace. */
  readonly bucketEpochs: number;
  readonly detectors: Thresholds;
  /** The state of each network is kept at the multiples of so many epochs. */
  readonly keepEvery: number;
  readonly runKey: string;
  /** Of the run, in which this is: in the names of the files that the task makes. */
  readonly session: number;
  readonly checkpointFolder: string;
  readonly segments: Readonly<Record<SegmentedTableName, SegmentGrant>>;
  /** Of the record batches in them. */
  readonly compression: CompressionName;
  /** Milliseconds after which the task ends with what it has trained; null where it always trains all of it. */
  readonly commitMs: number | null;
  /** Which thread's place on the board to fill in; also the only task that writes to its segments and memory. */
  readonly thread: number;
  readonly board: { readonly networkCount: number; readonly threadCount: number; readonly buffer: SharedArrayBuffer };
  readonly control: SharedArrayBuffer;
  /** Memory for the state of the groups, one after another; at least as large as the largest group needs. */
  readonly memory: WebAssembly.Memory;
}

/** What a task has trained: as much of it as there was before a stop was requested. */
export interface TrainedOutcome {
  readonly kind: 'trained';
  readonly results: NetworkResults;
  /** At most one group, since they are trained one after another. */
  readonly unfinished: UnfinishedNetworks | null;
  readonly kept: readonly KeptNetworks[];
  readonly segments: readonly SegmentCommit[];
  readonly events: EventDigest;
}

/** What came of a task. Nothing of a task that did not end with `trained` is committed. */
export type TaskOutcome =
  | TrainedOutcome
  /** Before an epoch was trained. */
  | { readonly kind: 'stopped' }
  /** The disk failed, not the task: to try again would fail again. */
  | { readonly kind: 'storage-failed'; readonly problem: Problem };
