/**
 * The book of segments: which file of which table each thread appends to, and what of it is committed. Main keeps it; the
 * workers are told where to write task by task and remember nothing.
 */
import { existsSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { RaisedRecord, SegmentCommit } from '../../schemas/journal.ts';
import type { SegmentGrant } from '../../schemas/messages.ts';
import { RunError } from '../../schemas/problems.ts';
import { SEGMENTED_TABLE_NAMES, type SegmentedTableName } from '../../schemas/trace.ts';
import { emptyBatch } from '../storage/arrow.ts';
import { RESTORE_REMEDY, withPath } from '../storage/files.ts';
import { isOwnSegment } from '../storage/names.ts';
import { checkSegment } from '../storage/segment-check.ts';
import { EMPTY_SEGMENT, mendFooter, openName, type SegmentState, sealSegment } from '../storage/segments.ts';

/** A segment is sealed once it is this long: tens of megabytes, so that a sweep is a few files and each opens quickly. */
const SEGMENT_BYTES_MAX = 48 * 1024 * 1024;

/** The segments of one run. */
export class SegmentBook {
  readonly #folder: string;
  readonly #runKey: string;
  /** Committed state by table and file, of open and sealed segments alike. */
  readonly #states: Readonly<Record<SegmentedTableName, Map<string, SegmentState>>>;
  /** Files that others stand in the place of. */
  readonly #replaced: Readonly<Record<SegmentedTableName, Set<string>>>;
  /** Names that were given to others than threads. */
  readonly #named: Readonly<Record<SegmentedTableName, Set<string>>>;
  /** The open segment of each table and thread. */
  readonly #open: Readonly<Record<SegmentedTableName, Map<number, string>>>;

  constructor(folder: string, runKey: string) {
    this.#folder = folder;
    this.#runKey = runKey;
    this.#states = { epochs: new Map(), events: new Map(), blocks: new Map() };
    this.#replaced = { epochs: new Set(), events: new Set(), blocks: new Set() };
    this.#named = { epochs: new Set(), events: new Set(), blocks: new Set() };
    this.#open = { epochs: new Map(), events: new Map(), blocks: new Map() };
    for (const table of SEGMENTED_TABLE_NAMES) {
      const path = join(folder, table);
      withPath(path, () => mkdirSync(path, { recursive: true }));
    }
  }

  /** The segments that a thread's next task appends to; nobody else writes to them until it is over. */
  grant(thread: number): Readonly<Record<SegmentedTableName, SegmentGrant>> {
    const grants = SEGMENTED_TABLE_NAMES.map((table) => {
      const file = this.#open[table].get(thread) ?? this.#openNew(table, thread);
      const { committedBytes } = this.#states[table].get(file) ?? EMPTY_SEGMENT;
      return [table, { path: this.#path(table, file), file, committedBytes }] as const;
    });
    return Object.fromEntries(grants) as Record<SegmentedTableName, SegmentGrant>;
  }

  /** Takes note of what a commit appended, from the journal or just before it goes there. */
  commit(commits: readonly SegmentCommit[]): void {
    for (const { table, file, endBytes, blocks, headCrc32 } of commits) {
      const before = this.#states[table].get(file) ?? EMPTY_SEGMENT;
      const head = headCrc32 === undefined ? {} : { headCrc32 };
      const all = [...before.blocks, ...blocks];
      this.#states[table].set(file, { ...before, ...head, committedBytes: endBytes, blocks: all });
    }
  }

  /** Takes note of segments that others stand in the place of; a name is never used again. Their files go with {@link removeReplaced}. */
  replace({ removed, segments }: Pick<RaisedRecord, 'removed' | 'segments'>): void {
    for (const { table, file } of removed) {
      this.#states[table].delete(file);
      this.#replaced[table].add(file);
    }
    this.commit(segments);
  }

  /** Removes the files of segments that were replaced, whoever was to do it before. */
  removeReplaced(): void {
    for (const table of SEGMENTED_TABLE_NAMES) {
      for (const file of this.#namesIn(table).filter((name) => this.#replaced[table].has(name)))
        withPath(this.#path(table, file), () => unlinkSync(this.#path(table, file)));
    }
  }

  /** The segments with committed rows, in the order of their first commit. */
  filesOf(table: SegmentedTableName): string[] {
    return [...this.#states[table]].flatMap(([file, { blocks }]) => (blocks.length > 0 ? [file] : []));
  }

  /** A name for a segment that no thread appends to. */
  newSegment(table: SegmentedTableName): SegmentGrant {
    const file = this.#newName(table);
    this.#named[table].add(file);
    return { path: this.#path(table, file), file, committedBytes: 0 };
  }

  /** Seals a thread's segments that have grown long enough. */
  sealLong(thread: number): void {
    for (const table of SEGMENTED_TABLE_NAMES) {
      const file = this.#open[table].get(thread);
      if (file === undefined) continue;
      if ((this.#states[table].get(file) ?? EMPTY_SEGMENT).committedBytes >= SEGMENT_BYTES_MAX) {
        this.#seal(table, file);
        this.#open[table].delete(thread);
      }
    }
  }

  /**
   * Refuses finished segments without a commit. No crash leaves one behind: the journal has lost records, and to train their
   * networks again would have their rows twice.
   *
   * @throws RunError naming the first.
   */
  refuseUnknown(): void {
    const isUnknown = (table: SegmentedTableName, name: string) =>
      name.endsWith('.arrow') && !this.#states[table].has(name) && !this.#replaced[table].has(name);
    for (const table of SEGMENTED_TABLE_NAMES) {
      const file = this.#namesIn(table).find((name) => isUnknown(table, name));
      if (file === undefined) continue;
      throw new RunError({
        where: this.#path(table, file),
        got: 'a segment that the journal knows nothing of',
        expected: 'segments with committed rows alone',
        remedy: 'restore journal.msgpack from a copy, or start the run anew in another folder with --out',
      });
    }
  }

  /**
   * Compares what is committed with the checksums in the journal, and gives finished segments their footers again where they have lost them.
   *
   * @throws RunError naming the first segment that is gone, cut or damaged, and where.
   */
  check(): void {
    for (const table of SEGMENTED_TABLE_NAMES) {
      for (const [file, state] of this.#states[table]) {
        if (state.blocks.length === 0) continue;
        const path = this.#path(table, file);
        const isOpen = existsSync(openName(path));
        if (!isOpen && !existsSync(path)) throw gone(path, state);
        checkSegment(isOpen ? openName(path) : path, state);
        if (!isOpen) mendFooter(path, emptyBatch(table, this.#runKey), state);
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
      for (const file of new Set([...this.#states[table].keys(), ...this.#partsOf(table)])) this.#seal(table, file);
      this.#open[table].clear();
    }
  }

  /** Committed bytes of all segments. */
  get committedBytes(): number {
    let sum = 0;
    for (const states of Object.values(this.#states))
      for (const { committedBytes } of states.values()) sum += committedBytes;
    return sum;
  }

  #seal(table: SegmentedTableName, file: string): void {
    const path = this.#path(table, file);
    const state = this.#states[table].get(file) ?? EMPTY_SEGMENT;
    if (existsSync(openName(path))) {
      sealSegment(path, emptyBatch(table, this.#runKey), state);
    } else if (state.blocks.length > 0 && !existsSync(path)) {
      throw gone(path, state);
    }
  }

  /** The open segments in the folder of a table, those without any commit included. */
  #partsOf(table: SegmentedTableName): string[] {
    const parts = this.#namesIn(table).filter((name) => name.endsWith(openName('.arrow')));
    return parts.map((name) => name.slice(0, -openName('').length));
  }

  #namesIn(table: SegmentedTableName): string[] {
    const path = join(this.#folder, table);
    // What somebody else has put there is neither read nor removed.
    return withPath(path, () => readdirSync(path))
      .filter(isOwnSegment)
      .sort();
  }

  /** Numbers go up within a table and are never used twice in a run's folder. */
  #newName(table: SegmentedTableName): string {
    const taken = new Set([
      ...this.#states[table].keys(),
      ...this.#open[table].values(),
      ...this.#replaced[table],
      ...this.#named[table],
    ]);
    let number = 1;
    while (taken.has(segmentName(number)) || this.#exists(table, segmentName(number))) number++;
    return segmentName(number);
  }

  #openNew(table: SegmentedTableName, thread: number): string {
    const file = this.#newName(table);
    this.#open[table].set(thread, file);
    return file;
  }

  #exists(table: SegmentedTableName, file: string): boolean {
    const path = this.#path(table, file);
    return existsSync(path) || existsSync(openName(path));
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

/** The name of a segment by its number, which counts from 1. */
export const segmentName = (number: number): string => `${String(number).padStart(5, '0')}.arrow`;
