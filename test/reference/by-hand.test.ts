/**
 * One network computed by hand. 1-2-1 ReLU, two samples, every number exact in float32:
 *
 *     W1 = (1, −1), b1 = (0.5, 0.25), W2 = (2, 4), b2 = −1        x = (1, −1), y = (3, 1)
 *
 *     x = 1:  z = (1.5, −0.75), a = (1.5, 0),  out = −1 + 3 = 2,  e = −1
 *     x = −1: z = (−0.5, 1.25), a = (0, 1.25), out = −1 + 5 = 4,  e = 3
 *     L = (1 + 9)/2 = 5,  ∂L/∂out = (2/2)·e = (−1, 3)
 *     ∂L/∂W2 = (−1·1.5, 3·1.25) = (−1.5, 3.75),  ∂L/∂b2 = 2
 *     δ of the hidden units: x = 1: (2·−1, 0) = (−2, 0); x = −1: (0, 4·3) = (0, 12)
 *     ∂L/∂W1 = (−2·1, 12·−1) = (−2, −12),  ∂L/∂b1 = (−2, 12)
 */
import { describe, expect, test } from 'vitest';
import { makeEpoch } from '../../src/reference/epoch.ts';
import { networkConfig, samplesOf, stateOf } from './networks.ts';

const theta = [1, -1, 0.5, 0.25, 2, 4, -1];
const gradient = [-2, -12, -2, 12, -1.5, 3.75, 2];

describe.each(['float32', 'float64'] as const)('in %s', (precision) => {
  const samples = samplesOf(precision, [[1], [-1]], [[3], [1]]);
  const layers = [1, 2, 1];

  test('loss, gradient and signals of a step of gradient descent', () => {
    const config = networkConfig({
      layers,
      precision,
      activation: 'relu',
      optimizer: { kind: 'sgd', form: 'torch', learningRate: 0.25 },
    });
    const state = stateOf(config, theta);
    const signals = { ...makeEpoch(config, samples)(state, 1) };
    expect([...state.theta]).toEqual(theta.map((value, i) => value - 0.25 * gradient[i]));
    expect(signals.loss).toBe(5);
    const rounded = precision === 'float32' ? Math.fround : (x: number) => x;
    const squares = gradient.reduce((sum, g) => sum + g * g, 0);
    expect(signals.gradientNorm).toBe(rounded(Math.sqrt(squares)));
    expect(signals.updateNorm).toBe(rounded(Math.sqrt(squares / 16)));
    expect(signals.updateCosine).toBeNaN();
    expect(signals.changedParameters).toBe(7);
    expect(signals.nonFinite).toBe(false);
  });

  test("Adam's first step moves every parameter by the learning rate against its gradient", () => {
    // β1 = ½, β2 = ¾: m = g/2, v = g²/4; s = lr/½, c = √¼ = ½: the step is 2·lr·(g/2) / (|g|/2/½) = lr·sign(g) with ε =
    // 0.
    const config = networkConfig({
      layers,
      precision,
      activation: 'relu',
      optimizer: { kind: 'adam', form: 'torch', learningRate: 0.125, beta1: 0.5, beta2: 0.75, epsilon: 0 },
    });
    const state = stateOf(config, theta);
    makeEpoch(config, samples)(state, 1);
    expect([...state.firstMoment]).toEqual(gradient.map((g) => g / 2));
    expect([...state.secondMoment]).toEqual(gradient.map((g) => (g * g) / 4));
    expect([...state.theta]).toEqual(theta.map((value, i) => value - 0.125 * Math.sign(gradient[i])));
  });
});
