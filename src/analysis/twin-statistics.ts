/**
 * Floating point or dynamics? Twins are pairs: the same network in float32 and in float64. Each comparison is made
 * within a pair and judged over the pairs of a setting: how many become unstable in one precision only, and by which
 * factor the intervals and heights of their spikes differ. Single trajectories part in any case, so statistics decide.
 */
import type { MotionName } from '../../schemas/catalogue.ts';
import { TWIN_VERDICTS, type TwinVerdict } from '../../schemas/findings.ts';
import { isDiverged, type Labels } from '../../schemas/labels.ts';
import { clusteredMedian, type Estimate, mcNemar, NO_ESTIMATE, pairedDifference, wilson } from './statistics.ts';

/** How a network moves that did not come to rest. */
const UNSTABLE_MOTIONS: readonly (MotionName | null)[] = ['spiking', 'bursting', 'fluctuating'];

/** Whether a network became unstable, in whatever way: it diverged, or its loss does not come to rest. */
export const isUnstable = (labels: Labels | null): boolean =>
  labels !== null && (isDiverged(labels.outcome) || UNSTABLE_MOTIONS.includes(labels.motion));

/** One network of a pair. */
export interface Twin {
  readonly labels: Labels | null;
  /**
   * Median epochs from peak to peak and median height in decades of the spikes of its tail; null where it has too few.
   */
  readonly spikeInterval: number | null;
  readonly spikeHeight: number | null;
}

/** The same network in both precisions. */
export interface TwinPair {
  readonly float32: Twin;
  readonly float64: Twin;
}

/** How often something holds for the members of pairs. */
export interface ShareComparison {
  readonly count32: number;
  readonly count64: number;
  /** Pairs of which it holds for that member alone. */
  readonly only32: number;
  readonly only64: number;
  /** Shares of all pairs. */
  readonly float32: Estimate;
  readonly float64: Estimate;
  /** float32 − float64. */
  readonly difference: Estimate;
  /** McNemar's exact test, two-sided. */
  readonly pValue: number;
  readonly verdict: TwinVerdict;
}

/** A positive number in float32, divided by that of the twin in float64. */
export interface RatioComparison {
  /** Pairs of which both members have the number. */
  readonly pairs: number;
  /** Median over these pairs. */
  readonly ratio: Estimate;
  /** Null where no pair has the number in both precisions. */
  readonly verdict: TwinVerdict | null;
}

/** The comparison of one setting. */
export interface TwinComparison {
  readonly pairs: number;
  /** Differences up to it count as alike: of ratios from 1, of shares from 0. */
  readonly margin: number;
  readonly unstable: ShareComparison;
  readonly interval: RatioComparison;
  readonly height: RatioComparison;
  /** That of the three which says most: a difference before doubt, doubt before likeness. */
  readonly verdict: TwinVerdict;
}

/** Compares the pairs of one setting. `margin` is a share: 0.1 for ±10 %. */
export function compareTwins(pairs: readonly TwinPair[], margin: number): TwinComparison {
  const unstable = compareShares(pairs, ({ labels }) => isUnstable(labels), margin);
  const interval = compareRatios(pairs, ({ spikeInterval }) => spikeInterval, margin);
  const height = compareRatios(pairs, ({ spikeHeight }) => spikeHeight, margin);
  const verdicts = [unstable, interval, height].map(({ verdict }) => verdict);
  const verdict = TWIN_VERDICTS.find((name) => verdicts.includes(name)) as TwinVerdict;
  return { pairs: pairs.length, margin, unstable, interval, height, verdict };
}

/** How often something holds in float32 and in float64, pair by pair. */
export function compareShares(
  pairs: readonly TwinPair[],
  holds: (twin: Twin) => boolean,
  margin: number,
): ShareComparison {
  const count = (wanted: (pair: TwinPair) => boolean) => pairs.filter(wanted).length;
  const only32 = count(({ float32, float64 }) => holds(float32) && !holds(float64));
  const only64 = count(({ float32, float64 }) => holds(float64) && !holds(float32));
  const [count32, count64] = [count(({ float32 }) => holds(float32)), count(({ float64 }) => holds(float64))];
  const only = { first: only32, second: only64 };
  const difference = pairedDifference(only, pairs.length);
  return {
    count32,
    count64,
    only32,
    only64,
    float32: wilson(count32, pairs.length),
    float64: wilson(count64, pairs.length),
    difference,
    pValue: mcNemar(only),
    verdict: verdictOf(difference, { same: 0, margin }),
  };
}

/**
 * The median of the ratios within pairs, on the scale of logarithms, so that exchanging the precisions inverts it. A
 * median and not a geometric mean: one pair of which one member merges its spikes must not decide, and from few pairs
 * the bootstrap of a mean is too narrow.
 */
function compareRatios(
  pairs: readonly TwinPair[],
  numberOf: (twin: Twin) => number | null,
  margin: number,
): RatioComparison {
  const logarithms = pairs.flatMap(({ float32, float64 }) => {
    const [above, below] = [numberOf(float32), numberOf(float64)];
    return above === null || below === null ? [] : [Math.log(above / below)];
  });
  if (logarithms.length === 0) return { pairs: 0, ratio: NO_ESTIMATE, verdict: null };
  const { value, lower, upper } = clusteredMedian(logarithms.map((logarithm) => [logarithm]));
  const ratio = { value: Math.exp(value), lower: Math.exp(lower), upper: Math.exp(upper) };
  return { pairs: logarithms.length, ratio, verdict: verdictOf(ratio, { same: 1, margin }) };
}

/**
 * What an interval says about a difference. It is `alike` only where a difference beyond the margin is excluded, so few
 * pairs are never alike (Schuirmann 1987, as an interval).
 */
export function verdictOf({ lower, upper }: Estimate, { same, margin }: { same: number; margin: number }): TwinVerdict {
  const [low, high] = [same - margin, same + margin];
  if (lower > low && upper < high) return 'alike';
  if (upper < low || lower > high) return 'different';
  return excludes({ lower, upper }, same) ? 'slightly different' : 'undecided';
}

/** Whether an interval shows that something is not `same`. */
export const excludes = ({ lower, upper }: Pick<Estimate, 'lower' | 'upper'>, same: number): boolean =>
  lower > same || upper < same;

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
