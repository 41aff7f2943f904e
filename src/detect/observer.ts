/**
 * Watches one network's signals, every epoch of them, and says at the end what became of it. Streaming: what it has seen is
 * a few numbers, and how the epochs were cut into chunks never changes the answer.
 */
import type { LabelName } from '../../schemas/catalogue.ts';
import { THRESHOLDS, tailEpochs } from './thresholds.ts';

/** The signals of consecutive epochs of one network, `[epoch of the chunk]`. */
export interface SignalChunk {
  /** The epoch t of index 0. */
  readonly firstEpoch: number;
  readonly count: number;
  readonly loss: ArrayLike<number>;
  readonly changedParameters: ArrayLike<number>;
  /** 1 where NaN or ∞ stands in the loss, θ, m or v. */
  readonly nonFinite: ArrayLike<number>;
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
  /** Minimum of the epochs seen last: the tail of a run that is not yet at its tail. */
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
  observe({ firstEpoch, count, loss, changedParameters, nonFinite }: SignalChunk): void {
    this.#recentMin = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const epoch = firstEpoch + i;
      const value = loss[i];
      if (epoch === 1) this.#lossFirst = value;
      // The first number counts even where it is ∞, which is less than nothing.
      if (value < this.#lossMin || (this.#lossMinEpoch === null && !Number.isNaN(value))) {
        this.#lossMin = value;
        this.#lossMinEpoch = epoch;
      }
      if (value <= THRESHOLDS.lossRatio * this.#lossMin) this.#lastLowEpoch = epoch;
      if (value < this.#recentMin) this.#recentMin = value;
      if (epoch >= this.#tailStart && value < this.#tailMin) this.#tailMin = value;
      if (nonFinite[i] !== 0) this.#nonFiniteEpoch ??= epoch;
      this.#unchangedEpochs = changedParameters[i] === 0 ? this.#unchangedEpochs + 1 : 0;
    }
    if (count > 0) this.#lossLast = loss[count - 1];
  }

  /** The label the network would have if its run ended like the epochs seen last. */
  provisionalLabel(): LabelName {
    return this.#label(this.#recentMin);
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
