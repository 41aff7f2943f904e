/**
 * What Adam divides a step by, as a diagonal matrix: P_t = (1 − β1^t)(√v̂_t + ε), v̂_t = v_t/(1 − β2^t), so that a step
 * is −lr·P_t⁻¹·m_t (Cohen et al., "Adaptive gradient methods at the edge of stability", arXiv:2207.14484).
 */
import type { OptimizerConfig } from '../../schemas/network.ts';

/**
 * Whether an optimiser's step is m divided by a diagonal of v alone; amsgrad's divides by a maximum that windows do not
 * keep.
 */
export function isPreconditioned({ kind }: Pick<OptimizerConfig, 'kind'>): boolean {
  return kind === 'adam';
}

/** The diagonal of P_t, `[parameter]`, from v_t. The Keras form adds ε to √v, before the bias correction. */
export function preconditioner(
  { form, beta1 = 0, beta2 = 0, epsilon = 0 }: OptimizerConfig,
  epoch: number,
  secondMoment: ArrayLike<number>,
): Float64Array {
  const first = 1 - beta1 ** epoch;
  const root = Math.sqrt(1 - beta2 ** epoch);
  const shift = form === 'keras' ? epsilon / root : epsilon;
  return Float64Array.from(secondMoment, (v) => first * (Math.sqrt(v) / root + shift));
}
