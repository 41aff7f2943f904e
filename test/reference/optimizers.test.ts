/**
 * The optimisers on their own. The four forms of Adam are told apart by their fate on ½x² (gradient x), where the order
 * of two operations decides between silence and re-ignition; every form of every optimiser is compared with its formula
 * in float64, written as sums over all gradients so far.
 */
import { describe, expect, test } from 'vitest';
import { type FormName, namesOf, OPTIMIZERS, type OptimizerName } from '../../schemas/catalogue.ts';
import type { OptimizerConfig } from '../../schemas/network.ts';
import type { Precision } from '../../src/numeric/rounding.ts';
import { type Flush, makeOptimizer, type OptimizerState } from '../../src/reference/optimizers.ts';
import { floats } from './networks.ts';

const IEEE: Flush = { gradient: (x) => x, moment: (x) => x };
const adam = (form: FormName): OptimizerConfig => ({
  kind: 'adam',
  form,
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
});

/** The state of one parameter, of whatever optimiser. */
function oneParameter(precision: Precision, { theta = 0, m = 0, v = 0, vMax = 0 }): OptimizerState {
  const [first, second] = [floats(precision, [m]), floats(precision, [v])];
  return {
    theta: floats(precision, [theta]),
    firstMoment: first,
    secondMoment: second,
    maxSecondMoment: floats(precision, [vMax]),
  };
}

/** |x| at every step of the descent on ½x² from 1. */
function descend(form: FormName, precision: Precision, steps: number): Float64Array {
  const optimizer = makeOptimizer(adam(form), precision, IEEE);
  const state = oneParameter(precision, { theta: 1 });
  const path = new Float64Array(steps + 1).fill(1);
  for (let t = 1; t <= steps; t++) {
    optimizer.beginStep(t);
    optimizer.update(state, 0, state.theta[0]);
    path[t] = Math.abs(state.theta[0]);
  }
  return path;
}

/** The first step after 20,000 at which |x| > 10⁻⁶, or −1. */
const reignition = (path: Float64Array) => path.findIndex((x, t) => t > 20_000 && x > 1e-6);

describe('on ½x² with learning rate 1e-3 and epsilon 1e-8', () => {
  test.each(['torch', 'paper', 'quotient', 'keras'] as const)('float64 %s re-ignites near step 21,420', (form) => {
    const path = descend(form, 'float64', 25_000);
    expect(Math.abs(reignition(path) - 21_420)).toBeLessThan(0.02 * 21_420);
    const height = Math.max(...path.subarray(20_000));
    expect(Math.abs(height - 1.1e-3)).toBeLessThan(0.15 * 1.1e-3);
  });

  test.each(['torch', 'paper', 'keras'] as const)('float32 %s freezes among the subnormals for ever', (form) => {
    const path = descend(form, 'float32', 60_000);
    expect(reignition(path)).toBe(-1);
    expect(path[60_000]).toBeGreaterThan(0);
    expect(path[60_000]).toBeLessThan(1e-42);
    expect(path[59_999]).toBe(path[60_000]);
  });

  test('float32 quotient re-ignites near step 20,900', () => {
    const path = descend('quotient', 'float32', 25_000);
    expect(Math.abs(reignition(path) - 20_900)).toBeLessThan(0.02 * 20_900);
    const height = Math.max(...path.subarray(20_000));
    expect(height).toBeGreaterThan(5e-4);
    expect(height).toBeLessThan(1.05e-3);
  });
});

test('the four forms of Adam agree in float64 to rounding, and differ in bits', () => {
  const paths = (['torch', 'paper', 'quotient', 'keras'] as const).map((form) => descend(form, 'float64', 4000));
  // Keras adds epsilon to an uncorrected root, so that it is off by about epsilon/√v.
  for (const path of paths) expect(Math.abs(path[500] / paths[0][500] - 1)).toBeLessThan(1e-5);
  expect(new Set(paths.map((path) => path.join())).size).toBe(4);
});

describe('in float64 the sums over all gradients so far give the same as the recursions', () => {
  const options = { learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.3 };
  const { learningRate: lr, beta1, beta2, epsilon, weightDecay } = options;
  const STEPS = 60;
  /** Rises and falls again, so that the largest second moment is not the last. */
  const gradients = Array.from({ length: STEPS }, (_, i) => Math.sin(1.7 * i) * Math.exp(-((i - 20) ** 2) / 100));
  const sum = (t: number, beta: number, read: (g: number) => number) =>
    gradients.slice(0, t).reduce((total, g, i) => total + beta ** (t - 1 - i) * read(g), 0);
  const m = (t: number) => (1 - beta1) * sum(t, beta1, (g) => g);
  const v = (t: number) => (1 - beta2) * sum(t, beta2, (g) => g * g);
  const vMax = (t: number) => Math.max(...Array.from({ length: t }, (_, i) => v(i + 1)));
  const [bias1, bias2] = [(t: number) => 1 - beta1 ** t, (t: number) => 1 - beta2 ** t];

  /** Adam's step, the second moment given: Keras alone adds epsilon to the root of the uncorrected one. */
  const adamStep = (form: FormName, t: number, second: number) =>
    form === 'keras'
      ? (lr * Math.sqrt(bias2(t)) * m(t)) / bias1(t) / (Math.sqrt(second) + epsilon)
      : (lr * m(t)) / bias1(t) / (Math.sqrt(second / bias2(t)) + epsilon);
  const STEP: Readonly<Record<OptimizerName, (form: FormName, t: number, theta: number) => number>> = {
    adam: (form, t) => adamStep(form, t, v(t)),
    adamw: (form, t, theta) => lr * weightDecay * theta + adamStep(form, t, v(t)),
    amsgrad: (form, t) => adamStep(form, t, vMax(t)),
    rmsprop: (_form, t) => (lr * gradients[t - 1]) / (Math.sqrt(v(t)) + epsilon),
    momentum: (_form, t) => lr * sum(t, beta1, (g) => g),
    sgd: (_form, t) => lr * gradients[t - 1],
  };

  const updates = namesOf(OPTIMIZERS).flatMap((kind) => OPTIMIZERS[kind].forms.map((form) => ({ kind, form })));
  test.each(updates)('$kind $form', ({ kind, form }) => {
    const optimizer = makeOptimizer({ kind, form, ...options }, 'float64', IEEE);
    const state = oneParameter('float64', { theta: 1 });
    let theta = 1;
    for (let t = 1; t <= STEPS; t++) {
      optimizer.beginStep(t);
      optimizer.update(state, 0, gradients[t - 1]);
      theta -= STEP[kind](form, t, theta);
      expect(Math.abs(state.theta[0] - theta), `after step ${t}`).toBeLessThan(1e-14);
    }
    if (kind === 'amsgrad') expect(state.maxSecondMoment[0]).toBeGreaterThan(1.5 * state.secondMoment[0]);
  });
});

test.each(OPTIMIZERS.amsgrad.forms)('amsgrad %s hands NaN of v on to v_max and θ', (form) => {
  const optimizer = makeOptimizer({ ...adam(form), kind: 'amsgrad' }, 'float32', IEEE);
  const state = oneParameter('float32', { theta: 1, v: Number.NaN, vMax: 1 });
  optimizer.beginStep(1);
  optimizer.update(state, 0, 0.5);
  expect([...state.maxSecondMoment, ...state.theta]).toEqual([Number.NaN, Number.NaN]);
});

test('the factor of weight decay is rounded once, and multiplies θ before anything is subtracted', () => {
  const config: OptimizerConfig = { ...adam('torch'), kind: 'adamw', learningRate: 0.3, weightDecay: 0.7 };
  const state = oneParameter('float32', { theta: 3 });
  const optimizer = makeOptimizer(config, 'float32', IEEE);
  optimizer.beginStep(1);
  optimizer.update(state, 0, 0);
  expect(state.theta[0]).toBe(Math.fround(3 * Math.fround(1 - 0.3 * 0.7)));
  expect(Math.fround(1 - 0.3 * 0.7)).not.toBe(Math.fround(1 - Math.fround(Math.fround(0.3) * Math.fround(0.7))));
});

test('constants are rounded once: 1 − β2 in float32 is fround(1 − .9999), not fround(1 − fround(.9999))', () => {
  const config = { ...adam('torch'), beta2: 0.9999 };
  const state = oneParameter('float32', {});
  const optimizer = makeOptimizer(config, 'float32', IEEE);
  optimizer.beginStep(1);
  optimizer.update(state, 0, 1);
  expect(state.secondMoment[0]).toBe(Math.fround(1 - 0.9999));
  expect(state.secondMoment[0]).not.toBe(Math.fround(1 - Math.fround(0.9999)));
});

test('the bias corrections of an epoch do not depend on the epochs asked for before', () => {
  const config = adam('torch');
  const stepFrom = (epochs: number[]) => {
    const state = oneParameter('float64', { theta: 1, m: 0.5, v: 0.25 });
    const optimizer = makeOptimizer(config, 'float64', IEEE);
    for (const t of epochs) optimizer.beginStep(t);
    optimizer.update(state, 0, 0.125);
    return state.theta[0];
  };
  const expected = stepFrom(Array.from({ length: 37 }, (_, i) => i + 1));
  expect(stepFrom([37])).toBe(expected);
  expect(stepFrom([100, 5, 37])).toBe(expected);
  expect(stepFrom([38])).not.toBe(expected);
});
