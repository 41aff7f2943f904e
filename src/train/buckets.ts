/**
 * Buckets: the rows of the epochs table. Each bucket of consecutive epochs of one network becomes one row with the signals of
 * its last epoch and the extremes of all, so that thinning the trace hides no spike. Buckets are 1…k, k+1…2k, and so on;
 * the last may be short.
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

/** Columns of finished rows, reused from batch to batch, `[row]`. */
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

  constructor(capacity: number) {
    const rows = capacity;
    this.network = new Uint32Array(rows);
    this.epoch = new Uint32Array(rows);
    this.loss = new Float64Array(rows);
    this.lossMin = new Float64Array(rows);
    this.lossMax = new Float64Array(rows);
    this.gradientNorm = new Float32Array(rows);
    this.gradientNormMax = new Float32Array(rows);
    this.updateNorm = new Float32Array(rows);
    this.updateCosine = new Float32Array(rows);
    this.updateCosineMin = new Float32Array(rows);
    this.changedParameters = new Uint32Array(rows);
  }

  get isFull(): boolean {
    return this.rowCount === this.network.length;
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

  /** Takes the next epochs, which must not reach beyond the bucket's end, and adds a row where they reach it. */
  observe(chunk: LaneSignals, rows: BucketRows): void {
    // Math.min and Math.max return NaN where an operand is NaN: one NaN marks its bucket.
    this.#lossMin = Math.min(this.#lossMin, chunk.lossMin);
    this.#lossMax = Math.max(this.#lossMax, chunk.lossMax);
    this.#gradientNormMax = Math.max(this.#gradientNormMax, chunk.gradientNormMax);
    // NaN never wins: the first epoch has no cosine, and the bucket begins with none.
    const cosine = chunk.updateCosineMin;
    if (cosine < this.#updateCosineMin || Number.isNaN(this.#updateCosineMin)) this.#updateCosineMin = cosine;
    if (chunk.lastEpoch % this.#bucketEpochs === 0 || chunk.lastEpoch === this.#epochs) this.#close(chunk, rows);
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

  #close(chunk: LaneSignals, rows: BucketRows): void {
    const row = rows.rowCount++;
    const last = chunk.count - 1;
    rows.network[row] = this.#network;
    rows.epoch[row] = chunk.lastEpoch;
    rows.loss[row] = chunk.loss(last);
    rows.lossMin[row] = this.#lossMin;
    rows.lossMax[row] = this.#lossMax;
    rows.gradientNorm[row] = chunk.gradientNorm(last);
    rows.gradientNormMax[row] = this.#gradientNormMax;
    rows.updateNorm[row] = chunk.updateNorm(last);
    rows.updateCosine[row] = chunk.updateCosine(last);
    rows.updateCosineMin[row] = this.#updateCosineMin;
    rows.changedParameters[row] = chunk.changedParameters(last);
    this.#lossMin = Number.POSITIVE_INFINITY;
    this.#lossMax = Number.NEGATIVE_INFINITY;
    this.#gradientNormMax = Number.NEGATIVE_INFINITY;
    this.#updateCosineMin = Number.NaN;
  }
}
