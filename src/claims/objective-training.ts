/**
 * Trainings of one parameter x under λ|x|^k/k, for the claims about optimisers by themselves. One function trains by
 * the scalar reference and keeps every step. The other trains many settings at once by a kernel and keeps the losses.
 */
import { type MomentName, OPTIMIZERS, type Precision } from '../../schemas/catalogue.ts';
import type { Network, Objective, ObjectiveConfig, OptimizerConfig } from '../../schemas/network.ts';
import { SIGNAL_NAMES } from '../../schemas/signals.ts';
import { initialParameter } from '../data/objectives.ts';
import { sharedMemory } from '../group/layout.ts';
import { compileKernel } from '../kernel/compile.ts';
import { floatArray } from '../numeric/bits.ts';
import { groupShape } from '../plan/pack.ts';
import { makeEpoch } from '../reference/epoch.ts';
import { initialiseGroup, kernelEngine } from '../train/engine.ts';

/** Which training: by default from x = 1 under ½x² in float64. */
export interface Training {
  readonly optimizer: OptimizerConfig;
  readonly exponent?: number;
  readonly curvature?: number;
  readonly start?: number;
  readonly precision?: Precision;
}

/** Every x and v of a training, `[step]`; step 0 is the start. */
export interface Trajectory {
  readonly x: Float64Array;
  readonly secondMoment: Float64Array;
}

function configOf({ optimizer, exponent = 2, curvature = 1, start = 1, precision = 'float64' }: Training) {
  const objective: Objective = { kind: 'power', exponent, curvature, start };
  return { objective, optimizer, precision, subnormals: 'ieee', seed: 0 } as const satisfies ObjectiveConfig;
}

/** Trains by the reference, whose bits are those of every engine. */
export function train(training: Training, steps: number): Trajectory {
  const config = configOf(training);
  const { precision, objective, optimizer } = config;
  const epoch = makeEpoch(config, null);
  const kept: readonly MomentName[] = OPTIMIZERS[optimizer.kind].moments;
  const moment = (name: MomentName) => floatArray(precision, kept.includes(name) ? 1 : 0);
  const state = {
    theta: floatArray(precision, 1),
    firstMoment: moment('firstMoment'),
    secondMoment: moment('secondMoment'),
    maxSecondMoment: moment('maxSecondMoment'),
    previousUpdate: floatArray(precision, 1),
  };
  state.theta.set(initialParameter(objective));
  const [x, secondMoment] = [new Float64Array(steps + 1), new Float64Array(steps + 1)];
  [x[0]] = state.theta;
  for (let t = 1; t <= steps; t++) {
    epoch(state, t);
    [x[t]] = state.theta;
    [secondMoment[t]] = state.secondMoment;
  }
  return { x, secondMoment };
}

/** Largest |x| of the steps from `first` on. */
export const largest = (x: Float64Array, first: number): number =>
  x.subarray(first).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Steps that a kernel trains at a time; any number gives the same bits. */
const CHUNK_STEPS = 1000;

/**
 * Trains settings of one optimiser and form under λ|x|²/2 side by side, by a WebAssembly kernel, for whole thousands of
 * steps. Returns the largest |x| of each setting, from step `first` on.
 */
export function largestByKernel(
  trainings: readonly Omit<Training, 'exponent' | 'precision'>[],
  { steps, first }: { steps: number; first: number },
): number[] {
  const networks = trainings.map((training, id): Network => ({ ...configOf(training), id, key: '' }));
  const lanes = 2 * Math.ceil(networks.length / 2);
  const chunk = { chunkEpochs: CHUNK_STEPS, subchunkEpochs: CHUNK_STEPS };
  const shape = { ...groupShape({ networks, lanes }, CHUNK_STEPS), ...chunk };
  const kernel = compileKernel(shape);
  const group = initialiseGroup({ networks, shape, memory: sharedMemory(kernel.memoryBytes) });
  const engine = kernelEngine(group, kernel);
  const lossStart = SIGNAL_NAMES.indexOf('loss') * CHUNK_STEPS;
  const losses = networks.map(() => 0);
  for (let firstEpoch = 1; firstEpoch <= steps; firstEpoch += CHUNK_STEPS) {
    engine({ firstEpoch, count: CHUNK_STEPS });
    for (let i = Math.max(0, first - firstEpoch); i < CHUNK_STEPS; i++) {
      for (const lane of losses.keys()) {
        losses[lane] = Math.max(losses[lane], group.sections.signals[(lossStart + i) * lanes + lane]);
      }
    }
  }
  return trainings.map(({ curvature = 1 }, lane) => Math.sqrt((2 * losses[lane]) / curvature));
}
