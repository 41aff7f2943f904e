/**
 * What an objective is computed from, for either engine: its constants in float64, which whoever uses one rounds to the
 * network's precision, and the parameter that training starts from.
 */
import type { Objective } from '../../schemas/network.ts';

/** λ/k, which the loss is a multiple of, and λ, which the gradient is. */
export function objectiveConstants({ exponent, curvature }: Objective): [number, number] {
  return [curvature / exponent, curvature];
}

/** θ₀, rounded to float32 in both precisions. */
export function initialParameter({ start }: Objective): Float32Array {
  return Float32Array.of(start);
}
