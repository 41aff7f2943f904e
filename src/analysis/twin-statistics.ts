/**
 * Floating point or dynamics? The same networks in float32 and float64, compared setting by setting over their seeds.
 * Single trajectories of twins part in any case, so statistics decide: how many networks become unstable in each
 * precision, and whether their spikes have the same intervals and heights.
 */
import { median } from 'simple-statistics';
import type { MotionName } from '../../schemas/catalogue.ts';
import type { TwinVerdict } from '../../schemas/findings.ts';
import { isDiverged, type Labels } from '../../schemas/labels.ts';
import { type Estimate, fisherExact, proportion, ratioOfMedians } from './statistics.ts';

/** How a network moves that did not come to rest. */
const UNSTABLE_MOTIONS: readonly (MotionName | null)[] = ['spiking', 'bursting', 'fluctuating'];

/** Whether a network became unstable, in whatever way: it diverged, or its loss does not come to rest. */
export const isUnstable = (labels: Labels | null): boolean =>
  labels !== null && (isDiverged(labels.outcome) || UNSTABLE_MOTIONS.includes(labels.motion));

/** Two-sided: below it the shares of unstable networks count as different. */
const SIGNIFICANCE = 0.05;
/** Unstable networks that a precision must have for its spikes to be compared, and both together for any verdict. */
const UNSTABLE_MIN = 3;
/** Up to this share the other precision counts as having none. */
const NONE_MAX = 0.05;

/** One network of a setting, in one precision. */
export interface Replicate {
  readonly isUnstable: boolean;
  /**
   * Median epochs from peak to peak and median height in decades of the spikes of its tail; null where it has too few.
   */
  readonly spikeInterval: number | null;
  readonly spikeHeight: number | null;
}

/** The comparison of one setting; ratios are float32 by float64. */
export interface TwinComparison {
  readonly float32: Estimate;
  readonly float64: Estimate;
  /** Fisher's exact test of the two shares of unstable networks. */
  readonly pValue: number;
  readonly intervalRatio: Estimate;
  readonly heightRatio: Estimate;
  readonly verdict: TwinVerdict;
}

/** Compares the networks of one setting; `seed` is that of the bootstrap. */
export function compareTwins(
  float32: readonly Replicate[],
  float64: readonly Replicate[],
  seed: number,
): TwinComparison {
  const counts = [float32, float64].map((list) => list.filter(({ isUnstable }) => isUnstable).length);
  const shares = [proportion(counts[0], float32.length), proportion(counts[1], float64.length)];
  const pValue = fisherExact([counts[0], float32.length], [counts[1], float64.length]);
  const ratioOf = (name: 'spikeInterval' | 'spikeHeight', stream: number): Estimate => {
    const [above, below] = [float32, float64].map((list) => list.flatMap((replicate) => replicate[name] ?? []));
    const few = Math.min(above.length, below.length) < UNSTABLE_MIN || median(below) === 0;
    return few ? ratioOfMedians([], [], seed) : ratioOfMedians(above, below, seed * 2 + stream);
  };
  const compared = {
    float32: shares[0],
    float64: shares[1],
    pValue,
    intervalRatio: ratioOf('spikeInterval', 0),
    heightRatio: ratioOf('spikeHeight', 1),
  };
  return { ...compared, verdict: verdictOf(counts, compared) };
}

function verdictOf([in32, in64]: readonly number[], comparison: Omit<TwinComparison, 'verdict'>): TwinVerdict {
  if (in32 + in64 < UNSTABLE_MIN) return 'undecided';
  if (comparison.pValue < SIGNIFICANCE) {
    if (comparison.float64.value <= NONE_MAX) return 'float-caused';
    if (comparison.float32.value <= NONE_MAX) return 'float64-only';
    return 'float-timed';
  }
  if (Math.min(in32, in64) < UNSTABLE_MIN) return 'undecided';
  const differs = ({ low, high }: Estimate) => low > 1 || high < 1;
  return differs(comparison.intervalRatio) || differs(comparison.heightRatio) ? 'float-timed' : 'dynamics';
}

/**
 * The first row at which ‖θ32 − θ64‖ / ‖θ64‖ passes `limit`, of rows of `parameterCount` numbers; null where none does.
 */
export function separationRow(
  theta32: ArrayLike<number>,
  theta64: ArrayLike<number>,
  { parameterCount, limit }: { parameterCount: number; limit: number },
): number | null {
  const rows = Math.min(theta32.length, theta64.length) / parameterCount;
  for (let row = 0; row < rows; row++) {
    let apart = 0;
    let length = 0;
    for (let i = row * parameterCount; i < (row + 1) * parameterCount; i++) {
      apart += (theta32[i] - theta64[i]) ** 2;
      length += theta64[i] ** 2;
    }
    if (!(Math.sqrt(apart) <= limit * Math.sqrt(length))) return row;
  }
  return null;
}
