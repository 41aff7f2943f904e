/**
 * The state of a run: the fold of its journal. `take` is the only transition. Whoever opens a run, trains it, watches
 * it or reads its traces takes the same records in the same order, and so has the same state. It never looks at a file
 * or at a clock.
 *
 *     open, resume     records of the journal ──────────────► take
 *     train            outcome ─► append to the journal ────► take ─► notices
 *     watch            records as they become durable ──────► take ─► notices
 *
 * A record with a right checksum may still not belong here: it may be there twice, or come from another run. `take`
 * refuses each record that does not continue the state.
 */
import type {
  CommitRecord,
  Ending,
  ExtendedRecord,
  HeaderRecord,
  JournalRecord,
  SegmentCommit,
  SessionRecord,
  SnapshotRecord,
  UnfinishedNetworks,
} from '../../schemas/journal.ts';
import type { Network } from '../../schemas/network.ts';
import { RunError } from '../../schemas/problems.ts';
import type { Plan } from '../plan/plan.ts';
import { RESTORE_REMEDY } from '../storage/files.ts';
import { ShapeError } from '../storage/record-checks.ts';
import { CommittedSegments } from './committed-segments.ts';
import { Results } from './results.ts';

/** The networks that a commit was about, and what it appended to segments. */
export interface CommitPlaces {
  readonly networks: Uint32Array;
  readonly segments: readonly SegmentCommit[];
}

/** The state of one run, or of one shard. */
export class RunState {
  /** What the run trains. Its sweep may have other epochs: the journal decides those. */
  readonly plan: Plan;
  /** Those of this folder, ids ascending: of a shard not all of the plan. */
  readonly networks: readonly Network[];
  /** By id in the plan. */
  readonly results: Results;
  readonly segments = new CommittedSegments();
  /** Where each commit has put its rows, in the order of the commits. */
  readonly commits: CommitPlaces[] = [];
  /** Which ids in the plan are in this folder. */
  readonly #isMember: Uint8Array;
  readonly #journal: string;
  #recordCount = 0;
  #rewritten: readonly SegmentCommit[] = [];
  #epochs: number;
  readonly #epochsEver = new Set<number>();
  #header: HeaderRecord | null = null;
  #session: SessionRecord | null = null;
  #snapshot: SnapshotRecord | null = null;
  #hasFailed = false;
  #earlierMs = 0;
  #sessionMs = 0;

  /**
   * The state before the first record. `epochs` holds until the journal says otherwise; `journal` is named in errors.
   */
  constructor({ journal, plan, epochs }: { journal: string; plan: Plan; epochs: number }) {
    this.plan = plan;
    this.networks = plan.networks;
    this.results = new Results(plan.all.length);
    this.#isMember = new Uint8Array(plan.all.length);
    for (const { id } of plan.networks) this.#isMember[id] = 1;
    this.#journal = journal;
    this.#epochs = epochs;
  }

  /**
   * Refuses a record that does not continue the state. Changes nothing, so that a process can ask before it writes.
   *
   * @throws RunError naming the record and its member.
   */
  check(record: JournalRecord): void {
    try {
      this.#check(record);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      const { place, got, expected } = error;
      throw new RunError({
        where: `${this.#journal}, record ${this.#recordCount + 1}`,
        got: `a record "${record.kind}" whose ${place} is ${got}`,
        expected,
        remedy: RESTORE_REMEDY,
      });
    }
  }

  /**
   * Takes the next record of the journal.
   *
   * @returns the names of checkpoints that no network needs any more.
   * @throws RunError where the record does not continue the state, which is then as it was.
   */
  take(record: JournalRecord): string[] {
    this.check(record);
    this.#recordCount++;
    return this.#take(record);
  }

  /** Epochs that each network is trained to. */
  get epochs(): number {
    return this.#epochs;
  }

  /** Whether the run has, or once had, so many epochs. */
  hasHadEpochs(epochs: number): boolean {
    return this.#epochsEver.has(epochs);
  }

  /** The header of the latest session; null before the first record. */
  get header(): HeaderRecord | null {
    return this.#header;
  }

  /** What the latest session said of itself when it began to train. */
  get session(): SessionRecord | null {
    return this.#session;
  }

  /** The board as it was last told; null where it is out of date. */
  get snapshot(): SnapshotRecord | null {
    return this.#snapshot;
  }

  /**
   * Segments that were rewritten when the run was extended, another list each time: no commit says whose rows they
   * have.
   */
  get rewritten(): readonly SegmentCommit[] {
    return this.#rewritten;
  }

  get isDone(): boolean {
    return this.results.doneCount === this.networks.length;
  }

  /**
   * How the run stands once no process works on it. It has failed if its latest session gave networks up, or said so.
   */
  get ending(): Ending {
    return this.#hasFailed ? 'failed' : this.isDone ? 'done' : 'stopped';
  }

  /** Time that the latest session took, in ms; up to its last record where it was cut short. */
  get sessionMs(): number {
    return this.#sessionMs;
  }

  /** Time that all sessions took together, in ms. */
  get elapsedMs(): number {
    return this.#earlierMs + this.#sessionMs;
  }

  #check(record: JournalRecord): void {
    if (record.kind === 'header' && this.#header !== null && record.epochs !== this.#epochs)
      throw new ShapeError('epochs', `${record.epochs}`, `${this.#epochs}`);
    if (record.kind === 'commit') this.#checkCommit(record);
    if (record.kind === 'extended') this.#checkExtended(record);
    if (record.kind === 'failed') this.#refuseStrangers(record.network, 'network');
  }

  #checkCommit({ results, unfinished, kept, segments, epochs }: CommitRecord): void {
    if (epochs !== this.#epochs) throw new ShapeError('epochs', `${epochs}`, `${this.#epochs}, as in the run`);
    this.#refuseDone(results.network, 'results.network');
    if (unfinished !== null) this.#refuseUnfinished(unfinished);
    for (const [i, networks] of kept.entries()) this.#refuseKept(networks, `kept[${i}]`);
    this.segments.check({ segments }, this.#sessionNumber);
  }

  #checkExtended({ epochs, network, restarts, removed, segments }: ExtendedRecord): void {
    if (epochs < this.#epochs) throw new ShapeError('epochs', `${epochs}`, `${this.#epochs} or more`);
    this.#refuseStrangers(network, 'network');
    for (const [i, restart] of restarts.entries()) this.#refuseRestart(restart, `restarts[${i}]`);
    this.segments.check({ removed, segments }, this.#sessionNumber);
  }

  #take(record: JournalRecord): string[] {
    switch (record.kind) {
      case 'header':
        this.#header = record;
        this.#setEpochs(record.epochs);
        this.#beginSession();
        return [];
      case 'session':
        this.#session = record;
        this.#beginSession();
        return [];
      case 'commit':
        return this.#takeCommit(record);
      case 'extended':
        this.#takeExtended(record);
        return [];
      case 'failed':
        this.results.fail(record.network);
        this.#hasFailed = true;
        return [];
      case 'snapshot':
        this.#snapshot = record;
        this.#sessionMs = record.elapsedMs;
        return [];
      case 'end':
        this.#hasFailed = record.reason === 'failed';
        this.#sessionMs = record.elapsedMs;
        return [];
    }
  }

  /** Of a merged run the sessions have no headers. */
  #beginSession(): void {
    this.#hasFailed = false;
    this.#earlierMs += this.#sessionMs;
    this.#sessionMs = 0;
  }

  #setEpochs(epochs: number): void {
    this.#epochs = epochs;
    this.#epochsEver.add(epochs);
  }

  #takeCommit(commit: CommitRecord): string[] {
    const { results, unfinished, segments, elapsedMs } = commit;
    this.segments.take({ segments });
    this.commits.push({ networks: Uint32Array.from([...results.network, ...(unfinished?.network ?? [])]), segments });
    this.#sessionMs = elapsedMs;
    return this.results.commit(commit);
  }

  #takeExtended(record: ExtendedRecord): void {
    this.segments.take(record);
    const isCurrent = (segment: SegmentCommit) => !this.segments.isReplaced(segment);
    this.#rewritten = [...this.#rewritten, ...record.segments].filter(isCurrent);
    this.results.extend(record);
    this.#setEpochs(record.epochs);
    this.#snapshot = null;
  }

  get #sessionNumber(): number {
    if (this.#header === null) throw new ShapeError('kind', 'the first one', 'a header before it');
    return this.#header.session;
  }

  #refuseStrangers(ids: Uint32Array, place: string): void {
    for (const [i, id] of ids.entries())
      if (this.#isMember[id] !== 1) throw new ShapeError(`${place}[${i}]`, `${id}`, 'a network of this run');
  }

  /** Networks of a commit: those of this run that are not done, each once. */
  #refuseDone(ids: Uint32Array, place: string): void {
    this.#refuseStrangers(ids, place);
    const seen = new Set<number>();
    for (const [i, id] of ids.entries()) {
      if (this.results.isDone(id) || seen.has(id))
        throw new ShapeError(`${place}[${i}]`, `${id}, which is done already`, 'a network that is not done');
      seen.add(id);
    }
  }

  #refuseUnfinished({ network, epoch }: UnfinishedNetworks): void {
    this.#refuseDone(network, 'unfinished.network');
    if (epoch >= this.#epochs) throw new ShapeError('unfinished.epoch', `${epoch}`, `less than ${this.#epochs}`);
    for (const id of network) {
      const before = this.results.progressOf(id)?.epoch ?? 0;
      if (epoch <= before)
        throw new ShapeError('unfinished.epoch', `${epoch}`, `more than ${before}, where network ${id} is already`);
    }
  }

  #refuseKept({ network, epoch }: UnfinishedNetworks, place: string): void {
    this.#refuseStrangers(network, `${place}.network`);
    if (epoch > this.#epochs) throw new ShapeError(`${place}.epoch`, `${epoch}`, `${this.#epochs} at most`);
  }

  /** A network continues from its own checkpoint, or from one that is kept of it. */
  #refuseRestart({ network, epoch, checkpoint }: UnfinishedNetworks, place: string): void {
    this.#refuseStrangers(network, `${place}.network`);
    for (const id of network) {
      const progress = this.results.progressOf(id);
      const known = [...(progress === null ? [] : [progress]), ...this.results.keptOf(id)];
      if (known.some((at) => at.epoch === epoch && at.checkpoint === checkpoint)) continue;
      throw new ShapeError(place, `epoch ${epoch} in ${checkpoint}`, `a checkpoint of network ${id}`);
    }
  }
}
