/**
 * Two small sums over a plan: the declared cost of an epoch with the chunks that follow from it, and the axes on which
 * the networks of a plan differ.
 */
import { describe, expect, test } from 'vitest';
import { axesOf, inRanges, seedCount } from '../../src/plan/axes.ts';
import { chunksOf, epochsBetweenLooks, operationsPerEpoch } from '../../src/plan/cost.ts';
import { networksWith } from './sweeps.ts';

describe('the cost of an epoch', () => {
  test.each([
    // P = 2·8 + 9·1 = 25; a sample costs 6·25 + 30·8 = 390, the update 30·25 = 750.
    ['1-8-1 on 16 points', [1, 8, 1], 16, 16 * 390 + 750],
    // P = 2; no hidden units.
    ['1-1 on 2 points', [1, 1], 2, 2 * 12 + 60],
    // P = 2·8 + 9·8 + 9 = 97; 16 hidden units.
    ['1-8-8-1 on 100 points', [1, 8, 8, 1], 100, 100 * (6 * 97 + 30 * 16) + 30 * 97],
  ])('of %s is counted from the shape', (_, layers, points, operations) => {
    expect(operationsPerEpoch({ layers, data: { kind: 'sine', points }, batch: 'full' })).toBe(operations);
  });

  test('of mini-batches has an update a step, the last batch short or not, and the shuffling of samples', () => {
    const options = { layers: [1, 8, 1], data: { kind: 'sine', points: 16 } } as const;
    expect(operationsPerEpoch({ ...options, batch: 5, shuffle: false })).toBe(16 * 390 + 4 * 750);
    expect(operationsPerEpoch({ ...options, batch: 4, shuffle: true })).toBe(16 * (390 + 60) + 4 * 750);
  });

  test('does not depend on the values of hyper-parameters, seeds or the data set', () => {
    const alike = networksWith({
      data: { kind: ['sine', 'teacher'], points: 8 },
      activation: ['tanh', 'relu'],
      seeds: 2,
    });
    expect(new Set(alike.map(operationsPerEpoch)).size).toBe(1);
  });
});

describe('the epochs between two looks at the control words', () => {
  test.each([
    ['at most 1000 epochs', 10, 1, 1000],
    ['2²⁴ operations where that is less', 2 ** 20, 4, 4],
    ['rounded down', 2 ** 20 - 1, 4, 4],
    ['at least one epoch', 2 ** 30, 16, 1],
  ])('is %s', (_, operations, lanes, epochs) => {
    expect(epochsBetweenLooks(operations, lanes)).toBe(epochs);
  });
});

describe('a chunk', () => {
  test.each([
    ['several buckets, each a part', 20, 1000, 240, 20],
    ['parts of several buckets where they are short', 3, 1000, 252, 18],
    ['parts of sixteen buckets of one epoch', 1, 1000, 256, 16],
    ['one long bucket', 500, 1000, 500, 500],
    ['no more than between two looks', 20, 50, 40, 20],
    ['no more than between two looks, less than a bucket', 20, 7, 7, 7],
    ['no more than between two looks, of short buckets', 1, 5, 5, 5],
    ['no more than between two looks, of a long bucket', 5000, 1000, 1000, 1000],
  ])('is %s', (_, bucketEpochs, epochsMax, chunkEpochs, subchunkEpochs) => {
    expect(chunksOf(bucketEpochs, epochsMax)).toEqual({ chunkEpochs, subchunkEpochs });
  });
});

describe('axes', () => {
  test('have more than one value each, names as in networks.arrow, values in the order of the plan', () => {
    const networks = networksWith({
      layers: [
        [1, 8, 1],
        [1, 4, 1],
      ],
      data: { kind: ['teacher', 'sine'], points: [16, 8], seed: [5, 4] },
      optimizer: { kind: 'adam', learningRate: [0.1, 0.01], beta2: [0.999, 0.9] },
      batch: ['full', 4],
      shuffle: [true, false],
      seeds: 3,
    });
    expect(axesOf(networks).map(({ name, values }) => [name, values])).toEqual([
      ['layers', ['1-8-1', '1-4-1']],
      ['data', ['teacher', 'sine']],
      ['points', [16, 8]],
      ['data_seed', [5, 4, undefined]],
      ['learning_rate', [0.1, 0.01]],
      ['beta2', [0.999, 0.9]],
      ['batch', ['full', 4]],
      ['shuffle', [undefined, 'true', 'false']],
    ]);
  });

  test('give each network its value, undefined where the axis does not apply', () => {
    const networks = networksWith({
      optimizer: [
        { kind: 'sgd', learningRate: 0.1 },
        { kind: 'adam', learningRate: 0.1, beta1: [0.5, 0.9] },
      ],
    });
    const [optimizer, beta1] = axesOf(networks);
    expect([optimizer.name, beta1.name]).toEqual(['optimizer', 'beta1']);
    expect(networks.map(beta1.valueFor)).toEqual([undefined, 0.5, 0.9]);
  });

  test('are none where an option has one value and does not apply elsewhere, and seeds are none ever', () => {
    const networks = networksWith({ optimizer: { kind: ['adam', 'sgd'], learningRate: 0.1 }, seeds: 9 });
    expect(axesOf(networks).map(({ name }) => name)).toEqual(['optimizer']);
    expect(axesOf(networksWith({ seeds: 9 }))).toEqual([]);
  });

  test('have each value once, whether its networks are neighbours or not', () => {
    const networks = networksWith({ optimizer: { kind: 'sgd', learningRate: [0.1, 0.2] }, seeds: 2 });
    const values = (list: typeof networks) => axesOf(list).map((axis) => axis.values);
    expect(values(networks)).toEqual([[0.1, 0.2]]);
    expect(values([networks[2], networks[0], networks[3], networks[1]])).toEqual([[0.2, 0.1]]);
  });

  test('come with the number of different seeds', () => {
    expect(seedCount(networksWith({ seeds: [7, 4_294_967_295, 0], precision: ['float32', 'float64'] }))).toBe(3);
    expect(seedCount(networksWith({ seeds: 5 }))).toBe(5);
  });

  test('of many numbers are told in four ranges of as many values', () => {
    const learningRate = Array.from({ length: 22 }, (_, i) => (22 - i) / 1000);
    const networks = networksWith({ optimizer: { kind: 'sgd', learningRate } });
    const [{ name, values, valueFor }] = axesOf(networks).map(inRanges);
    expect(name).toBe('learning_rate');
    expect(values).toEqual(['0.001 … 0.006', '0.007 … 0.011', '0.012 … 0.017', '0.018 … 0.022']);
    expect(networks.map(valueFor)).toEqual(
      learningRate.map((rate) => values[rate >= 0.018 ? 3 : rate >= 0.012 ? 2 : rate >= 0.007 ? 1 : 0]),
    );
    const few = axesOf(networksWith({ optimizer: { kind: 'sgd', learningRate: learningRate.slice(0, 16) } }));
    expect(few.map(inRanges)[0].values).toEqual(learningRate.slice(0, 16));
  });

  test.each([
    ['activation', { activation: ['tanh', 'relu'] }],
    ['init', { init: ['he-uniform', 'lecun-normal'] }],
    ['form', { optimizer: { kind: 'adam', form: ['torch', 'keras'], learningRate: 0.1 } }],
    ['epsilon', { optimizer: { kind: 'adam', learningRate: 0.1, epsilon: [0, 1e-8] } }],
    ['weight_decay', { optimizer: { kind: 'adamw', learningRate: 0.1, weightDecay: [0, 1e-4] } }],
    ['subnormals', { subnormals: ['ieee', 'flush'] }],
    ['precision', { precision: ['float32', 'float64'] }],
  ])('include %s', (name, keys) => {
    expect(axesOf(networksWith(keys)).map((axis) => axis.name)).toEqual([name]);
  });
});
