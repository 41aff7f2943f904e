/** Sweeps of objectives: what they expand to, how their networks are known, and what is no part of them. */
import { describe, expect, test } from 'vitest';
import type { Sweep } from '../../schemas/sweep.ts';
import { axesOf } from '../../src/plan/axes.ts';
import { networkCount } from '../../src/plan/check-sweep.ts';
import { operationsPerEpoch } from '../../src/plan/cost.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { networkKey } from '../../src/plan/identify.ts';
import { groupShape, kernelShape, packGroups } from '../../src/plan/pack.ts';
import { parseSweep } from '../../src/plan/read.ts';
import { problemsOf } from './bad-sweeps.ts';

const textOf = (objective: string, ...more: string[]) =>
  [
    ...['name: o', 'epochs: 10', `objective: ${objective}`, 'optimizer: { kind: adam, learningRate: 0.1 }', ...more],
    '',
  ].join('\n');
const read = (...options: Parameters<typeof textOf>): Sweep => parseSweep(textOf(...options), 'o.yaml');

describe('a sweep of objectives', () => {
  test('is nested loops over exponents, curvatures and starts, and then as any other', () => {
    const sweep = read('{ kind: power, exponent: [2, 4], start: [1, -3] }', 'precision: [float32, float64]');
    const networks = expandSweep(sweep);
    expect(networks).toHaveLength(networkCount(sweep));
    expect(
      networks.map(({ objective, precision }) => `${objective?.exponent} ${objective?.start} ${precision}`),
    ).toEqual([
      ...['2 1 float32', '2 1 float64', '2 -3 float32', '2 -3 float64'],
      ...['4 1 float32', '4 1 float64', '4 -3 float32', '4 -3 float64'],
    ]);
    expect(axesOf(networks).map(({ name, values }) => [name, values])).toEqual([
      ['exponent', [2, 4]],
      ['start', [1, -3]],
      ['precision', ['float32', 'float64']],
    ]);
  });

  test('has defaults: ½x² from 1, drawn nothing', () => {
    const [network, ...others] = expandSweep(read('{ kind: power }'));
    expect(others).toEqual([]);
    expect(network).toMatchObject({ objective: { kind: 'power', exponent: 2, curvature: 1, start: 1 }, seed: 0 });
    expect(Object.keys(network).sort()).toEqual(
      ['id', 'key', 'objective', 'optimizer', 'precision', 'seed', 'subnormals'].sort(),
    );
    expect(expandSweep(read('{ kind: power }', 'seeds: 1'))[0].key).toBe(network.key);
    expect(expandSweep(read('{ kind: power }', 'seeds: [0]'))[0].key).toBe(network.key);
  });

  test('gives keys that change with every member', () => {
    const variants = ['', ', exponent: 3', ', curvature: 2', ', start: 2'].map((more) => `{ kind: power${more} }`);
    const networks = variants.flatMap((objective) => expandSweep(read(objective)));
    expect(new Set(networks.map(networkKey)).size).toBe(4);
  });

  test('packs by exponent alone, and costs little more than its update', () => {
    const networks = expandSweep(read('{ kind: power, exponent: [2, 3], curvature: [1, 2], start: [1, 2] }'));
    expect(new Set(networks.map(kernelShape)).size).toBe(2);
    const groups = packGroups(networks);
    expect(groups).toHaveLength(2);
    expect(groupShape(groups[0], 20)).toMatchObject({ exponent: 3, layers: [], batchSize: 1, subchunkEpochs: 20 });
    expect(operationsPerEpoch(networks[0])).toBe(30 + 2);
  });
});

describe('a mistake in a sweep of objectives', () => {
  test.each([
    [
      'layers, data and all that comes with them',
      textOf('{ kind: power }', 'layers: [1, 4, 1]', 'activation: tanh', 'batch: full'),
      [
        'a.yaml:5: layers: got layers beside an objective, expected nothing: it stands in place of layers and data',
        'a.yaml:6: activation: got activation beside an objective, ' +
          'expected nothing: it stands in place of layers and data',
        'a.yaml:7: batch: got batch beside an objective, expected nothing: it stands in place of layers and data',
      ],
    ],
    [
      'seeds',
      textOf('{ kind: power }', 'seeds: 5'),
      ['a.yaml:5: seeds: got 5, expected 1, or nothing: an objective draws nothing'],
    ],
    [
      'an exponent that is not whole',
      textOf('{ kind: power, exponent: 2.5 }'),
      ['a.yaml:3: objective.exponent: got 2.5, expected a whole number'],
    ],
    [
      'an exponent that is too large',
      textOf('{ kind: power, exponent: [2, 9] }'),
      ['a.yaml:3: objective.exponent[1]: got 9, expected ≤ 8'],
    ],
    ['no curvature', textOf('{ kind: power, curvature: 0 }'), ['a.yaml:3: objective.curvature: got 0, expected > 0']],
    [
      'a start twice',
      textOf('{ kind: power, start: [1, 1] }'),
      ['a.yaml:3: objective.start: got 1 twice, expected each value once'],
    ],
    [
      'an unknown key',
      textOf('{ kind: power, exponnt: 2 }'),
      [
        'a.yaml:3: objective.exponnt: unknown key ' +
          '(did you mean "exponent"?; known here: kind, exponent, curvature, start)',
      ],
    ],
  ])('%s is told', (_, text, messages) => {
    expect(problemsOf(text)).toEqual(messages);
  });
});
