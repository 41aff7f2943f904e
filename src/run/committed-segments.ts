/**
 * What of each segment is committed: its bytes, its batches, its checksums. A part of a run's state, made of the
 * journal's records alone. It never looks at a file.
 */
import type { BatchBlock, ExtendedRecord, SegmentCommit } from '../../schemas/journal.ts';
import { SEGMENTED_TABLE_NAMES, type SegmentedTableName } from '../../schemas/trace.ts';
import { sessionOfName } from '../storage/names.ts';
import { ShapeError } from '../storage/record-checks.ts';
import { EMPTY_SEGMENT, type SegmentState } from '../storage/tables/segments.ts';

/** A segment by its table and its name there. */
export interface SegmentName {
  readonly table: SegmentedTableName;
  readonly file: string;
}

/** What a record says of segments. */
type SegmentChange = Pick<ExtendedRecord, 'segments'> & Partial<Pick<ExtendedRecord, 'removed'>>;

/** The segments of one run. */
export class CommittedSegments {
  /** By table and file, in the order of their first commits. */
  readonly #states = byTable(() => new Map<string, CommittedSegment>());
  readonly #replaced = byTable(() => new Set<string>());

  /**
   * Refuses what does not continue the segments: each batch begins where the one before it ends, a name that was
   * replaced is never used again, and what is replaced is there. Changes nothing.
   *
   * @throws ShapeError naming the member of the record.
   */
  check({ removed = [], segments }: SegmentChange, session: number): void {
    const gone = new Set<string>();
    for (const [i, name] of removed.entries()) {
      const place = `${name.table}/${name.file}`;
      if (!this.has(name) || gone.has(place))
        throw new ShapeError(`removed[${i}]`, place, 'a segment with committed rows');
      gone.add(place);
    }
    const ends = new Map<string, number>();
    for (const [i, commit] of segments.entries()) {
      const place = `${commit.table}/${commit.file}`;
      if (gone.has(place) || this.isReplaced(commit))
        throw new ShapeError(`segments[${i}].file`, commit.file, 'a segment that was not replaced');
      const end = ends.get(place) ?? (this.has(commit) ? this.stateOf(commit).committedBytes : null);
      refuseGap(commit, { end, session, place: `segments[${i}]` });
      ends.set(place, commit.endBytes);
    }
  }

  /** Takes a change that {@link check} has let pass. */
  take({ removed = [], segments }: SegmentChange): void {
    for (const { table, file } of removed) {
      this.#states[table].delete(file);
      this.#replaced[table].add(file);
    }
    for (const commit of segments) {
      const states = this.#states[commit.table];
      states.set(commit.file, new CommittedSegment(commit, states.get(commit.file)));
    }
  }

  /** The committed state of a segment; that of an empty one where nothing is committed. */
  stateOf({ table, file }: SegmentName): SegmentState {
    return this.#states[table].get(file) ?? EMPTY_SEGMENT;
  }

  has({ table, file }: SegmentName): boolean {
    return this.#states[table].has(file);
  }

  isReplaced({ table, file }: SegmentName): boolean {
    return this.#replaced[table].has(file);
  }

  /** The segments of a table that a commit has named, in the order of their first commits. */
  filesOf(table: SegmentedTableName): string[] {
    return [...this.#states[table].keys()];
  }

  /** Committed bytes of all segments. */
  get committedBytes(): number {
    let sum = 0;
    for (const table of SEGMENTED_TABLE_NAMES)
      for (const { committedBytes } of this.#states[table].values()) sum += committedBytes;
    return sum;
  }
}

/**
 * The state of a segment after a commit. It never changes, although the states of a segment share one list of blocks,
 * to which each commit appends: a copy of the list per commit would make long runs quadratic. A state knows how many
 * of the blocks are its own, and copies them once they are asked for.
 */
class CommittedSegment implements SegmentState {
  readonly committedBytes: number;
  readonly headCrc32?: number;
  readonly #shared: BatchBlock[];
  readonly #count: number;
  #blocks: readonly BatchBlock[] | null = null;

  /** `before` is the latest state of the segment, if it has one. */
  constructor({ endBytes, blocks, headCrc32 }: SegmentCommit, before: CommittedSegment | undefined) {
    this.committedBytes = endBytes;
    const head = headCrc32 ?? before?.headCrc32;
    if (head !== undefined) this.headCrc32 = head;
    this.#shared = before === undefined ? [] : before.#shared;
    for (const block of blocks) this.#shared.push(block);
    this.#count = this.#shared.length;
  }

  get blocks(): readonly BatchBlock[] {
    this.#blocks ??= this.#shared.slice(0, this.#count);
    return this.#blocks;
  }
}

/** `end` is where the segment ends so far; null for a new one. */
function refuseGap(
  { file, endBytes, blocks, headCrc32 }: SegmentCommit,
  { end, session, place }: { end: number | null; session: number; place: string },
): void {
  if (sessionOfName(file) !== session)
    throw new ShapeError(`${place}.file`, file, `a segment of session ${session}, which alone may append to it`);
  const isNew = end === null;
  if (isNew !== (headCrc32 !== undefined))
    throw new ShapeError(`${place}.headCrc32`, String(headCrc32), isNew ? 'that of a new segment' : 'none');
  let next = end ?? blocks[0]?.offset ?? endBytes;
  for (const [i, block] of blocks.entries()) {
    if (block.offset !== next) throw new ShapeError(`${place}.blocks[${i}].offset`, `${block.offset}`, `${next}`);
    next = endOf(block);
  }
  if (endBytes !== next) throw new ShapeError(`${place}.endBytes`, `${endBytes}`, `${next}, the end of its last batch`);
}

const endOf = ({ offset, metadataBytes, bodyBytes }: BatchBlock): number => offset + metadataBytes + bodyBytes;

function byTable<T>(make: () => T): Readonly<Record<SegmentedTableName, T>> {
  return Object.fromEntries(SEGMENTED_TABLE_NAMES.map((table) => [table, make()])) as Record<SegmentedTableName, T>;
}
