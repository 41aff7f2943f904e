/**
 * Activations as expression trees, twins of src/reference/activations.ts: the value of a unit, and the step of
 * back-propagation through it.
 */
import type { ActivationName } from '../../../schemas/catalogue.ts';
import { ONE, ZERO } from '../tree/code.ts';
import { andNot, less, lessOrEqual, multiply, subtract, type Vector } from '../tree/tree.ts';
import type { Elementary } from './elementary.ts';

/** f, and the product with f′. */
export interface Activation {
  /** a = f(z). */
  value(z: Vector, elementary: Elementary): Vector;
  /** f′(z), where it is cheaper to keep it beside a than to have it from a. */
  slope?(z: Vector, elementary: Elementary): Vector;
  /**
   * ∂L/∂z from ∂L/∂a: `upstream` · f′(z), given what the forward pass kept, f′(z) where there is a slope and a
   * otherwise.
   */
  backward(upstream: Vector, kept: Vector): Vector;
}

export const ACTIVATIONS: Readonly<Record<ActivationName, Activation>> = {
  tanh: {
    value: (z, elementary) => elementary.tanh(z),
    backward: (upstream, a) => multiply(upstream, subtract(ONE, multiply(a, a))),
  },
  sigmoid: {
    value: (z, elementary) => elementary.sigmoid(z),
    backward: (upstream, a) => multiply(upstream, multiply(a, subtract(ONE, a))),
  },
  relu: {
    value: (z) => andNot(z, less(z, ZERO)),
    // Of a, not z: a ≤ 0 wherever z ≤ 0, and nowhere else.
    backward: (upstream, a) => andNot(upstream, lessOrEqual(a, ZERO)),
  },
  sine: {
    value: (z, elementary) => elementary.sin(z),
    slope: (z, elementary) => elementary.cos(z),
    backward: (upstream, slope) => multiply(upstream, slope),
  },
  identity: {
    value: (z) => z,
    backward: (upstream) => upstream,
  },
};
