/**
 * The results of a run, network by network, gathered from commits: what networks.arrow, the fingerprint and the summary
 * are made of. Columns of typed arrays, since a plan may hold a million networks.
 */
import { createHash } from 'node:crypto';
import type { CommitRecord, ExtendedRecord, KeptNetworks, NetworkResults } from '../../schemas/journal.ts';
import {
  FAILED,
  type LabelCounts,
  type Labels,
  labelCounts,
  labelNumber,
  labelsOfNumber,
} from '../../schemas/labels.ts';
import type { Network } from '../../schemas/network.ts';
import { RESULT_NAMES, type ResultArrays, resultArrays, resultNull } from '../../schemas/result-columns.ts';

const DIGEST_BYTES = 32;
/** The number that stands for no labels. */
const UNLABELLED = 255;
const FAILED_NUMBER = labelNumber(FAILED);

/** Where an unfinished network goes on. */
export interface Progress {
  /** Epochs trained. */
  readonly epoch: number;
  /** Name of the checkpoint's file. */
  readonly checkpoint: string;
}

/** The results of a commit that finishes no network. */
export const NO_RESULTS: NetworkResults = {
  network: new Uint32Array(),
  outcome: [],
  motion: [],
  ...resultArrays(0, () => null),
  digest: new Uint8Array(),
};

/** Results by id in the full plan; a network without labels has none yet, or belongs to another shard. */
export class Results {
  /** Of the full plan. */
  readonly networkCount: number;
  /** `[network]`; of one that is not done, what stands for null. */
  readonly columns: ResultArrays;
  /** Numbers of pairs. */
  readonly #labels: Uint8Array;
  #doneCount = 0;
  readonly #digests: Uint8Array;
  /** Networks that are begun and not done, and where they go on. */
  readonly #unfinished = new Map<number, Progress>();
  /** How many of them continue from each checkpoint. */
  readonly #uses = new Map<string, number>();
  /** What is kept, in the order of the commits. */
  readonly #kept: KeptNetworks[] = [];
  readonly #keptFiles = new Set<string>();
  /**
   * What is kept of each network; made when it is first asked for, since a run that is not extended or replayed has no
   * need of it.
   */
  #keptOf: Map<number, Progress[]> | null = null;

  constructor(networkCount: number) {
    this.networkCount = networkCount;
    this.columns = resultArrays(networkCount, () => null);
    this.#labels = new Uint8Array(networkCount).fill(UNLABELLED);
    this.#digests = new Uint8Array(networkCount * DIGEST_BYTES);
  }

  /** Takes the results of a commit. Returns the checkpoints that no network needs any more. */
  commit({ results: rows, unfinished, kept }: Pick<CommitRecord, 'results' | 'unfinished' | 'kept'>): string[] {
    for (const networks of kept) this.#keep(networks);
    const overtaken = new Set<string>();
    for (const id of [...rows.network, ...(unfinished?.network ?? [])]) {
      const progress = this.#unfinished.get(id);
      if (progress !== undefined) overtaken.add(progress.checkpoint);
      this.#setProgress(id, null);
    }
    if (unfinished !== null) {
      const { epoch, checkpoint } = unfinished;
      for (const id of unfinished.network) this.#setProgress(id, { epoch, checkpoint });
    }
    for (const [row, id] of rows.network.entries()) {
      const wasDone = this.isDone(id);
      this.#labels[id] = labelNumber({ outcome: rows.outcome[row], motion: rows.motion[row] });
      this.#doneCount += Number(this.isDone(id)) - Number(wasDone);
      for (const name of RESULT_NAMES) this.columns[name][id] = rows[name][row];
      this.#digests.set(rows.digest.subarray(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES), id * DIGEST_BYTES);
    }
    return [...overtaken].filter((file) => !this.#uses.has(file) && !this.#keptFiles.has(file));
  }

  /**
   * Takes networks back to where they go on in a longer run. What is kept beyond is forgotten: it will be kept again.
   */
  extend({ network: extended, restarts }: Pick<ExtendedRecord, 'network' | 'restarts'>): void {
    const keptUntil = new Float64Array(this.networkCount).fill(Number.POSITIVE_INFINITY);
    for (const id of extended) {
      keptUntil[id] = 0;
      this.#forget(id);
    }
    for (const { network, epoch, checkpoint } of restarts) {
      for (const id of network) {
        keptUntil[id] = epoch;
        this.#setProgress(id, { epoch, checkpoint });
      }
    }
    const kept = this.#kept.map((checkpoint) => ({
      ...checkpoint,
      network: checkpoint.network.filter((id) => checkpoint.epoch <= keptUntil[id]),
    }));
    this.#kept.length = 0;
    this.#keptFiles.clear();
    this.#keptOf = null;
    for (const networks of kept) if (networks.network.length > 0) this.#keep(networks);
  }

  /** Records networks as given up, unless they are done; a later commit overrides it. */
  fail(networks: Uint32Array): void {
    for (const id of networks) if (!this.isDone(id)) this.#labels[id] = FAILED_NUMBER;
  }

  /** How far a network is that is begun and not done; null for any other. */
  progressOf(id: number): Progress | null {
    return this.#unfinished.get(id) ?? null;
  }

  /** Epochs that unfinished networks are trained by, all together. */
  get unfinishedEpochs(): number {
    let sum = 0;
    for (const { epoch } of this.#unfinished.values()) sum += epoch;
    return sum;
  }

  /** The checkpoints that unfinished networks go on from. */
  get checkpoints(): Set<string> {
    return new Set(this.#uses.keys());
  }

  /** The files of the checkpoints that are kept. */
  get keptCheckpoints(): ReadonlySet<string> {
    return this.#keptFiles;
  }

  /** Where a network's state is kept, by ascending epochs. */
  keptOf(id: number): readonly Progress[] {
    if (this.#keptOf === null) {
      this.#keptOf = new Map();
      for (const networks of this.#kept) addKept(this.#keptOf, networks);
    }
    return this.#keptOf.get(id) ?? [];
  }

  /** The files that a network goes on from; none where it is not begun, or done. */
  checkpointsOf(id: number): readonly string[] {
    const progress = this.progressOf(id);
    if (progress === null) return [];
    if (!this.#keptFiles.has(progress.checkpoint)) return [progress.checkpoint];
    // A kept checkpoint is whole with the ones before it alone.
    const kept = this.keptOf(id).filter(({ epoch }) => epoch <= progress.epoch);
    return kept.map(({ checkpoint }) => checkpoint);
  }

  /** The labels of a network that is done or given up; null before. */
  labelsOf(id: number): Labels | null {
    return labelsOfNumber(this.#labels[id]);
  }

  /** Whether the network is trained to its last epoch. */
  isDone(id: number): boolean {
    return this.#labels[id] !== UNLABELLED && this.#labels[id] !== FAILED_NUMBER;
  }

  get doneCount(): number {
    return this.#doneCount;
  }

  get failedCount(): number {
    return this.#countWhere((id) => this.#labels[id] === FAILED_NUMBER);
  }

  /** How many networks ended with subnormal moments. */
  get subnormalCount(): number {
    return this.#countWhere((id) => this.columns.subnormal[id] === 1);
  }

  /** How many networks have each label. */
  labelCounts(): LabelCounts {
    const networksOfPair = new Uint32Array(1 + UNLABELLED);
    for (const number of this.#labels) networksOfPair[number]++;
    return labelCounts(networksOfPair);
  }

  /** The digest of a network that is done, as 64 hex digits; null before. */
  digestOf(id: number): string | null {
    return this.isDone(id) ? Buffer.from(this.#digestBytes(id)).toString('hex') : null;
  }

  /**
   * The fingerprint of the run: SHA-256 over id (u32, little-endian) ‖ key (8 bytes) ‖ digest (32 bytes) of each
   * network in the order of ids, as 64 hex digits. Null while a network is not done.
   */
  fingerprint(networks: readonly Network[]): string | null {
    const hash = createHash('sha256');
    const idBytes = Buffer.alloc(4);
    for (const { id, key } of networks) {
      if (!this.isDone(id)) return null;
      idBytes.writeUInt32LE(id);
      hash.update(idBytes).update(key, 'hex').update(this.#digestBytes(id));
    }
    return hash.digest('hex');
  }

  #setProgress(id: number, progress: Progress | null): void {
    const before = this.#unfinished.get(id);
    if (before !== undefined) this.#count(before.checkpoint, -1);
    if (progress === null) {
      this.#unfinished.delete(id);
      return;
    }
    this.#unfinished.set(id, progress);
    this.#count(progress.checkpoint, 1);
  }

  #count(checkpoint: string, change: number): void {
    const uses = (this.#uses.get(checkpoint) ?? 0) + change;
    if (uses === 0) this.#uses.delete(checkpoint);
    else this.#uses.set(checkpoint, uses);
  }

  /** Sets a network back to one that was never begun. */
  #forget(id: number): void {
    if (this.isDone(id)) this.#doneCount--;
    this.#labels[id] = UNLABELLED;
    this.#setProgress(id, null);
    for (const name of RESULT_NAMES) this.columns[name][id] = resultNull(name);
  }

  #keep(networks: KeptNetworks): void {
    this.#kept.push(networks);
    this.#keptFiles.add(networks.checkpoint);
    if (this.#keptOf !== null) addKept(this.#keptOf, networks);
  }

  #digestBytes(id: number): Uint8Array {
    return this.#digests.subarray(id * DIGEST_BYTES, (id + 1) * DIGEST_BYTES);
  }

  #countWhere(holds: (id: number) => boolean): number {
    let count = 0;
    for (let id = 0; id < this.networkCount; id++) if (holds(id)) count++;
    return count;
  }
}

function addKept(index: Map<number, Progress[]>, { network, epoch, checkpoint }: KeptNetworks): void {
  const at = { epoch, checkpoint };
  for (const id of network) {
    const own = index.get(id);
    if (own === undefined) index.set(id, [at]);
    else own.push(at);
  }
}
