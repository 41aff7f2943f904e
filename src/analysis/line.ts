/**
 * A straight line through points by least squares, and how much of their variance it explains.
 */
import { linearRegression, linearRegressionLine, rSquared } from 'simple-statistics';

/** A fitted line; `fit` is R². */
export interface Line {
  readonly slope: number;
  readonly intercept: number;
  readonly fit: number;
}

/** The line through [x, y] points; NaN where there are fewer than two or one is not finite. */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  if (points.length < 2 || points.some(([, y]) => !Number.isFinite(y))) {
    return { slope: Number.NaN, intercept: Number.NaN, fit: Number.NaN };
  }
  const own = points.map(([x, y]) => [x, y]);
  const { m, b } = linearRegression(own);
  return { slope: m, intercept: b, fit: rSquared(own, linearRegressionLine({ m, b })) };
}
