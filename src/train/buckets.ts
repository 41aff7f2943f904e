/**
 * Buckets: the rows of the epochs table. Each bucket of consecutive epochs of one network becomes one row with the
 * signals of its last epoch and the extremes of all, so that thinning the trace hides no spike. Buckets are 1…k,
 * k+1…2k, and so on; the last may be short.
 */
import type { LaneSignals } from './lane-signals.ts';

/** Columns of the epochs table by their name in rows. */
export const BUCKET_COLUMNS = {
  loss: 'loss',
  loss_min: 'lossMin',
  loss_max: 'lossMax',
  gradient_norm: 'gradientNorm',
  gradient_norm_max: 'gradientNormMax',
  update_norm: 'updateNorm',
  update_cosine: 'updateCosine',
  update_cosine_min: 'updateCosineMin',
  changed_parameters: 'changedParameters',
} as const satisfies Readonly<Record<string, keyof BucketRows>>;
export type BucketColumn = keyof typeof BUCKET_COLUMNS;
export const BUCKET_COLUMN_NAMES = Object.keys(BUCKET_COLUMNS) as BucketColumn[];

/**
 * Columns of finished rows, reused from batch to batch, `[row]`. An epoch is its own extremes: where it is a bucket,
 * they share their columns.
 */
export class BucketRows {
  rowCount = 0;
  readonly network: Uint32Array;
  readonly epoch: Uint32Array;
  readonly loss: Float64Array;
  readonly lossMin: Float64Array;
  readonly lossMax: Float64Array;
  readonly gradientNorm: Float32Array;
  readonly gradientNormMax: Float32Array;
  readonly updateNorm: Float32Array;
  readonly updateCosine: Float32Array;
  readonly updateCosineMin: Float32Array;
  readonly changedParameters: Uint32Array;

  constructor(rows: number, bucketEpochs: number) {
    const isEpoch = bucketEpochs === 1;
    this.network = new Uint32Array(rows);
    this.epoch = new Uint32Array(rows);
    this.loss = new Float64Array(rows);
    this.lossMin = isEpoch ? this.loss : new Float64Array(rows);
    this.lossMax = isEpoch ? this.loss : new Float64Array(rows);
    this.gradientNorm = new Float32Array(rows);
    this.gradientNormMax = isEpoch ? this.gradientNorm : new Float32Array(rows);
    this.updateNorm = new Float32Array(rows);
    this.updateCosine = new Float32Array(rows);
    this.updateCosineMin = isEpoch ? this.updateCosine : new Float32Array(rows);
    this.changedParameters = new Uint32Array(rows);
  }

  get isFull(): boolean {
    return this.room === 0;
  }

  /** Rows that there is room for. */
  get room(): number {
    return this.network.length - this.rowCount;
  }
}

/** The open bucket of one network. */
export class Bucket {
  readonly #network: number;
  readonly #bucketEpochs: number;
  readonly #epochs: number;
  #lossMin = Number.POSITIVE_INFINITY;
  #lossMax = Number.NEGATIVE_INFINITY;
  #gradientNormMax = Number.NEGATIVE_INFINITY;
  #updateCosineMin = Number.NaN;

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
    const { firstEpoch, lastEpoch } = chunk;
    if (this.#areSubchunks(chunk)) this.#copy(chunk, rows);
    else if (Math.ceil(firstEpoch / this.#bucketEpochs) === Math.ceil(lastEpoch / this.#bucketEpochs))
      this.#takeExtremes(chunk, rows);
    else for (let i = 0; i < chunk.count; i++) this.#takeEpoch(chunk, i, rows);
  }

  /** Whether the buckets of a chunk are its subchunks, or single epochs, which are their own extremes. */
  #areSubchunks({ firstEpoch, count, subchunkCount }: LaneSignals): boolean {
    if (this.#bucketEpochs === 1) return true;
    return (firstEpoch - 1) % this.#bucketEpochs === 0 && count === subchunkCount * this.#bucketEpochs;
  }

  /** Adds the rows of a chunk that is whole buckets. */
  #copy(chunk: LaneSignals, rows: BucketRows): void {
    const at = rows.rowCount;
    const end = at + chunk.count / this.#bucketEpochs;
    rows.rowCount = end;
    rows.network.fill(this.#network, at, end);
    let epoch = chunk.firstEpoch - 1;
    for (let row = at; row < end; row++) rows.epoch[row] = epoch += this.#bucketEpochs;
    chunk.copyLastOfEach(this.#bucketEpochs, rows, at);
    if (this.#bucketEpochs > 1) chunk.copyExtremes(rows, at);
  }

  /** A chunk within one bucket: the kernel has its extremes. */
  #takeExtremes(chunk: LaneSignals, rows: BucketRows): void {
    // Math.min and Math.max return NaN where an operand is NaN: one NaN marks its bucket.
    this.#lossMin = Math.min(this.#lossMin, chunk.lossMin);
    this.#lossMax = Math.max(this.#lossMax, chunk.lossMax);
    this.#gradientNormMax = Math.max(this.#gradientNormMax, chunk.gradientNormMax);
    // NaN never wins: the first epoch has no cosine, and the bucket begins with none.
    const cosine = chunk.updateCosineMin;
    if (cosine < this.#updateCosineMin || Number.isNaN(this.#updateCosineMin)) this.#updateCosineMin = cosine;
    this.#closeAt(chunk, chunk.count - 1, rows);
  }

  /** One epoch of a chunk of several buckets. */
  #takeEpoch(chunk: LaneSignals, i: number, rows: BucketRows): void {
    const loss = chunk.loss(i);
    this.#lossMin = Math.min(this.#lossMin, loss);
    this.#lossMax = Math.max(this.#lossMax, loss);
    this.#gradientNormMax = Math.max(this.#gradientNormMax, chunk.gradientNorm(i));
    const cosine = chunk.updateCosine(i);
    if (cosine < this.#updateCosineMin || Number.isNaN(this.#updateCosineMin)) this.#updateCosineMin = cosine;
    this.#closeAt(chunk, i, rows);
  }

  /** The numbers of the open bucket. */
  save(): Float64Array {
    return Float64Array.of(this.#lossMin, this.#lossMax, this.#gradientNormMax, this.#updateCosineMin);
  }

  /** Goes on with numbers that were saved. */
  restore([lossMin, lossMax, gradientNormMax, updateCosineMin]: Float64Array): void {
    this.#lossMin = lossMin;
    this.#lossMax = lossMax;
    this.#gradientNormMax = gradientNormMax;
    this.#updateCosineMin = updateCosineMin;
  }

  /** Adds a row where epoch i of the chunk is the last one of its bucket. */
  #closeAt(chunk: LaneSignals, i: number, rows: BucketRows): void {
    const epoch = chunk.firstEpoch + i;
    if (epoch % this.#bucketEpochs !== 0 && epoch !== this.#epochs) return;
    const row = rows.rowCount++;
    rows.network[row] = this.#network;
    rows.epoch[row] = epoch;
    rows.loss[row] = chunk.loss(i);
    rows.lossMin[row] = this.#lossMin;
    rows.lossMax[row] = this.#lossMax;
    rows.gradientNorm[row] = chunk.gradientNorm(i);
    rows.gradientNormMax[row] = this.#gradientNormMax;
    rows.updateNorm[row] = chunk.updateNorm(i);
    rows.updateCosine[row] = chunk.updateCosine(i);
    rows.updateCosineMin[row] = this.#updateCosineMin;
    rows.changedParameters[row] = chunk.changedParameters(i);
    this.#lossMin = Number.POSITIVE_INFINITY;
    this.#lossMax = Number.NEGATIVE_INFINITY;
    this.#gradientNormMax = Number.NEGATIVE_INFINITY;
    this.#updateCosineMin = Number.NaN;
  }
}
