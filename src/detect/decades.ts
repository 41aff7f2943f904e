/** Ratios of losses in decades. */
import { log } from '../numeric/elementary.ts';

/** log10(numerator / denominator), both positive. */
export function decades(numerator: number, denominator: number): number {
  const ratio = numerator / denominator;
  // Over a subnormal denominator the ratio may overflow where its logarithm does not.
  return (ratio < Number.POSITIVE_INFINITY ? log(ratio) : log(numerator) - log(denominator)) * Math.LOG10E;
}
