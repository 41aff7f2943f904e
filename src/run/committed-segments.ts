/**
 * What of each segment is committed: its bytes, its batches, its checksums. A part of a run's state, made of the
 * journal's records alone. It never looks at a file.
 */
import type { BatchBlock, RaisedRecord, SegmentCommit } from '../../schemas/journal.ts';
import { SEGMENTED_TABLE_NAMES, type SegmentedTableName } from '../../schemas/trace.ts';
import { sessionOfName } from '../storage/names.ts';
import { EMPTY_SEGMENT, type SegmentState } from '../storage/segments.ts';
import { ShapeError } from '../storage/shapes.ts';

/** A segment by its table and its name there. */
export interface SegmentName {
  readonly table: SegmentedTableName;
  readonly file: string;
}

/** The segments of one run. */
export class CommittedSegments {
  /** By table and file, in the order of their first commits. */
  readonly #states = byTable(() => new Map<string, SegmentState>());
  readonly #replaced = byTable(() => new Set<string>());

  /**
   * Takes what a commit of `session` has appended.
   *
   * @throws ShapeError where it does not continue what is committed: each batch begins where the one before it ends.
   */
  append(commits: readonly SegmentCommit[], session: number): void {
    for (const [i, commit] of commits.entries()) {
      this.#refuseGap(commit, session, `segments[${i}]`);
      const { table, file, endBytes, blocks, headCrc32 } = commit;
      const before = this.stateOf({ table, file });
      const head = headCrc32 === undefined ? {} : { headCrc32 };
      const all = [...before.blocks, ...blocks];
      this.#states[table].set(file, { ...before, ...head, committedBytes: endBytes, blocks: all });
    }
  }

  /**
   * Takes segments that other ones replace. A name is never used again.
   *
   * @throws ShapeError where a segment is unknown, or a new one does not begin at its beginning.
   */
  replace({ removed, segments }: Pick<RaisedRecord, 'removed' | 'segments'>, session: number): void {
    for (const [i, { table, file }] of removed.entries()) {
      if (!this.#states[table].delete(file))
        throw new ShapeError(`removed[${i}]`, `${table}/${file}`, 'a segment with committed rows');
      this.#replaced[table].add(file);
    }
    this.append(segments, session);
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

  #refuseGap({ table, file, endBytes, blocks, headCrc32 }: SegmentCommit, session: number, place: string): void {
    if (sessionOfName(file) !== session)
      throw new ShapeError(`${place}.file`, file, `a segment of session ${session}, which alone may append to it`);
    if (this.isReplaced({ table, file }))
      throw new ShapeError(`${place}.file`, file, 'a segment that was not replaced');
    const isNew = !this.has({ table, file });
    if (isNew !== (headCrc32 !== undefined))
      throw new ShapeError(`${place}.headCrc32`, String(headCrc32), isNew ? 'that of a new segment' : 'none');
    let end = isNew ? (blocks[0]?.offset ?? endBytes) : this.stateOf({ table, file }).committedBytes;
    for (const [i, block] of blocks.entries()) {
      if (block.offset !== end) throw new ShapeError(`${place}.blocks[${i}].offset`, `${block.offset}`, `${end}`);
      end = endOf(block);
    }
    if (endBytes !== end) throw new ShapeError(`${place}.endBytes`, `${endBytes}`, `${end}, the end of its last batch`);
  }
}

const endOf = ({ offset, metadataBytes, bodyBytes }: BatchBlock): number => offset + metadataBytes + bodyBytes;

function byTable<T>(make: () => T): Readonly<Record<SegmentedTableName, T>> {
  return Object.fromEntries(SEGMENTED_TABLE_NAMES.map((table) => [table, make()])) as Record<SegmentedTableName, T>;
}
