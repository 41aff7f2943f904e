/**
 * The extremes of the signals over consecutive epochs of one network: what a bucket of the trace keeps, and what lets
 * an observer pass over quiet epochs without looking at each.
 */
import { EXTREMES, type ExtremeName } from '../group/layout.ts';
import type { EpochSignals } from './epoch.ts';

/** Extremes so far, each in the network's precision; counts and flags are numbers too. */
export class Extremes {
  readonly values: Record<ExtremeName, number>;

  constructor() {
    this.values = Object.fromEntries(EXTREMES.map((name) => [name, 0])) as Record<ExtremeName, number>;
    this.begin();
  }

  /** Forgets all epochs. */
  begin(): void {
    const { values } = this;
    values.lossMin = Number.POSITIVE_INFINITY;
    values.lossMax = Number.NEGATIVE_INFINITY;
    values.gradientNormMax = Number.NEGATIVE_INFINITY;
    values.updateCosineMin = Number.NaN;
    values.changedParametersMax = 0;
    values.nonFiniteMax = 0;
  }

  /** Takes an epoch. NaN in a loss or a gradient norm stays; a cosine that is NaN is passed over. */
  take(signals: Readonly<EpochSignals>): void {
    const { values } = this;
    values.lossMin = Math.min(values.lossMin, signals.loss);
    values.lossMax = Math.max(values.lossMax, signals.loss);
    values.gradientNormMax = Math.max(values.gradientNormMax, signals.gradientNorm);
    if (signals.updateCosine < values.updateCosineMin || Number.isNaN(values.updateCosineMin)) {
      values.updateCosineMin = signals.updateCosine;
    }
    values.changedParametersMax = Math.max(values.changedParametersMax, signals.changedParameters);
    values.nonFiniteMax = Math.max(values.nonFiniteMax, Number(signals.nonFinite));
  }
}
