/**
 * The forward pass of one sample. Each sum starts from the bias and runs over the inputs in index order, every product
 * and every sum rounded.
 */
import type { FloatArray } from '../numeric/bits.ts';
import type { Model } from './model.ts';

/**
 * Computes z and f(z) of every layer for one sample and leaves them in the model.
 *
 * @param theta parameters, `[parameter]`
 * @param input the sample's inputs, `[input]`
 * @returns the outputs of the network, `[output]`: the activations of the last layer
 */
export function forward(model: Model, theta: FloatArray, input: FloatArray): FloatArray {
  const { round } = model;
  let a = input;
  for (const { inputCount, outputCount, weights, biases, activation, preActivations, activations } of model.layers) {
    for (let output = 0; output < outputCount; output++) {
      let z = theta[biases + output];
      const row = weights + output * inputCount;
      for (let i = 0; i < inputCount; i++) z = round(z + round(theta[row + i] * a[i]));
      preActivations[output] = z;
      activations[output] = activation.value(z);
    }
    a = activations;
  }
  return a;
}
