/**
 * How curved the loss is as the optimiser sees it, epoch by epoch: why a spike comes. The preconditioned sharpness η_t
 * = lr·λ_max(P_t⁻¹H(θ_{t−1})) of full-batch Adam is stable below 2(1 + β1)/(1 − β1), 38 at β1 = 0.9 (Cohen et al.,
 * arXiv:2207.14484); along the gradient the curvature is lr·gᵀP⁻¹HP⁻¹g / gᵀP⁻¹g (Bai et al., arXiv:2506.04805).
 */
import type { OptimizerConfig } from '../../schemas/network.ts';
import { largestEigenpair, type Product, twoLargestEigenpairs } from './eigenvalue.ts';
import type { LinearisedNetwork } from './hessian.ts';
import { preconditioner } from './preconditioner.ts';

/** The preconditioned sharpness above which full-batch Adam's fast mode grows. */
export function stabilityThreshold({ beta1 = 0 }: Pick<OptimizerConfig, 'beta1'>): number {
  return (2 * (1 + beta1)) / (1 - beta1);
}

/** Curvature at one epoch, in units of the stability threshold's. */
export interface Curvature {
  /** lr·λ_max(P⁻¹H). */
  readonly sharpness: number;
  /** lr·gᵀP⁻¹HP⁻¹g / gᵀP⁻¹g; NaN where the gradient is 0. */
  readonly alongGradient: number;
  /** The eigenvector of P^−½HP^−½, to begin from at a neighbouring epoch. */
  readonly direction: Float64Array;
}

/** The state that curvature belongs to. */
export interface CurvatureState {
  readonly optimizer: OptimizerConfig;
  readonly epoch: number;
  /** θ_{t−1}, `[parameter]`. */
  readonly before: ArrayLike<number>;
  /** v_t, `[parameter]`. */
  readonly secondMoment: ArrayLike<number>;
}

/**
 * The curvature at epoch t. NaN where the preconditioner is singular, as it is with ε = 0 and a parameter that has had
 * no gradient.
 *
 * @param near what was found at a neighbouring epoch, which saves most of the work
 */
export function curvatureAt(
  network: LinearisedNetwork,
  state: CurvatureState,
  near: Curvature | null = null,
): Curvature {
  const { learningRate } = state.optimizer;
  const size = network.parameterCount;
  const p = regularPreconditioner(state);
  if (p === null) return { sharpness: Number.NaN, alongGradient: Number.NaN, direction: new Float64Array(size) };
  network.linearise(state.before);
  const { value, vector } = largestEigenpair(preconditionedHessian(network, p), size, near?.direction);
  return {
    sharpness: learningRate * value,
    alongGradient: learningRate * gradientCurvature(network, p),
    direction: vector,
  };
}

/**
 * η1 and η2 at epoch t, the two largest eigenvalues of lr·P_t⁻¹H(θ_{t−1}) in descending order: whether one mode is at
 * the threshold, or several. NaN where the preconditioner is singular; η2 is NaN where there is one parameter.
 *
 * @param near what was found at a neighbouring epoch, which saves most of the work
 */
export function modesAt(
  network: LinearisedNetwork,
  state: CurvatureState,
  near: Curvature | null = null,
): readonly [number, number] {
  const p = regularPreconditioner(state);
  if (p === null) return [Number.NaN, Number.NaN];
  network.linearise(state.before);
  const operator = preconditionedHessian(network, p);
  const [first, second] = twoLargestEigenpairs(operator, network.parameterCount, near?.direction);
  return [state.optimizer.learningRate * first.value, state.optimizer.learningRate * second.value];
}

/** The diagonal of P_t; null where P_t is singular. */
function regularPreconditioner({ optimizer, epoch, secondMoment }: CurvatureState): Float64Array | null {
  const p = preconditioner(optimizer, epoch, secondMoment);
  return p.every((x) => x > 0 && Number.isFinite(x)) ? p : null;
}

/** P^−½HP^−½, symmetric and similar to P⁻¹H, of a network where it is linearised. */
function preconditionedHessian(network: LinearisedNetwork, p: Float64Array): Product {
  const root = p.map(Math.sqrt);
  const scaled = new Float64Array(p.length);
  return (x, target) => {
    for (let i = 0; i < p.length; i++) scaled[i] = x[i] / root[i];
    network.hessianProduct(scaled, target);
    for (let i = 0; i < p.length; i++) target[i] /= root[i];
  };
}

/** gᵀP⁻¹HP⁻¹g / gᵀP⁻¹g. */
function gradientCurvature(network: LinearisedNetwork, p: Float64Array): number {
  const gradient = new Float64Array(p.length);
  network.gradient(gradient);
  const step = gradient.map((g, i) => g / p[i]);
  const image = new Float64Array(p.length);
  network.hessianProduct(step, image);
  let above = 0;
  let below = 0;
  for (let i = 0; i < p.length; i++) {
    above += step[i] * image[i];
    below += gradient[i] * step[i];
  }
  return above / below;
}

/** Consecutive values from epoch `firstEpoch` on. */
export interface Series {
  readonly firstEpoch: number;
  readonly values: ArrayLike<number>;
}

/** The epochs at which a series passes a threshold upward: below it at the epoch before, at or above it then. */
export function upwardCrossings({ firstEpoch, values }: Series, threshold: number): number[] {
  const epochs: number[] = [];
  for (let i = 1; i < values.length; i++) {
    if (values[i - 1] < threshold && values[i] >= threshold) epochs.push(firstEpoch + i);
  }
  return epochs;
}
