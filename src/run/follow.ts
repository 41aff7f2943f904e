/**
 * Follows a run from outside: tells as notices what its journal says, what was there at first and then what comes, so that a display shows
 * the run of another process, or of the past, as it shows its own. What the journal does not say (which thread trains what, memory) is
 * null.
 */
import type { JournalRecord, SegmentCommit, SessionRecord, SnapshotRecord } from '../../schemas/journal.ts';
import type { Network } from '../../schemas/network.ts';
import type { LabelCounts, Notice } from '../../schemas/notices.ts';
import { JournalTail } from '../storage/journal-tail.ts';
import { reading } from '../storage/reading.ts';
import { type RunRecord, readRun, runPaths } from './folder.ts';
import { LeaseView } from './lease.ts';
import { Results } from './results.ts';

/** A journal has a snapshot a second, and a look costs little. */
const LOOK_MS = 500;

/** Follows the run in a folder from `start` to `stop`. */
export class RunFollower {
  readonly folder: string;
  readonly manifest: RunRecord['manifest'];
  readonly networks: readonly Network[];
  readonly results: Results;
  readonly #tail: JournalTail;
  readonly #lease: LeaseView;
  #notify: (notice: Notice) => void = () => {};
  #take: (record: JournalRecord) => void = () => {};
  #fail: (error: unknown) => void = () => {};
  #session: SessionRecord | null = null;
  #snapshot: SnapshotRecord | null = null;
  /** Null before the first look. */
  #isRunning: boolean | null = null;
  /** By segment. */
  readonly #writtenBytes = new Map<string, number>();
  #epochs: number;
  #hasFailed = false;
  #timer: NodeJS.Timeout | null = null;

  /** @throws RunError, UsageError where the folder holds no run that can be read. */
  constructor(folder: string) {
    const { manifest, networks, results } = readRun(folder);
    this.folder = folder;
    this.manifest = manifest;
    this.networks = networks;
    this.results = new Results(results.networkCount);
    this.#epochs = manifest.sweep.epochs;
    this.#tail = new JournalTail(runPaths(folder).journal);
    this.#lease = new LeaseView(runPaths(folder).lock);
  }

  /** Tells what there is by now, and then what comes; `take` gets each record of the journal, `fail` why the run cannot be followed any more. */
  start(to: {
    notify: (notice: Notice) => void;
    take: (record: JournalRecord) => void;
    fail: (error: unknown) => void;
  }): void {
    this.#notify = to.notify;
    this.#take = to.take;
    this.#fail = to.fail;
    reading(this.folder, () => this.#look());
    this.#timer = setInterval(() => this.#lookAgain(), LOOK_MS);
  }

  /** Nobody waits for a timer: what goes wrong is handed on. */
  #lookAgain(): void {
    try {
      reading(this.folder, () => this.#look());
    } catch (error) {
      this.stop();
      this.#fail(error);
    }
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #look(): void {
    // The lease first: a process that ends in between has told all in the journal by then.
    const isRunning = this.#lease.look() !== null;
    const records = this.#tail.read();
    this.#session = records.findLast((record) => record.kind === 'session') ?? this.#session;
    const hasTurned = isRunning !== this.#isRunning;
    if (this.#isRunning === null || (hasTurned && isRunning)) this.#tellBegun();
    for (const record of records) this.#takeRecord(record);
    if (records.length > 0 || hasTurned) this.#tellProgress();
    if (hasTurned && !isRunning) this.#tellEnded();
    this.#isRunning = isRunning;
  }

  #takeRecord(record: JournalRecord): void {
    this.#take(record);
    switch (record.kind) {
      case 'session':
        this.#hasFailed = false;
        break;
      case 'snapshot':
        this.#snapshot = record;
        break;
      case 'failed':
        this.results.fail(record.network);
        this.#notify({ kind: 'failed', networks: [...record.network], reason: record.reason });
        break;
      case 'end':
        this.#hasFailed = record.reason === 'failed';
        break;
      case 'raised':
        this.#takeRaised(record);
        break;
      case 'commit':
        this.#takeCommit(record);
    }
  }

  /** What was told before holds no more. */
  #takeRaised(record: Extract<JournalRecord, { kind: 'raised' }>): void {
    this.results.raise(record);
    for (const { table, file } of record.removed) this.#writtenBytes.delete(`${table}/${file}`);
    this.#takeSegments(record.segments);
    this.#snapshot = null;
    this.#epochs = record.epochs;
    this.#tellBegun();
  }

  #takeSegments(segments: readonly SegmentCommit[]): void {
    for (const { table, file, endBytes } of segments) this.#writtenBytes.set(`${table}/${file}`, endBytes);
  }

  #takeCommit(record: Extract<JournalRecord, { kind: 'commit' }>): void {
    const { results: done, events, segments } = record;
    this.results.commit(record);
    this.#takeSegments(segments);
    const elapsedMs = this.#elapsedMs;
    if (events.notable.length > 0) this.#notify({ kind: 'events', elapsedMs, ...events });
    const networks = Array.from(done.network, (network, row) => ({ network, label: done.label[row] }));
    if (networks.length > 0) this.#notify({ kind: 'committed', elapsedMs, networks });
  }

  #tellBegun(): void {
    const { manifest, networks, folder, results } = this;
    this.#notify({
      kind: 'begun',
      name: manifest.name,
      key: manifest.key,
      folder,
      networks: networks.length,
      epochs: this.#epochs,
      groups: 0,
      threads: this.#session?.threads ?? 0,
      engine: this.#session?.engine ?? manifest.engine,
      networksDone: results.doneCount,
    });
  }

  /** The snapshot of the last second, or what is committed where there is none, or nothing left to come. */
  #tellProgress(): void {
    const { results, networks } = this;
    const epochs = this.#epochs;
    const epochsPlanned = networks.length * epochs;
    const isDone = results.doneCount === networks.length;
    const snapshot = isDone ? null : this.#snapshot;
    const epochsTrained = snapshot?.epochsTrained ?? results.doneCount * epochs;
    this.#notify({
      kind: 'progress',
      elapsedMs: this.#elapsedMs,
      epochsTrained,
      epochsPlanned,
      share: epochsTrained / epochsPlanned,
      networksDone: results.doneCount,
      labels: snapshot === null ? results.labelCounts() : (snapshot.labels as LabelCounts),
      threads: null,
      residentBytes: null,
      writtenBytes: [...this.#writtenBytes.values()].reduce((sum, bytes) => sum + bytes, 0),
    });
  }

  /** A run whose process is gone, whether it said so or was killed. */
  #tellEnded(): void {
    const { results, networks } = this;
    const isDone = results.doneCount === networks.length;
    this.#notify({
      kind: 'ended',
      reason: isDone ? 'done' : this.#hasFailed ? 'failed' : 'stopped',
      elapsedMs: this.#elapsedMs,
      networksDone: results.doneCount,
      networksFailed: results.failedCount,
      labels: results.labelCounts(),
      fingerprint: results.fingerprint(networks),
    });
  }

  get #elapsedMs(): number {
    return this.#snapshot?.elapsedMs ?? 0;
  }
}
