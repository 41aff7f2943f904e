/** Networks for the tests of the reference: a complete configuration with whatever the test cares about replaced. */
import { type MomentName, OPTIMIZERS } from '../../schemas/catalogue.ts';
import type { LayeredConfig, NetworkConfig } from '../../schemas/network.ts';
import { type FloatArray, floatArray } from '../../src/numeric/bits.ts';
import type { Precision } from '../../src/numeric/rounding.ts';
import { makeEpoch, type NetworkState } from '../../src/reference/epoch.ts';
import type { Samples } from '../../src/reference/network-loss.ts';

/** A 1-3-1 tanh network under Adam as PyTorch has it, in float64, with `of` in place of what it names. */
export function networkConfig(changes: Partial<LayeredConfig> = {}): LayeredConfig {
  return {
    layers: [1, 3, 1],
    activation: 'tanh',
    data: { kind: 'sine', points: 8 },
    init: 'glorot-uniform',
    optimizer: { kind: 'adam', form: 'torch', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    batch: 'full',
    precision: 'float64',
    subnormals: 'ieee',
    seed: 0,
    ...changes,
  };
}

/** Numbers as an array of a precision. */
export function floats(precision: Precision, values: Iterable<number>): FloatArray {
  return precision === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
}

/** The state before epoch 1 with the given parameters, with the moments that the optimiser keeps. */
export function stateOf({ precision, optimizer }: NetworkConfig, theta: Iterable<number>): NetworkState {
  const parameters = floats(precision, theta);
  const kept: readonly MomentName[] = OPTIMIZERS[optimizer.kind].moments;
  const moment = (name: MomentName) => floatArray(precision, kept.includes(name) ? parameters.length : 0);
  return {
    theta: parameters,
    firstMoment: moment('firstMoment'),
    secondMoment: moment('secondMoment'),
    maxSecondMoment: moment('maxSecondMoment'),
    previousUpdate: floatArray(precision, parameters.length),
  };
}

/** Samples from nested lists, `[sample][input]` and `[sample][output]`. */
export function samplesOf(precision: Precision, inputs: number[][], targets: number[][]): Samples {
  return { inputs: floats(precision, inputs.flat()), targets: floats(precision, targets.flat()) };
}

/**
 * The gradient at θ, read off one step of plain gradient descent with learning rate 1 from θ (exact where θ ± g is).
 */
export function gradientAt(config: LayeredConfig, samples: Samples, theta: readonly number[]): number[] {
  const descent = { ...config, optimizer: { kind: 'sgd', form: 'torch', learningRate: 1 } } as const;
  const state = stateOf(descent, theta);
  makeEpoch(descent, samples)(state, 1);
  return theta.map((value, i) => value - state.theta[i]);
}

/** The loss at θ. */
export function lossAt(config: NetworkConfig, samples: Samples, theta: readonly number[]): number {
  return makeEpoch(config, samples)(stateOf(config, theta), 1).loss;
}
