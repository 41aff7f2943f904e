/**
 * The results of a run, network by network, gathered from commits: what networks.arrow, the fingerprint and the summary are
 * made of. Columns of typed arrays, since a plan may hold a million networks.
 */
import { createHash } from 'node:crypto';
import { LABEL_NAMES, type LabelName } from '../../schemas/catalogue.ts';
import type { CommitRecord } from '../../schemas/journal.ts';
import type { Network } from '../../schemas/network.ts';
import type { LabelCounts } from '../../schemas/notices.ts';

const DIGEST_BYTES = 32;
const NO_LABEL = 255;
const FAILED = LABEL_NAMES.indexOf('failed');

/** Where an unfinished network goes on. */
export interface Progress {
  /** Epochs trained. */
  readonly epoch: number;
  /** Name of the checkpoint's file. */
  readonly checkpoint: string;
}

/** Results by id in the full plan; a network without a label has none yet, or belongs to another shard. */
export class Results {
  /** Of the full plan. */
  readonly networkCount: number;
  /** The columns, `[network]`; epochs count from 1 and 0 stands for null. */
  readonly degraded: Uint8Array;
  readonly subnormal: Uint8Array;
  readonly divergedEpoch: Uint32Array;
  readonly nonFiniteEpoch: Uint32Array;
  readonly lossMinEpoch: Uint32Array;
  readonly lossFirst: Float64Array;
  readonly lossMin: Float64Array;
  readonly lossLast: Float64Array;
  readonly #labels: Uint8Array;
  #doneCount = 0;
  readonly #digests: Uint8Array;
  /** Networks that are begun and not done, and where they go on. */
  readonly #unfinished = new Map<number, Progress>();

  constructor(networkCount: number) {
    this.networkCount = networkCount;
    this.degraded = new Uint8Array(networkCount);
    this.subnormal = new Uint8Array(networkCount);
    this.divergedEpoch = new Uint32Array(networkCount);
    this.nonFiniteEpoch = new Uint32Array(networkCount);
    this.lossMinEpoch = new Uint32Array(networkCount);
    this.lossFirst = new Float64Array(networkCount);
    this.lossMin = new Float64Array(networkCount);
    this.lossLast = new Float64Array(networkCount);
    this.#labels = new Uint8Array(networkCount).fill(NO_LABEL);
    this.#digests = new Uint8Array(networkCount * DIGEST_BYTES);
  }

  /** Takes the results of a commit. Returns the checkpoints that no network needs any more. */
  commit({ results: of, unfinished }: Pick<CommitRecord, 'results' | 'unfinished'>): string[] {
    const overtaken = new Set<string>();
    for (const id of [...of.network, ...(unfinished?.network ?? [])]) {
      const progress = this.#unfinished.get(id);
      if (progress !== undefined) overtaken.add(progress.checkpoint);
      this.#unfinished.delete(id);
    }
    if (unfinished !== null) {
      const { epoch, checkpoint } = unfinished;
      for (const id of unfinished.network) this.#unfinished.set(id, { epoch, checkpoint });
    }
    for (const [row, id] of of.network.entries()) {
      const wasDone = this.isDone(id);
      this.#labels[id] = LABEL_NAMES.indexOf(of.label[row] as LabelName);
      this.#doneCount += Number(this.isDone(id)) - Number(wasDone);
      this.degraded[id] = of.degraded[row];
      this.subnormal[id] = of.subnormal?.[row] ?? 0;
      this.divergedEpoch[id] = of.divergedEpoch[row];
      this.nonFiniteEpoch[id] = of.nonFiniteEpoch[row];
      this.lossMinEpoch[id] = of.lossMinEpoch[row];
      this.lossFirst[id] = of.lossFirst[row];
      this.lossMin[id] = of.lossMin[row];
      this.lossLast[id] = of.lossLast[row];
      this.#digests.set(of.digest.subarray(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES), id * DIGEST_BYTES);
    }
    const used = this.checkpoints;
    return [...overtaken].filter((file) => !used.has(file));
  }

  /** Records networks as given up, unless they are done; a later commit overrides it. */
  fail(networks: Uint32Array): void {
    for (const id of networks) if (!this.isDone(id)) this.#labels[id] = FAILED;
  }

  /** How far a network is that is begun and not done; null for any other. */
  progressOf(id: number): Progress | null {
    return this.#unfinished.get(id) ?? null;
  }

  /** The checkpoints that unfinished networks go on from. */
  get checkpoints(): Set<string> {
    return new Set(Array.from(this.#unfinished.values(), ({ checkpoint }) => checkpoint));
  }

  labelOf(id: number): LabelName | null {
    return LABEL_NAMES[this.#labels[id]] ?? null;
  }

  /** Whether the network is trained to its last epoch. */
  isDone(id: number): boolean {
    return this.#labels[id] !== NO_LABEL && this.#labels[id] !== FAILED;
  }

  get doneCount(): number {
    return this.#doneCount;
  }

  get failedCount(): number {
    return this.#countWhere((id) => this.#labels[id] === FAILED);
  }

  /** How many networks ended with subnormal moments. */
  get subnormalCount(): number {
    return this.#countWhere((id) => this.subnormal[id] === 1);
  }

  /** How many networks have each label. */
  labelCounts(): LabelCounts {
    const counts = Object.fromEntries(LABEL_NAMES.map((name) => [name, 0])) as Record<LabelName, number>;
    for (let id = 0; id < this.networkCount; id++) {
      const label = this.labelOf(id);
      if (label !== null) counts[label]++;
    }
    return counts;
  }

  /** The digest of a network that is done, as 64 hex digits; null before. */
  digestOf(id: number): string | null {
    return this.isDone(id) ? Buffer.from(this.#digestBytes(id)).toString('hex') : null;
  }

  /**
   * The fingerprint of the run: SHA-256 over id (u32, little-endian) ‖ key (8 bytes) ‖ digest (32 bytes) of each network in
   * the order of ids, as 64 hex digits. Null while a network is not done.
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

  #digestBytes(id: number): Uint8Array {
    return this.#digests.subarray(id * DIGEST_BYTES, (id + 1) * DIGEST_BYTES);
  }

  #countWhere(holds: (id: number) => boolean): number {
    let count = 0;
    for (let id = 0; id < this.networkCount; id++) if (holds(id)) count++;
    return count;
  }
}
