/**
 * The sweep schema by itself: limits hold on both sides, every axis comes out as a list, and defaults are filled in
 * where something takes them.
 */
import { describe, expect, test } from 'vitest';
import { DEFAULT_THRESHOLDS } from '../../schemas/detectors.ts';
import { SWEEP_LIMITS, SWEEP_MAPPINGS, sweepSchema } from '../../schemas/sweep.ts';

const KEYS = {
  name: 'limits',
  epochs: 10,
  layers: [1, 2, 1],
  data: { kind: 'sine', points: 4 },
  optimizer: { kind: 'adam', learningRate: 0.1 },
  seeds: 1,
};
const accepts = (keys: Readonly<Record<string, unknown>>): boolean =>
  sweepSchema.safeParse({ ...KEYS, ...keys }).success;
const adam = (options: Readonly<Record<string, unknown>>) => ({ optimizer: { ...KEYS.optimizer, ...options } });
const adamw = (options: Readonly<Record<string, unknown>>) => adam({ kind: 'adamw', ...options });
const sine = (options: Readonly<Record<string, unknown>>) => ({ data: { ...KEYS.data, ...options } });
const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127;

describe('a value at its limit is good and one beyond is not', () => {
  test.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>]>([
    ['fewest epochs', { epochs: 1 }, { epochs: 0 }],
    ['most epochs', { epochs: 2 ** 31 - 1 }, { epochs: 2 ** 31 }],
    ['shortest name', { name: 'a' }, { name: '' }],
    ['longest name', { name: 'a'.repeat(64) }, { name: 'a'.repeat(65) }],
    ['beginning of a name', { name: '0.a_b-C' }, { name: '.a' }],
    ['fewest layers', { layers: [1, 1] }, { layers: [1] }],
    ['most layers', { layers: Array(32).fill(1) }, { layers: Array(33).fill(1) }],
    ['widest layer', { layers: [1, 4096, 1] }, { layers: [1, 4097, 1] }],
    ['fewest points', sine({ points: 2 }), sine({ points: 1 })],
    ['most points', sine({ points: 2 ** 20 }), sine({ points: 2 ** 20 + 1 })],
    ['smallest learning rate', adam({ learningRate: 5e-324 }), adam({ learningRate: 0 })],
    ['largest learning rate', adam({ learningRate: FLOAT32_MAX }), adam({ learningRate: 2 ** 128 })],
    ['smallest beta', adam({ beta1: 0, beta2: 0 }), adam({ beta1: -Number.MIN_VALUE })],
    ['largest beta', adam({ beta2: 1 - 2 ** -53 }), adam({ beta2: 1 })],
    ['smallest epsilon', adam({ epsilon: 0 }), adam({ epsilon: -1e-300 })],
    ['largest epsilon', adam({ epsilon: FLOAT32_MAX }), adam({ epsilon: 2 ** 128 })],
    ['smallest weight decay', adamw({ weightDecay: 0 }), adamw({ weightDecay: -1e-300 })],
    ['largest weight decay', adamw({ weightDecay: FLOAT32_MAX }), adamw({ weightDecay: 2 ** 128 })],
    ['most seeds', { seeds: 1_000_000 }, { seeds: 1_000_001 }],
    ['largest seed', { seeds: [2 ** 32 - 1] }, { seeds: [2 ** 32] }],
    ['smallest seed', { seeds: [0] }, { seeds: [-1] }],
    ['whole seeds', { seeds: [3] }, { seeds: [0.5] }],
    ['nearest checkpoints', { trace: { checkpoints: { every: 1 } } }, { trace: { checkpoints: { every: 0 } } }],
    ['smallest bucket', { trace: { epochs: { every: 1 } } }, { trace: { epochs: { every: 0 } } }],
  ])('%s', (_, good, bad) => {
    expect(accepts(good)).toBe(true);
    expect(accepts(bad)).toBe(false);
  });

  test('the limits are those of float32 and of 32-bit counts', () => {
    expect(SWEEP_LIMITS.magnitudeMax).toBe(FLOAT32_MAX);
    expect(SWEEP_LIMITS.epochCountMax).toBe(2 ** 31 - 1);
    expect(SWEEP_LIMITS.seedMax).toBe(2 ** 32 - 1);
  });
});

describe('a resolved sweep', () => {
  test('has a list for every axis and defaults where nothing is said', () => {
    expect(sweepSchema.parse(KEYS)).toEqual({
      name: 'limits',
      epochs: 10,
      layers: [[1, 2, 1]],
      activation: ['tanh'],
      data: [{ kind: ['sine'], points: [4] }],
      init: ['glorot-uniform'],
      optimizer: [
        { kind: ['adam'], form: ['torch'], learningRate: [0.1], beta1: [0.9], beta2: [0.999], epsilon: [1e-8] },
      ],
      batch: ['full'],
      precision: ['float32'],
      subnormals: ['ieee'],
      seeds: [0],
      trace: { epochs: { every: 20 }, checkpoints: { every: 10_000 }, compression: 'none' },
      detectors: DEFAULT_THRESHOLDS,
    });
  });

  test('has options only where an optimizer or a data set of the block takes them', () => {
    const { optimizer, data } = sweepSchema.parse({
      ...KEYS,
      optimizer: [
        { kind: 'sgd', learningRate: 0.1 },
        { kind: ['sgd', 'adam'], learningRate: 0.1, beta2: [0.9, 0.99] },
      ],
      data: [
        { kind: ['sine', 'absolute'], points: 4 },
        { kind: ['sine', 'teacher'], points: 8 },
      ],
    });
    expect(optimizer).toEqual([
      { kind: ['sgd'], form: ['torch'], learningRate: [0.1] },
      {
        kind: ['sgd', 'adam'],
        form: ['torch'],
        learningRate: [0.1],
        beta1: [0.9],
        beta2: [0.9, 0.99],
        epsilon: [1e-8],
      },
    ]);
    expect(data).toEqual([
      { kind: ['sine', 'absolute'], points: [4] },
      { kind: ['sine', 'teacher'], points: [8], seed: [0] },
    ]);
  });

  test('keeps what is given, also an option that nothing takes, for the checks to see', () => {
    const { optimizer, trace } = sweepSchema.parse({
      ...KEYS,
      optimizer: { kind: 'sgd', learningRate: [0.1, 0.2], beta1: 0.5 },
      trace: { epochs: { every: 3 } },
    });
    expect(optimizer[0]).toEqual({ kind: ['sgd'], form: ['torch'], learningRate: [0.1, 0.2], beta1: [0.5] });
    expect(trace).toEqual({ epochs: { every: 3 }, checkpoints: { every: 10_000 }, compression: 'none' });
  });

  test('survives run.json', () => {
    const sweep = sweepSchema.parse({ ...KEYS, ...adam({ beta1: -0, epsilon: -0 }) });
    expect(JSON.parse(JSON.stringify(sweep))).toEqual(sweep);
    expect(Object.is(sweep.optimizer[0].beta1?.[0], 0)).toBe(true);
    expect(Object.is(sweep.optimizer[0].epsilon?.[0], 0)).toBe(true);
  });
});

test('every mapping of a sweep file refuses keys that it does not know', () => {
  expect(Object.keys(SWEEP_MAPPINGS)).toEqual([
    ...['', 'networks', 'exclude', 'data', 'objective', 'optimizer', 'sample'],
    ...['trace', 'trace.epochs', 'trace.checkpoints', 'detectors'],
  ]);
  for (const [path, mapping] of Object.entries(SWEEP_MAPPINGS)) {
    const issues = mapping.safeParse({ zzz: 1 }).error?.issues ?? [];
    expect([path, issues.some(({ code }) => code === 'unrecognized_keys')]).toEqual([path, true]);
  }
});
