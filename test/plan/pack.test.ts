/**
 * Packing: whatever the number of lanes, every network is in exactly one group of its own shape, the most work comes
 * first, and tasks are consecutive groups of about a second.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sweepSchema } from '../../schemas/sweep.ts';
import { OPERATIONS_PER_TASK, operationsPerEpoch } from '../../src/plan/cost.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { networkKey } from '../../src/plan/identify.ts';
import {
  type Group,
  groupBy,
  groupShape,
  kernelShape,
  lanesOfVectors,
  packGroups,
  packGroupsForThreads,
  packTasks,
} from '../../src/plan/pack.ts';
import { networksWith, sweepKeys } from './sweeps.ts';

/** Six shapes of 10 networks each; shapes and costs are in no order. */
const networks = networksWith({
  layers: [
    [1, 4, 1],
    [1, 8, 8, 1],
    [1, 2, 1],
  ],
  optimizer: { kind: 'adam', learningRate: [0.1, 0.2] },
  precision: ['float32', 'float64'],
  seeds: 5,
});

/** What must hold of groups, whatever they were packed from. */
function expectWellPacked(groups: readonly Group[], options: readonly { id: number }[], lanes: number): void {
  const ids = groups.flatMap((group) => group.networks.map(({ id }) => id));
  expect([...ids].sort((a, b) => a - b)).toEqual(options.map(({ id }) => id));
  for (const group of groups) {
    expect(group.lanes).toBe(lanes);
    expect(group.networks.length).toBeGreaterThanOrEqual(1);
    expect(group.networks.length).toBeLessThanOrEqual(lanes);
    expect(new Set(group.networks.map(kernelShape))).toEqual(new Set([group.shape]));
  }
  const operations = groups.map((group) => operationsPerEpoch(group.networks[0]));
  expect(operations).toEqual([...operations].sort((a, b) => b - a));
  for (const [, ofShape] of groupBy(groups, ({ shape }) => shape)) {
    const idsOfShape = ofShape.flatMap((group) => group.networks.map(({ id }) => id));
    expect(idsOfShape).toEqual([...idsOfShape].sort((a, b) => a - b));
    expect(ofShape.slice(0, -1).every((group) => group.networks.length === lanes)).toBe(true);
  }
}

describe.each([1, 3, 4, 7, 16])('groups of %i lanes', (lanes) => {
  test('hold every network once, one shape each, full but for the last of a shape, the most work first', () => {
    const groups = packGroups(networks, lanes);
    expectWellPacked(groups, networks, lanes);
    expect(groups).toHaveLength(6 * Math.ceil(10 / lanes));
  });

  test('do so for any sweep', () => {
    const holds = fc.property(sweepKeys, (keys) => {
      const all = expandSweep(sweepSchema.parse(keys));
      expectWellPacked(packGroups(all, lanes), all, lanes);
    });
    fc.assert(holds, { numRuns: 40 });
  });
});

describe('groups', () => {
  test('have four lanes where nothing else is said', () => {
    expect(packGroups(networks)).toEqual(packGroups(networks, 4));
  });

  test('are made of the networks that are given, whatever their ids', () => {
    const open = networks.filter(({ id }) => id % 7 === 3);
    expectWellPacked(packGroups(open, 4), open, 4);
    expect(packGroups([])).toEqual([]);
  });

  test('share a shape if only hyper-parameters, seeds, the data set or the initialisation differ', () => {
    const alike = networksWith({
      data: { kind: ['sine', 'absolute', 'teacher'], points: 8, seed: [0, 1] },
      init: ['glorot-uniform', 'torch-linear'],
      optimizer: { kind: 'adam', learningRate: [0.1, 0.2], beta1: [0, 0.9], beta2: [0.9, 0.99], epsilon: [0, 1e-8] },
      seeds: 2,
    });
    expect(new Set(alike.map(kernelShape))).toEqual(new Set(['1-4-1 tanh 8 points adam torch float32 ieee']));
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['layers', { layers: [1, 5, 1] }],
    ['activation', { activation: 'sine' }],
    ['points', { data: { kind: 'sine', points: 9 } }],
    ['optimizer', { optimizer: { kind: 'sgd', learningRate: 0.01 } }],
    ['form', { optimizer: { kind: 'adam', form: 'keras', learningRate: 0.01 } }],
    ['precision', { precision: 'float64' }],
    ['subnormals', { subnormals: 'flush' }],
    ['batch', { batch: 4 }],
  ])('are of another shape where %s differ', (_, keys) => {
    expect(kernelShape(networksWith(keys)[0])).not.toBe(kernelShape(networksWith()[0]));
  });

  test('of mini-batches are of another shape where their size or order differs', () => {
    const shapes = networksWith({ batch: [2, 4], shuffle: [true, false] }).map(kernelShape);
    expect(new Set(shapes).size).toBe(4);
  });

  test('keep no more shuffled samples at a time than a cache holds, but those of two epochs', () => {
    const chunkEpochs = (points: number, shuffle: boolean) =>
      groupShape(packGroups(networksWith({ data: { kind: 'sine', points }, batch: 2, shuffle }))[0], 1000).chunkEpochs;
    expect([chunkEpochs(8, true), chunkEpochs(8, false)]).toEqual([2 ** 15 / (8 * 2 * 4), 1000]);
    expect(chunkEpochs(4000, true)).toBe(2);
  });

  test('have a memory layout that follows from their shape', () => {
    const [group] = packGroups(
      networksWith({ optimizer: { kind: 'sgd', learningRate: 0.01 }, precision: 'float64' }),
      3,
    );
    expect(groupShape(group, 5000)).toEqual({
      precision: 'float64',
      layers: [1, 4, 1],
      activation: 'tanh',
      exponent: null,
      optimizer: { kind: 'sgd', form: 'torch' },
      subnormals: 'ieee',
      sampleCount: 8,
      batchSize: 8,
      isShuffled: false,
      moments: [],
      constants: 7,
      corrections: 0,
      lanes: 3,
      chunkEpochs: 1000,
      subchunkEpochs: 1000,
    });
    expect(groupShape(packGroups(networks)[0], 20)).toMatchObject({
      moments: ['firstMoment', 'secondMoment'],
      corrections: 2,
      chunkEpochs: 240,
      subchunkEpochs: 20,
    });
  });
});

describe('groups for vectors of several widths', () => {
  const NOT_BEGUN = { epochs: 1, epochOf: () => 0 };
  const lanesOf = (groups: readonly Group[]) => groups.map(({ lanes, networks: own }) => [own.length, lanes]);
  const ofOneShape = (seeds: number, precision: string) => networksWith({ precision, seeds });

  test('are one vector of 16 bytes, or of twice as many up to the widest', () => {
    expect(lanesOfVectors(16)).toEqual({ float32: [4], float64: [2] });
    expect(lanesOfVectors(64)).toEqual({ float32: [4, 8, 16], float64: [2, 4, 8] });
  });

  test('fill the widest, and those that are left have the narrowest that holds them', () => {
    const lanes = lanesOfVectors(64);
    expect(lanesOf(packGroups(ofOneShape(36, 'float32'), lanes))).toEqual([
      [16, 16],
      [16, 16],
      [4, 4],
    ]);
    expect(lanesOf(packGroups(ofOneShape(5, 'float32'), lanes))).toEqual([[5, 8]]);
    expect(lanesOf(packGroups(ofOneShape(11, 'float64'), lanes))).toEqual([
      [8, 8],
      [3, 4],
    ]);
  });

  test('become narrower where threads would be without one, but never too narrow', () => {
    const packed = (threads: number) =>
      lanesOf(packGroupsForThreads(ofOneShape(16, 'float32'), { lanes: lanesOfVectors(64), threads, ...NOT_BEGUN }));
    expect(packed(1)).toEqual([[16, 16]]);
    expect(packed(2)).toEqual(Array(2).fill([8, 8]));
    expect(packed(3)).toEqual(Array(4).fill([4, 4]));
    expect(packed(100)).toEqual(Array(4).fill([4, 4]));
  });

  test('of very large networks have no more lanes than there is memory for', () => {
    const large = networksWith({ layers: [1, 4000, 4000, 1], data: { kind: 'sine', points: 4 }, seeds: 16 });
    expect(lanesOf(packGroups(large, lanesOfVectors(64)))).toEqual(Array(2).fill([8, 8]));
  });
});

describe.each(['kernel', 'native', 'reference'] as const)('tasks of the engine %s', (engine) => {
  const least = OPERATIONS_PER_TASK[engine];
  const groups = packGroups(networks, 4);
  const operationsOf = (list: readonly Group[], epochs: number): number =>
    list.reduce((sum, group) => sum + group.networks.length * epochs * operationsPerEpoch(group.networks[0]), 0);

  test('keep the order of the groups and leave none out', () => {
    const holds = fc.property(
      fc.integer({ min: 1, max: engine === 'reference' ? 3_000_000 : 100_000_000 }),
      (epochs) => {
        const tasks = packTasks(groups, { epochs, engine });
        expect(tasks.flat()).toEqual(groups);
        for (const [i, task] of tasks.entries()) {
          expect(task.length).toBeGreaterThan(0);
          expect(operationsOf(task.slice(0, -1), epochs)).toBeLessThan(least);
          if (i < tasks.length - 1) expect(operationsOf(task, epochs)).toBeGreaterThanOrEqual(least);
        }
      },
    );
    fc.assert(holds);
  });

  test('of several threads grow smaller towards the end, to an eighth and no further', () => {
    const many = packGroups(networksWith({ seeds: 4000 }), 4);
    const epochs = Math.ceil((20 * least) / operationsOf(many, 1));
    const tasks = packTasks(many, { epochs, engine, threads: 2 });
    const sizes = tasks.map((task) => operationsOf(task, epochs));
    expect(tasks.flat()).toEqual(many);
    expect(sizes[0]).toBeGreaterThanOrEqual(least);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes.at(-2)).toBeGreaterThanOrEqual(least / 8);
    expect(sizes.at(-2)).toBeLessThan(least / 7);
  });

  test('are one for a short run and one a group for a long one', () => {
    expect(packTasks(groups, { epochs: 1, engine })).toHaveLength(1);
    expect(packTasks(groups, { epochs: 1e9, engine })).toHaveLength(groups.length);
    expect(packTasks([], { epochs: 100, engine })).toEqual([]);
  });
});

describe('the shape and the key of a network do not depend on the one before it, which differs', () => {
  test.each<[string, Record<string, unknown>]>([
    [
      'by its layers',
      {
        layers: [
          [1, 2, 1],
          [1, 3, 1],
        ],
      },
    ],
    ['by its activation', { activation: ['tanh', 'relu'] }],
    ['by its data set', { data: { kind: ['sine', 'absolute'], points: 8 } }],
    ['by the points of its data set', { data: { kind: 'sine', points: [8, 9] } }],
    ['by its initialisation', { init: ['glorot-uniform', 'he-uniform'] }],
    ['by its optimizer', { optimizer: { kind: ['adam', 'sgd'], learningRate: 0.1 } }],
    ['by the form of its optimizer', { optimizer: { kind: 'adam', form: ['torch', 'keras'], learningRate: 0.1 } }],
    ['by its learning rate', { optimizer: { kind: 'adam', learningRate: [0.1, 0.2] } }],
    ['by its batch', { batch: [2, 'full'] }],
    ['by its order of samples', { batch: 2, shuffle: [false, true] }],
    ['by its precision', { precision: ['float32', 'float64'] }],
    ['by its subnormals', { subnormals: ['ieee', 'flush'] }],
    ['by its seed', { seeds: 2 }],
  ])('%s', (_, keys) => {
    const pair = networksWith(keys);
    expect(pair).toHaveLength(2);
    const found = pair.map((network) => [kernelShape(network), networkKey(network), network.key]);
    // A copy shares no object with the other network, so nothing that is kept of that one can serve it.
    const alone = pair.map((network) => structuredClone(network)).reverse();
    const expected = alone.map((network) => [kernelShape(network), networkKey(network), networkKey(network)]);
    expect(found).toEqual(expected.reverse());
  });
});

test('items are grouped by key in the order in which the keys come', () => {
  const grouped = groupBy(['banana', 'cherry', 'blueberry', 'apple', 'cranberry'], (word) => word[0]);
  expect([...grouped]).toEqual([
    ['b', ['banana', 'blueberry']],
    ['c', ['cherry', 'cranberry']],
    ['a', ['apple']],
  ]);
});
