/**
 * Watches one network's signals, every epoch of them, and says at the end what became of it. Streaming: what it has seen is
 * a few numbers, and how the epochs were cut into chunks never changes the answer. Where the extremes of a chunk say all that its
 * epochs could, they are enough.
 */
import type { LabelName } from '../../schemas/catalogue.ts';
import { THRESHOLDS, tailEpochs } from './thresholds.ts';

/** The signals of consecutive epochs of one network: their extremes, and each epoch's where needed. */
export interface SignalChunk {
  /** The epoch of i = 0. */
  readonly firstEpoch: number;
  readonly count: number;
  loss(i: number): number;
  changedParameters(i: number): number;
  /** 1 where NaN or ∞ stands in the loss, θ, m or v. */
  nonFinite(i: number): number;
  /** NaN where a loss of the chunk is. */
  readonly lossMin: number;
  readonly lossMax: number;
  readonly changedParametersMax: number;
  readonly nonFiniteMax: number;
}

/** What a network's run comes to; epochs are counted from 1. */
export interface Verdict {
  readonly label: LabelName;
  /** Minimum of the last 10 % of epochs > 10 × minimum of the run. */
  readonly degraded: boolean;
  /** The last epoch with loss ≤ 10 × minimum; null unless diverged or non-finite. */
  readonly divergedEpoch: number | null;
  readonly nonFiniteEpoch: number | null;
  readonly lossFirst: number;
  /** NaN where no loss was a number. */
  readonly lossMin: number;
  /** Null where no loss was a number. */
  readonly lossMinEpoch: number | null;
  readonly lossLast: number;
}

/** A streaming observer of one network over `epochs` epochs. */
export class Observer {
  readonly #targetVariance: number;
  /** First epoch of the last 10 %. */
  readonly #tailStart: number;
  #lossFirst = Number.NaN;
  #lossLast = Number.NaN;
  #lossMin = Number.POSITIVE_INFINITY;
  #lossMinEpoch: number | null = null;
  #tailMin = Number.POSITIVE_INFINITY;
  /** Minimum since the last provisional label: the tail of a run that is not yet at its tail. */
  #recentMin = Number.POSITIVE_INFINITY;
  /** Last epoch with loss ≤ 10 × the minimum so far. A new minimum always qualifies itself, so one number is enough. */
  #lastLowEpoch: number | null = null;
  #nonFiniteEpoch: number | null = null;
  #unchangedEpochs = 0;

  constructor({ epochs, targetVariance }: { epochs: number; targetVariance: number }) {
    this.#targetVariance = targetVariance;
    this.#tailStart = epochs - tailEpochs(epochs, THRESHOLDS.divergenceTail) + 1;
  }

  /** Takes the next epochs; chunks must follow one another without a gap. */
  observe(chunk: SignalChunk): void {
    const { firstEpoch, count } = chunk;
    if (count === 0) return;
    if (firstEpoch === 1) this.#lossFirst = chunk.loss(0);
    this.#lossLast = chunk.loss(count - 1);
    if (this.#isQuiet(chunk)) this.#observeQuiet(chunk);
    else for (let i = 0; i < count; i++) this.#observeLoss(firstEpoch + i, chunk.loss(i));
    if (chunk.nonFiniteMax !== 0) {
      for (let i = 0; i < count && this.#nonFiniteEpoch === null; i++) {
        if (chunk.nonFinite(i) !== 0) this.#nonFiniteEpoch = firstEpoch + i;
      }
    }
    if (chunk.changedParametersMax === 0) {
      this.#unchangedEpochs += count;
    } else {
      this.#unchangedEpochs = 0;
      for (let i = count - 1; chunk.changedParameters(i) === 0; i--) this.#unchangedEpochs++;
    }
  }

  /** Whether the extremes say all: no new minimum, no loss above the bound, no NaN, and not both sides of the tail's start. */
  #isQuiet({ firstEpoch, count, lossMin, lossMax }: SignalChunk): boolean {
    if (this.#lossMinEpoch === null || !(lossMin >= this.#lossMin)) return false;
    if (!(lossMax <= THRESHOLDS.lossRatio * this.#lossMin)) return false;
    return firstEpoch >= this.#tailStart || firstEpoch + count <= this.#tailStart;
  }

  #observeQuiet({ firstEpoch, count, lossMin }: SignalChunk): void {
    this.#lastLowEpoch = firstEpoch + count - 1;
    this.#recentMin = Math.min(this.#recentMin, lossMin);
    if (firstEpoch >= this.#tailStart) this.#tailMin = Math.min(this.#tailMin, lossMin);
  }

  #observeLoss(epoch: number, loss: number): void {
    // The first number counts even where it is ∞, which is less than nothing.
    if (loss < this.#lossMin || (this.#lossMinEpoch === null && !Number.isNaN(loss))) {
      this.#lossMin = loss;
      this.#lossMinEpoch = epoch;
    }
    if (loss <= THRESHOLDS.lossRatio * this.#lossMin) this.#lastLowEpoch = epoch;
    if (loss < this.#recentMin) this.#recentMin = loss;
    if (epoch >= this.#tailStart && loss < this.#tailMin) this.#tailMin = loss;
  }

  /** All that has been seen, as numbers; epochs count from 1, and 0 stands for none. */
  save(): Float64Array {
    return Float64Array.of(
      this.#lossFirst,
      this.#lossLast,
      this.#lossMin,
      this.#lossMinEpoch ?? 0,
      this.#tailMin,
      this.#recentMin,
      this.#lastLowEpoch ?? 0,
      this.#nonFiniteEpoch ?? 0,
      this.#unchangedEpochs,
    );
  }

  /**
   * Goes on with numbers that were saved after `epoch` epochs, by an observer of a run of as many epochs or of fewer: what that one has
   * seen of its own tail does not count where the tail of this run is all to come.
   */
  restore(numbers: Float64Array, epoch: number): void {
    const [lossFirst, lossLast, lossMin, lossMinEpoch, tailMin, recentMin, lastLowEpoch, nonFiniteEpoch, unchanged] =
      numbers;
    this.#lossFirst = lossFirst;
    this.#lossLast = lossLast;
    this.#lossMin = lossMin;
    this.#lossMinEpoch = lossMinEpoch || null;
    this.#tailMin = epoch < this.#tailStart ? Number.POSITIVE_INFINITY : tailMin;
    this.#recentMin = recentMin;
    this.#lastLowEpoch = lastLowEpoch || null;
    this.#nonFiniteEpoch = nonFiniteEpoch || null;
    this.#unchangedEpochs = unchanged;
  }

  /** The label the network would have if its run ended like the epochs since this was last asked. */
  provisionalLabel(): LabelName {
    const recentMin = this.#recentMin;
    this.#recentMin = Number.POSITIVE_INFINITY;
    return this.#label(recentMin);
  }

  /** The verdict, once every epoch has been seen. */
  verdict(): Verdict {
    const label = this.#label(this.#tailMin);
    const lost = label === 'diverged' || label === 'non-finite';
    return {
      label,
      degraded: this.#isDegraded(this.#tailMin),
      divergedEpoch: lost ? this.#lastLowEpoch : null,
      nonFiniteEpoch: this.#nonFiniteEpoch,
      lossFirst: this.#lossFirst,
      lossMin: this.#lossMinEpoch === null ? Number.NaN : this.#lossMin,
      lossMinEpoch: this.#lossMinEpoch,
      lossLast: this.#lossLast,
    };
  }

  #isDegraded(tailMin: number): boolean {
    return tailMin > THRESHOLDS.lossRatio * this.#lossMin;
  }

  /** The first label that holds, given the minimum loss of the end of the run. */
  #label(tailMin: number): LabelName {
    if (this.#nonFiniteEpoch !== null) return 'non-finite';
    if (this.#isDegraded(tailMin) && tailMin > THRESHOLDS.varianceShare * this.#targetVariance) return 'diverged';
    if (this.#unchangedEpochs >= THRESHOLDS.stagnationEpochs) return 'stagnated';
    return 'other';
  }
}
