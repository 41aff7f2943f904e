/**
 * The expansion of a sweep: the documented order of its networks, which axes multiply which others, and what is refused
 * because two blocks describe the same network.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LayeredNetwork } from '../../schemas/network.ts';
import { UsageError } from '../../schemas/problems.ts';
import { sweepSchema } from '../../schemas/sweep.ts';
import { networkCount } from '../../src/plan/check-sweep.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { readSweep } from '../../src/plan/read.ts';
import { networksWith, sweepKeys, sweepWith } from './sweeps.ts';

/** Two values on every axis, in an order that is neither sorted nor that of the catalogue. */
const ALL_AXES = {
  seeds: [7, 3],
  precision: ['float64', 'float32'],
  subnormals: ['flush', 'ieee'],
  optimizer: {
    weightDecay: [0.1, 0],
    epsilon: [1e-7, 1e-8],
    beta2: [0.999, 0.99],
    beta1: [0.9, 0.8],
    learningRate: [0.1, 0.01],
    form: ['paper', 'torch'],
    kind: 'adamw',
  },
  init: ['torch-linear', 'he-uniform'],
  data: { seed: [5, 2], points: [9, 4], kind: 'teacher' },
  activation: ['relu', 'identity'],
  layers: [
    [1, 5, 1],
    [1, 2, 1],
  ],
};

describe('order', () => {
  /** The axes in the documented order, the slowest first. */
  const axes: [string, (network: LayeredNetwork) => unknown, readonly unknown[]][] = [
    ['layers', ({ layers }) => layers.join('-'), ['1-5-1', '1-2-1']],
    ['activation', ({ activation }) => activation, ['relu', 'identity']],
    ['data.points', ({ data }) => data.points, [9, 4]],
    ['data.seed', ({ data }) => data.seed, [5, 2]],
    ['init', ({ init }) => init, ['torch-linear', 'he-uniform']],
    ['optimizer.form', ({ optimizer }) => optimizer.form, ['paper', 'torch']],
    ['optimizer.learningRate', ({ optimizer }) => optimizer.learningRate, [0.1, 0.01]],
    ['optimizer.beta1', ({ optimizer }) => optimizer.beta1, [0.9, 0.8]],
    ['optimizer.beta2', ({ optimizer }) => optimizer.beta2, [0.999, 0.99]],
    ['optimizer.epsilon', ({ optimizer }) => optimizer.epsilon, [1e-7, 1e-8]],
    ['optimizer.weightDecay', ({ optimizer }) => optimizer.weightDecay, [0.1, 0]],
    ['subnormals', ({ subnormals }) => subnormals, ['flush', 'ieee']],
    ['precision', ({ precision }) => precision, ['float64', 'float32']],
    ['seeds', ({ seed }) => seed, [7, 3]],
  ];
  const networks = networksWith(ALL_AXES);

  test('an axis of two values in each of fourteen places gives 2¹⁴ networks', () => {
    expect(networks).toHaveLength(2 ** axes.length);
  });

  test.each(axes.map((axis, place) => [axis[0], place] as const))('%s is axis %i from the slowest', (_, place) => {
    const [, valueFor, values] = axes[place];
    const stride = 2 ** (axes.length - 1 - place);
    const expected = networks.map((_network, id) => values[Math.floor(id / stride) % 2]);
    expect(networks.map(valueFor)).toEqual(expected);
  });

  test('the kinds of a block come before its points, blocks in the order of the file', () => {
    const data = [
      { kind: ['absolute', 'sine'], points: [8, 4] },
      { kind: 'polynomial', points: 16 },
    ];
    const seen = networksWith({ data }).map((network) => `${network.data.kind} ${network.data.points}`);
    expect(seen).toEqual(['absolute 8', 'absolute 4', 'sine 8', 'sine 4', 'polynomial 16']);
  });

  test('the kinds of an optimizer block come before its forms and learning rates', () => {
    const optimizer = [
      { kind: ['sgd', 'adam'], learningRate: [0.2, 0.1] },
      { kind: 'adam', form: ['keras', 'paper'], learningRate: 0.3 },
    ];
    const seen = networksWith({ optimizer }).map((network) => Object.values(network.optimizer).slice(0, 3).join(' '));
    expect(seen).toEqual([
      ...['sgd torch 0.2', 'sgd torch 0.1', 'adam torch 0.2', 'adam torch 0.1'],
      ...['adam keras 0.3', 'adam paper 0.3'],
    ]);
  });

  test('ids are the places in this order', () => {
    expect(networks.map(({ id }) => id)).toEqual(networks.map((_, place) => place));
  });
});

describe('axes', () => {
  test('an option multiplies the optimizers that take it and no others', () => {
    const optimizer = {
      kind: ['adam', 'sgd'],
      learningRate: [0.1, 0.2],
      beta1: [0.5, 0.9],
      beta2: [0.9, 0.99, 0.999],
      epsilon: [0, 1e-8],
    };
    const networks = networksWith({ optimizer });
    expect(networks.filter((network) => network.optimizer.kind === 'adam')).toHaveLength(2 * 2 * 3 * 2);
    expect(networks.filter((network) => network.optimizer.kind === 'sgd').map((network) => network.optimizer)).toEqual([
      { kind: 'sgd', form: 'torch', learningRate: 0.1 },
      { kind: 'sgd', form: 'torch', learningRate: 0.2 },
    ]);
  });

  test('an option has its default unless the sweep sets it, and is absent unless the optimizer takes it', () => {
    const optimizers = networksWith({
      optimizer: { kind: ['adamw', 'amsgrad', 'rmsprop', 'momentum'], learningRate: 1 },
    });
    expect(optimizers.map(({ optimizer }) => optimizer)).toEqual([
      { kind: 'adamw', form: 'torch', learningRate: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
      { kind: 'amsgrad', form: 'torch', learningRate: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      { kind: 'rmsprop', form: 'torch', learningRate: 1, beta2: 0.999, epsilon: 1e-8 },
      { kind: 'momentum', form: 'torch', learningRate: 1, beta1: 0.9 },
    ]);
  });

  test('a data seed multiplies the teacher and no other data set', () => {
    const networks = networksWith({ data: { kind: ['sine', 'teacher'], points: 8, seed: [4, 5] } });
    expect(networks.map(({ data }) => data)).toEqual([
      { kind: 'sine', points: 8 },
      { kind: 'teacher', points: 8, seed: 4 },
      { kind: 'teacher', points: 8, seed: 5 },
    ]);
  });

  test('an order multiplies the mini-batches and no full batch', () => {
    const networks = networksWith({ batch: [4, 'full', 2], shuffle: [true, false] });
    expect(networks.map(({ batch, shuffle }) => [batch, shuffle])).toEqual([
      [4, true],
      [4, false],
      ['full', undefined],
      [2, true],
      [2, false],
    ]);
    expect('shuffle' in networks[2]).toBe(false);
    expect(networksWith({ batch: 4 })[0].shuffle).toBe(false);
  });

  test('a number of seeds means the seeds from 0 on', () => {
    expect(networksWith({ seeds: 3 }).map(({ seed }) => seed)).toEqual([0, 1, 2]);
  });

  test('epochs, name and trace are no part of a network', () => {
    expect(Object.keys(networksWith()[0]).sort()).toEqual(
      [
        'activation',
        'batch',
        'data',
        'id',
        'init',
        'key',
        'layers',
        'optimizer',
        'precision',
        'seed',
        'subnormals',
      ].sort(),
    );
  });
});

describe('defaults', () => {
  test('defaults are tanh, glorot-uniform, PyTorch’s Adam, full batch, float32 and IEEE subnormals', () => {
    const [{ id, key, ...config }] = networksWith({ layers: [1, 4, 1], data: { kind: 'teacher', points: 8 } });
    expect(config).toEqual({
      layers: [1, 4, 1],
      activation: 'tanh',
      data: { kind: 'teacher', points: 8, seed: 0 },
      init: 'glorot-uniform',
      optimizer: { kind: 'adam', form: 'torch', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      batch: 'full',
      precision: 'float32',
      subnormals: 'ieee',
      seed: 0,
    });
  });
});

describe('the same network twice', () => {
  const messageOf = (keys: Readonly<Record<string, unknown>>): string => {
    try {
      return `no error but ${networksWith(keys).length} networks`;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return error.message;
    }
  };

  test('is refused across data blocks, with both ids and the configuration', () => {
    const data = [
      { kind: 'sine', points: 8 },
      { kind: ['absolute', 'sine'], points: 8 },
    ];
    expect(messageOf({ data })).toBe(
      'sweep "small": got networks 0 and 2 with the same configuration ' +
        '{"precision":"float32","seed":0,"layers":[1,4,1],' +
        '"activation":"tanh","data":{"kind":"sine","points":8},"init":"glorot-uniform","optimizer":{"kind":"adam",' +
        '"form":"torch","learningRate":0.01,"beta1":0.9,"beta2":0.999,"epsilon":1e-8},"batch":"full",' +
        '"subnormals":"ieee"}, expected each network once ' +
        '(remove the overlap between the blocks under data or optimizer)',
    );
  });

  test('is refused across optimizer blocks, also where one of them spells a default out', () => {
    const optimizer = [
      { kind: 'adam', learningRate: 0.1 },
      { kind: 'adam', learningRate: [0.2, 0.1], beta1: 0.9 },
    ];
    expect(messageOf({ optimizer })).toContain('got networks 0 and 2 with the same configuration');
  });
});

describe('a random valid sweep', () => {
  test('has as many networks as the count says, dense ids and unique keys', () => {
    const holds = fc.property(sweepKeys, (keys) => {
      const sweep = sweepSchema.parse(keys);
      const networks = expandSweep(sweep);
      expect(networks).toHaveLength(networkCount(sweep));
      expect(networks.every(({ id }, place) => id === place)).toBe(true);
      expect(new Set(networks.map(({ key }) => key)).size).toBe(networks.length);
    });
    fc.assert(holds, { numRuns: 200 });
  });
});

describe('shipped sweeps', () => {
  const shipped = (name: string) => readSweep(new URL(`../../sweeps/${name}.yaml`, import.meta.url).pathname);

  test.each([
    ['quickstart', 64],
    ['default', 1620],
    ['own-data', 32],
    ['mini-batches', 120],
    ['optimizers', 540],
    ['mini-batches', 120],
    ['objectives', 16],
    ['width', 864],
    ['controls', 480],
  ])('%s has %i networks of 50,000 epochs', (name, count) => {
    const sweep = shipped(name);
    expect(sweep.name).toBe(name);
    expect(sweep.epochs).toBe(50_000);
    expect(expandSweep(sweep)).toHaveLength(count);
    expect(networkCount(sweep)).toBe(count);
  });

  test('a sweep that is resolved already stays as it is', () => {
    const sweep = sweepWith(ALL_AXES);
    expect(sweepSchema.parse(sweep)).toEqual(sweep);
  });
});
