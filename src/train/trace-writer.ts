/**
 * The rows of one task on their way into its segments: collected until a batch is full, then written at once.
 */
import type { EventDigest, NetworkEvent } from '../../schemas/events.ts';
import type { SegmentCommit } from '../../schemas/journal.ts';
import { SEGMENTED_TABLE_NAMES, type SegmentedTableName } from '../../schemas/trace.ts';
import type { TaskRequest } from '../../schemas/training-messages.ts';
import { segmentSchema, type TableValues } from '../storage/tables/arrow.ts';
import { SegmentAppender } from '../storage/tables/segments.ts';
import { type Bucket, BucketRows } from './buckets.ts';
import type { BlockDigest } from './digest.ts';
import { EventDigester } from './event-digest.ts';
import type { LaneSignals } from './lane-signals.ts';

/** Rows of the epochs table in a batch: 2.1 MB, so that readers that map the file skip well. */
const EPOCH_ROWS_MAX = 32_768;
/**
 * Rows of the blocks table in a batch: its texts are made one by one, and more of them at once would show in the
 * memory.
 */
const BLOCK_ROWS_MAX = 4096;
const EVENT_ROWS_MAX = 4096;

/** Writes a task's rows; `finish` or `abandon` must be called once. */
export class TraceWriter {
  readonly #request: TaskRequest;
  readonly #appenders: Readonly<Record<SegmentedTableName, SegmentAppender>>;
  readonly #epochs: BucketRows;
  #events: { network: number; event: NetworkEvent }[] = [];
  readonly #eventDigester = new EventDigester();
  #blocks: { network: number; epoch: number; digest: string }[] = [];

  constructor(request: TaskRequest) {
    this.#request = request;
    this.#epochs = new BucketRows(EPOCH_ROWS_MAX, request.bucketEpochs);
    const open = SEGMENTED_TABLE_NAMES.map((name) => {
      const { path, committedBytes } = request.segments[name];
      const { compression, runKey } = request;
      return [name, new SegmentAppender(path, segmentSchema(name, runKey), { committedBytes, compression })] as const;
    });
    this.#appenders = Object.fromEntries(open) as Record<SegmentedTableName, SegmentAppender>;
  }

  /** Lets a network's buckets take a chunk of signals and keeps the rows of those that it closes. */
  epochs(bucket: Bucket, chunk: LaneSignals): void {
    if (this.#epochs.room < bucket.rowsOf(chunk)) this.#flushEpochs();
    bucket.observe(chunk, this.#epochs);
  }

  /** Keeps an event of a network. */
  event(network: number, event: NetworkEvent): void {
    this.#events.push({ network, event });
    this.#eventDigester.add(network, event);
    if (this.#events.length >= EVENT_ROWS_MAX) this.#flushEvents();
  }

  /** The events so far in short. */
  get eventDigest(): EventDigest {
    return this.#eventDigester.digest();
  }

  /** Keeps the digests of finished blocks of a network's losses. */
  blocks(network: number, digests: readonly BlockDigest[]): void {
    for (const { epoch, digest } of digests) this.#blocks.push({ network, epoch, digest });
    if (this.#blocks.length >= BLOCK_ROWS_MAX) this.#flushBlocks();
  }

  /** Writes the rows that are left, makes everything durable and says what was appended. */
  finish(): SegmentCommit[] {
    this.#flushEpochs();
    this.#flushEvents();
    this.#flushBlocks();
    return SEGMENTED_TABLE_NAMES.map((table) => ({
      table,
      file: this.#request.segments[table].file,
      ...this.#appenders[table].finish(),
    }));
  }

  /** Gives up: what was appended is debris that the next task cuts off. */
  abandon(): void {
    for (const appender of Object.values(this.#appenders)) appender.abandon();
  }

  #append(name: SegmentedTableName, rows: TableValues, rowCount: number): void {
    if (rowCount > 0) this.#appenders[name].append(rows, rowCount);
  }

  #flushEpochs(): void {
    const rows = this.#epochs;
    const signals = Object.entries(rows.columns).map(([name, values]) => [name, { values }] as const);
    const names = { network: { values: rows.network }, epoch: { values: rows.epoch } };
    this.#append('epochs', { ...names, ...Object.fromEntries(signals) }, rows.rowCount);
    rows.rowCount = 0;
  }

  #flushEvents(): void {
    const rows = this.#events;
    const epochs = (read: (event: NetworkEvent) => number | null | undefined) => ({
      values: Uint32Array.from(rows, ({ event }) => read(event) ?? 0),
      valid: Uint8Array.from(rows, ({ event }) => Number((read(event) ?? null) !== null)),
    });
    const numbers = (read: (event: NetworkEvent) => number | undefined) => ({
      values: Float64Array.from(rows, ({ event }) => read(event) ?? 0),
      valid: Uint8Array.from(rows, ({ event }) => Number(read(event) !== undefined)),
    });
    this.#append(
      'events',
      {
        network: { values: Uint32Array.from(rows, ({ network }) => network) },
        kind: { values: rows.map(({ event }) => event.kind) },
        epoch: { values: Uint32Array.from(rows, ({ event }) => event.epoch) },
        peak_epoch: epochs(({ spike }) => spike?.peakEpoch),
        end_epoch: epochs(({ endEpoch }) => endEpoch),
        height_decades: numbers(({ spike }) => spike?.height),
        loss_before: numbers(({ spike }) => spike?.base),
        loss_peak: numbers(({ spike }) => spike?.peak),
      },
      rows.length,
    );
    this.#events = [];
  }

  #flushBlocks(): void {
    const rows = this.#blocks;
    this.#append(
      'blocks',
      {
        network: { values: Uint32Array.from(rows, ({ network }) => network) },
        epoch: { values: Uint32Array.from(rows, ({ epoch }) => epoch) },
        digest: { values: rows.map(({ digest }) => digest) },
      },
      rows.length,
    );
    this.#blocks = [];
  }
}
