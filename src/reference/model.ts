/**
 * One network laid out for the scalar reference: where each layer's parameters stand, and room for the activations and
 * deltas of one sample. Forward and backward passes share it; it holds no parameters itself.
 */
import type { LayeredConfig } from '../../schemas/network.ts';
import { type FloatArray, floatArray } from '../numeric/bits.ts';
import { type Rounding, roundingTo } from '../numeric/rounding.ts';
import { type Activation, activationOf } from './activations.ts';

/** One dense layer: z = b + W·a, a′ = f(z). */
export interface Layer {
  readonly inputCount: number;
  readonly outputCount: number;
  /** Index in θ of the weights, `[output][input]`. */
  readonly weights: number;
  /** Index in θ of the biases, `[output]`. */
  readonly biases: number;
  readonly activation: Activation;
  /** z of the sample at hand, `[output]`. */
  readonly preActivations: FloatArray;
  /** f(z) of the sample at hand, `[output]`. */
  readonly activations: FloatArray;
  /** ∂L/∂z of the sample at hand, `[output]`. */
  readonly deltas: FloatArray;
}

/** The layers of a network, first hidden layer first, and its rounding. */
export interface Model {
  readonly layers: readonly Layer[];
  readonly round: Rounding;
}

/** The model of a configuration: hidden layers with its activation, a linear output layer. */
export function makeModel({ layers: sizes, activation, precision }: LayeredConfig): Model {
  const hidden = activationOf(activation, precision);
  const linear = activationOf('identity', precision);
  const layers: Layer[] = [];
  let offset = 0;
  for (let i = 1; i < sizes.length; i++) {
    const inputCount = sizes[i - 1];
    const outputCount = sizes[i];
    layers.push({
      inputCount,
      outputCount,
      weights: offset,
      biases: offset + inputCount * outputCount,
      activation: i === sizes.length - 1 ? linear : hidden,
      preActivations: floatArray(precision, outputCount),
      activations: floatArray(precision, outputCount),
      deltas: floatArray(precision, outputCount),
    });
    offset += (inputCount + 1) * outputCount;
  }
  return { layers, round: roundingTo(precision) };
}
