/**
 * The interval law on ½x²: how often spikes come, beside the limit of slow v. Spikes merge into level shifts there, so
 * they are timed by the steps at which the denominator falls through the threshold.
 */
import type { NumberMeasurement } from './claim.ts';
import { intervalLimit } from './interval-limit.ts';
import { type Trajectory, train } from './objective-training.ts';

/** In units of 1/(1 − β2): by `first` the cycle repeats, and some twenty intervals or more follow. */
const TIMES = { first: 20, last: 40 };

export function* intervalLaw(): Generator<NumberMeasurement> {
  const [learningRate, epsilon] = [1e-2, 1e-8];
  for (const beta1 of [0.95, 0.9, 0.8]) {
    const expected = intervalLimit(beta1);
    // The law is a limit, so a tenth of 1 − β2 has a fifth of the tolerance.
    for (const { beta2, scale, within } of [
      { beta2: 0.999, scale: 1000, within: 0.1 },
      { beta2: 0.9999, scale: 10_000, within: 0.02 },
    ]) {
      const optimizer = { kind: 'adam', form: 'torch', learningRate, beta1, beta2, epsilon } as const;
      const trajectory = train({ optimizer, start: 1e-2 }, TIMES.last * scale);
      const limit = (learningRate * (1 - beta1)) / (2 * (1 + beta1));
      const at = fallsThrough(trajectory, beta2, limit - epsilon).filter((t) => t > TIMES.first * scale);
      const mean = at.length < 10 ? Number.NaN : (at[at.length - 1] - at[0]) / (at.length - 1);
      yield {
        setting: `β1 ${beta1}, β2 ${beta2}: T(1 − β2)`,
        basis: 'theory',
        expected,
        measured: mean / scale,
        within,
      };
    }
  }
}

/** The steps at which √v̂ falls through a limit. */
function fallsThrough({ secondMoment }: Trajectory, beta2: number, limit: number): number[] {
  const steps: number[] = [];
  let [power, wasBelow] = [1, false];
  for (let t = 1; t < secondMoment.length; t++) {
    power *= beta2;
    const isBelow = Math.sqrt(secondMoment[t] / (1 - power)) < limit;
    if (isBelow && !wasBelow) steps.push(t);
    wasBelow = isBelow;
  }
  return steps;
}
