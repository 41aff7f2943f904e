/**
 * The problems that all peers solve, and how each is timed: shapes, samples, initial weights, numbers of epochs. A
 * problem is written to a folder (problem.json, theta.f32, inputs.f32, targets.f32) from which every peer, in whatever
 * language, reads the same bits.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActivationName } from '../../schemas/catalogue.ts';
import { type LayeredNetwork, parameterCount } from '../../schemas/network.ts';
import { makeDataset } from '../../src/data/datasets.ts';
import { uniform } from '../../src/numeric/philox.ts';
import { initialParameters } from '../../src/reference/init.ts';

/** What is trained: full batch, Adam in the torch form, float32; the seed of a network is its number. */
export interface Problem {
  readonly name: string;
  readonly layers: readonly number[];
  readonly activation: ActivationName;
  readonly points: number;
  /** Epochs from the initial weights on, after which a peer starts again. */
  readonly epochs: number;
  /**
   * The loss is compared at this epoch, or where a peer needs too long for it, at an earlier one: soon enough that
   * rounding has not yet grown to differences worth the name.
   */
  readonly checkEpochs: number;
  /** How many networks the folder has the initial weights of. */
  readonly networks: number;
  /** The numbers of networks that batched peers train at once. */
  readonly batches: readonly number[];
  readonly isSmall: boolean;
}

const small = { epochs: 2000, checkEpochs: 300, networks: 1024, batches: [16, 64, 256, 1024], isSmall: true };

export const PROBLEMS: readonly Problem[] = [
  { name: '1-8-1', layers: [1, 8, 1], activation: 'tanh', points: 16, ...small },
  { name: '1-8-8-1', layers: [1, 8, 8, 1], activation: 'tanh', points: 32, ...small },
  { name: '1-16-1', layers: [1, 16, 1], activation: 'tanh', points: 64, ...small },
  { name: '2-8-1-relu', layers: [2, 8, 1], activation: 'relu', points: 64, ...small },
  {
    name: '4-64-64-1',
    layers: [4, 64, 64, 1],
    activation: 'tanh',
    points: 64,
    epochs: 200,
    checkEpochs: 100,
    networks: 64,
    batches: [16, 64],
    isSmall: false,
  },
];

export const OPTIMIZER = {
  kind: 'adam',
  form: 'torch',
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
} as const;

/** The network of a problem with a seed. Its data stand in for samples that the catalogue does not have. */
export function networkOf(
  { layers, activation, points }: Pick<Problem, 'layers' | 'activation' | 'points'>,
  seed: number,
): LayeredNetwork {
  return {
    id: seed,
    key: '',
    layers,
    activation,
    data: { kind: 'sine', points },
    init: 'glorot-uniform',
    optimizer: OPTIMIZER,
    batch: 'full',
    precision: 'float32',
    subnormals: 'ieee',
    seed,
  };
}

/** One input: the sine of the catalogue. Several: draws from −1 … 1, and y = Σ x_i·x_(i+1), the last with the first. */
export function samplesOf({ layers, points }: Problem): { inputs: Float32Array; targets: Float32Array } {
  const inputCount = layers[0];
  if (inputCount === 1) return makeDataset({ kind: 'sine', points });
  const inputs = Float32Array.from({ length: points * inputCount }, (_, i) => {
    const draw = { seed: 1, stream: 'teacher', layer: Math.floor(i / inputCount), index: i % inputCount } as const;
    return 2 * uniform(draw) - 1;
  });
  const targets = Float32Array.from({ length: points }, (_, sample) => {
    const x = inputs.subarray(sample * inputCount, (sample + 1) * inputCount);
    return x.reduce((sum, value, i) => sum + value * x[(i + 1) % inputCount], 0);
  });
  return { inputs, targets };
}

/** Writes a problem for processes of peers that may each take `seconds` for a rate. */
export function writeProblem(folder: string, problem: Problem, seconds: number): void {
  const { inputs, targets } = samplesOf(problem);
  const parameters = parameterCount(problem.layers);
  const theta = new Float32Array(problem.networks * parameters);
  for (let seed = 0; seed < problem.networks; seed++)
    theta.set(initialParameters(networkOf(problem, seed)), seed * parameters);
  for (const [name, values] of Object.entries({ theta, inputs, targets }))
    writeFileSync(join(folder, `${name}.f32`), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const { learningRate, beta1, beta2, epsilon } = OPTIMIZER;
  writeFileSync(
    join(folder, 'problem.json'),
    JSON.stringify({ ...problem, seconds, learningRate, beta1, beta2, epsilon }),
  );
}

/** The problem of a folder. */
export function readProblem(folder: string): Problem & { readonly seconds: number } {
  return JSON.parse(readFileSync(join(folder, 'problem.json'), 'utf8'));
}

/** One way in which a peer trains, how fast it was and what came of it. */
export interface Variant {
  readonly name: string;
  /** Network-epochs a second. */
  readonly rate: number;
  /** The losses of the first few networks at an epoch. */
  readonly epoch: number;
  readonly losses: readonly number[];
}

/** What a peer's process prints as its last line. */
export interface Outcome {
  readonly version: string;
  readonly variants: readonly Variant[];
  /** Ways that did not work, with the reason. */
  readonly failures?: readonly string[];
}

/** Something that trains networks epoch after epoch. */
export interface Trainee {
  readonly networks: number;
  /** Back to the initial weights. */
  reset(): void;
  /** Trains epochs firstEpoch … firstEpoch + count − 1 and returns the losses of the last of them. */
  train(firstEpoch: number, count: number): readonly number[];
}

const WARM_UP_SECONDS = 0.5;
const CHECK_SECONDS = 1;
const WINDOW_SECONDS = 0.02;
const WINDOWS_MIN = 3;

/**
 * Checks and times a trainee; its twin for Python is in problem.py. The rate is the median over windows of some epochs.
 */
export function measure(name: string, trainee: Trainee, problem: Problem & { seconds: number }): Variant {
  const { epochs, seconds } = problem;
  const checkEpochs = Math.min(problem.checkEpochs, epochs);
  trainee.reset();
  trainee.train(1, 1); // whatever is compiled at the first call
  trainee.reset();
  let losses: readonly number[] = [];
  let epoch = 0;
  const begin = now();
  let step = 1;
  while (epoch < checkEpochs && (epoch === 0 || now() - begin < CHECK_SECONDS)) {
    const count = Math.min(step, checkEpochs - epoch);
    losses = trainee.train(epoch + 1, count);
    epoch += count;
    step = Math.max(1, Math.min(step * 2, Math.floor((epoch * 0.2) / (now() - begin))));
  }
  const check = { epoch, losses: losses.slice(0, 4) };

  /** Some epochs that take about a window, again and again from the initial weights. */
  let count = 1;
  const window = (): number => {
    if (epoch + count > epochs) {
      trainee.reset();
      epoch = 0;
    }
    const from = now();
    trainee.train(epoch + 1, count);
    epoch += count;
    return (now() - from) / count;
  };
  const until = now() + Math.min(WARM_UP_SECONDS, seconds);
  do {
    const secondsAnEpoch = window();
    count = Math.max(1, Math.min(epochs, 2 * count, Math.floor(WINDOW_SECONDS / secondsAnEpoch)));
  } while (now() < until);
  const rates: number[] = [];
  const end = now() + seconds;
  while (rates.length < WINDOWS_MIN || now() < end) rates.push(trainee.networks / window());
  return { name, rate: median(rates), ...check };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}
