/**
 * Buckets: the rows of the epochs table. Each bucket of consecutive epochs of one network becomes one row with the
 * signals of its last epoch, and the extremes and counts of all, so that thinning the trace hides no spike and no NaN.
 * Buckets are 1…k, k+1…2k, and so on; the last may be short. Which columns there are, schemas/signals.ts declares.
 */
import type { Column } from '../../schemas/columns.ts';
import { COUNTS, EXTREMES, SIGNAL_COLUMNS, SIGNAL_NAMES, signalColumn } from '../../schemas/signals.ts';
import type { LaneSignals, Numbers } from './lane-signals.ts';

/** The columns of the epochs table that are not names of the row. */
export const BUCKET_COLUMN_NAMES: readonly string[] = SIGNAL_COLUMNS.map(({ name }) => name);

/** A signal, extreme or count by its place among its like, and its values, `[row]`. */
interface Place {
  readonly place: number;
  readonly values: Numbers;
}

const ARRAYS = { f64: Float64Array, f32: Float32Array, u32: Uint32Array } as const;

/**
 * Columns of finished rows, reused from batch to batch, `[row]`. An epoch is its own extremes: where it is a bucket,
 * they share their columns.
 */
export class BucketRows {
  rowCount = 0;
  readonly network: Uint32Array;
  readonly epoch: Uint32Array;
  /** By the names of the columns. */
  readonly columns: Readonly<Record<string, Numbers>>;
  readonly signals: readonly Place[];
  readonly extremes: readonly Place[];
  readonly counts: readonly (Place & { readonly values: Uint32Array })[];

  constructor(rows: number, bucketEpochs: number) {
    const columns: Record<string, Numbers> = {};
    const keep = ({ name, type }: Column, shared: Numbers | undefined = undefined): Numbers => {
      columns[name] = shared ?? new ARRAYS[type as keyof typeof ARRAYS](rows);
      return columns[name];
    };
    this.network = new Uint32Array(rows);
    this.epoch = new Uint32Array(rows);
    this.signals = SIGNAL_NAMES.flatMap((signal, place) => {
      const column = signalColumn(signal);
      return column === null ? [] : [{ place, values: keep(column) }];
    });
    this.extremes = EXTREMES.flatMap(({ signal, column }, place) => {
      const own = signalColumn(signal);
      if (column === null || own === null) return [];
      return [{ place, values: keep(column, bucketEpochs === 1 ? columns[own.name] : undefined) }];
    });
    this.counts = COUNTS.map(({ column }, place) => ({ place, values: keep(column) as Uint32Array }));
    this.columns = columns;
  }

  get isFull(): boolean {
    return this.room === 0;
  }

  /** Rows that there is room for. */
  get room(): number {
    return this.network.length - this.rowCount;
  }
}

/** The numbers of a bucket without epochs: its extremes, then its counts. */
const EMPTY = Float64Array.of(
  ...EXTREMES.filter(({ column }) => column !== null).map(({ none }) => none),
  ...COUNTS.map(() => 0),
);

/** The open bucket of one network. */
export class Bucket {
  readonly #network: number;
  readonly #bucketEpochs: number;
  readonly #epochs: number;
  /** Of the epochs so far, in the order of EMPTY. */
  readonly #joined = EMPTY.slice();

  /** For a network of `epochs` epochs, a row every `bucketEpochs`. */
  constructor({ network, bucketEpochs, epochs }: { network: number; bucketEpochs: number; epochs: number }) {
    this.#network = network;
    this.#bucketEpochs = bucketEpochs;
    this.#epochs = epochs;
  }

  /** How many rows a chunk of the next epochs adds. */
  rowsOf({ firstEpoch, lastEpoch }: Pick<LaneSignals, 'firstEpoch' | 'lastEpoch'>): number {
    const closed = Math.floor(lastEpoch / this.#bucketEpochs) - Math.floor((firstEpoch - 1) / this.#bucketEpochs);
    return closed + Number(lastEpoch === this.#epochs && lastEpoch % this.#bucketEpochs !== 0);
  }

  /**
   * Takes the next epochs and adds a row for each bucket whose end they reach; there must be room for them, and for
   * buckets as long as these.
   */
  observe(chunk: LaneSignals, rows: BucketRows): void {
    if (this.#isWholeBuckets(chunk)) {
      this.#copy(chunk, rows);
      return;
    }
    const { firstEpoch, count } = chunk;
    for (let i = 0; i < count; ) {
      const bucketEnd = i + this.#bucketEpochs - ((firstEpoch + i - 1) % this.#bucketEpochs);
      const end = Math.min(bucketEnd, count);
      this.#join(chunk, rows, { first: i, count: end - i });
      const epoch = firstEpoch + end - 1;
      if (end === bucketEnd || epoch === this.#epochs) this.#close(chunk, rows, end - 1);
      i = end;
    }
  }

  /** Whether a chunk is whole buckets. */
  #isWholeBuckets({ firstEpoch, count }: LaneSignals): boolean {
    return (firstEpoch - 1) % this.#bucketEpochs === 0 && count % this.#bucketEpochs === 0;
  }

  /** Adds the rows of a chunk that is whole buckets. */
  #copy(chunk: LaneSignals, rows: BucketRows): void {
    const bucketEpochs = this.#bucketEpochs;
    const at = rows.rowCount;
    const end = at + chunk.count / bucketEpochs;
    rows.rowCount = end;
    let epoch = chunk.firstEpoch - 1;
    for (let row = at; row < end; row++) {
      rows.network[row] = this.#network;
      rows.epoch[row] = epoch += bucketEpochs;
    }
    for (const { place, values } of rows.signals) chunk.copyLastOfEach(bucketEpochs, place, values, at);
    if (bucketEpochs > 1)
      for (const { place, values } of rows.extremes) chunk.copyExtremes(bucketEpochs, place, values, at);
    for (const { place, values } of rows.counts) chunk.copyCounts(bucketEpochs, place, values, at);
  }

  /** Takes epochs of one bucket. */
  #join(
    chunk: LaneSignals,
    { extremes, counts }: BucketRows,
    { first, count }: { first: number; count: number },
  ): void {
    const joined = this.#joined;
    const isChunk = count === chunk.count;
    let k = 0;
    for (const { place } of extremes) {
      const before = joined[k];
      joined[k++] = isChunk ? chunk.extreme(place, before) : chunk.extremeIn(place, before, first, count);
    }
    for (const { place } of counts) joined[k++] += chunk.countIn(place, first, count);
  }

  /** Adds the row of a bucket whose last epoch is epoch i of the chunk, and opens the next one. */
  #close(chunk: LaneSignals, rows: BucketRows, i: number): void {
    const row = rows.rowCount++;
    rows.network[row] = this.#network;
    rows.epoch[row] = chunk.firstEpoch + i;
    for (const { place, values } of rows.signals) values[row] = chunk.signal(place, i);
    let k = 0;
    for (const { values } of rows.extremes) values[row] = this.#joined[k++];
    for (const { values } of rows.counts) values[row] = this.#joined[k++];
    this.#joined.set(EMPTY);
  }

  /** The numbers of the open bucket. */
  save(): Float64Array {
    return this.#joined.slice();
  }

  /** Goes on with numbers that were saved. */
  restore(numbers: Float64Array): void {
    if (numbers.length !== EMPTY.length)
      throw new Error(`a bucket of ${numbers.length} numbers, expected ${EMPTY.length}`);
    this.#joined.set(numbers);
  }
}
