/**
 * Reads back what a run has kept of its networks: digests of blocks, rows of buckets, spikes. The journal says which
 * batches a commit has appended and which networks it was about, so that those of a few networks are found without a
 * look at the others.
 */
import { join } from 'node:path';
import type { SpikeEpochs } from '../../schemas/analysis-messages.ts';
import type { EventKind } from '../../schemas/catalogue.ts';
import type { NetworkEvent } from '../../schemas/events.ts';
import type { BatchBlock, SegmentCommit } from '../../schemas/journal.ts';
import type { EpochRange, TracedBuckets } from '../../schemas/replay-messages.ts';
import type { SegmentedTableName } from '../../schemas/trace.ts';
import type { RunRecord } from '../run/folder.ts';
import type { CommitPlaces, RunState } from '../run/run-state.ts';
import { type BatchRows, readBatch } from '../storage/tables/block-reader.ts';
import { BUCKET_COLUMN_NAMES } from '../train/buckets.ts';

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
  /** Of the first of them. */
  readonly epoch: number;
}

/** Epochs of one network of which rows are wanted, those that end within the range. */
export interface RowsWanted extends EpochRange {
  readonly network: number;
}

/** A spike or level shift of one network, by its epochs. */
export interface TracedSpike extends SpikeEpochs {
  readonly kind: 'spike' | 'level-shift';
}

/** Digests of blocks of one network, by the last epoch of each. */
export interface TracedBlocks {
  readonly epoch: Uint32Array;
  readonly digest: readonly string[];
}

/** Reads the trace of a run whose state may grow meanwhile. */
export class TraceReader {
  readonly #folder: string;
  readonly #state: RunState;
  /** The commits that a network was part of, of the first {@link #indexedCount} of the state. */
  readonly #commitsOf = new Map<number, CommitPlaces[]>();
  #indexedCount = 0;
  readonly #batches = new Map<string, BatchRows>();
  /** Rewritten segments of the state, and their batches by network, made table by table as they are asked for. */
  #rewritten: readonly SegmentCommit[] = [];
  readonly #rewrittenPlaces = new Map<SegmentedTableName, ReadonlyMap<number, readonly Place[]>>();

  constructor({ folder, state }: Pick<RunRecord, 'folder' | 'state'>) {
    this.#folder = folder;
    this.#state = state;
  }

  /**
   * The digests of blocks that end within a range, ascending.
   *
   * @throws RunError where a segment is gone or damaged.
   */
  blocks(wanted: RowsWanted): TracedBlocks {
    const ranges = this.#ranges('blocks', wanted);
    return {
      epoch: numbersOf(ranges, 'epoch', Uint32Array),
      digest: ranges.flatMap(({ batch, rows }) => rows.map((row) => batch.text('digest', row))),
    };
  }

  /**
   * The rows of buckets that end within a range, ascending.
   *
   * @throws RunError where a segment is gone or damaged.
   */
  buckets(wanted: RowsWanted): TracedBuckets {
    const ranges = this.#ranges('epochs', wanted);
    const columns = BUCKET_COLUMN_NAMES.map((name) => [name, numbersOf(ranges, name, Float64Array)] as const);
    return { epoch: numbersOf(ranges, 'epoch', Uint32Array), columns: Object.fromEntries(columns) };
  }

  /**
   * The events that begin within a range, ascending.
   *
   * @throws RunError where a segment is gone or damaged.
   */
  events(wanted: RowsWanted): NetworkEvent[] {
    const events = this.#ranges('events', wanted).flatMap(({ batch, rows }) => rows.map((row) => eventOf(batch, row)));
    return events.sort((a, b) => a.epoch - b.epoch);
  }

  /** The spikes and level shifts of a network, in the order of their onsets. */
  spikes(network: number): TracedSpike[] {
    const all = this.events({ network, first: 0, last: Number.POSITIVE_INFINITY });
    return all.flatMap(({ kind, epoch, endEpoch, spike }): TracedSpike[] =>
      (kind === 'spike' || kind === 'level-shift') && spike !== null
        ? [{ kind, onset: epoch, peak: spike.peakEpoch, end: endEpoch }]
        : [],
    );
  }

  /** The batches that hold wanted rows, in the order of their epochs: within a batch a network's rows are. */
  #ranges(table: SegmentedTableName, { network, first, last }: RowsWanted): Part[] {
    const ranges = this.#placesOf(table, network).map((place) => {
      const batch = this.#batch(place);
      const [networks, epochs] = [batch.numbers('network'), batch.numbers('epoch')];
      const rows: number[] = [];
      for (let row = 0; row < batch.rowCount; row++)
        if (networks[row] === network && epochs[row] >= first && epochs[row] <= last) rows.push(row);
      return { batch, rows, epoch: epochs[rows[0]] };
    });
    return ranges.filter(({ rows }) => rows.length > 0).sort((a, b) => a.epoch - b.epoch);
  }

  #placesOf(table: SegmentedTableName, network: number): Place[] {
    const { segments: committed } = this.#state;
    const segments = this.#commitsOfNetwork(network).flatMap((commit) => commit.segments);
    const own = segments.filter((segment) => segment.table === table && !committed.isReplaced(segment));
    return [
      ...(this.#rewrittenPlacesOf(table).get(network) ?? []),
      ...own.flatMap((segment) => this.#placesIn(segment)),
    ];
  }

  #commitsOfNetwork(network: number): readonly CommitPlaces[] {
    const { commits } = this.#state;
    for (; this.#indexedCount < commits.length; this.#indexedCount++) {
      const commit = commits[this.#indexedCount];
      for (const id of commit.networks) {
        const own = this.#commitsOf.get(id);
        if (own === undefined) this.#commitsOf.set(id, [commit]);
        else own.push(commit);
      }
    }
    return this.#commitsOf.get(network) ?? [];
  }

  #placesIn(segment: SegmentCommit): Place[] {
    const path = join(this.#folder, segment.table, segment.file);
    const [first] = this.#state.segments.stateOf(segment).blocks;
    return segment.blocks.map((block) => ({ path, block, schemaEnd: first.offset }));
  }

  #rewrittenPlacesOf(table: SegmentedTableName): ReadonlyMap<number, readonly Place[]> {
    if (this.#rewritten !== this.#state.rewritten) this.#rewrittenPlaces.clear();
    this.#rewritten = this.#state.rewritten;
    const known = this.#rewrittenPlaces.get(table);
    if (known !== undefined) return known;
    const places = new Map<number, Place[]>();
    for (const place of this.#rewritten
      .filter((segment) => segment.table === table)
      .flatMap((segment) => this.#placesIn(segment))) {
      for (const network of new Set(this.#batch(place).numbers('network'))) {
        const own = places.get(network);
        if (own === undefined) places.set(network, [place]);
        else own.push(place);
      }
    }
    this.#rewrittenPlaces.set(table, places);
    return places;
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

function eventOf(batch: BatchRows, row: number): NetworkEvent {
  const number = (column: string) => batch.numberOrNull(column, row);
  const peakEpoch = number('peak_epoch');
  const spike = {
    height: number('height_decades') ?? Number.NaN,
    base: number('loss_before') ?? Number.NaN,
    peak: number('loss_peak') ?? Number.NaN,
  };
  return {
    kind: batch.text('kind', row) as EventKind,
    epoch: number('epoch') ?? 0,
    endEpoch: number('end_epoch'),
    spike: peakEpoch === null ? null : { peakEpoch, ...spike },
  };
}

/** The wanted values of a column, batch after batch. */
function numbersOf<T extends Uint32Array | Float64Array>(
  ranges: readonly Part[],
  column: string,
  Values: new (length: number) => T,
): T {
  const values = new Values(ranges.reduce((sum, { rows }) => sum + rows.length, 0));
  let at = 0;
  for (const { batch, rows } of ranges) {
    const numbers = batch.numbers(column);
    for (const row of rows) values[at++] = numbers[row];
  }
  return values;
}
