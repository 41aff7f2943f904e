/**
 * Follows a run from outside: tells as notices what its journal says, what was there at first and then what comes, so
 * that a display shows the run of another process, or of the past, as it shows its own. What the journal does not say
 * (which thread trains what, memory) is null.
 */
import type { JournalRecord } from '../../schemas/journal.ts';
import type { Notice } from '../../schemas/notices.ts';
import { JournalTail } from '../storage/journal/journal-tail.ts';
import { reading } from '../storage/reading.ts';
import { type RunRecord, readRun, runPaths } from './folder.ts';
import { LeaseView } from './lease.ts';
import { begunNotice, endedNotice, noticesOf } from './notices.ts';
import { RunState } from './run-state.ts';

/** A journal has a snapshot a second, and a look costs little. */
const LOOK_MS = 500;

/** Follows the run in a folder from `start` to `stop`. */
export class RunFollower {
  readonly folder: string;
  readonly manifest: RunRecord['manifest'];
  readonly state: RunState;
  readonly #tail: JournalTail;
  readonly #lease: LeaseView;
  #notify: (notice: Notice) => void = () => {};
  #fail: (error: unknown) => void = () => {};
  /** Null before the first look. */
  #isRunning: boolean | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @throws RunError, UsageError where the folder holds no run that can be read. */
  constructor(folder: string) {
    const { manifest, state } = readRun(folder);
    const paths = runPaths(folder);
    this.folder = folder;
    this.manifest = manifest;
    this.state = new RunState({ journal: paths.journal, plan: state.plan, epochs: manifest.sweep.epochs });
    this.#tail = new JournalTail(paths.journal);
    this.#lease = new LeaseView(paths.lock);
  }

  /** Tells what there is by now, and then what comes; `fail` gets why the run cannot be followed any more. */
  start(listener: { notify: (notice: Notice) => void; fail: (error: unknown) => void }): void {
    this.#notify = listener.notify;
    this.#fail = listener.fail;
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
    const hasTurned = isRunning !== this.#isRunning;
    const begins = this.#isRunning === null || (hasTurned && isRunning);
    if (begins) this.#tellBegun(records);
    for (const record of records) {
      this.state.take(record);
      // What was told before an extension no longer holds, and a process may take long to open a run before it trains.
      if (record.kind === 'extended' || (record.kind === 'session' && !begins)) this.#tellBegun(records);
      for (const notice of noticesOf(record)) this.#notify(notice);
    }
    if (records.length > 0 || hasTurned) this.#tellProgress();
    if (hasTurned && !isRunning) this.#notify(endedNotice(this.state));
    this.#isRunning = isRunning;
  }

  /** Of the latest session: it stands among the records that are about to be taken, unless it was taken before. */
  #tellBegun(records: readonly JournalRecord[]): void {
    const { manifest, folder, state } = this;
    const session = records.findLast((record) => record.kind === 'session') ?? state.session;
    const { threads, engine } = session ?? { threads: 0, engine: manifest.engine };
    this.#notify(begunNotice(state, { name: manifest.name, key: manifest.key, folder, engine, groups: 0, threads }));
  }

  /** The snapshot of the last second, or what is committed where there is none, or nothing left to come. */
  #tellProgress(): void {
    const { results, networks, epochs, segments, isDone, sessionMs, snapshot: told } = this.state;
    const epochsPlanned = networks.length * epochs;
    const snapshot = isDone ? null : told;
    const epochsTrained = snapshot?.epochsTrained ?? results.doneCount * epochs + results.unfinishedEpochs;
    this.#notify({
      kind: 'progress',
      elapsedMs: sessionMs,
      epochsTrained,
      epochsPlanned,
      share: epochsTrained / epochsPlanned,
      networksDone: results.doneCount,
      labels: snapshot === null ? results.labelCounts() : snapshot.labels,
      threads: null,
      residentBytes: null,
      writtenBytes: segments.committedBytes,
    });
  }
}
