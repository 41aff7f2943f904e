/**
 * Buckets: the rows of the epochs table. Each bucket of consecutive epochs of one network becomes one row with the signals of
 * its last epoch and the extremes of all, so that thinning the trace hides no spike. Buckets are 1…k, k+1…2k, and so on;
 * the last may be short.
 */
import type { LaneSignals } from './lane-signals.ts';

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

  /** Takes the next epochs, and adds a row for each bucket they close; calls `flush` whenever the rows are full. */
  observe(signals: LaneSignals, rows: BucketRows, flush: () => void): void {
    const { firstEpoch, count, loss, gradientNorm, updateCosine } = signals;
    for (let i = 0; i < count; i++) {
      // Math.min and Math.max return NaN where an operand is NaN: one NaN marks its bucket.
      this.#lossMin = Math.min(this.#lossMin, loss[i]);
      this.#lossMax = Math.max(this.#lossMax, loss[i]);
      this.#gradientNormMax = Math.max(this.#gradientNormMax, gradientNorm[i]);
      // NaN never wins: the first epoch has no cosine, and the bucket begins with none.
      if (!(this.#updateCosineMin <= updateCosine[i]) && !Number.isNaN(updateCosine[i])) {
        this.#updateCosineMin = updateCosine[i];
      }
      const epoch = firstEpoch + i;
      if (epoch % this.#bucketEpochs === 0 || epoch === this.#epochs) {
        this.#close(signals, i, rows);
        if (rows.isFull) flush();
      }
    }
  }

  #close(signals: LaneSignals, i: number, rows: BucketRows): void {
    const row = rows.rowCount++;
    rows.network[row] = this.#network;
    rows.epoch[row] = signals.firstEpoch + i;
    rows.loss[row] = signals.loss[i];
    rows.lossMin[row] = this.#lossMin;
    rows.lossMax[row] = this.#lossMax;
    rows.gradientNorm[row] = signals.gradientNorm[i];
    rows.gradientNormMax[row] = this.#gradientNormMax;
    rows.updateNorm[row] = signals.updateNorm[i];
    rows.updateCosine[row] = signals.updateCosine[i];
    rows.updateCosineMin[row] = this.#updateCosineMin;
    rows.changedParameters[row] = signals.changedParameters[i];
    this.#lossMin = Number.POSITIVE_INFINITY;
    this.#lossMax = Number.NEGATIVE_INFINITY;
    this.#gradientNormMax = Number.NEGATIVE_INFINITY;
    this.#updateCosineMin = Number.NaN;
  }
}
