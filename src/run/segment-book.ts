/**
 * The files of a run's segments, in the hands of one session: which of them each thread appends to, sealing, checking,
 * removing. What is committed is for the run's state to know. Workers are told where to write task by task and remember
 * nothing.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SegmentCommit } from '../../schemas/journal.ts';
import { type Problem, problemsIn, RunError } from '../../schemas/problems.ts';
import { SEGMENTED_TABLE_NAMES, type SegmentedTableName } from '../../schemas/trace.ts';
import type { SegmentGrant } from '../../schemas/training-messages.ts';
import { makeFolder, RESTORE_REMEDY, removeDurably, withPath } from '../storage/files.ts';
import { isName, isOwnSegment, sessionOfName } from '../storage/names.ts';
import { segmentSchema } from '../storage/tables/arrow.ts';
import { checkSegment } from '../storage/tables/segment-check.ts';
import { mendFooter, openName, type SegmentState, sealSegment } from '../storage/tables/segments.ts';
import type { CommittedSegments } from './committed-segments.ts';

/**
 * A segment is sealed once it is this long: tens of megabytes, so that a sweep is a few files and each opens quickly.
 */
const SEGMENT_BYTES_MAX = 48 * 1024 * 1024;

/** The segments of one run, in the hands of one session. */
export class SegmentBook {
  readonly #folder: string;
  readonly #runKey: string;
  readonly #session: number;
  /** What is committed, of open and sealed segments alike; it changes as the state of the run does. */
  readonly #committed: CommittedSegments;
  /** How many names this session has given in each table. */
  readonly #named: Record<SegmentedTableName, number> = { epochs: 0, events: 0, blocks: 0 };
  /** Which files the open segments were when they were last committed to, by their paths. */
  readonly #identities = new Map<string, string>();
  /** The open segment of each table and thread. */
  readonly #open: Readonly<Record<SegmentedTableName, Map<number, string>>>;

  constructor(run: { folder: string; runKey: string; committed: CommittedSegments; session: number }) {
    this.#folder = run.folder;
    this.#runKey = run.runKey;
    this.#session = run.session;
    this.#committed = run.committed;
    this.#open = { epochs: new Map(), events: new Map(), blocks: new Map() };
  }

  /** Makes the folders that segments stand in. */
  makeFolders(): void {
    for (const table of SEGMENTED_TABLE_NAMES) {
      makeFolder(join(this.#folder, table));
    }
  }

  /**
   * The segments that a thread's next task appends to; nobody else writes to them until it is over.
   *
   * @throws RunError where one of them is not the file any more that this session left, or is shorter.
   */
  grant(thread: number): Readonly<Record<SegmentedTableName, SegmentGrant>> {
    const grants = SEGMENTED_TABLE_NAMES.map((table) => {
      const file = this.#open[table].get(thread) ?? this.#openNew(table, thread);
      const { committedBytes } = this.#committed.stateOf({ table, file });
      if (committedBytes > 0) this.#checkLeft(this.#path(table, file), committedBytes);
      return [table, { path: this.#path(table, file), file, committedBytes }] as const;
    });
    return Object.fromEntries(grants) as Record<SegmentedTableName, SegmentGrant>;
  }

  /** Remembers which files a task has appended to, so that no other one is appended to in their place. */
  leave(commits: readonly SegmentCommit[]): void {
    for (const { table, file, endBytes } of commits) {
      const path = openName(this.#path(table, file));
      if (endBytes > 0) this.#identities.set(path, identityOf(path) ?? 'gone');
    }
  }

  #checkLeft(path: string, committedBytes: number): void {
    const open = openName(path);
    const left = this.#identities.get(open);
    if (left === undefined || identityOf(open, committedBytes) === left) return;
    throw new RunError({
      where: open,
      got: existsSync(open) ? 'another file, or a shorter one' : 'nothing',
      expected: `the segment as this process left it, with ${committedBytes} committed bytes`,
      remedy: `nothing may change files of a run that is being trained; ${RESTORE_REMEDY}`,
    });
  }

  /** Removes the files of segments that were replaced, whoever was to do it before. */
  removeReplaced(): void {
    for (const table of SEGMENTED_TABLE_NAMES) {
      for (const file of this.#namesIn(table).filter((name) => this.#committed.isReplaced({ table, file: name })))
        withPath(this.#path(table, file), () => removeDurably(this.#path(table, file)));
    }
  }

  /** The segments with committed rows, in the order of their first commit. */
  filesOf(table: SegmentedTableName): string[] {
    return this.#committed.filesOf(table).filter((file) => this.#committed.stateOf({ table, file }).blocks.length > 0);
  }

  /** A name for a segment that no thread appends to. */
  newSegment(table: SegmentedTableName): SegmentGrant {
    const file = this.#newName(table);
    return { path: this.#path(table, file), file, committedBytes: 0 };
  }

  /** Seals a thread's segments that have grown long enough. */
  sealLong(thread: number): void {
    for (const table of SEGMENTED_TABLE_NAMES) {
      const file = this.#open[table].get(thread);
      if (file === undefined) continue;
      if (this.#committed.stateOf({ table, file }).committedBytes >= SEGMENT_BYTES_MAX) {
        this.#seal(table, file);
        this.#open[table].delete(thread);
      }
    }
  }

  /**
   * Refuses finished segments without a commit. No crash leaves one behind: the journal has lost records, and to train
   * their networks again would have their rows twice. Not those of sessions that were overtaken: what such a one
   * finished too late counts for nothing.
   *
   * @throws RunError naming the first.
   */
  refuseUnknown(isOvertaken: (session: number) => boolean): void {
    const [problem] = this.unknownSegments(isOvertaken);
    if (problem !== undefined) throw new RunError(problem);
  }

  /** The finished segments without a commit, as problems. */
  unknownSegments(isOvertaken: (session: number) => boolean): Problem[] {
    return SEGMENTED_TABLE_NAMES.flatMap((table) =>
      this.#unknown(table)
        .filter((file) => !isOvertaken(sessionOfName(file)))
        .map((file) => ({
          where: this.#path(table, file),
          got: 'a segment that the journal knows nothing of',
          expected: 'segments with committed rows alone',
          remedy: 'restore the folder journal from a copy, or start the run again in another folder with --out',
        })),
    );
  }

  /** Removes what {@link refuseUnknown} has let pass. */
  removeOvertaken(): void {
    for (const table of SEGMENTED_TABLE_NAMES)
      for (const file of this.#unknown(table))
        withPath(this.#path(table, file), () => removeDurably(this.#path(table, file)));
  }

  #unknown(table: SegmentedTableName): string[] {
    return this.#namesIn(table).filter(
      (file) =>
        isName('segment', file) &&
        !this.#committed.has({ table, file }) &&
        !this.#committed.isReplaced({ table, file }),
    );
  }

  /**
   * Compares what is committed with the checksums in the journal.
   *
   * @throws RunError naming the first segment that is gone, cut or damaged, and where.
   */
  check(): void {
    for (const [path, state] of this.#withRows()) checkCommitted(path, state);
  }

  /** The same for each segment, with the problems of all. */
  problems(): Problem[] {
    return [...this.#withRows()].flatMap(([path, state]) => problemsIn(() => checkCommitted(path, state)));
  }

  /** Paths and states of the segments with committed rows. */
  *#withRows(): Generator<[path: string, state: SegmentState]> {
    for (const table of SEGMENTED_TABLE_NAMES)
      for (const file of this.filesOf(table)) yield [this.#path(table, file), this.#committed.stateOf({ table, file })];
  }

  /** Gives finished segments their footers again where they have lost them. */
  mendFooters(): void {
    for (const table of SEGMENTED_TABLE_NAMES) {
      for (const file of this.filesOf(table)) {
        const path = this.#path(table, file);
        if (!existsSync(openName(path)))
          mendFooter(path, segmentSchema(table, this.#runKey), this.#committed.stateOf({ table, file }));
      }
    }
  }

  /**
   * Seals every segment that is still open, of this session or of one that was cut short.
   *
   * @throws RunError where a segment with committed rows is gone.
   */
  sealAll(): void {
    for (const table of SEGMENTED_TABLE_NAMES) {
      for (const file of new Set([...this.#committed.filesOf(table), ...this.#subchunksOf(table)]))
        this.#seal(table, file);
      this.#open[table].clear();
    }
  }

  #seal(table: SegmentedTableName, file: string): void {
    const path = this.#path(table, file);
    const state = this.#committed.stateOf({ table, file });
    if (existsSync(openName(path))) {
      sealSegment(
        path,
        segmentSchema(table, this.#runKey),
        state,
        sessionOfName(file) === this.#session ? 'link' : 'copy',
      );
    } else if (state.blocks.length > 0 && !existsSync(path)) {
      throw gone(path, state);
    }
  }

  /** The open segments in the folder of a table, those without any commit included. */
  #subchunksOf(table: SegmentedTableName): string[] {
    const parts = this.#namesIn(table).filter((name) => name.endsWith(openName('')));
    return parts.map((name) => name.slice(0, -openName('').length));
  }

  #namesIn(table: SegmentedTableName): string[] {
    const path = join(this.#folder, table);
    if (!existsSync(path)) return [];
    // What somebody else has put there is neither read nor removed.
    return withPath(path, () => readdirSync(path))
      .filter(isOwnSegment)
      .sort();
  }

  /**
   * Numbers go up within a table and a session, and a session is there once: a name is never used twice in a run's
   * folder.
   */
  #newName(table: SegmentedTableName): string {
    this.#named[table]++;
    return segmentName(this.#session, this.#named[table]);
  }

  #openNew(table: SegmentedTableName, thread: number): string {
    const file = this.#newName(table);
    this.#open[table].set(thread, file);
    return file;
  }

  /** Where a sealed segment stands. */
  pathOf(table: SegmentedTableName, file: string): string {
    return this.#path(table, file);
  }

  #path(table: SegmentedTableName, file: string): string {
    return join(this.#folder, table, file);
  }
}

function gone(where: string, { committedBytes }: SegmentState): RunError {
  return new RunError({
    where,
    got: 'a segment that is gone',
    expected: `${committedBytes} committed bytes, as the journal says`,
    remedy: RESTORE_REMEDY,
  });
}

function checkCommitted(path: string, state: SegmentState): void {
  const isOpen = existsSync(openName(path));
  if (!isOpen && !existsSync(path)) throw gone(path, state);
  checkSegment(isOpen ? openName(path) : path, state);
}

/** Device and number of a file, if it is there with so many bytes at least. */
function identityOf(path: string, bytesMin = 0): string | null {
  const status = withPath(path, () => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return status === undefined || status.size < bytesMin ? null : `${status.dev}:${status.ino}`;
}

/** The name of a segment by its session and its number there; both count from 1. */
export const segmentName = (session: number, number: number): string =>
  `${String(session).padStart(4, '0')}-${String(number).padStart(5, '0')}.arrow`;
