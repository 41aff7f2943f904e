/**
 * The interval law without training: c(β1) = T·(1 − β2) in the limit β2 → 1. Then v moves far more slowly than x, and a
 * cycle falls into two halves, each of which decides one end of the other. Units: w = v/v*, with v* at the threshold,
 * and y = x·√((1 − β2)/v*).
 *
 *     calm:   w falls from w₁ to w₀, and ln|y| changes by ρ(w) per step. As it ends where it began,
 *             ∫ ρ(w) d ln w = 0 between w₀ and w₁.
 *     spike:  y grows from almost 0 at w₀, fills w with y² step by step, and dies at w₁.
 *
 * The cycle that repeats has T(1 − β2) = ln(w₁/w₀). Knows nothing of Gyre's engines.
 */
import { log } from '../numeric/elementary.ts';

/** q of w, where w = 1 is the threshold 2(1 + β1). */
const stepOf = (beta1: number, w: number): number => (2 * (1 + beta1)) / Math.sqrt(w);

/** The larger multiplier of x_{t+1} = (1 + β1 − q)·x_t − β1·x_{t−1} by its size. */
function multiplier(beta1: number, w: number): number {
  const trace = stepOf(beta1, w) - 1 - beta1;
  const discriminant = trace * trace - 4 * beta1;
  return discriminant <= 0 ? Math.sqrt(beta1) : (Math.abs(trace) + Math.sqrt(discriminant)) / 2;
}

/** Almost 0: smaller ones change c beyond its fourth digit. */
const GERM = 1e-4;
const DEAD = 1e-12;

/** w₁ after a spike that begins at w₀ < 1. */
function afterSpike(beta1: number, w0: number): number {
  let [w, y] = [w0, GERM];
  // On the growing mode y alternates: m is such that the next y is −|z|·y.
  const z = -multiplier(beta1, w0);
  let m = (((1 - z) * y * (1 - beta1)) / stepOf(beta1, w0) - (1 - beta1) * y) / beta1;
  while (w < 1 || Math.abs(y) > DEAD || Math.abs(m) > DEAD) {
    m = beta1 * m + (1 - beta1) * y;
    w += y * y;
    y -= (stepOf(beta1, w) / (1 - beta1)) * m;
  }
  return w;
}

/** w₀ after a calm that begins at w₁ > 1: where growth has won back what decay has lost. */
function afterCalm(beta1: number, w1: number): number {
  // Down to here the multiplier is √β1, and the integral is in closed form.
  const real = stepOf(beta1, 1) / ((1 + Math.sqrt(beta1)) * (1 + Math.sqrt(beta1)));
  let w = real * real;
  const fall = 1e-5;
  let gain = ((log(beta1) / 2) * log(w1 / w)) / fall;
  while (w > 1 || gain < 0) {
    gain += log(multiplier(beta1, w * (1 - fall / 2)));
    w *= 1 - fall;
  }
  return w;
}

/** c(β1): 0.294, 0.473 and 0.693 for β1 0.95, 0.9 and 0.8. */
export function intervalLimit(beta1: number): number {
  let [w0, w1] = [0.8, 1];
  for (let cycle = 0; cycle < 40; cycle++) {
    w1 = afterSpike(beta1, w0);
    w0 = afterCalm(beta1, w1);
  }
  return log(w1 / w0);
}
