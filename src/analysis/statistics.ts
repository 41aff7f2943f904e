/**
 * Estimates with 95 % intervals: shares of networks by Wilson, medians and shares over spikes by a bootstrap of whole
 * networks, and shares of paired networks. Spikes of one network are alike, so each network is a cluster: resampling
 * single spikes would make intervals too narrow. Knows no network and no table.
 */
import { median } from 'simple-statistics';
import { philox4x32, STREAMS } from '../numeric/philox.ts';

/** An estimate with its 95 % interval. NaN where there is nothing to estimate, or too little for an interval. */
export interface Estimate {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

/** Nothing to estimate. */
export const NO_ESTIMATE: Estimate = { value: Number.NaN, lower: Number.NaN, upper: Number.NaN };

/** The quantile of the normal distribution for two-sided 95 %. */
export const Z = 1.959963984540054;

/**
 * The bootstrap, declared: the same for every estimate, so that results do not change from call to call.
 *
 * Below 6 clusters there is no interval. The widest interval that resampling can give for a median is from the smallest
 * to the largest cluster, and it contains the true median with probability 1 − 2^(1 − n): 93.8 % for 5, 96.9 % for 6.
 */
const BOOTSTRAP = { seed: 0, resamplings: 1000, clusterCountMin: 6 } as const;

/** The median; NaN of nothing. */
export const medianOf = (values: readonly number[]): number => (values.length === 0 ? Number.NaN : median([...values]));

/** The share `count`/`total` with Wilson's score interval (Wilson 1927). */
export function wilson(count: number, total: number): Estimate {
  if (total === 0) return NO_ESTIMATE;
  const p = count / total;
  const scale = 1 + (Z * Z) / total;
  const centre = (p + (Z * Z) / (2 * total)) / scale;
  const half = (Z / scale) * Math.sqrt((p * (1 - p)) / total + (Z * Z) / (4 * total * total));
  return { value: p, lower: Math.max(0, centre - half), upper: Math.min(1, centre + half) };
}

/** The median of all values of `samples[cluster]`, with the interval of resampled clusters. */
export function clusteredMedian(samples: readonly (readonly number[])[]): Estimate {
  const clusters = samples.filter(({ length }) => length > 0);
  // Sorted once: a resampling only changes how often each value counts.
  const sorted = clusters
    .flatMap((values, cluster) => values.map((value) => ({ value, cluster })))
    .sort((a, b) => a.value - b.value);
  const values = Float64Array.from(sorted, ({ value }) => value);
  const owners = Uint32Array.from(sorted, ({ cluster }) => cluster);
  return bootstrap(clusters.length, (weights) => {
    let total = 0;
    for (let i = 0; i < owners.length; i++) total += weights[owners[i]];
    // The mean of the two values in the middle, which are one where their number is odd.
    let i = 0;
    let below = weights[owners[0]];
    while (2 * below < total) below += weights[owners[++i]];
    const first = values[i];
    while (2 * below <= total) below += weights[owners[++i]];
    return (first + values[i]) / 2;
  });
}

/** How many rows of a cluster have something, of how many. */
export interface ClusterCount {
  readonly count: number;
  readonly total: number;
}

/**
 * The share of all rows that have something, with the interval of resampled clusters. Where all rows have it, or none,
 * every resampling gives the same share and shows no uncertainty. Then each cluster counts as one observation, and the
 * interval is Wilson's.
 */
export function clusteredShare(counts: readonly ClusterCount[]): Estimate {
  const clusters = counts.filter(({ total }) => total > 0);
  const estimate = bootstrap(clusters.length, (weights) => {
    let [count, total] = [0, 0];
    for (const [cluster, own] of clusters.entries()) {
      count += weights[cluster] * own.count;
      total += weights[cluster] * own.total;
    }
    return count / total;
  });
  const { value } = estimate;
  return value === 0 || value === 1 ? wilson(value * clusters.length, clusters.length) : estimate;
}

/**
 * The percentile bootstrap over clusters (Efron 1979; Davison & Hinkley 1997, section 3.8). `statisticOf` gets how
 * often each cluster counts, `[cluster]`.
 */
function bootstrap(clusterCount: number, statisticOf: (weights: Uint32Array) => number): Estimate {
  if (clusterCount === 0) return NO_ESTIMATE;
  const value = statisticOf(new Uint32Array(clusterCount).fill(1));
  if (clusterCount < BOOTSTRAP.clusterCountMin) return { ...NO_ESTIMATE, value };
  const weights = new Uint32Array(clusterCount);
  const found = Array.from({ length: BOOTSTRAP.resamplings }, (_, resampling) => {
    resample(weights, resampling);
    return statisticOf(weights);
  });
  found.sort((a, b) => a - b);
  return { value, lower: found[Math.floor(0.025 * found.length)], upper: found[Math.ceil(0.975 * found.length) - 1] };
}

/**
 * Draws as many clusters as there are, with replacement, and counts them in `weights`. The third word of the counter
 * keeps these draws apart from those of {@link uniform}, where it is 0.
 */
function resample(weights: Uint32Array, resampling: number): void {
  weights.fill(0);
  for (let drawn = 0; drawn < weights.length; drawn += 4) {
    const words = philox4x32([drawn / 4, 0, resampling + 1, 0], [BOOTSTRAP.seed, STREAMS.analysis]);
    const count = Math.min(4, weights.length - drawn);
    for (let i = 0; i < count; i++) weights[Math.floor(words[i] * 2 ** -32 * weights.length)]++;
  }
}

/**
 * The difference of two shares of the same pairs, first − second, with the interval of Bonett & Price (2012). `first`
 * and `second` are the numbers of pairs of which only that member has something. One pair of either kind is added to
 * them, so that pairs without any difference do not give an interval of width 0. Fagerland, Lydersen & Laake (2014)
 * recommend it also for few pairs.
 */
export function pairedDifference(only: { first: number; second: number }, pairs: number): Estimate {
  if (pairs === 0) return NO_ESTIMATE;
  const first = (only.first + 1) / (pairs + 2);
  const second = (only.second + 1) / (pairs + 2);
  const half = Z * Math.sqrt((first + second - (first - second) ** 2) / (pairs + 2));
  return {
    value: (only.first - only.second) / pairs,
    lower: Math.max(-1, first - second - half),
    upper: Math.min(1, first - second + half),
  };
}

/**
 * McNemar's exact test: the two-sided p-value of the pairs of which only one member has something, of which each would
 * be either member with probability ½ (McNemar 1947).
 */
export function mcNemar(only: { first: number; second: number }): number {
  const trials = only.first + only.second;
  let probability = 2 ** -trials;
  let tail = 0;
  for (let count = 0; count <= Math.min(only.first, only.second); count++) {
    tail += probability;
    probability *= (trials - count) / (count + 1);
  }
  return Math.min(1, 2 * tail);
}
