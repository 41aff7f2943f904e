/**
 * The loss of a network and its gradient, batch after batch: a forward and a backward pass over the samples of each, in
 * index order or in an order of the epoch's own.
 */
import type { LayeredConfig } from '../../schemas/network.ts';
import { writeSampleOrder } from '../data/order.ts';
import { type FloatArray, floatArray } from '../numeric/bits.ts';
import { roundingTo } from '../numeric/rounding.ts';
import { backward } from './backward.ts';
import { forward } from './forward.ts';
import type { Loss } from './loss.ts';
import { makeModel } from './model.ts';

/** The samples of a network in its precision. */
export interface Samples {
  /** [sample][input] */
  readonly inputs: FloatArray;
  /** [sample][output] */
  readonly targets: FloatArray;
}

/** The mean over samples × outputs of the squared error. */
export function networkLoss(config: LayeredConfig, samples: Samples): Loss {
  const { precision, layers, batch, shuffle = false, seed } = config;
  const round = roundingTo(precision);
  const model = makeModel(config);
  const inputCount = layers[0];
  const outputCount = layers[layers.length - 1];
  const sampleCount = samples.inputs.length / inputCount;
  const batchSize = batch === 'full' ? sampleCount : batch;
  const order = Uint32Array.from({ length: sampleCount }, (_, s) => s);
  const scale = round(1 / (sampleCount * outputCount));
  const outputGradient = floatArray(precision, outputCount);
  const inputs = Array.from({ length: sampleCount }, (_, s) =>
    samples.inputs.slice(s * inputCount, (s + 1) * inputCount),
  );
  const last = model.layers[model.layers.length - 1];
  let squares = 0;

  return {
    parameterCount: last.biases + last.outputCount,
    steps: Math.ceil(sampleCount / batchSize),
    beginEpoch(t) {
      squares = 0;
      if (shuffle) writeSampleOrder(order, { seed, epoch: t });
    },
    step(step, theta, gradient) {
      const first = (step - 1) * batchSize;
      const end = Math.min(step * batchSize, sampleCount);
      const gradientScale = round(2 / ((end - first) * outputCount));
      gradient.fill(0);
      for (const s of order.subarray(first, end)) {
        const outputs = forward(model, theta, inputs[s]);
        for (let o = 0; o < outputCount; o++) {
          const error = round(outputs[o] - samples.targets[s * outputCount + o]);
          squares = round(squares + round(error * error));
          outputGradient[o] = round(gradientScale * error);
        }
        backward(model, theta, inputs[s], outputGradient, gradient);
      }
    },
    value: () => round(squares * scale),
  };
}
