/**
 * Tests of the spiral detector on motion made to measure: double spirals of known winding and damping, drifts, noise,
 * and nulls.
 */
import { describe, expect, test } from 'vitest';
import type { OptimizerConfig } from '../../schemas/network.ts';
import {
  type Differences,
  differencesOf,
  fastMotion,
  type Motion,
  readSpiral,
  spiralOf,
} from '../../src/analysis/spiral.ts';
import { phaseRandomised } from '../../src/analysis/surrogate.ts';
import { uniform } from '../../src/numeric/philox.ts';

const optimizer: OptimizerConfig = {
  kind: 'adam',
  form: 'torch',
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
};
const P = 6;
const noise = (seed: number, index: number) => 2 * uniform({ seed, stream: 'analysis', layer: 3, index }) - 1;

/**
 * θ and m of a fast mode that flips each epoch, turns by `turn` radians and decays by `decay`, over a drift; v differs
 * by parameter.
 */
function motion(options: {
  rows?: number;
  turn: number;
  decay: number;
  drift?: number;
  noise?: number;
  seed?: number;
}): Motion {
  const { rows = 62, turn, decay, drift = 0, noise: level = 0, seed = 0 } = options;
  const v = Array.from({ length: P }, (_, i) => 10 ** -(2 + i));
  const own = Array.from({ length: P }, (_, i) => noise(seed + 100, i));
  const theta = new Float64Array(rows * P);
  const firstMoment = new Float64Array(rows * P);
  for (let t = 0; t < rows; t++) {
    const amplitude = (t % 2 === 0 ? 1 : -1) * Math.exp(-decay * t);
    for (let i = 0; i < P; i++) {
      // Along one direction w in the optimiser's metric: θ = P^−½·w, m = P^½·w with P ∝ √v.
      const metric = v[i] ** 0.25;
      theta[t * P + i] =
        1 +
        drift * t * (i + 1) +
        (own[i] / metric) * amplitude * Math.cos(turn * t) +
        level * noise(seed + 1, t * P + i);
      firstMoment[t * P + i] =
        drift * (i + 1) * 0.1 +
        own[i] * metric * 3 * amplitude * Math.sin(turn * t + 0.4) +
        level * noise(seed + 2, t * P + i);
    }
  }
  const secondMoment = Float64Array.from({ length: rows * P }, (_, at) => v[at % P]);
  return { firstEpoch: 5000, parameterCount: P, theta, firstMoment, secondMoment };
}

describe('a double spiral', () => {
  test.each([
    { turns: 3, decay: 0.0527 },
    { turns: 8, decay: 0.0527 },
    { turns: 5, decay: 0.02 },
    { turns: 15, decay: 0.1 },
  ])('of $turns turns that shrinks by $decay an epoch is read to within 5 %', ({ turns, decay }) => {
    const epochs = 60;
    const turn = (2 * Math.PI * turns) / (epochs - 1);
    const found = spiralOf(motion({ turn, decay, drift: 0.001 }), optimizer);
    expect(found.winding / turns).toBeGreaterThan(0.95);
    expect(found.winding / turns).toBeLessThan(1.05);
    expect(found.decayRate / decay).toBeGreaterThan(0.95);
    expect(found.decayRate / decay).toBeLessThan(1.05);
    expect(found.handedness).toBeGreaterThan(0.99);
    expect(found.isTwisted).toBe(true);
    expect(found.isDamped).toBe(Math.abs(decay / (-0.5 * Math.log(0.9)) - 1) < 0.25);
  });

  test('turns as much the other way', () => {
    const [left, right] = [0.5, -0.5].map((turn) => spiralOf(motion({ turn, decay: 0.05 }), optimizer));
    expect(left.winding).toBeCloseTo(right.winding, 0);
    expect(left.handedness).toBeCloseTo(right.handedness, 2);
  });

  test('is found beside noise of a hundredth of it', () => {
    expect(spiralOf(motion({ turn: 0.5, decay: 0.03, noise: 0.01 }), optimizer).isTwisted).toBe(true);
  });

  test('flips: the flip index is near 1, where a drift has −1', () => {
    expect(spiralOf(motion({ turn: 0.3, decay: 0.01 }), optimizer).flipIndex).toBeGreaterThan(0.9);
    expect(spiralOf(motion({ turn: 0.3, decay: 50, drift: 100 }), optimizer).flipIndex).toBeLessThan(-0.9);
  });
});

describe('what is no spiral', () => {
  test('a plain drift, with the rounding of float32, does not wind', () => {
    for (let seed = 0; seed < 50; seed++) {
      const drift = motion({ turn: 0, decay: 50, drift: 0.001, noise: 1e-7, seed: seed * 10 });
      expect(spiralOf(drift, optimizer).isTwisted).toBe(false);
    }
  });

  test('a mode that flips and does not turn', () => {
    expect(spiralOf(motion({ turn: 0, decay: 0.05, noise: 1e-6 }), optimizer).isTwisted).toBe(false);
  });

  test('noise is twisted in none of 300 windows', () => {
    const windows = Array.from({ length: 300 }, (_, i) => motion({ turn: 0, decay: 50, noise: 1, seed: i * 10 }));
    expect(windows.filter((window) => spiralOf(window, optimizer).isTwisted).length).toBe(0);
  });

  test('null windows of a record of damped spirals of one frequency are seldom twisted, and damped in none', () => {
    const rows = 2048;
    const real = relaxations(rows + 2);
    const nulls = Array.from({ length: 100 }, (_, record) =>
      phaseRandomised(differencesOf(real, optimizer), { seed: 5, record }),
    ).flatMap((motion) => Array.from({ length: 30 }, (_, i) => readWindow(cut(motion, 68 * i, 60))));
    // Spirals of a network have many frequencies, and their nulls are twisted in less than 1 %: docs/RESULTS.md.
    expect(nulls.filter(({ isTwisted }) => isTwisted).length).toBeLessThan(0.05 * nulls.length);
    expect(nulls.filter(({ isDamped }) => isDamped).length).toBe(0);
    // The same cuts of the motion itself, at the beginning of each relaxation.
    const spirals = Array.from({ length: 8 }, (_, i) => readWindow(cut(differencesOf(real, optimizer), 256 * i, 60)));
    expect(spirals.every(({ isDamped }) => isDamped)).toBe(true);
  });
});

/** A relaxation each 256 epochs, each a damped double spiral. */
function relaxations(rows: number): Motion {
  const decay = -0.5 * Math.log(0.9);
  const one = motion({ rows: 256, turn: 0.5, decay, noise: 1e-7 });
  const repeat = (values: ArrayLike<number>) =>
    Float64Array.from({ length: rows * P }, (_, at) => values[at % (256 * P)]);
  const { theta, firstMoment, secondMoment } = one;
  return { ...one, theta: repeat(theta), firstMoment: repeat(firstMoment), secondMoment: repeat(secondMoment) };
}

function cut({ theta, firstMoment }: Differences, from: number, rows: number): Differences {
  const read = (values: Float64Array) => values.subarray(from * P, (from + rows) * P);
  return { parameterCount: P, theta: read(theta), firstMoment: read(firstMoment) };
}

const readWindow = (differences: Differences) =>
  readSpiral(fastMotion(differences), { beta1: 0.9, flipIndex: Number.NaN });

describe('null motion', () => {
  const real = differencesOf(motion({ rows: 66, turn: 0.5, decay: 0.05, noise: 0.01 }), optimizer);
  const fake = phaseRandomised(real, { seed: 1, record: 0 });
  const component = (values: Float64Array, parameter: number, k: number) => {
    let re = 0;
    let im = 0;
    for (let t = 0; t < 64; t++) {
      re += values[t * P + parameter] * Math.cos((2 * Math.PI * k * t) / 64);
      im -= values[t * P + parameter] * Math.sin((2 * Math.PI * k * t) / 64);
    }
    return { power: re * re + im * im, phase: Math.atan2(im, re) };
  };
  const turned = (values: 'theta' | 'firstMoment', parameter: number, k: number) => {
    const by = component(fake[values], parameter, k).phase - component(real[values], parameter, k).phase;
    return (((by / (2 * Math.PI)) % 1) + 1) % 1;
  };

  test('keeps the spectrum of each parameter, and its mean', () => {
    for (const [parameter, k] of [
      [0, 0],
      [1, 3],
      [4, 31],
      [5, 32],
    ] as const) {
      const [is, was] = [fake, real].map(({ theta }) => component(theta, parameter, k).power);
      expect(is / was).toBeCloseTo(1, 6);
    }
    expect(fake.theta).not.toEqual(real.theta);
  });

  test('turns the phases of all parameters alike, and those of θ and m apart', () => {
    for (const k of [2, 9, 30]) {
      for (const values of ['theta', 'firstMoment'] as const)
        expect(turned(values, 1, k)).toBeCloseTo(turned(values, 4, k), 6);
      expect(Math.abs(turned('theta', 1, k) - turned('firstMoment', 1, k))).toBeGreaterThan(1e-3);
    }
  });
});
