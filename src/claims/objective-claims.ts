/**
 * The claims about one parameter, ½x² and x⁴/4: trained here and now by the scalar reference, whose bits are those of
 * every engine.
 */
import type { FormName, Precision } from '../../schemas/catalogue.ts';
import type { ObjectiveConfig, OptimizerConfig } from '../../schemas/network.ts';
import { initialParameter } from '../data/objectives.ts';
import { floatArray } from '../numeric/bits.ts';
import { makeEpoch } from '../reference/epoch.ts';
import type { Measurement } from './claim.ts';

/** Every x and v of a training, `[step]`; step 0 is the start. */
interface Trajectory {
  readonly x: Float64Array;
  readonly secondMoment: Float64Array;
}

/** Trains x from 1 under |x|^k/k. */
function train(setting: {
  exponent: number;
  precision: Precision;
  optimizer: Omit<OptimizerConfig, 'kind'>;
  steps: number;
}): Trajectory {
  const { precision, steps } = setting;
  const objective = { kind: 'power', exponent: setting.exponent, curvature: 1, start: 1 } as const;
  const optimizer = { kind: 'adam', ...setting.optimizer } as const;
  const config: ObjectiveConfig = { objective, optimizer, precision, subnormals: 'ieee', seed: 0 };
  const epoch = makeEpoch(config, null);
  const state = {
    theta: floatArray(precision, 1),
    firstMoment: floatArray(precision, 1),
    secondMoment: floatArray(precision, 1),
    maxSecondMoment: floatArray(precision, 0),
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
const largest = (x: Float64Array, first: number): number =>
  x.subarray(first).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** The claims whose settings are single trainings, setting by setting. */
export const OBJECTIVE_CLAIMS: Readonly<
  Record<'reignition' | 'constant-curvature' | 'three-phases' | 'two-cycle', () => Generator<Measurement>>
> = {
  reignition,
  'constant-curvature': constantCurvature,
  'three-phases': threePhases,
  'two-cycle': twoCycle,
};

/** By then the first descent is over, and x is at rest in every form. */
const QUIET_STEP = 20_000;
const REIGNITED = 1e-6;

function* reignition(): Generator<Measurement> {
  const forms: readonly FormName[] = ['torch', 'paper', 'quotient', 'keras'];
  for (const precision of ['float64', 'float32'] as const) {
    for (const form of forms) {
      const optimizer = { form, learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
      const { x } = train({ exponent: 2, precision, optimizer, steps: 30_000 });
      const setting = `${precision} ${form}`;
      if (precision === 'float32' && form !== 'quotient') {
        const measured = largest(x, QUIET_STEP + 1);
        yield { setting: `${setting}: freezes at |x|`, expected: 5e-43, measured, within: 0.2 };
        continue;
      }
      const step = x.findIndex((value, t) => t > QUIET_STEP && Math.abs(value) > REIGNITED);
      const expected = precision === 'float64' ? 21_420 : 20_900;
      yield { setting: `${setting}: first |x| > 1e-6`, expected, measured: step < 0 ? Number.NaN : step, within: 0.02 };
      const height = { setting: `${setting}: largest |x|`, measured: largest(x, QUIET_STEP + 1) };
      if (precision === 'float64') yield { ...height, expected: 1.1e-3, within: 0.15 };
      else yield { ...height, expected: 7.5e-4, within: [5e-4, 1e-3] };
    }
  }
}

function* constantCurvature(): Generator<Measurement> {
  // β2, lr, the step at which √v̂ + ε passes and the one at which x turns.
  const settings = [
    [0.99, 1e-3, 2862, 2858],
    [0.99, 1e-2, 1578, 1565],
    [0.99, 1e-1, 887, 885],
    [0.999, 1e-2, 13_254, 13_241],
    [0.999, 1e-1, 6540, 6525],
  ] as const;
  const [beta1, epsilon] = [0.9, 1e-8];
  for (const [beta2, learningRate, passes, turns] of settings) {
    const optimizer = { form: 'torch', learningRate, beta1, beta2, epsilon } as const;
    const { x, secondMoment } = train({ exponent: 2, precision: 'float64', optimizer, steps: 15_000 });
    const limit = (learningRate * (1 - beta1)) / (2 * (1 + beta1));
    let power = 1;
    const passed = secondMoment.findIndex((v, t) => {
      if (t > 0) power *= beta2;
      return t > 0 && Math.sqrt(v / (1 - power)) + epsilon < limit;
    });
    const setting = `β2 ${beta2}, lr ${learningRate}`;
    yield {
      setting: `${setting}: √v̂ + ε passes`,
      expected: passes,
      measured: passed,
      within: [passes - 5, passes + 5],
    };
    const turned = turnBefore(x, passed);
    yield { setting: `${setting}: |x| turns`, expected: turns, measured: turned, within: [turns - 5, turns + 5] };
  }
}

/** The step of the smallest |x| by the time that the spike is under way. */
function turnBefore(x: Float64Array, passed: number): number {
  let turned = 0;
  for (let t = 1; t <= passed + 300; t++) if (Math.abs(x[t]) < Math.abs(x[turned])) turned = t;
  return turned;
}

function* threePhases(): Generator<Measurement> {
  const steps = 100_000;
  const half = steps / 2;
  const at = (beta2: number) => {
    const optimizer = { form: 'torch', learningRate: 1e-3, beta1: 0.9, beta2, epsilon: 0 } as const;
    const { x } = train({ exponent: 4, precision: 'float64', optimizer, steps });
    let flips = 0;
    for (let t = half + 1; t <= steps; t++) if (x[t] * x[t - 1] < 0) flips++;
    return { height: largest(x, half + 1), flips: flips / half };
  };
  const converging = at(0.91);
  yield { setting: 'β2 0.91 converges: largest |x|', expected: 0, measured: converging.height, within: [0, 1e-20] };
  // Half of the way between the two shares of sign changes tells spikes from oscillation.
  const limit = 0.28;
  const spiking = at(0.895);
  yield { setting: 'β2 0.895 spikes: largest |x|', expected: 3e-4, measured: spiking.height, within: 0.3 };
  yield { setting: 'β2 0.895 spikes: sign changes', expected: 0.24, measured: spiking.flips, within: [0, limit] };
  const oscillating = at(0.8);
  yield { setting: 'β2 0.8 oscillates: largest |x|', expected: 3e-4, measured: oscillating.height, within: 0.3 };
  yield { setting: 'β2 0.8 oscillates: sign changes', expected: 0.32, measured: oscillating.flips, within: [limit, 1] };
}

function* twoCycle(): Generator<Measurement> {
  const steps = 20_000;
  for (const precision of ['float32', 'float64'] as const) {
    for (const learningRate of [1e-3, 1e-2, 1e-1]) {
      const optimizer = { form: 'torch', learningRate, beta1: 0, beta2: 0.9, epsilon: 1e-8 } as const;
      const { x } = train({ exponent: 2, precision, optimizer, steps });
      const isCycle = x[steps] * x[steps - 1] < 0 && x[steps] * x[steps - 2] > 0;
      const measured = isCycle ? Math.abs(x[steps]) : Number.NaN;
      yield { setting: `${precision}, lr ${learningRate}: |x|`, expected: learningRate / 2, measured, within: 0.01 };
    }
  }
}
