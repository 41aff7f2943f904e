/**
 * One network trained epoch by epoch: the scalar truth that every faster kernel must equal bit for bit. One full-batch epoch
 * is a forward and a backward pass over the samples in index order, then one update of each parameter in index order, and
 * the signals of both. Knows nothing of lanes, groups or files.
 */
import { FLUSH_LIMITS } from '../../schemas/arithmetic.ts';
import { MOMENT_NAMES } from '../../schemas/catalogue.ts';
import type { NetworkConfig } from '../../schemas/network.ts';
import { type FloatArray, floatArray } from '../numeric/bits.ts';
import { roundingTo } from '../numeric/rounding.ts';
import { backward } from './backward.ts';
import { forward } from './forward.ts';
import { makeModel } from './model.ts';
import { type Flush, makeOptimizer, type OptimizerState } from './optimizers.ts';

/** The samples of a network in its precision. */
export interface Samples {
  /** [sample][input] */
  readonly inputs: FloatArray;
  /** [sample][output] */
  readonly targets: FloatArray;
}

/** All that an epoch reads and changes besides the samples; every array is `[parameter]`. */
export interface NetworkState extends OptimizerState {
  /** u_{t−1} = θ_{t−1} − θ_{t−2} as stored; zeros before the first epoch. */
  readonly previousUpdate: FloatArray;
}

/** The scalars of one epoch, each rounded to the network's precision. */
export interface EpochSignals {
  /** L_t at θ_{t−1}: mean over samples × outputs of the squared error. */
  loss: number;
  /** ‖g_t‖ = √Σ g², summed in index order. */
  gradientNorm: number;
  /** ‖u_t‖. */
  updateNorm: number;
  /** (u_t·u_{t−1} / ‖u_t‖) / ‖u_{t−1}‖; NaN where a norm is 0. */
  updateCosine: number;
  /** Parameters of which at least one bit changed; a NaN that stays NaN has not changed. */
  changedParameters: number;
  /** Whether NaN or ∞ stands in the loss, θ or a moment after the update. */
  nonFinite: boolean;
}

/** Trains one network: call with t = 1, 2, 3… or, with the state of epoch t − 1, from any t. */
export type EpochStep = (state: NetworkState, t: number) => Readonly<EpochSignals>;

/** A network's epoch as a function of its state. The returned signals are overwritten by the next call. */
export function makeEpoch(config: NetworkConfig, samples: Samples): EpochStep {
  const { precision, layers } = config;
  const round = roundingTo(precision);
  const model = makeModel(config);
  const flush = makeFlush(config);
  const optimizer = makeOptimizer(config.optimizer, precision, flush);

  const inputCount = layers[0];
  const outputCount = layers[layers.length - 1];
  const sampleCount = samples.inputs.length / inputCount;
  const lossScale = round(1 / (sampleCount * outputCount));
  const gradientScale = round(2 / (sampleCount * outputCount));
  const outputGradient = floatArray(precision, outputCount);
  const inputs = Array.from({ length: sampleCount }, (_, s) =>
    samples.inputs.slice(s * inputCount, (s + 1) * inputCount),
  );

  const last = model.layers[model.layers.length - 1];
  const gradient = floatArray(precision, last.biases + last.outputCount);
  const signals = { loss: 0, gradientNorm: 0, updateNorm: 0, updateCosine: 0, changedParameters: 0, nonFinite: false };

  /** g_t into `gradient`; returns L_t. */
  function lossAndGradient(theta: FloatArray): number {
    gradient.fill(0);
    let squares = 0;
    for (let s = 0; s < sampleCount; s++) {
      const outputs = forward(model, theta, inputs[s]);
      for (let o = 0; o < outputCount; o++) {
        const error = round(outputs[o] - samples.targets[s * outputCount + o]);
        squares = round(squares + round(error * error));
        outputGradient[o] = round(gradientScale * error);
      }
      backward(model, theta, inputs[s], outputGradient, gradient);
    }
    return round(squares * lossScale);
  }

  /** Updates every parameter in index order and measures the update. */
  function updateAndMeasure(state: NetworkState): void {
    const { theta, previousUpdate } = state;
    let gradientSquares = 0;
    let updateSquares = 0;
    let previousSquares = 0;
    let dot = 0;
    let changed = 0;
    let finite = Number.isFinite(signals.loss);
    for (let i = 0; i < theta.length; i++) {
      const g = flush.gradient(gradient[i]);
      gradientSquares = round(gradientSquares + round(g * g));
      const before = theta[i];
      optimizer.update(state, i, g);
      const update = round(theta[i] - before);
      updateSquares = round(updateSquares + round(update * update));
      previousSquares = round(previousSquares + round(previousUpdate[i] * previousUpdate[i]));
      dot = round(dot + round(update * previousUpdate[i]));
      previousUpdate[i] = update;
      if (!Object.is(theta[i], before)) changed++;
      finite &&= Number.isFinite(theta[i]);
    }
    for (const name of MOMENT_NAMES) {
      const moment = state[name];
      for (let i = 0; i < moment.length; i++) finite &&= Number.isFinite(moment[i]);
    }
    const updateNorm = round(Math.sqrt(updateSquares));
    const previousNorm = round(Math.sqrt(previousSquares));
    signals.gradientNorm = round(Math.sqrt(gradientSquares));
    signals.updateNorm = updateNorm;
    // Two divisions, not one by the product of the norms, which would underflow long before either norm does. A norm of tiny
    // updates underflows to 0 before their product with larger ones does: no cosine then, rather than ∞.
    const hasCosine = updateNorm !== 0 && previousNorm !== 0;
    signals.updateCosine = hasCosine ? round(round(dot / updateNorm) / previousNorm) : Number.NaN;
    signals.changedParameters = changed;
    signals.nonFinite = !finite;
  }

  return (state, t) => {
    optimizer.beginEpoch(t);
    signals.loss = lossAndGradient(state.theta);
    updateAndMeasure(state);
    return signals;
  };
}

function makeFlush({ subnormals, precision }: NetworkConfig): Flush {
  if (subnormals === 'ieee') return { gradient: (x) => x, moment: (x) => x };
  const { gradient, moment } = FLUSH_LIMITS[precision];
  return {
    gradient: (x) => (Math.abs(x) < gradient ? 0 : x),
    moment: (x) => (Math.abs(x) < moment ? 0 : x),
  };
}
