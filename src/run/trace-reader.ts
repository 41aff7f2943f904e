/**
 * Reads back what a run has kept of its networks: digests of blocks and rows of buckets. The journal says which batches a commit has appended and
 * which networks it was about, so that those of a few networks are found without a look at the others.
 */
import { join } from 'node:path';
import type { CommitRecord } from '../../schemas/journal.ts';
import type { EpochRange, TracedBuckets } from '../../schemas/replay.ts';
import type { SegmentedTableName } from '../../schemas/trace.ts';
import { type BatchRows, readBatch } from '../storage/batches.ts';
import type { BatchBlock } from '../storage/segments.ts';
import { BUCKET_COLUMN_NAMES } from '../train/buckets.ts';
import type { RunRecord } from './folder.ts';

/** Batches that are kept decoded: networks that were trained together are usually asked for together. */
const BATCHES_KEPT = 8;

/** One batch of a segment. */
interface Place {
  readonly path: string;
  readonly block: BatchBlock;
  readonly schemaEnd: number;
}

/** Wanted rows of one batch. */
interface Part {
  readonly batch: BatchRows;
  readonly rows: readonly number[];
}

/** Epochs of one network of which rows are wanted, those that end within the range. */
export interface RowsWanted extends EpochRange {
  readonly network: number;
}

/** Digests of blocks of one network, by the last epoch of each. */
export interface TracedBlocks {
  readonly epoch: Uint32Array;
  readonly digest: readonly string[];
}

export class TraceReader {
  readonly #folder: string;
  /** The commits that a network was part of. */
  readonly #commitsOf = new Map<number, CommitRecord[]>();
  /** Where the first batch of each segment begins. */
  readonly #schemaEnds = new Map<string, number>();
  readonly #batches = new Map<string, BatchRows>();

  constructor({ folder, journal }: Pick<RunRecord, 'folder' | 'journal'>) {
    this.#folder = folder;
    for (const record of journal) {
      if (record.kind !== 'commit') continue;
      for (const id of [...record.results.network, ...(record.unfinished?.network ?? [])]) {
        const commits = this.#commitsOf.get(id);
        if (commits === undefined) this.#commitsOf.set(id, [record]);
        else commits.push(record);
      }
      for (const { table, file, blocks } of record.segments) {
        const path = join(folder, table, file);
        if (blocks.length > 0 && !this.#schemaEnds.has(path)) this.#schemaEnds.set(path, blocks[0].offset);
      }
    }
  }

  /**
   * The digests of blocks that end within a range, ascending.
   *
   * @throws RunError where a segment is gone or damaged.
   */
  blocks(wanted: RowsWanted): TracedBlocks {
    const parts = this.#parts('blocks', wanted);
    return {
      epoch: numbersOf(parts, 'epoch', Uint32Array),
      digest: parts.flatMap(({ batch, rows }) => rows.map((row) => batch.text('digest', row))),
    };
  }

  /**
   * The rows of buckets that end within a range, ascending.
   *
   * @throws RunError where a segment is gone or damaged.
   */
  buckets(wanted: RowsWanted): TracedBuckets {
    const parts = this.#parts('epochs', wanted);
    const columns = BUCKET_COLUMN_NAMES.map((name) => [name, numbersOf(parts, name, Float64Array)] as const);
    return { epoch: numbersOf(parts, 'epoch', Uint32Array), columns: Object.fromEntries(columns) };
  }

  /** The batches that hold wanted rows, in the order of their epochs: a network's are appended one commit after another. */
  #parts(table: SegmentedTableName, { network, first, last }: RowsWanted): Part[] {
    const parts = this.#placesOf(table, network).map((place) => {
      const batch = this.#batch(place);
      const [networks, epochs] = [batch.numbers('network'), batch.numbers('epoch')];
      const rows: number[] = [];
      for (let row = 0; row < batch.rowCount; row++)
        if (networks[row] === network && epochs[row] >= first && epochs[row] <= last) rows.push(row);
      return { batch, rows };
    });
    return parts.filter(({ rows }) => rows.length > 0);
  }

  #placesOf(table: SegmentedTableName, network: number): Place[] {
    const segments = (this.#commitsOf.get(network) ?? []).flatMap((commit) => commit.segments);
    return segments
      .filter((segment) => segment.table === table)
      .flatMap(({ file, blocks }) => {
        const path = join(this.#folder, table, file);
        return blocks.map((block) => ({ path, block, schemaEnd: this.#schemaEnds.get(path) ?? block.offset }));
      });
  }

  #batch({ path, block, schemaEnd }: Place): BatchRows {
    const key = `${path} ${block.offset}`;
    const batch = this.#batches.get(key) ?? readBatch(path, block, schemaEnd);
    // The last one used stands last, and the first one goes.
    this.#batches.delete(key);
    this.#batches.set(key, batch);
    for (const oldest of this.#batches.keys()) {
      if (this.#batches.size <= BATCHES_KEPT) break;
      this.#batches.delete(oldest);
    }
    return batch;
  }
}

/** The wanted values of a column, batch after batch. */
function numbersOf<T extends Uint32Array | Float64Array>(
  parts: readonly Part[],
  column: string,
  Values: new (length: number) => T,
): T {
  const values = new Values(parts.reduce((sum, { rows }) => sum + rows.length, 0));
  let at = 0;
  for (const { batch, rows } of parts) {
    const numbers = batch.numbers(column);
    for (const row of rows) values[at++] = numbers[row];
  }
  return values;
}
