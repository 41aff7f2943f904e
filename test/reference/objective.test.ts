/**
 * Objectives of one parameter: values and gradients by hand and by differences, and what they are for: Adam on ½x²,
 * which takes fire again long after it has come to rest, or freezes for ever, as its form and precision have it.
 */
import { describe, expect, test } from 'vitest';
import type { FormName, Precision } from '../../schemas/catalogue.ts';
import type { Objective, ObjectiveConfig, OptimizerConfig } from '../../schemas/network.ts';
import { initialParameter } from '../../src/data/objectives.ts';
import { makeEpoch } from '../../src/reference/epoch.ts';
import { objectiveLoss } from '../../src/reference/objective.ts';
import { stateOf } from './networks.ts';

const ADAM = { kind: 'adam', form: 'torch', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

function configOf(objective: Partial<Objective>, optimizer: OptimizerConfig, precision: Precision): ObjectiveConfig {
  return {
    objective: { kind: 'power', exponent: 2, curvature: 1, start: 1, ...objective },
    ...{ optimizer, precision, subnormals: 'ieee', seed: 0 },
  };
}

/** Loss and gradient at x. */
function at(x: number, objective: Partial<Objective>, precision: Precision = 'float64'): [number, number] {
  const loss = objectiveLoss(configOf(objective, ADAM, precision));
  const gradient = new Float64Array(1);
  loss.beginEpoch(1);
  loss.step(1, Float64Array.of(x), gradient);
  return [loss.value(), gradient[0]];
}

describe('the power λ|x|^k/k', () => {
  test.each([
    [2, 3, -2, 6, -6],
    [3, 3, -2, 8, -12],
    [3, 1.5, 2, 4, 6],
    [4, 1, 3, 20.25, 27],
    [8, 2, -1, 0.25, -2],
  ])(
    'with k = %i and λ = %f has at x = %f the loss %f and the gradient %f',
    (exponent, curvature, x, loss, gradient) => {
      expect(at(x, { exponent, curvature })).toEqual([loss, gradient]);
    },
  );

  test.each([2, 3, 4, 5, 6, 7, 8])('with k = %i has the slope of its loss as its gradient', (exponent) => {
    for (const x of [-1.3, -0.2, 0.7, 2.1]) {
      const h = 1e-5;
      const slope = (at(x + h, { exponent })[0] - at(x - h, { exponent })[0]) / (2 * h);
      expect(at(x, { exponent })[1] / slope).toBeCloseTo(1, 7);
    }
  });

  test('keeps the sign of 0, and rounds each product to the precision', () => {
    expect(at(0, {})).toEqual([0, 0]);
    expect(at(-0, { exponent: 3 })).toEqual([0, -0]);
    const [scale, curvature] = [0.7 / 4, 0.7].map(Math.fround);
    for (let i = 1; i <= 50; i++) {
      const x = Math.fround(i / 7);
      const q = Math.fround(Math.fround(x * x) * x);
      expect(at(x, { exponent: 4, curvature: 0.7 }, 'float32')).toEqual([
        Math.fround(scale * Math.fround(q * x)),
        Math.fround(curvature * q),
      ]);
    }
  });
});

/** |x| after each step, from step 1 on. */
function trajectory(form: FormName, precision: Precision, steps: number): Float64Array {
  const config = configOf({}, { ...ADAM, form }, precision);
  const state = stateOf(config, initialParameter(config.objective));
  const epoch = makeEpoch(config, null);
  return Float64Array.from({ length: steps }, (_, i) => {
    epoch(state, i + 1);
    return Math.abs(state.theta[0]);
  });
}

/** The first step after 20,000 with |x| > 1e-6, or null. */
function ignition(sizes: Float64Array): number | null {
  const i = sizes.findIndex((size, step) => step >= 20_000 && size > 1e-6);
  return i < 0 ? null : i + 1;
}

const STEPS = 24_000;

describe('Adam on ½x² from x = 1', () => {
  test.each(['torch', 'paper', 'quotient', 'keras'] as const)(
    'takes fire again near step 21,420 in float64, form %s',
    (form) => {
      const sizes = trajectory(form, 'float64', STEPS);
      const step = ignition(sizes) as number;
      expect(Math.abs(step / 21_420 - 1)).toBeLessThanOrEqual(0.02);
      const largest = sizes.subarray(20_000).reduce((max, size) => Math.max(max, size), 0);
      expect(Math.abs(largest / 1.1e-3 - 1)).toBeLessThanOrEqual(0.15);
    },
  );

  test('does so in float32 near step 20,900 in the quotient form', () => {
    const sizes = trajectory('quotient', 'float32', STEPS);
    expect(Math.abs((ignition(sizes) as number) / 20_900 - 1)).toBeLessThanOrEqual(0.02);
    const largest = sizes.subarray(20_000).reduce((max, size) => Math.max(max, size), 0);
    expect(largest).toBeGreaterThanOrEqual(5e-4);
    expect(largest).toBeLessThanOrEqual(1e-3);
  });

  test.each(['torch', 'paper', 'keras'] as const)('freezes for ever in float32, form %s', (form) => {
    const config = configOf({}, { ...ADAM, form }, 'float32');
    const state = stateOf(config, initialParameter(config.objective));
    const epoch = makeEpoch(config, null);
    let changed = 0;
    for (let t = 1; t <= 60_000; t++) if (epoch(state, t).changedParameters > 0) changed = t;
    expect(changed).toBeLessThan(20_000);
    expect(Math.abs(state.theta[0])).toBeGreaterThan(1e-43);
    expect(Math.abs(state.theta[0])).toBeLessThan(1e-42);
  });
});
