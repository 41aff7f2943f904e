/**
 * The plain rival of a spiral: one under-damped linear mode of Adam whose second moment is at rest. Along an
 * eigenvector of lr·P⁻¹H with eigenvalue η, θ and m both follow x_{t+1} = (1 + β1 − q)·x_t − β1·x_{t−1} with q =
 * η(1 − β1). Every such mode winds and shrinks at rates of its own, so a window shows something new only where it
 * departs from them.
 */
import type { OptimizerConfig } from '../../schemas/network.ts';
import type { LinearisedNetwork } from './hessian.ts';
import { preconditioner } from './preconditioner.ts';
import { type FastMotion, type Motion, whitened } from './spiral.ts';

/** What a linear mode does in one epoch. */
export interface ModeRates {
  /** Turns of the sign-alternated pair (θ, m) per epoch, from 0 to ½. */
  readonly winding: number;
  /** Decrease of the logarithm of its amplitude per epoch; negative where it grows. */
  readonly damping: number;
}

/**
 * The rates of a mode by the multipliers z² − (1 + β1 − q)·z + β1 = 0. They are complex, with |z| = √β1, for (1 − √β1)²
 * < q < (1 + √β1)². Elsewhere both are real, and the larger one decides: it is −1 at q = 2(1 + β1), and grows beyond.
 */
export function modeRates(q: number, beta1: number): ModeRates {
  const half = (1 + beta1 - q) / 2;
  const discriminant = half * half - beta1;
  if (discriminant < 0) {
    // The angle of −z, because alternating signs turn z by half a turn per epoch.
    return { winding: Math.acos(-half / Math.sqrt(beta1)) / (2 * Math.PI), damping: -0.5 * Math.log(beta1) };
  }
  return { winding: half > 0 ? 0.5 : 0, damping: -Math.log(Math.abs(half) + Math.sqrt(discriminant)) };
}

/** A window held against the linear mode. */
export interface LinearMode extends ModeRates {
  /** Mean η over the window. */
  readonly sharpness: number;
  /** What one step of the recurrence leaves unexplained. */
  readonly residual: number;
}

/** The linear mode with the curvature of a window along its fast motion; rates are means over the epochs. */
export function linearModeOf(
  network: LinearisedNetwork,
  motion: Motion,
  { fast, optimizer }: { fast: FastMotion; optimizer: OptimizerConfig },
): LinearMode {
  const { beta1 = 0 } = optimizer;
  const sharpness = sharpnessAlong(network, motion, { direction: fast.direction, optimizer });
  const rates = Array.from(sharpness, (eta) => modeRates((1 - beta1) * eta, beta1));
  return {
    sharpness: mean(Array.from(sharpness)),
    winding: mean(rates.map(({ winding }) => winding)),
    damping: mean(rates.map(({ damping }) => damping)),
    residual: recurrenceResidual(fast, { sharpness, beta1 }),
  };
}

/**
 * η at each row of a window's second differences, `[row]`: lr·dᵀP^−½HP^−½d along the direction d of the fast motion,
 * with the P of its epoch and H at the parameters before it. It is the eigenvalue of the mode that moves, which need
 * not be the largest.
 */
function sharpnessAlong(
  network: LinearisedNetwork,
  motion: Motion,
  { direction, optimizer }: { direction: Float64Array; optimizer: OptimizerConfig },
): Float64Array {
  const { firstEpoch, parameterCount: width, theta, secondMoment } = motion;
  const row = (values: ArrayLike<number>, t: number) =>
    Float64Array.from({ length: width }, (_, i) => values[t * width + i]);
  const image = new Float64Array(width);
  return Float64Array.from({ length: theta.length / width - 2 }, (_, t) => {
    const p = preconditioner(optimizer, firstEpoch + t + 1, row(secondMoment, t + 1));
    const scaled = direction.map((x, i) => x / Math.sqrt(p[i]));
    network.linearise(row(theta, t));
    network.hessianProduct(scaled, image);
    return optimizer.learningRate * scaled.reduce((sum, x, i) => sum + x * image[i], 0);
  });
}

/**
 * √(Σ|z_{t+1} − ẑ_{t+1}|² / Σ|z_{t+1}|²) over a window, where ẑ_{t+1} follows by the recurrence from the two rows
 * before it. 0 where the motion is one linear mode; near 1 for noise. Rows alternate signs, so the recurrence has the
 * multipliers −z.
 *
 * @param sharpness η, `[row]`
 */
function recurrenceResidual(
  fast: FastMotion,
  { sharpness, beta1 }: { sharpness: ArrayLike<number>; beta1: number },
): number {
  const { re, im } = whitened(fast);
  let left = 0;
  let all = 0;
  for (let t = 1; t + 1 < re.length; t++) {
    const factor = 1 + beta1 - (1 - beta1) * sharpness[t + 1];
    for (const x of [re, im]) {
      left += (x[t + 1] + factor * x[t] + beta1 * x[t - 1]) ** 2;
      all += x[t + 1] * x[t + 1];
    }
  }
  return Math.sqrt(left / all);
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
