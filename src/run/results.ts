/**
 * The results of a run, network by network, gathered from commits: what networks.arrow, the fingerprint and the summary are
 * made of. Columns of typed arrays, since a plan may hold a million networks.
 */
import { createHash } from 'node:crypto';
import { LABEL_NAMES, type LabelName } from '../../schemas/catalogue.ts';
import type { CommitRecord, KeptNetworks, RaisedRecord } from '../../schemas/journal.ts';
import type { Network } from '../../schemas/network.ts';
import type { LabelCounts } from '../../schemas/notices.ts';

const DIGEST_BYTES = 32;
const NO_LABEL = 255;

/** Where an unfinished network goes on. */
export interface Progress {
  /** Epochs trained. */
  readonly epoch: number;
  /** Name of the checkpoint's file. */
  readonly checkpoint: string;
}

/** Results by id; a network without a label has none yet. */
export class Results {
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
  readonly #digests: Uint8Array;
  /** Networks that are begun and not done, and where they go on. */
  readonly #unfinished = new Map<number, Progress>();
  /** What is kept, in the order of the commits. */
  readonly #kept: KeptNetworks[] = [];
  readonly #keptFiles = new Set<string>();
  /** What is kept of each network; made when it is first asked for, since a run that is not raised or replayed has no need of it. */
  #keptOf: Map<number, Progress[]> | null = null;

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
  commit({ results: of, unfinished, kept = [] }: Pick<CommitRecord, 'results' | 'unfinished' | 'kept'>): string[] {
    for (const networks of kept) this.#keep(networks);
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
      this.#labels[id] = LABEL_NAMES.indexOf(of.label[row] as LabelName);
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
    return [...overtaken].filter((file) => !used.has(file) && !this.#keptFiles.has(file));
  }

  /** Takes every network back to where it goes on in a longer run. What is kept beyond is forgotten: it will be kept again. */
  raise({ restarts }: Pick<RaisedRecord, 'restarts'>): void {
    this.#labels.fill(NO_LABEL);
    this.#digests.fill(0);
    for (const column of this.#columns) column.fill(0);
    this.#unfinished.clear();
    for (const { network, epoch, checkpoint } of restarts)
      for (const id of network) this.#unfinished.set(id, { epoch, checkpoint });
    const isBefore = (epoch: number) => (id: number) => epoch <= (this.progressOf(id)?.epoch ?? 0);
    const kept = this.#kept.map((of) => ({ ...of, network: of.network.filter(isBefore(of.epoch)) }));
    this.#kept.length = 0;
    this.#keptFiles.clear();
    this.#keptOf = null;
    for (const networks of kept) if (networks.network.length > 0) this.#keep(networks);
  }

  /** Records networks as given up, unless they are done; a later commit overrides it. */
  fail(networks: Uint32Array): void {
    for (const id of networks) if (!this.isDone(id)) this.#labels[id] = LABEL_NAMES.indexOf('failed');
  }

  /** How far a network is that is begun and not done; null for any other. */
  progressOf(id: number): Progress | null {
    return this.#unfinished.get(id) ?? null;
  }

  /** The checkpoints that unfinished networks go on from. */
  get checkpoints(): Set<string> {
    return new Set(Array.from(this.#unfinished.values(), ({ checkpoint }) => checkpoint));
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

  labelOf(id: number): LabelName | null {
    return LABEL_NAMES[this.#labels[id]] ?? null;
  }

  /** Whether the network is trained to its last epoch. */
  isDone(id: number): boolean {
    const label = this.labelOf(id);
    return label !== null && label !== 'failed';
  }

  get doneCount(): number {
    return this.#countWhere((id) => this.isDone(id));
  }

  get failedCount(): number {
    return this.#countWhere((id) => this.labelOf(id) === 'failed');
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

  get #columns(): readonly (Uint8Array | Uint32Array | Float64Array)[] {
    return [
      this.degraded,
      this.subnormal,
      this.divergedEpoch,
      this.nonFiniteEpoch,
      this.lossMinEpoch,
      this.lossFirst,
      this.lossMin,
      this.lossLast,
    ];
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
