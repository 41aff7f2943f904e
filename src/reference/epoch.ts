/**
 * One network trained epoch by epoch: the scalar truth that every faster kernel must equal bit for bit. A step is a forward and a
 * backward pass over the samples of a batch, then one update of each parameter in index order; an epoch is the steps over all
 * samples, in index order or in one of its own, and the signals of the whole. Knows nothing of lanes, groups or files.
 */
import { FLUSH_LIMITS } from '../../schemas/arithmetic.ts';
import { MOMENT_NAMES } from '../../schemas/catalogue.ts';
import type { NetworkConfig } from '../../schemas/network.ts';
import { writeSampleOrder } from '../data/order.ts';
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
  /** L_t: mean over samples × outputs of the squared error, at θ_{t−1}, or of mini-batches each at the θ that it has met. */
  loss: number;
  /** ‖g_t‖ = √Σ g², summed in index order; of the last batch. */
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

/** What one epoch leaves besides the state. */
export interface EpochOutcome extends EpochSignals {
  /** g_t as the optimiser saw it, after flushing, `[parameter]`. */
  readonly gradient: FloatArray;
}

/** Trains one network: call with t = 1, 2, 3… or, with the state of epoch t − 1, from any t. */
export type EpochStep = (state: NetworkState, t: number) => Readonly<EpochOutcome>;

/** A network's epoch as a function of its state. What is returned is overwritten by the next call. */
export function makeEpoch(config: NetworkConfig, samples: Samples): EpochStep {
  const { precision, layers, batch, shuffle = false, seed } = config;
  const round = roundingTo(precision);
  const model = makeModel(config);
  const flush = makeFlush(config);
  const optimizer = makeOptimizer(config.optimizer, precision, flush);

  const inputCount = layers[0];
  const outputCount = layers[layers.length - 1];
  const sampleCount = samples.inputs.length / inputCount;
  const batchSize = batch === 'full' ? sampleCount : batch;
  const steps = Math.ceil(sampleCount / batchSize);
  const order = Uint32Array.from({ length: sampleCount }, (_, s) => s);
  const lossScale = round(1 / (sampleCount * outputCount));
  const outputGradient = floatArray(precision, outputCount);
  const inputs = Array.from({ length: sampleCount }, (_, s) =>
    samples.inputs.slice(s * inputCount, (s + 1) * inputCount),
  );

  const last = model.layers[model.layers.length - 1];
  const gradient = floatArray(precision, last.biases + last.outputCount);
  /** θ_{t−1}. */
  const start = floatArray(precision, gradient.length);
  const signals = {
    loss: 0,
    gradientNorm: 0,
    updateNorm: 0,
    updateCosine: 0,
    changedParameters: 0,
    nonFinite: false,
    gradient,
  };

  /** The gradient of a batch, places `first` to `end` of the order, into `gradient`; returns `squares` with its squared errors added. */
  function addSquares(
    squaresBefore: number,
    theta: FloatArray,
    { first, end }: { first: number; end: number },
  ): number {
    const gradientScale = round(2 / ((end - first) * outputCount));
    gradient.fill(0);
    let squares = squaresBefore;
    for (const s of order.subarray(first, end)) {
      const outputs = forward(model, theta, inputs[s]);
      for (let o = 0; o < outputCount; o++) {
        const error = round(outputs[o] - samples.targets[s * outputCount + o]);
        squares = round(squares + round(error * error));
        outputGradient[o] = round(gradientScale * error);
      }
      backward(model, theta, inputs[s], outputGradient, gradient);
    }
    return squares;
  }

  function update(state: NetworkState): void {
    for (let i = 0; i < gradient.length; i++) optimizer.update(state, i, flush.gradient(gradient[i]));
  }

  /** Updates every parameter in index order and measures what the epoch has changed. */
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
      gradient[i] = g;
      gradientSquares = round(gradientSquares + round(g * g));
      optimizer.update(state, i, g);
      const before = start[i];
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
    if (shuffle) writeSampleOrder(order, { seed, epoch: t });
    start.set(state.theta);
    let squares = 0;
    for (let step = 1; step <= steps; step++) {
      const batch = { first: (step - 1) * batchSize, end: Math.min(step * batchSize, sampleCount) };
      optimizer.beginStep((t - 1) * steps + step);
      squares = addSquares(squares, state.theta, batch);
      if (step < steps) update(state);
    }
    signals.loss = round(squares * lossScale);
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
