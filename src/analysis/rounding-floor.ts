/**
 * How far the fast mode stands above rounding. Each update rounds every parameter by up to half an ulp. This keeps a
 * mode alive that nothing else moves, with an amplitude of some ulps: the floor of rounding.
 */
import type { OptimizerConfig } from '../../schemas/network.ts';
import type { Precision } from '../numeric/rounding.ts';
import { preconditioner } from './preconditioner.ts';
import type { Motion } from './spiral.ts';

/**
 * A mode of at most this many ulps is at the floor. Near the threshold the recurrence amplifies the rounding of updates
 * to 3 (β1 = 0.8) to 5 ulps (β1 = 0.95), and the rounding of gradients adds as much again or more. Networks of
 * sweeps/spikes.yaml rest at 2 to 6 ulps (β1 = 0.8, float32); those above the floor are at hundreds to 10^13.
 */
export const FLOOR_ULPS_MAX = 32;

/**
 * Halvings of a signal and its shifted copy. Each passes what flips every epoch, and takes away nearly all of what
 * moves over many epochs: eight leave 10⁻¹² of a motion with a period of 100 epochs. Two, as second differences have,
 * leave drift that is a million times larger than the floor of float64.
 */
const SMOOTHINGS = 8;

/** Bits of a significand after its first. */
const FRACTION_BITS: Readonly<Record<Precision, number>> = { float32: 23, float64: 52 };

/** The distance from |x| to the next larger number of a precision, for a normal x; 0 for 0. */
export function ulpOf(x: number, precision: Precision): number {
  return x === 0 ? 0 : 2 ** (Math.floor(Math.log2(Math.abs(x))) - FRACTION_BITS[precision]);
}

/**
 * The amplitude of the flipping part of θ along a direction d, in ulps: the root mean square over a window, divided by
 * √Σ d_i² P_i ulp(θ_i)², which is what one ulp of each parameter adds up to along d.
 *
 * @param direction of length 1 in the metric of the optimiser (P^½·θ), `[parameter]`
 */
export function flippingUlps(
  { firstEpoch, parameterCount: width, theta, secondMoment }: Motion,
  { direction, optimizer, precision }: { direction: Float64Array; optimizer: OptimizerConfig; precision: Precision },
): number {
  const rows = theta.length / width;
  const middle = Math.floor(rows / 2) * width;
  const v = Array.from({ length: width }, (_, i) => secondMoment[middle + i]);
  const p = preconditioner(optimizer, firstEpoch + Math.floor(rows / 2), v);
  const weights = direction.map((x, i) => x * Math.sqrt(p[i]));
  let fast = Float64Array.from({ length: rows }, (_, t) => {
    // From the middle of the window, so that a projection of large parameters does not round away their ulps.
    const along = weights.reduce((sum, x, i) => sum + x * (theta[t * width + i] - theta[middle + i]), 0);
    return t % 2 === 0 ? along : -along;
  });
  for (let k = 0; k < SMOOTHINGS; k++) fast = fast.subarray(1).map((x, t) => (x + fast[t]) / 2);
  const square = fast.reduce((sum, x) => sum + x * x, 0) / fast.length;
  const ulp = weights.reduce((sum, x, i) => sum + (x * ulpOf(theta[middle + i], precision)) ** 2, 0);
  return Math.sqrt(square / ulp);
}
