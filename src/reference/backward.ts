/**
 * The backward pass of one sample: from ∂L/∂a of the outputs to the sample's share of the gradient (Rumelhart, Hinton &
 * Williams 1986). Sums over outputs start from +0 and run in index order; the sum over samples is the caller's, who
 * passes the samples in index order.
 */
import type { FloatArray } from '../numeric/bits.ts';
import type { Layer, Model } from './model.ts';

/**
 * Adds one sample's ∂L/∂θ to `gradient`. Must follow `forward` on the same sample, whose activations stand in the
 * model.
 *
 * @param theta parameters, `[parameter]`
 * @param input the sample's inputs, `[input]`
 * @param outputGradient ∂L/∂a of the network's outputs, `[output]`
 * @param gradient `[parameter]`, added to in place
 */
export function backward(
  model: Model,
  theta: FloatArray,
  input: FloatArray,
  outputGradient: FloatArray,
  gradient: FloatArray,
): void {
  const { layers } = model;
  for (let i = layers.length - 1; i >= 0; i--) {
    const above = layers[i + 1];
    if (above === undefined) outputDeltas(layers[i], outputGradient);
    else hiddenDeltas(model, layers[i], above, theta);
    addGradient(model, layers[i], i === 0 ? input : layers[i - 1].activations, gradient);
  }
}

/** δ_o = f′(z_o) · ∂L/∂a_o. */
function outputDeltas(
  { outputCount, activation, preActivations, activations, deltas }: Layer,
  upstream: FloatArray,
): void {
  for (let o = 0; o < outputCount; o++) {
    deltas[o] = activation.backward(upstream[o], preActivations[o], activations[o]);
  }
}

/** δ_j = f′(z_j) · Σ_o W_oj δ_o, over the units o of the layer above. */
function hiddenDeltas({ round }: Model, layer: Layer, above: Layer, theta: FloatArray): void {
  const { outputCount, activation, preActivations, activations, deltas } = layer;
  for (let j = 0; j < outputCount; j++) {
    let sum = 0;
    for (let o = 0; o < above.outputCount; o++) {
      sum = round(sum + round(theta[above.weights + o * outputCount + j] * above.deltas[o]));
    }
    deltas[j] = activation.backward(sum, preActivations[j], activations[j]);
  }
}

/** ∂L/∂W_oi += δ_o a_i, ∂L/∂b_o += δ_o. */
function addGradient({ round }: Model, layer: Layer, below: FloatArray, gradient: FloatArray): void {
  const { inputCount, outputCount, weights, biases, deltas } = layer;
  for (let o = 0; o < outputCount; o++) {
    const delta = deltas[o];
    const row = weights + o * inputCount;
    for (let i = 0; i < inputCount; i++) gradient[row + i] = round(gradient[row + i] + round(delta * below[i]));
    gradient[biases + o] = round(gradient[biases + o] + delta);
  }
}
