/**
 * The claims about the stability threshold on ½λx², where everything follows from one recurrence. With gradient λx and
 * a denominator d that hardly moves, x follows x_{t+1} = (1 + β1 − q)·x_t − β1·x_{t−1}, q = lr·λ(1 − β1)/d. Its
 * multipliers have the size √β1 for q < (1 + √β1)². One of them is −1 at q = 2(1 + β1) and larger beyond.
 */
import type { OptimizerConfig } from '../../schemas/network.ts';
import { elementaryOf, log } from '../numeric/elementary.ts';
import type { NumberMeasurement } from './claim.ts';
import { largest, largestByKernel, type Trajectory, train } from './objective-training.ts';

const { exp } = elementaryOf('float64');

/** Steps between the threshold and the turn of |x|, at most. They are a phase: x still winds slowly about 0. */
const TURN_STEPS = 15;

/** The denominator at which q = 2(1 + β1) under λx²/2. */
const criticalDenominator = ({ learningRate, beta1 = 0 }: OptimizerConfig, curvature = 1): number =>
  (learningRate * curvature * (1 - beta1)) / (2 * (1 + beta1));

/** The first step whose denominator is below `limit`; −1 if there is none. */
function passingStep({ secondMoment }: Trajectory, optimizer: OptimizerConfig, limit: number): number {
  const { kind, beta2 = 0, epsilon = 0 } = optimizer;
  let power = 1;
  return secondMoment.findIndex((v, t) => {
    if (t > 0) power *= beta2;
    const corrected = kind === 'rmsprop' ? v : v / (1 - power);
    return t > 0 && Math.sqrt(corrected) + epsilon < limit;
  });
}

/** The step of the smallest |x| by the time that the spike is under way. */
function turnBefore({ x }: Trajectory, passed: number): number {
  let turned = 0;
  for (let t = 1; t <= passed + 300; t++) if (Math.abs(x[t]) < Math.abs(x[turned])) turned = t;
  return turned;
}

/** The first step from which on, until `passed`, gradients are too small to count in v. */
function quietStep({ x, secondMoment }: Trajectory, passed: number): number {
  let t = passed;
  while (t > 0 && x[t] * x[t] < 1e-12 * secondMoment[t]) t--;
  return t + 1;
}

/**
 * The passing step in closed form. From a quiet step s on v_t = v_s·β2^(t−s), so √(v_t/(1 − β2^t)) + ε reaches the
 * limit at t = s + ln(v_s/v*)/(−ln β2) with v* = (limit − ε)²(1 − β2^t), which hardly depends on t.
 */
function passingTime(quiet: { step: number; v: number }, optimizer: OptimizerConfig, limit: number): number {
  const { beta2 = 0, epsilon = 0 } = optimizer;
  const decay = -log(beta2);
  const room = (limit - epsilon) * (limit - epsilon);
  let t = quiet.step;
  for (let round = 0; round < 8; round++) t = quiet.step + log(quiet.v / (room * (1 - exp(-decay * t)))) / decay;
  return Math.ceil(t);
}

export function* constantCurvature(): Generator<NumberMeasurement> {
  const basis = 'theory';
  const settings = [
    [0.99, 1e-3],
    [0.99, 1e-2],
    [0.99, 1e-1],
    [0.999, 1e-2],
    [0.999, 1e-1],
  ] as const;
  const beta1 = 0.9;
  for (const [beta2, learningRate] of settings) {
    const optimizer = { kind: 'adam', form: 'torch', learningRate, beta1, beta2, epsilon: 1e-8 } as const;
    const trajectory = train({ optimizer }, 15_000);
    const limit = criticalDenominator(optimizer);
    const passed = passingStep(trajectory, optimizer, limit);
    const step = quietStep(trajectory, passed);
    const predicted = passingTime({ step, v: trajectory.secondMoment[step] }, optimizer, limit);
    const setting = `β2 ${beta2}, lr ${learningRate}`;
    const passing = { expected: predicted, measured: passed, within: [predicted - 1, predicted + 1] } as const;
    yield { setting: `${setting}: √v̂ + ε passes`, basis, ...passing };
    const decay = { expected: -log(beta1) / 2 + log(beta2) / 4, measured: decayRate(trajectory, step, passed) };
    yield { setting: `${setting}: ln |x| falls per step by`, basis, ...decay, within: 0.03 };
    yield turnRow(setting, trajectory, passed);
  }
}

/**
 * The decay of ln |x| per step between two steps, by its envelopes of some steps. It is −½ ln β1 where d stands still.
 * As d falls by √β2 a step, the product of the two multipliers is β1/√β2, which takes ¼·(−ln β2) away.
 */
function decayRate({ x }: Trajectory, first: number, last: number): number {
  const span = 40;
  const envelope = (t: number) => largest(x.subarray(0, t + span), t);
  return log(envelope(first) / envelope(last - span)) / (last - span - first);
}

/** Where |x| turns, beside where the threshold is passed. */
function turnRow(setting: string, trajectory: Trajectory, passed: number): NumberMeasurement {
  const measured = passed < 0 ? Number.NaN : turnBefore(trajectory, passed) - passed;
  const turn = { expected: 0, measured, within: [-TURN_STEPS, TURN_STEPS] } as const;
  return { setting: `${setting}: steps from passing to the turn of |x|`, basis: 'theory', ...turn };
}

export function* thresholdFamily(): Generator<NumberMeasurement> {
  const own = { form: 'torch', learningRate: 1e-2, beta2: 0.99, epsilon: 1e-8 } as const;
  const family = [
    { kind: 'rmsprop', ...own },
    { kind: 'adam', beta1: 0, ...own },
    { kind: 'adam', beta1: 0.9, ...own },
    { kind: 'adam', beta1: 0.95, ...own },
  ] as const satisfies OptimizerConfig[];
  for (const optimizer of family) {
    const trajectory = train({ optimizer }, 4000);
    const passed = passingStep(trajectory, optimizer, criticalDenominator(optimizer));
    const threshold = Math.round(optimizer.learningRate / criticalDenominator(optimizer));
    const name = optimizer.kind === 'rmsprop' ? 'rmsprop' : `adam, β1 ${optimizer.beta1}`;
    yield turnRow(`${name}, threshold ${threshold}`, trajectory, passed);
  }
}

/** Where ε holds the denominator just above or well below its critical value. */
const EPSILON_FACTORS = { above: 1.02, below: 0.9 } as const;

export function* criticalEpsilon(): Generator<NumberMeasurement> {
  const [curvature, start] = [3, 0.1];
  const settings = [0.9, 0.95].flatMap((beta1) =>
    [0.99, 0.999].flatMap((beta2) => [1e-3, 1e-2].map((learningRate) => ({ beta1, beta2, learningRate }))),
  );
  const trainings = settings.flatMap((setting) =>
    Object.values(EPSILON_FACTORS).map((factor) => {
      const optimizer = { kind: 'adam', form: 'torch', ...setting } as const;
      const epsilon = factor * criticalDenominator(optimizer, curvature);
      return { optimizer: { ...optimizer, epsilon }, curvature, start };
    }),
  );
  const steps = 400_000;
  const heights = largestByKernel(trainings, { steps, first: steps / 2 });
  for (const [i, { beta1, beta2, learningRate }] of settings.entries()) {
    const setting = `β1 ${beta1}, β2 ${beta2}, lr ${learningRate}`;
    const [above, below] = [heights[2 * i], heights[2 * i + 1]].map((height) => height / learningRate);
    const factors = EPSILON_FACTORS;
    // A loss of 0 stands for |x| < 1e-161, whose square underflows.
    const rest = { expected: 0, measured: above, within: [0, 1e-150] } as const;
    yield { setting: `${setting}, ${factors.above} ε*: largest |x|/lr`, basis: 'theory', ...rest };
    const spike = spikeHeights({ beta1, beta2 }, 1 - factors.below);
    yield { setting: `${setting}, ${factors.below} ε*: largest |x|/lr`, basis: 'theory', measured: below, ...spike };
  }
}

/**
 * The heights |x|/lr that spikes may have, where ε leaves a share of the critical denominator to √v. Growth ends where
 * √v fills that share. v is a mean of (λx)², so the largest |x| is at least that, and at most what fills v in one step.
 */
function spikeHeights({ beta1, beta2 }: { beta1: number; beta2: number }, share: number) {
  const least = (share * (1 - beta1)) / (2 * (1 + beta1));
  return { expected: least, within: [least, least / Math.sqrt(1 - beta2)] } as const;
}

export function* amsgradRest(): Generator<NumberMeasurement> {
  const [steps, basis, beta1] = [100_000, 'theory', 0.9] as const;
  for (const beta2 of [0.9, 0.99, 0.999]) {
    for (const kind of ['amsgrad', 'adam'] as const) {
      const optimizer = { kind, form: 'torch', learningRate: 1e-2, beta1, beta2, epsilon: 1e-8 } as const;
      const height = largest(train({ optimizer }, steps).x, 0.8 * steps);
      const setting = `${kind}, β2 ${beta2}: largest |x|`;
      if (kind === 'amsgrad') yield { setting, basis, expected: 0, measured: height, within: [0, 1e-300] };
      else yield { setting: `${setting}/lr`, basis, measured: height / 1e-2, ...spikeHeights({ beta1, beta2 }, 1) };
    }
  }
}
