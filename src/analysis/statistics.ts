/**
 * The statistics behind verdicts: intervals for proportions and for ratios of medians, and the test of two proportions.
 */
import { median } from 'simple-statistics';
import { uniform } from '../numeric/philox.ts';

/** An estimate with its interval; NaN where there is nothing to estimate. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 %. */
const Z = 1.959963984540054;
const RESAMPLINGS = 1000;

/** The median; NaN of nothing. */
export const medianOf = (values: readonly number[]): number => (values.length === 0 ? Number.NaN : median([...values]));

/** The proportion `count`/`total` with Wilson's score interval at 95 % (Wilson 1927). */
export function proportion(count: number, total: number): Estimate {
  if (total === 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN };
  const p = count / total;
  const scale = 1 + (Z * Z) / total;
  const centre = (p + (Z * Z) / (2 * total)) / scale;
  const half = (Z / scale) * Math.sqrt((p * (1 - p)) / total + (Z * Z) / (4 * total * total));
  return { value: p, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * Fisher's exact test of two proportions, a of m and b of n: the two-sided p-value, the sum of the probabilities of all
 * tables with the same margins that are no more probable than the one seen (Fisher 1935).
 */
export function fisherExact([a, m]: readonly [number, number], [b, n]: readonly [number, number]): number {
  const successes = a + b;
  const lowest = Math.max(0, successes - n);
  const highest = Math.min(m, successes);
  // log C(m, x)·C(n, s − x) up to a constant, by the ratio of neighbours.
  const logs = [0];
  for (let x = lowest; x < highest; x++) {
    const ratio = ((m - x) * (successes - x)) / ((x + 1) * (n - successes + x + 1));
    logs.push(logs[x - lowest] + Math.log(ratio));
  }
  const largest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // Tables that are as probable as the one seen must not fall out by rounding.
  const limit = weights[a - lowest] * (1 + 1e-7);
  return weights.reduce((sum, weight) => (weight <= limit ? sum + weight : sum), 0) / total;
}

/**
 * The ratio of the medians of two samples with the percentile bootstrap's interval at 95 % (Efron 1979), drawn from
 * Philox(seed).
 */
export function ratioOfMedians(above: readonly number[], below: readonly number[], seed: number): Estimate {
  if (above.length === 0 || below.length === 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN };
  let index = 0;
  const resampled = (values: readonly number[]) =>
    values.map(
      () => values[Math.floor(values.length * uniform({ seed, stream: 'analysis', layer: 0, index: index++ }))],
    );
  const ratios = Array.from({ length: RESAMPLINGS }, () => median(resampled(above)) / median(resampled(below)));
  ratios.sort((x, y) => x - y);
  return {
    value: median([...above]) / median([...below]),
    low: ratios[Math.floor(0.025 * RESAMPLINGS)],
    high: ratios[Math.ceil(0.975 * RESAMPLINGS) - 1],
  };
}
