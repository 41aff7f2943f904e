/**
 * Identity by content: what the key of a network and the key of a sweep depend on, and nothing else; and how the
 * differences between two sweeps are named.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { LayeredConfig, NetworkConfig } from '../../schemas/network.ts';
import { networkKey, sweepDifferences, sweepKey } from '../../src/plan/identify.ts';
import { parseSweep } from '../../src/plan/read.ts';
import { networksWith, ONE_NETWORK, sweepWith } from './sweeps.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const adam: LayeredConfig = {
  layers: [1, 4, 1],
  activation: 'tanh',
  data: { kind: 'teacher', points: 8, seed: 2 },
  init: 'glorot-uniform',
  optimizer: { kind: 'adam', form: 'torch', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  batch: 'full',
  precision: 'float32',
  subnormals: 'ieee',
  seed: 3,
};

describe('the key of a network', () => {
  test('is the first 16 hex digits of SHA-256 over the canonical JSON that ARITHMETIC.md declares', () => {
    const canonical =
      '{"activation":"tanh","arithmetic":"gyre-1","batch":"full","data":{"kind":"teacher","points":8,"seed":2},' +
      '"init":"glorot-uniform","layers":[1,4,1],"optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-8,"form":"torch",' +
      '"kind":"adam","learningRate":0.01},"precision":"float32","seed":3,"subnormals":"ieee"}';
    expect(networkKey(adam)).toBe(sha256(canonical).slice(0, 16));
  });

  test('has the order of mini-batches in it, and nothing of it where the batch is full', () => {
    const canonical = (batch: string) =>
      `{"activation":"tanh","arithmetic":"gyre-1","batch":${batch},"data":{"kind":"sine","points":8},` +
      '"init":"glorot-uniform","layers":[1,4,1],"optimizer":{"form":"torch","kind":"sgd","learningRate":0.1},' +
      `"precision":"float32","seed":0,${batch === '4' ? '"shuffle":true,' : ''}"subnormals":"ieee"}`;
    const networks = networksWith({ batch: [4, 'full'], shuffle: true, optimizer: { kind: 'sgd', learningRate: 0.1 } });
    expect(networks.map(({ key }) => key)).toEqual(
      ['4', '"full"'].map((batch) => sha256(canonical(batch)).slice(0, 16)),
    );
  });

  test('does not depend on the order of members, nor on members that are undefined', () => {
    const reversed = Object.fromEntries(Object.entries(adam).reverse()) as unknown as NetworkConfig;
    const optimizer = Object.fromEntries(Object.entries(adam.optimizer).reverse()) as unknown as typeof adam.optimizer;
    expect(networkKey({ ...reversed, optimizer })).toBe(networkKey(adam));
    const sine = { kind: 'sine', points: 8 } as const;
    const withUndefined = { ...adam, data: { ...sine, seed: undefined } } as unknown as NetworkConfig;
    expect(networkKey(withUndefined)).toBe(networkKey({ ...adam, data: sine }));
  });

  test('does not see members that are no part of a configuration, such as the id', () => {
    expect(networkKey({ ...adam, id: 17, key: 'x' } as NetworkConfig)).toBe(networkKey(adam));
  });

  test.each<[string, Partial<LayeredConfig>]>([
    ['layers', { layers: [1, 5, 1] }],
    ['the order of layers', { layers: [1, 1, 4] }],
    ['depth', { layers: [1, 4, 4, 1] }],
    ['activation', { activation: 'relu' }],
    ['data kind', { data: { kind: 'sine', points: 8 } }],
    ['points', { data: { kind: 'teacher', points: 9, seed: 2 } }],
    ['data seed', { data: { kind: 'teacher', points: 8, seed: 3 } }],
    ['init', { init: 'he-uniform' }],
    ['batch', { batch: 4, shuffle: false }],
    ['optimizer', { optimizer: { kind: 'sgd', form: 'torch', learningRate: 0.01 } }],
    ['form', { optimizer: { ...adam.optimizer, form: 'paper' } }],
    ['learning rate', { optimizer: { ...adam.optimizer, learningRate: 0.010000000000000002 } }],
    ['beta1', { optimizer: { ...adam.optimizer, beta1: 0.8 } }],
    ['beta2', { optimizer: { ...adam.optimizer, beta2: 0.9 } }],
    ['epsilon', { optimizer: { ...adam.optimizer, epsilon: 0 } }],
    ['precision', { precision: 'float64' }],
    ['subnormals', { subnormals: 'flush' }],
    ['seed', { seed: 2 }],
  ])('changes with %s', (_, change) => {
    expect(networkKey({ ...adam, ...change })).not.toBe(networkKey(adam));
  });

  test('is the same in sweeps of other names, epochs, traces, orders of values and other axes', () => {
    const [{ key }] = networksWith({ seeds: [3] });
    const elsewhere = networksWith({
      name: 'other',
      epochs: 7,
      trace: { epochs: { every: 3 } },
      seeds: [9, 3, 0],
      activation: ['relu', 'tanh'],
      precision: ['float64', 'float32'],
    });
    const same = elsewhere.filter(
      ({ seed, activation, precision }) => [seed, activation, precision].join() === '3,tanh,float32',
    );
    expect(same.map((network) => network.key)).toEqual([key]);
  });
});

describe('the key of a sweep', () => {
  test('is the first 8 hex digits of SHA-256 over the canonical JSON of the resolved grid', () => {
    const canonical =
      '{"activation":["tanh"],"batch":["full"],"data":[{"kind":["sine"],"points":[8]}],"init":["glorot-uniform"],' +
      '"layers":[[1,4,1]],"optimizer":[{"beta1":[0.9],"beta2":[0.999],"epsilon":[1e-8],"form":["torch"],' +
      '"kind":["adam"],"learningRate":[0.01]}],"precision":["float32"],"seeds":[0],"subnormals":["ieee"]}';
    expect(sweepKey(sweepWith())).toBe(sha256(canonical).slice(0, 8));
  });

  test('does not depend on name, epochs and trace', () => {
    const other = sweepWith({ name: 'other', epochs: 5, trace: { epochs: { every: 1 } } });
    expect(sweepKey(other)).toBe(sweepKey(sweepWith()));
  });

  test('does not depend on the order of keys in the file, nor on what is spelled out that is so by default', () => {
    const terse =
      'name: a\nepochs: 1\nlayers: [1, 2, 1]\nseeds: 2\ndata: {kind: teacher, points: 4}\n' +
      'optimizer: {kind: adam, learningRate: 0.1}\n';
    const wordy =
      'optimizer: [{epsilon: 1.0e-8, beta2: 0.9990, beta1: [0.9], learningRate: 1e-1, kind: adam, form: torch}]\n' +
      'data: {seed: 0, points: [4], kind: teacher}\nactivation: tanh\ninit: glorot-uniform\nbatch: full\n' +
      'precision: float32\nsubnormals: [ieee]\nseeds: [0, 1]\nlayers: [[1, 2, 1]]\nepochs: 1\nname: a\n';
    expect(parseSweep(wordy, 'wordy.yaml')).toEqual(parseSweep(terse, 'terse.yaml'));
    expect(sweepKey(parseSweep(wordy, 'wordy.yaml'))).toBe(sweepKey(parseSweep(terse, 'terse.yaml')));
  });

  test.each([
    ['a value more on an axis', { seeds: 2 }],
    ['the order of values, which is the order of networks', { seeds: [1, 0] }],
    ['a hyper-parameter', { optimizer: { ...ONE_NETWORK.optimizer, beta1: 0.8 } }],
  ])('changes with %s', (_, keys) => {
    const others = [sweepWith(), sweepWith({ seeds: [0, 1, 2] }), sweepWith({ seeds: [0, 1, 2], init: 'he-uniform' })];
    expect(others.map(sweepKey)).not.toContain(sweepKey(sweepWith(keys)));
  });
});

describe('the differences between two sweeps', () => {
  test('are none where only the name differs, and name the trace where that does', () => {
    expect(sweepDifferences(sweepWith(), sweepWith({ name: 'b' }))).toEqual([]);
    expect(sweepDifferences(sweepWith(), sweepWith({ trace: { epochs: { every: 1 } } }))).toEqual([
      { path: 'trace.epochs.every', before: 20, now: 1 },
    ]);
  });

  test('name the exact path of each value that differs, epochs among them', () => {
    const before = sweepWith({ seeds: 2 });
    const now = sweepWith({
      epochs: 101,
      layers: [1, 5, 1],
      data: { kind: 'sine', points: 9 },
      optimizer: { kind: 'adam', learningRate: [0.01, 0.1] },
      seeds: [0, 2],
    });
    expect(sweepDifferences(before, now)).toEqual([
      { path: 'epochs', before: 100, now: 101 },
      { path: 'layers', before: [[1, 4, 1]], now: [[1, 5, 1]] },
      { path: 'data[0].points', before: [8], now: [9] },
      { path: 'optimizer[0].learningRate', before: [0.01], now: [0.01, 0.1] },
      { path: 'seeds', before: [0, 1], now: [0, 2] },
    ]);
  });

  test('name options and blocks that only one of them has', () => {
    const blocks = [
      { kind: 'sine', points: 8 },
      { kind: 'absolute', points: 8 },
    ];
    const now = sweepWith({ data: blocks, optimizer: { kind: 'sgd', learningRate: 0.01 } });
    expect(sweepDifferences(sweepWith(), now)).toEqual([
      { path: 'data[1]', before: undefined, now: { kind: ['absolute'], points: [8] } },
      { path: 'optimizer[0].kind', before: ['adam'], now: ['sgd'] },
      { path: 'optimizer[0].beta1', before: [0.9], now: undefined },
      { path: 'optimizer[0].beta2', before: [0.999], now: undefined },
      { path: 'optimizer[0].epsilon', before: [1e-8], now: undefined },
    ]);
  });
});
