/** The signals of an epoch and the treatment of hard values: −0, subnormals, overflow, NaN, dead units. */
import { describe, expect, test } from 'vitest';
import { FLUSH_LIMITS } from '../../schemas/arithmetic.ts';
import { activationOf } from '../../src/reference/activations.ts';
import { makeEpoch } from '../../src/reference/epoch.ts';
import { floats, networkConfig, samplesOf, stateOf } from './networks.ts';

const samples = (precision: 'float32' | 'float64') =>
  samplesOf(precision, [[0], [0.25], [0.5], [1]], [[0], [1], [-0.5], [0.75]]);
const theta = [0.5, -1.25, 0.75, 0.1, 0, -0.3, 1.5, -0.8, 0.6, 0.05];

describe.each(['float32', 'float64'] as const)('in %s', (precision) => {
  const relative = precision === 'float32' ? 1e-5 : 1e-13;

  test('norms, cosine and changes are those of the stored updates', () => {
    const config = networkConfig({ precision, optimizer: { ...networkConfig().optimizer, learningRate: 0.05 } });
    const state = stateOf(config, theta);
    const epoch = makeEpoch(config, samples(precision));
    let before = [...state.theta];
    let previous: number[] = [];
    for (let t = 1; t <= 40; t++) {
      const { updateNorm, updateCosine, changedParameters } = epoch(state, t);
      const update = before.map((value, i) => state.theta[i] - value);
      const norm = Math.hypot(...update);
      expect(Math.abs(updateNorm / norm - 1)).toBeLessThan(relative);
      expect(changedParameters).toBe(update.filter((u) => u !== 0).length);
      if (t === 1) {
        expect(updateCosine).toBeNaN();
      } else {
        const cosine = update.reduce((sum, u, i) => sum + u * previous[i], 0) / norm / Math.hypot(...previous);
        expect(Math.abs(updateCosine - cosine)).toBeLessThan(relative);
      }
      before = [...state.theta];
      previous = update;
    }
  });

  test('a network that rests changes nothing, and its cosine is NaN', () => {
    // Targets equal the outputs of a network of zeros: the gradient is 0 for ever.
    const config = networkConfig({ precision });
    const zeros = samplesOf(precision, [[0.5], [1]], [[0], [0]]);
    const state = stateOf(
      config,
      theta.map(() => 0),
    );
    const epoch = makeEpoch(config, zeros);
    for (let t = 1; t <= 3; t++) {
      expect(epoch(state, t)).toEqual({
        gradient: floats(
          precision,
          state.theta.map(() => 0),
        ),
        loss: 0,
        gradientNorm: 0,
        updateNorm: 0,
        updateCosine: Number.NaN,
        changedParameters: 0,
        nonFinite: false,
      });
    }
  });

  test('a norm that underflows to 0 has no cosine, not an infinite one', () => {
    const config = networkConfig({
      layers: [1, 1],
      precision,
      activation: 'identity',
      optimizer: { kind: 'sgd', form: 'torch', learningRate: 1 },
    });
    const tiny = precision === 'float32' ? 1e-30 : 1e-200;
    const state = stateOf(config, [0, 0]);
    state.previousUpdate.fill(1);
    const { updateNorm, updateCosine } = makeEpoch(config, samplesOf(precision, [[0]], [[tiny]]))(state, 2);
    expect(state.theta[1]).toBeGreaterThan(0);
    expect(updateNorm).toBe(0);
    expect(updateCosine).toBeNaN();
  });

  test('overflow of the second moment is non-finite although nothing moves', () => {
    const huge = precision === 'float32' ? 1e30 : 1e200;
    const config = networkConfig({ layers: [1, 1], precision, activation: 'identity' });
    const state = stateOf(config, [0, 0]);
    const { loss, nonFinite, updateNorm } = makeEpoch(config, samplesOf(precision, [[1]], [[huge]]))(state, 1);
    expect(loss).toBe(Number.POSITIVE_INFINITY);
    expect(state.secondMoment[0]).toBe(Number.POSITIVE_INFINITY);
    expect(updateNorm).toBe(0);
    expect(nonFinite).toBe(true);
  });

  test('a NaN stays, is non-finite, and no longer counts as a change', () => {
    const config = networkConfig({ precision });
    const state = stateOf(config, theta.with(0, Number.NaN));
    const epoch = makeEpoch(config, samples(precision));
    const first = { ...epoch(state, 1) };
    expect(first.loss).toBeNaN();
    expect(first.nonFinite).toBe(true);
    expect([...state.theta].every(Number.isNaN)).toBe(true);
    expect(first.changedParameters).toBe(theta.length - 1);
    expect(epoch(state, 2).changedParameters).toBe(0);
  });

  test('a parameter that goes from 0 to −0 has changed', () => {
    // θ = 0, gradient 0, and Adam's update is 0/(0 + ε): 0 − 0 = 0 keeps +0, and −0 − 0 = −0 keeps −0.
    const config = networkConfig({ layers: [1, 1], precision, activation: 'identity' });
    const state = stateOf(config, [-0, 0]);
    const { changedParameters } = makeEpoch(config, samplesOf(precision, [[1]], [[0]]))(state, 1);
    expect(Object.is(state.theta[0], -0)).toBe(true);
    expect(changedParameters).toBe(0);
  });

  test('flush sets tiny gradients and moments to 0 and leaves all others alone', () => {
    const { gradient, moment } = FLUSH_LIMITS[precision];
    const run = (subnormals: 'ieee' | 'flush', target: number, decay: number) => {
      const config = networkConfig({
        layers: [1, 1],
        precision,
        activation: 'identity',
        subnormals,
        optimizer: { kind: 'adam', form: 'torch', learningRate: 0, beta1: decay, beta2: decay, epsilon: 1e-8 },
      });
      const state = stateOf(config, [0, 0]);
      const { gradientNorm } = makeEpoch(config, samplesOf(precision, [[1]], [[target]]))(state, 1);
      return { gradientNorm, m: state.firstMoment[0], v: state.secondMoment[0] };
    };
    // g = −2·target here; just above the limit it stays, at half of it it goes.
    expect(run('flush', gradient / 2, 0).m).toBe(-gradient);
    expect(run('flush', gradient / 4, 0)).toEqual({ gradientNorm: 0, m: 0, v: 0 });
    expect(run('ieee', gradient / 4, 0).m).toBe(-gradient / 2);
    // v = (1 − β2)·g² just under its limit goes while m stays.
    const g = Math.sqrt(moment) * 1.25;
    const { m, v } = run('flush', g / 2, 0.5);
    expect(m).toBeLessThan(0);
    expect(v).toBe(0);
    expect(run('ieee', g / 2, 0.5).v).toBeGreaterThan(0);
  });
});

describe('relu', () => {
  const relu = activationOf('relu', 'float32');
  test('passes NaN and −0, and has derivative 0 at 0', () => {
    expect(relu.value(Number.NaN)).toBeNaN();
    expect(Object.is(relu.value(-0), -0)).toBe(true);
    expect(relu.value(-1)).toBe(0);
    expect(relu.value(2)).toBe(2);
    expect(relu.backward(3, 0, 0)).toBe(0);
    expect(relu.backward(3, 1, 1)).toBe(3);
    expect(Object.is(relu.backward(Number.NEGATIVE_INFINITY, -1, 0), 0)).toBe(true);
  });
});
