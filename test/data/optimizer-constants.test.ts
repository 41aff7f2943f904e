/**
 * The constants of an optimiser against values computed by hand, and their independence of the order in which epochs
 * are asked for.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OPTIMIZERS } from '../../schemas/catalogue.ts';
import type { OptimizerConfig } from '../../schemas/network.ts';
import { CONSTANT_NAMES, Corrections, constantsOf, correctionNames } from '../../src/data/optimizer-constants.ts';
import { roundingTo } from '../../src/numeric/rounding.ts';

/** The corrections of one epoch, by an object that has seen no other. */
function correctionsOf(config: OptimizerConfig, epoch: number): number[] {
  const corrections = new Corrections(config, 1);
  corrections.begin(epoch, 1);
  return [...corrections.values];
}

/** β1³ = 0.125 and β2³ = 0.421875 exactly. */
const simple = { kind: 'adam', learningRate: 0.0625, beta1: 0.5, beta2: 0.75, epsilon: 1e-8 } as const;

test('the constants of all epochs are the hyper-parameters and 1 − β, from unrounded numbers', () => {
  const constants = constantsOf({ ...simple, form: 'torch', beta1: 0.9, beta2: 0.999 });
  expect(Object.keys(constants).sort()).toEqual([...CONSTANT_NAMES].sort());
  expect(constants).toEqual({
    learningRate: 0.0625,
    beta1: 0.9,
    beta2: 0.999,
    oneMinusBeta1: 0.09999999999999998,
    oneMinusBeta2: 0.0010000000000000009,
    epsilon: 1e-8,
    decayFactor: 1,
  });
});

test('the factor of weight decay is 1 − lr·λ, of one product and one difference in float64', () => {
  const adamw = { ...simple, kind: 'adamw', form: 'torch', learningRate: 0.1, weightDecay: 0.01 } as const;
  expect(constantsOf(adamw).decayFactor).toBe(1 - 0.1 * 0.01);
  expect(correctionNames(adamw)).toEqual(['stepSize', 'rootCorrection']);
});

test('RMSprop and momentum correct nothing', () => {
  expect(correctionNames({ kind: 'rmsprop', form: 'torch' })).toEqual([]);
  expect(correctionNames({ kind: 'momentum', form: 'torch' })).toEqual([]);
});

test('gradient descent has a learning rate, zeros for what it lacks, and no corrections', () => {
  const sgd = { kind: 'sgd', form: 'torch', learningRate: 0.25 } as const;
  expect(constantsOf(sgd)).toMatchObject({ learningRate: 0.25, beta1: 0, beta2: 0, epsilon: 0 });
  expect(correctionNames(sgd)).toEqual([]);
  expect(new Corrections(sgd, 4).values).toHaveLength(0);
});

describe('the corrections of epoch 3', () => {
  test.each([
    ['torch', ['stepSize', 'rootCorrection'], [0.0625 / 0.875, Math.sqrt(0.578125)]],
    ['paper', ['firstCorrection', 'secondCorrection'], [0.875, 0.578125]],
    ['quotient', ['firstCorrection', 'secondCorrection'], [0.875, 0.578125]],
    ['keras', ['alpha'], [(0.0625 * Math.sqrt(0.578125)) / 0.875]],
  ] as const)('of the form %s are %s', (form, names, values) => {
    const config = { ...simple, form };
    expect(correctionNames(config)).toEqual(names);
    expect(correctionsOf(config, 3)).toEqual(values);
  });
});

test.each(OPTIMIZERS.adam.forms)('%s has corrections of 1 where β is 0, and of epoch 1 from β itself', (form) => {
  const at = (beta1: number, beta2: number, epoch: number) =>
    correctionsOf({ ...simple, form, learningRate: 1, beta1, beta2 }, epoch);
  expect(new Set(at(0, 0, 17))).toEqual(new Set([1]));
  expect(at(0.75, 0.9375, 1)).toEqual(
    { torch: [4, 0.25], paper: [0.25, 0.0625], quotient: [0.25, 0.0625], keras: [1] }[form],
  );
});

test('a power is the float64 product ((β·β)·β)…, not what a library makes of it', () => {
  const paper = new Corrections({ ...simple, form: 'paper', beta1: 0.9, beta2: 0.999 }, 300);
  paper.begin(1, 300);
  let [power1, power2] = [1, 1];
  let differs = false;
  for (let i = 0; i < 300; i++) {
    power1 *= 0.9;
    power2 *= 0.999;
    differs ||= power2 !== 0.999 ** (i + 1);
    expect([paper.values[i], paper.values[300 + i]]).toEqual([1 - power1, 1 - power2]);
  }
  expect(differs).toBe(true);
});

test.each(OPTIMIZERS.adam.forms)(
  '%s has the same corrections in whatever order and pieces epochs are asked for',
  (form) => {
    const config = { ...simple, form, beta1: 0.9, beta2: 0.999 };
    const epochsMax = 7;
    const piece = fc.record({ first: fc.integer({ min: 1, max: 400 }), count: fc.integer({ min: 1, max: epochsMax }) });
    const holds = fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
      const corrections = new Corrections(config, epochsMax);
      for (const { first, count } of pieces) {
        corrections.begin(first, count);
        for (let i = 0; i < count; i++) {
          const values = correctionNames(config).map((_, c) => corrections.values[c * epochsMax + i]);
          expect(values).toEqual(correctionsOf(config, first + i));
        }
      }
    });
    void fc.assert(holds);
  },
);

describe('corrections that are steady', () => {
  const STEPS = 40_000;

  test.each(OPTIMIZERS.adam.forms)('of %s keep their values, and before they had others', (form) => {
    for (const [beta1, beta2] of [
      [0.9, 0.999],
      [0.99, 0.9],
      [0, 0.99],
    ]) {
      for (const precision of ['float32', 'float64'] as const) {
        const round = roundingTo(precision);
        const config = { ...simple, form, learningRate: 0.001, beta1, beta2 };
        const corrections = new Corrections(config, 1);
        let steadyFrom = 0;
        const values: string[] = [];
        for (let step = 1; step <= STEPS; step++) {
          corrections.begin(step, 1);
          values.push([...corrections.values].map(round).join(' '));
          if (steadyFrom === 0 && corrections.isSteady(round)) steadyFrom = step;
        }
        const name = `${precision}, beta1 ${beta1}, beta2 ${beta2}`;
        expect(steadyFrom, name).toBeGreaterThan(1);
        expect(new Set(values.slice(steadyFrom - 1)).size, name).toBe(1);
        // 1 − β1^t is the slower one, and does not show in every form, or the step before still has other values.
        if (beta2 === 0.999) expect(values[steadyFrom - 2], name).not.toBe(values[steadyFrom - 1]);
      }
    }
  });

  test('are those of any epoch where there are none', () => {
    const corrections = new Corrections({ kind: 'sgd', form: 'torch', learningRate: 0.1 }, 1);
    corrections.begin(1, 1);
    expect(corrections.isSteady(roundingTo('float32'))).toBe(true);
  });

  test('are not those of a form whose two corrections happen to cancel', () => {
    // 1 − β2^1 is 0.0625 and its root 0.25, as is 1 − β1^1: α is the learning rate, for one epoch.
    const corrections = new Corrections({ ...simple, form: 'keras', beta1: 0.75, beta2: 0.9375 }, 1);
    corrections.begin(1, 1);
    expect(corrections.values[0]).toBe(0.0625);
    expect(corrections.isSteady(roundingTo('float32'))).toBe(false);
  });
});

test('pieces that follow one another have the corrections of one', () => {
  const config = { ...simple, form: 'keras' } as const;
  const corrections = new Corrections(config, 5);
  for (const [first, count] of [
    [1, 5],
    [6, 1],
    [7, 4],
    [7, 4],
    [2, 2],
  ]) {
    corrections.begin(first, count);
    const expected = Array.from({ length: count }, (_, i) => correctionsOf(config, first + i)[0]);
    expect([...corrections.values.slice(0, count)]).toEqual(expected);
  }
});
