/**
 * Tests of the linear rival, the count of modes and the floor of rounding, on planted motion of a network whose Hessian
 * is known by heart: one linear layer over four orthogonal samples, so that H = diag(1, 1, 2).
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OptimizerConfig } from '../../schemas/network.ts';
import { modesAt } from '../../src/analysis/curvature.ts';
import { LinearisedNetwork } from '../../src/analysis/hessian.ts';
import { linearModeOf, modeRates } from '../../src/analysis/linear-mode.ts';
import { FLOOR_ULPS_MAX, flippingUlps, ulpOf } from '../../src/analysis/rounding-floor.ts';
import { type Motion, spiralOf } from '../../src/analysis/spiral.ts';
import { uniform } from '../../src/numeric/philox.ts';

const network = new LinearisedNetwork({
  layers: [2, 1],
  activation: 'identity',
  samples: {
    inputs: Float32Array.from([1, 0, -1, 0, 0, 1, 0, -1]),
    targets: new Float32Array(4),
    inputCount: 2,
    outputCount: 1,
  },
});
const HESSIAN = [1, 1, 2];
const ROWS = 62;
/** So late that nothing is left of the bias corrections. */
const EPOCH = 1e6;

const adam = (beta1: number): OptimizerConfig => ({
  kind: 'adam',
  form: 'torch',
  learningRate: 0.01,
  beta1,
  beta2: 0.99,
  epsilon: 0,
});

/** P with which each parameter is a mode of the η wanted; √v = P. */
const metricFor = (etas: readonly number[]) => etas.map((eta, i) => (0.01 * HESSIAN[i]) / eta);

/** θ and m of Adam at rest in v: parameter `at` follows the recurrence of `q`, whatever the network's own q is. */
function planted(options: { q: number; beta1: number; etas: readonly number[]; at?: number }): Motion {
  const { q, beta1, etas, at = 0 } = options;
  const p = metricFor(etas);
  const theta = new Float64Array(ROWS * 3).fill(1);
  const firstMoment = new Float64Array(ROWS * 3);
  let [before, now] = [1, -0.9];
  for (let t = 0; t < ROWS; t++) {
    theta[t * 3 + at] = 1 + 1e-3 * now;
    firstMoment[t * 3 + at] = ((before - now) * 1e-3 * p[at]) / 0.01;
    [before, now] = [now, (1 + beta1 - q) * now - beta1 * before];
  }
  const secondMoment = Float64Array.from({ length: ROWS * 3 }, (_, i) => p[i % 3] ** 2);
  return { firstEpoch: EPOCH, parameterCount: 3, theta, firstMoment, secondMoment };
}

/** A window and the law beside it, where the network's parameter `at` has η = q/(1 − β1). */
function held(motion: Motion, beta1: number) {
  const optimizer = adam(beta1);
  const spiral = spiralOf(motion, optimizer);
  return { spiral, law: linearModeOf(network, motion, { fast: spiral.motion, optimizer }) };
}

const betas = fc.constantFrom(0.8, 0.9, 0.95);
/** Where q lies between the ends of the complex multipliers, (1 − √β1)² and (1 + √β1)². */
const share = fc.double({ min: 0.25, max: 0.95, noNaN: true });
const complexQ = (beta1: number, part: number) => (1 - Math.sqrt(beta1)) ** 2 + part * 4 * Math.sqrt(beta1);
const ownEtas = (q: number, beta1: number) => [q / (1 - beta1), 0.5, 0.2];

describe('a linear mode', () => {
  test('has the multipliers of its recurrence', () => {
    fc.assert(
      fc.property(betas, fc.double({ min: -1, max: 6, noNaN: true }), (beta1, q) => {
        const { winding, damping } = modeRates(q, beta1);
        // −z, from its size and its angle.
        const [size, angle] = [Math.exp(-damping), 2 * Math.PI * winding];
        const [re, im] = [-size * Math.cos(angle), -size * Math.sin(angle)];
        const c = 1 + beta1 - q;
        expect(re * re - im * im - c * re + beta1).toBeCloseTo(0, 9);
        expect(2 * re * im - c * im).toBeCloseTo(0, 9);
      }),
    );
  });

  test.each([0.8, 0.9, 0.95])('at β1 = %d shrinks at −½ ln β1 while it turns, and grows beyond 2(1 + β1)', (beta1) => {
    const edge = (1 + Math.sqrt(beta1)) ** 2;
    const rate = -0.5 * Math.log(beta1);
    expect(modeRates(0.999 * edge, beta1).damping).toBe(rate);
    expect(modeRates(edge * (1 + 1e-12), beta1)).toEqual({ winding: 0, damping: expect.closeTo(rate, 4) });
    expect(modeRates(2 * (1 + beta1), beta1).damping).toBeCloseTo(0, 12);
    expect(modeRates(2.01 * (1 + beta1), beta1).damping).toBeLessThan(-1e-3);
    expect(modeRates(0.5 * (1 - Math.sqrt(beta1)) ** 2, beta1).winding).toBe(0.5);
  });

  test('that is planted winds and shrinks as predicted, and leaves nothing unexplained', () => {
    fc.assert(
      fc.property(betas, share, fc.constantFrom(0, 1, 2), (beta1, part, at) => {
        const q = complexQ(beta1, part);
        const etas = [0.5, 0.3, 0.2];
        etas[at] = q / (1 - beta1);
        const { spiral, law } = held(planted({ q, beta1, etas, at }), beta1);
        expect(law.sharpness * (1 - beta1)).toBeCloseTo(q, 6);
        expect(law.residual).toBeLessThan(1e-6);
        expect(Math.abs(spiral.windingRate - law.winding)).toBeLessThan(0.01);
        expect(Math.abs(spiral.decayRate - law.damping)).toBeLessThan(0.1 * law.damping);
      }),
    );
  });

  test('of another rate leaves |q − q′| / √β1 unexplained', () => {
    fc.assert(
      fc.property(betas, share, share, (beta1, part, other) => {
        fc.pre(Math.abs(part - other) > 0.1);
        const [q, own] = [complexQ(beta1, part), complexQ(beta1, other)];
        const { spiral, law } = held(planted({ q, beta1, etas: ownEtas(own, beta1) }), beta1);
        const expected = Math.abs(q - own) / Math.sqrt(beta1);
        expect(expected).toBeGreaterThan(0.3);
        expect(law.residual / expected).toBeGreaterThan(0.7);
        expect(law.residual / expected).toBeLessThan(1.4);
        expect(Math.abs(spiral.windingRate - law.winding)).toBeGreaterThan(0.01);
      }),
    );
  });

  test('explains nothing of noise', () => {
    const motion = planted({ q: 3, beta1: 0.9, etas: ownEtas(3, 0.9) });
    const noise = (stream: number) =>
      Float64Array.from({ length: ROWS * 3 }, (_, index) =>
        uniform({ seed: stream, stream: 'analysis', layer: 8, index }),
      );
    expect(held({ ...motion, theta: noise(1), firstMoment: noise(2) }, 0.9).law.residual).toBeGreaterThan(0.5);
  });
});

test('two planted modes have the planted η and the planted ratio, also where they are equal', () => {
  const eta = fc.double({ min: 0.1, max: 100, noNaN: true });
  fc.assert(
    fc.property(eta, eta, fc.constantFrom(0.1, 0.5, 0.999, 1), (top, third, ratio) => {
      const etas = [top * ratio, Math.min(third, top * ratio) / 2, top];
      const state = {
        optimizer: adam(0.9),
        epoch: EPOCH,
        before: [0.3, -2, 1],
        secondMoment: metricFor(etas).map((p) => p * p),
      };
      const [eta1, eta2] = modesAt(network, state);
      expect(eta1 / top).toBeCloseTo(1, 9);
      expect(eta2 / eta1).toBeCloseTo(ratio, 9);
    }),
  );
});

describe('the floor of rounding', () => {
  const optimizer = adam(0.9);
  const base = planted({ q: 3, beta1: 0.9, etas: ownEtas(3, 0.9) });
  const direction = Float64Array.from([1, 0, 0]);
  /** θ of a mode that flips by so many ulps around 1.5, over a slow motion of the same parameter. */
  const flipping = (ulps: number, slow: number, precision: 'float32' | 'float64') => {
    const theta = Float64Array.from({ length: ROWS * 3 }, (_, at) => {
      const t = Math.floor(at / 3);
      const flip = (t % 2 === 0 ? 1 : -1) * ulps * ulpOf(1.5, precision);
      return at % 3 === 0 ? 1.5 + flip + slow * Math.sin((2 * Math.PI * t) / 300) : 7;
    });
    return flippingUlps({ ...base, theta }, { direction, optimizer, precision });
  };

  test('is measured in ulps of the precision', () => {
    expect([ulpOf(1.5, 'float32'), ulpOf(-0.75, 'float64'), ulpOf(0, 'float32')]).toEqual([2 ** -23, 2 ** -53, 0]);
    expect(flipping(5, 0, 'float32')).toBeCloseTo(5, 9);
    expect(flipping(1000, 0, 'float64')).toBeCloseTo(1000, 0);
  });

  test('is seen under a slow motion that is a million times larger', () => {
    expect(flipping(5, 1e6 * 2 ** -23, 'float32')).toBeCloseTo(5, 3);
    expect(flipping(0, 1e6 * 2 ** -23, 'float32')).toBeLessThan(1e-3);
  });

  test('holds a mode that only the rounding of float32 moves', () => {
    // Updates are rounded, and nothing else stirs: the recurrence of a mode close to its threshold.
    const q = 3.6;
    const theta = new Float64Array(ROWS * 3).fill(7);
    let [before, now] = [Math.fround(1.5), Math.fround(1.5)];
    for (let t = -1000; t < ROWS; t++) {
      if (t >= 0) theta[t * 3] = now;
      const target = 1.5 + 0.01 * uniform({ seed: 4, stream: 'analysis', layer: 7, index: 0 });
      [before, now] = [now, Math.fround(now - q * (now - target) + 0.9 * (now - before))];
    }
    const ulps = flippingUlps({ ...base, theta }, { direction, optimizer, precision: 'float32' });
    expect(ulps).toBeLessThan(FLOOR_ULPS_MAX);
  });
});
