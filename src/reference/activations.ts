/**
 * Activations of the hidden layers, as the declared arithmetic states them: the value of a unit, and the step of
 * back-propagation through it.
 */
import type { ActivationName } from '../../schemas/catalogue.ts';
import { elementaryOf } from '../numeric/elementary.ts';
import { type Precision, roundingTo } from '../numeric/rounding.ts';

/** f and the product with f′, in one precision. */
export interface Activation {
  /** a = f(z). */
  value(z: number): number;
  /** ∂L/∂z from ∂L/∂a: `upstream` · f′(z), where a = f(z) is given since it is often the cheaper way to f′. */
  backward(upstream: number, z: number, a: number): number;
}

/** The activation of a name in a precision. */
export function activationOf(name: ActivationName, precision: Precision): Activation {
  const round = roundingTo(precision);
  const { tanh, sigmoid, sin, cos } = elementaryOf(precision);
  switch (name) {
    case 'tanh':
      return { value: tanh, backward: (upstream, _z, a) => round(upstream * round(1 - round(a * a))) };
    case 'sigmoid':
      return { value: sigmoid, backward: (upstream, _z, a) => round(upstream * round(a * round(1 - a))) };
    case 'relu':
      // Selections, not products: NaN and −0 pass, and ∞·0 cannot arise. The derivative at 0 is 0, as in PyTorch.
      return {
        // biome-ignore lint/complexity/useMathMinMax: Math.max(−0, 0) is +0.
        value: (z) => (z < 0 ? 0 : z),
        backward: (upstream, z) => (z <= 0 ? 0 : upstream),
      };
    case 'sine':
      return { value: sin, backward: (upstream, z) => round(upstream * cos(z)) };
    case 'identity':
      return { value: (z) => z, backward: (upstream) => upstream };
  }
}
