/**
 * One network trained epoch by epoch: the scalar truth that every faster kernel must equal bit for bit. A step is a
 * forward and a backward pass over the samples of a batch, then one update of each parameter in index order; an epoch
 * is the steps over all samples, in index order or in one of its own, and the signals of the whole. Knows nothing of
 * lanes, groups or files.
 */
import { FLUSH_LIMITS } from '../../schemas/arithmetic.ts';
import { MOMENT_NAMES } from '../../schemas/catalogue.ts';
import type { NetworkConfig } from '../../schemas/network.ts';
import { type FloatArray, floatArray } from '../numeric/bits.ts';
import { roundingTo } from '../numeric/rounding.ts';
import type { Loss } from './loss.ts';
import { networkLoss, type Samples } from './network-loss.ts';
import { objectiveLoss } from './objective.ts';
import { type Flush, makeOptimizer, type OptimizerState } from './optimizers.ts';

/** All that an epoch reads and changes besides the samples; every array is `[parameter]`. */
export interface NetworkState extends OptimizerState {
  /** u_{t−1} = θ_{t−1} − θ_{t−2} as stored; zeros before the first epoch. */
  readonly previousUpdate: FloatArray;
}

/** The scalars of one epoch, each rounded to the network's precision. */
export interface EpochSignals {
  /**
   * L_t: mean over samples × outputs of the squared error, at θ_{t−1}, or of mini-batches each at the θ that it has
   * met.
   */
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
interface EpochOutcome extends EpochSignals {
  /** g_t as the optimiser saw it, after flushing, `[parameter]`. */
  readonly gradient: FloatArray;
}

/** Trains one network: call with t = 1, 2, 3… or, with the state of epoch t − 1, from any t. */
export type EpochStep = (state: NetworkState, t: number) => Readonly<EpochOutcome>;

/**
 * A network's epoch as a function of its state. What is returned is overwritten by the next call. An objective has no
 * samples.
 */
export function makeEpoch(config: NetworkConfig, samples: Samples | null): EpochStep {
  const { precision } = config;
  const round = roundingTo(precision);
  const flush = makeFlush(config);
  const optimizer = makeOptimizer(config.optimizer, precision, flush);
  const loss = lossOf(config, samples);
  const gradient = floatArray(precision, loss.parameterCount);
  /** θ_{t−1}. */
  const start = floatArray(precision, loss.parameterCount);
  const signals = outcomeWith(gradient);

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
    // Two divisions, not one by the product of the norms, which would underflow long before either norm does. A norm of
    // tiny updates underflows to 0 before their product with larger ones does: no cosine then, rather than ∞.
    const hasCosine = updateNorm !== 0 && previousNorm !== 0;
    signals.updateCosine = hasCosine ? round(round(dot / updateNorm) / previousNorm) : Number.NaN;
    signals.changedParameters = changed;
    signals.nonFinite = !finite;
  }

  return (state, t) => {
    loss.beginEpoch(t);
    start.set(state.theta);
    for (let step = 1; step <= loss.steps; step++) {
      optimizer.beginStep((t - 1) * loss.steps + step);
      loss.step(step, state.theta, gradient);
      if (step < loss.steps) update(state);
    }
    signals.loss = loss.value();
    updateAndMeasure(state);
    return signals;
  };
}

/** What epochs write their signals to. */
function outcomeWith(gradient: FloatArray): EpochOutcome {
  return {
    loss: 0,
    gradientNorm: 0,
    updateNorm: 0,
    updateCosine: 0,
    changedParameters: 0,
    nonFinite: false,
    gradient,
  };
}

function lossOf(config: NetworkConfig, samples: Samples | null): Loss {
  if (config.objective !== undefined) return objectiveLoss(config);
  if (samples === null) throw new Error('layers are trained on samples');
  return networkLoss(config, samples);
}

function makeFlush({ subnormals, precision }: NetworkConfig): Flush {
  if (subnormals === 'ieee') return { gradient: (x) => x, moment: (x) => x };
  const { gradient, moment } = FLUSH_LIMITS[precision];
  return {
    gradient: (x) => (Math.abs(x) < gradient ? 0 : x),
    moment: (x) => (Math.abs(x) < moment ? 0 : x),
  };
}
