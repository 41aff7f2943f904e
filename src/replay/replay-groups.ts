/**
 * Replays groups in the pool, range by range: a range holds no more rows than fit into memory and lasts about a second,
 * and the next one goes on from the state that it leaves. Parts are handed over in the order of the plan, whichever
 * thread is first, so that what is written does not depend on threads. Knows nothing of files but the run's.
 */
import { join } from 'node:path';
import { BLOCK_EPOCHS } from '../../schemas/arithmetic.ts';
import { type Network, parametersOf } from '../../schemas/network.ts';
import { RunError } from '../../schemas/problems.ts';
import type {
  KeptTrace,
  ReplayedRange,
  ReplayOutcome,
  ReplayRequest,
  ReplayState,
  TracedBuckets,
  WindowRequest,
} from '../../schemas/replay-messages.ts';
import { compileKernel } from '../kernel/compile.ts';
import { BYTES_OF } from '../numeric/bits.ts';
import { OPERATIONS_PER_TASK, operationsPerEpoch } from '../plan/cost.ts';
import { groupShape, kernelShape } from '../plan/pack.ts';
import { ThreadMemory } from '../pool/thread-memory.ts';
import { lostThread, ReplayPool } from '../pool/thread-pool.ts';
import { type RunRecord, runPaths } from '../run/folder.ts';
import { fileDatasets } from '../run/kept-data.ts';
import { prepareCompression } from '../storage/tables/compression.ts';
import { REPLAY_LANES, type ReplayGroup } from './replay-plan.ts';
import { TraceReader } from './trace-reader.ts';

/** Bytes of the windows of one range; a thread has about three times as much on its way. */
const PART_BYTES_MAX = 8 * 1024 * 1024;
/** θ, m, v and g. */
const VECTORS_A_ROW = 4;

const NO_BUCKETS: TracedBuckets = { epoch: new Uint32Array(0), columns: {} };

export interface ReplayOptions {
  readonly threads: number;
  readonly workerUrl: URL;
  /**
   * Which buckets of the trace are compared beside the digests: those of the windows and all that follow, all, or none.
   */
  readonly buckets: 'windows' | 'all' | 'none';
  /**
   * Takes a range; called in the order of the plan, one at a time. No further range is handed over before what it
   * returns has settled.
   */
  readonly take: (range: ReplayedRange, group: ReplayGroup) => void | Promise<void>;
  /** Told of network-epochs as they are replayed. */
  readonly progress?: (networkEpochs: number) => void;
}

/**
 * Replays all groups.
 *
 * @throws RunError where a file of the run is gone or damaged, or a thread is lost.
 */
export async function replayGroups(
  run: RunRecord,
  groups: readonly ReplayGroup[],
  options: ReplayOptions,
): Promise<void> {
  await new Replay(run, groups, options).run();
}

class Replay {
  readonly #run: RunRecord;
  readonly #options: ReplayOptions;
  readonly #trace: TraceReader;
  readonly #kernels = new Map<string, Pick<ReplayRequest, 'shape' | 'kernel'>>();
  readonly #pool: ReplayPool;
  readonly #groups: ReplayGroup[];
  readonly #threads: number;
  /** Settles once every group that has been begun so far is handed over. */
  #turn: Promise<void> = Promise.resolve();
  #isFailed = false;

  constructor(run: RunRecord, groups: readonly ReplayGroup[], options: ReplayOptions) {
    this.#run = run;
    this.#options = options;
    this.#trace = new TraceReader(run);
    this.#groups = [...groups];
    this.#threads = Math.min(options.threads, groups.length);
    this.#pool = new ReplayPool({ workerUrl: options.workerUrl, threads: this.#threads });
  }

  async run(): Promise<void> {
    await prepareCompression(this.#run.manifest.sweep.trace.compression); // of the tables that are read for comparison
    try {
      const served = await Promise.allSettled(Array.from({ length: this.#threads }, () => this.#serveThread()));
      for (const result of served) if (result.status === 'rejected') throw result.reason;
    } finally {
      await this.#pool.close();
    }
  }

  async #serveThread(): Promise<void> {
    const threadMemory = new ThreadMemory();
    try {
      for (let group = this.#nextGroup(); group !== undefined; group = this.#nextGroup()) {
        const before = this.#turn;
        let end = () => {};
        this.#turn = new Promise((resolve) => {
          end = resolve;
        });
        const { kernel } = this.#kernelOf(group.networks);
        const memory = threadMemory.atLeast(kernel.memoryBytes);
        try {
          await this.#replayGroup(group, memory, before);
        } finally {
          end();
        }
      }
    } catch (error) {
      this.#isFailed = true;
      throw error;
    }
  }

  #nextGroup(): ReplayGroup | undefined {
    return this.#isFailed ? undefined : this.#groups.shift();
  }

  async #replayGroup(group: ReplayGroup, memory: WebAssembly.Memory, turn: Promise<void>): Promise<void> {
    const { networks, lastEpoch } = group;
    const bucketsAfter = networks.map(({ id }) => this.#bucketsAfter(group, id));
    const begin = (epoch: number, states: readonly ReplayState[]) => {
      const untilEpoch = rangeEnd(group, epoch);
      const range = this.#replayRange(group, { epoch, untilEpoch, states, bucketsAfter, memory });
      range.catch(() => {}); // It is awaited, but not where something else fails before.
      return { epoch, untilEpoch, range };
    };
    for (let at = begin(group.epoch, []); ; ) {
      const { epoch, untilEpoch } = at;
      const range = await at.range;
      this.#options.progress?.((untilEpoch - epoch) * networks.length);
      const isLast = untilEpoch >= lastEpoch;
      // The thread goes on while this range is handed over.
      if (!isLast) at = begin(untilEpoch, range.states);
      await turn;
      if (this.#isFailed) return;
      await this.#options.take(range, group);
      if (isLast) return;
    }
  }

  async #replayRange(
    { networks, checkpoints, windows }: ReplayGroup,
    options: {
      epoch: number;
      untilEpoch: number;
      states: readonly ReplayState[];
      bucketsAfter: readonly number[];
      memory: WebAssembly.Memory;
    },
  ): Promise<ReplayedRange> {
    const { epoch, untilEpoch, states, bucketsAfter, memory } = options;
    const { manifest, folder } = this.#run;
    const folderOfCheckpoints = runPaths(folder).checkpoints;
    const outcome = await this.#runPart({
      networks,
      ...this.#kernelOf(networks),
      datasets: fileDatasets([{ networks }]),
      epoch,
      states,
      checkpoints: states.length > 0 ? [] : checkpoints.map((file) => join(folderOfCheckpoints, file)),
      runKey: manifest.key,
      untilEpoch,
      windows: windows.flatMap((window) => clipped(window, { epoch, untilEpoch })),
      kept: networks.map(({ id }, i) => this.#kept(id, { first: epoch + 1, last: untilEpoch }, bucketsAfter[i])),
      epochs: manifest.sweep.epochs,
      bucketEpochs: manifest.sweep.trace.epochs.every,
      memory,
    });
    if (outcome.kind === 'storage-failed') throw new RunError(outcome.problem);
    return outcome;
  }

  /**
   * Compiled once per shape. Buckets of the trace play no part in the shape: a group cuts its chunks where it has to.
   */
  #kernelOf(networks: readonly Network[]): Pick<ReplayRequest, 'shape' | 'kernel'> {
    const key = kernelShape(networks[0]);
    let found = this.#kernels.get(key);
    if (found === undefined) {
      const shape = groupShape({ networks, lanes: REPLAY_LANES }, BLOCK_EPOCHS);
      found = { shape, kernel: compileKernel(shape) };
      this.#kernels.set(key, found);
    }
    return found;
  }

  async #runPart(request: ReplayRequest): Promise<ReplayOutcome> {
    try {
      return await this.#pool.run(request);
    } catch (error) {
      const work = `replayed networks ${request.networks.map(({ id }) => id).join(', ')}`;
      throw lostThread(this.#run.folder, { work, less: 'networks' }, error);
    }
  }

  /**
   * The epoch after which a network's buckets are compared: where the bucket begins that its first window begins in.
   */
  #bucketsAfter({ windows }: ReplayGroup, id: number): number {
    const { buckets } = this.#options;
    if (buckets !== 'windows') return buckets === 'all' ? 0 : Number.POSITIVE_INFINITY;
    const { every } = this.#run.manifest.sweep.trace.epochs;
    const first = Math.min(...windows.filter(({ network }) => network === id).map((window) => window.first));
    return Math.floor(Math.max(0, first - 1) / every) * every;
  }

  /** What the run has kept of a network within a range of epochs. */
  #kept(network: number, range: { first: number; last: number }, bucketsAfter: number): KeptTrace {
    const { results, manifest } = this.#run;
    const { epoch, digest } = this.#trace.blocks({ network, ...range });
    const ofBuckets = { network, first: Math.max(range.first, bucketsAfter + 1), last: range.last };
    return {
      blockEpochs: epoch,
      blockDigests: digest,
      buckets: ofBuckets.first > range.last ? NO_BUCKETS : this.#trace.buckets(ofBuckets),
      bucketsAfter,
      digest: range.last === manifest.sweep.epochs ? results.digestOf(network) : null,
    };
  }
}

/** The windows of a range: epoch 0 belongs to the range that starts from it. */
function clipped(window: WindowRequest, { epoch, untilEpoch }: { epoch: number; untilEpoch: number }): WindowRequest[] {
  const first = Math.max(window.first, epoch === 0 ? 0 : epoch + 1);
  const last = Math.min(window.last, untilEpoch);
  return first > last ? [] : [{ network: window.network, first, last }];
}

/** The epoch that a range from `epoch` on ends at: the last one at which it still is small enough. */
function rangeEnd({ networks, windows, lastEpoch }: ReplayGroup, epoch: number): number {
  const rowBytes = VECTORS_A_ROW * parametersOf(networks[0]) * BYTES_OF[networks[0].precision];
  const operations = networks.length * operationsPerEpoch(networks[0]);
  const isSmall = (untilEpoch: number): boolean => {
    const kept = windows.flatMap((window) => clipped(window, { epoch, untilEpoch }));
    const rows = kept.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    return rows * rowBytes <= PART_BYTES_MAX && (untilEpoch - epoch) * operations <= OPERATIONS_PER_TASK.kernel;
  };
  let [low, high] = [epoch + 1, lastEpoch];
  if (high <= low || isSmall(high)) return high;
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (isSmall(middle)) low = middle;
    else high = middle;
  }
  return low;
}
