/**
 * What an epoch minimises, whatever it is made of: a loss with its gradient, step by step.
 */
import type { FloatArray } from '../numeric/bits.ts';

/** A loss; in every epoch `beginEpoch` comes first, then each step in order, then `value`. */
export interface Loss {
  readonly parameterCount: number;
  /** Steps an epoch. */
  readonly steps: number;
  beginEpoch(t: number): void;
  /** Writes the gradient of a step, counted from 1, at θ. */
  step(step: number, theta: FloatArray, gradient: FloatArray): void;
  /** L_t of the epoch whose steps have been taken. */
  value(): number;
}
