/**
 * Survival: how long until networks have an event, where some never do within their run. Kaplan–Meier curves with
 * Greenwood's bands, medians, and the log-rank test between groups. A network without the event is censored: it counts
 * as at risk until its last epoch. Knows epochs, and neither networks nor what the event is.
 */
import { chiSquareTail } from './chi-square.ts';
import { type Estimate, Z } from './statistics.ts';

/** One network: the epoch of its event, or the last epoch at which it was seen without one. */
export interface Lifetime {
  readonly epoch: number;
  readonly hasEvent: boolean;
}

/** One step of a curve. */
export interface SurvivalStep {
  readonly epoch: number;
  /** Networks without the event that were still seen just before the epoch. */
  readonly atRisk: number;
  /** Networks that have the event at the epoch. */
  readonly events: number;
  /** The share that has not had the event after the epoch, with its band. */
  readonly survival: Estimate;
}

/** A survival of exactly ½ must not be missed by rounding. */
const HALF = 0.5 + 1e-12;

/**
 * The Kaplan–Meier estimate, one step per epoch with an event (Kaplan & Meier 1958). The 95 % band is Greenwood's on
 * the scale of log(−log S), so it stays within 0 and 1 (Kalbfleisch & Prentice 2002, section 1.4). Where S is 0, the
 * band is not defined.
 */
export function survivalCurve(lifetimes: readonly Lifetime[]): SurvivalStep[] {
  let survival = 1;
  let variance = 0;
  return riskSets([lifetimes]).map(({ epoch, atRisk: [atRisk], events: [events] }) => {
    survival *= 1 - events / atRisk;
    variance += events / (atRisk * (atRisk - events));
    return { epoch, atRisk, events, survival: { value: survival, ...band(survival, variance) } };
  });
}

function band(survival: number, variance: number): { lower: number; upper: number } {
  if (survival <= 0) return { lower: Number.NaN, upper: Number.NaN };
  const spread = Math.exp((Z * Math.sqrt(variance)) / -Math.log(survival));
  return { lower: survival ** spread, upper: survival ** (1 / spread) };
}

/**
 * The median of a curve: the first epoch at which at most half have not had the event. Its interval is from the first
 * epoch at which the lower band is at most ½ to the first at which the upper band is (Brookmeyer & Crowley 1982). NaN
 * where a curve does not come down to ½.
 */
export function medianSurvival(curve: readonly SurvivalStep[]): Estimate {
  const first = (of: keyof Estimate) => curve.find(({ survival }) => survival[of] <= HALF)?.epoch ?? Number.NaN;
  return { value: first('value'), lower: first('lower'), upper: first('upper') };
}

export interface LogRankTest {
  readonly chiSquare: number;
  /** Groups that can be told from the others, less one; 0 where no two can be compared. */
  readonly degrees: number;
  /** NaN where `degrees` is 0. */
  readonly pValue: number;
}

/**
 * The log-rank test of the hypothesis that all groups have one curve: the events of each group against those expected
 * from its share of the networks at risk, with the covariance of the hypergeometric distribution (Mantel 1966).
 */
export function logRank(groups: readonly (readonly Lifetime[])[]): LogRankTest {
  const count = groups.length;
  const excess = new Float64Array(count);
  const covariance = groups.map(() => new Float64Array(count));
  for (const { atRisk, events } of riskSets(groups)) {
    const all = atRisk.reduce((sum, own) => sum + own, 0);
    const happened = events.reduce((sum, own) => sum + own, 0);
    const scale = all > 1 ? (happened * (all - happened)) / (all - 1) : 0;
    for (let i = 0; i < count; i++) {
      const share = atRisk[i] / all;
      excess[i] += events[i] - happened * share;
      for (let j = 0; j < count; j++) covariance[i][j] += scale * share * (Number(i === j) - atRisk[j] / all);
    }
  }
  const { value, rank } = quadraticForm(covariance, excess);
  return { chiSquare: value, degrees: rank, pValue: rank === 0 ? Number.NaN : chiSquareTail(value, rank) };
}

/**
 * xᵀ A⁻ x of a covariance matrix and its rank, by elimination; both are overwritten. The last group follows from the
 * others, and a group that was never at risk has no variance: such pivots are left out.
 */
function quadraticForm(matrix: readonly Float64Array[], vector: Float64Array): { value: number; rank: number } {
  const negligible = 1e-9 * Math.max(...matrix.map((row, i) => row[i]));
  let value = 0;
  let rank = 0;
  for (const [i, row] of matrix.entries()) {
    if (!(row[i] > negligible)) continue;
    rank++;
    value += vector[i] ** 2 / row[i];
    for (let below = i + 1; below < matrix.length; below++) {
      const factor = matrix[below][i] / row[i];
      for (let j = i; j < matrix.length; j++) matrix[below][j] -= factor * row[j];
      vector[below] -= factor * vector[i];
    }
  }
  return { value, rank };
}

/** Who is at risk at one epoch, and who has the event; `[group]`. */
interface RiskSet {
  readonly epoch: number;
  readonly atRisk: readonly number[];
  readonly events: readonly number[];
}

/** The risk sets of all epochs at which some group has an event, ascending. */
function riskSets(groups: readonly (readonly Lifetime[])[]): RiskSet[] {
  const all = groups.flatMap((lifetimes, group) => lifetimes.map((lifetime) => ({ ...lifetime, group })));
  all.sort((a, b) => a.epoch - b.epoch);
  const atRisk = groups.map(({ length }) => length);
  const sets: RiskSet[] = [];
  for (let first = 0; first < all.length; ) {
    const { epoch } = all[first];
    const before = [...atRisk];
    const events = groups.map(() => 0);
    // Who is censored at an epoch was at risk at it.
    for (; first < all.length && all[first].epoch === epoch; first++) {
      atRisk[all[first].group]--;
      if (all[first].hasEvent) events[all[first].group]++;
    }
    if (events.some((count) => count > 0)) sets.push({ epoch, atRisk: before, events });
  }
  return sets;
}
