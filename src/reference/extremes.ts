/**
 * The extremes of the signals over consecutive epochs of one network: what a bucket of the trace keeps, and what lets
 * an observer pass over quiet epochs without looking at each.
 */
import { EXTREMES, type ExtremeName } from '../../schemas/signals.ts';
import type { EpochSignals } from './epoch.ts';

/** Extremes so far, each in the network's precision; counts and flags are numbers too. */
export class Extremes {
  readonly values = {} as Record<ExtremeName, number>;

  constructor() {
    this.begin();
  }

  /** Forgets all epochs. */
  begin(): void {
    for (const { name, none } of EXTREMES) this.values[name] = none;
  }

  /** Takes an epoch. A signal that is NaN is passed over, and an extreme is NaN only where there was nothing else. */
  take(signals: Readonly<EpochSignals>): void {
    for (const { name, signal, end } of EXTREMES) {
      const [before, now] = [this.values[name], Number(signals[signal])];
      const isBeyond = end === 'min' ? now < before : now > before;
      if (isBeyond || Number.isNaN(before)) this.values[name] = now;
    }
  }
}
