/**
 * Lists of networks: what an entry takes from the sweep that it is laid over, the order of networks, and mistakes at
 * the place where they stand.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import type { Network } from '../../schemas/network.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { sweepKey } from '../../src/plan/identify.ts';
import { parseSweep } from '../../src/plan/read.ts';
import { problemsOf } from './bad-sweeps.ts';
import { networksWith } from './sweeps.ts';

const HEAD = { name: 'list', epochs: 10 };
const WHOLE = { layers: [1, 4, 1], data: { kind: 'sine', points: 8 }, optimizer: { kind: 'adam', learningRate: 0.01 } };
const sweepOf = (keys: object) => parseSweep(stringify({ ...HEAD, ...keys }), 'a.yaml');
const networksOf = (keys: object): Network[] => expandSweep(sweepOf(keys));
const keysOf = (networks: readonly Network[]) => networks.map(({ key }) => key);
const problems = (keys: object) => problemsOf(stringify({ ...HEAD, ...keys }));

describe('an entry', () => {
  test('may say everything by itself, and is then the network of any grid', () => {
    const networks = networksOf({ networks: [{ ...WHOLE, seeds: [3] }] });
    expect(keysOf(networks)).toEqual(keysOf(networksWith({ seeds: [3] })));
  });

  test('replaces keys of the sweep and takes the others from it', () => {
    const networks = networksOf({
      ...WHOLE,
      seeds: [1],
      activation: 'relu',
      networks: [{}, { layers: [1, 8, 1], seeds: [2] }, { activation: 'sine', precision: 'float64' }],
    });
    const seen = networks.map(
      (network) => `${network.layers?.join('-')} ${network.activation} ${network.precision} ${network.seed}`,
    );
    expect(seen).toEqual(['1-4-1 relu float32 1', '1-8-1 relu float32 2', '1-4-1 sine float64 1']);
  });

  test('changes a block of the sweep member by member, unless it says of which kind it is', () => {
    const networks = networksOf({
      seeds: 1,
      ...WHOLE,
      optimizer: { kind: 'adam', form: 'keras', learningRate: 0.01, beta2: 0.99 },
      networks: [
        { optimizer: { learningRate: 0.5 } },
        { optimizer: { kind: 'sgd', learningRate: 0.1 } },
        { data: { points: 4 } },
        { data: { kind: 'teacher', points: 5 } },
      ],
    });
    const keras = { kind: 'adam', form: 'keras', beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };
    expect(networks.map(({ optimizer }) => optimizer)).toEqual([
      { ...keras, learningRate: 0.5 },
      { kind: 'sgd', form: 'torch', learningRate: 0.1 },
      { ...keras, learningRate: 0.01 },
      { ...keras, learningRate: 0.01 },
    ]);
    expect(networks.map(({ data }) => data)).toEqual([
      { kind: 'sine', points: 8 },
      { kind: 'sine', points: 8 },
      { kind: 'sine', points: 4 },
      { kind: 'teacher', points: 5, seed: 0 },
    ]);
  });

  test('is crossed by itself where it or the sweep has lists; ids go on from entry to entry', () => {
    const networks = networksOf({
      ...WHOLE,
      seeds: 2,
      networks: [{ activation: ['tanh', 'relu'] }, { layers: [1, 2, 1], seeds: [9] }],
    });
    expect(
      networks.map((network) => `${network.id} ${network.layers?.join('-')} ${network.activation} ${network.seed}`),
    ).toEqual([...['0 1-4-1 tanh 0', '1 1-4-1 tanh 1', '2 1-4-1 relu 0', '3 1-4-1 relu 1'], '4 1-2-1 tanh 9']);
  });

  test('is an objective or a network, whatever the sweep is for the others', () => {
    const objective = { kind: 'power', start: 0.5 };
    const networks = networksOf({
      ...WHOLE,
      seeds: 2,
      batch: 2,
      networks: [{ objective }, { seeds: [7] }, { objective: { kind: 'power' }, precision: 'float64' }],
    });
    expect(
      networks.map(
        (network) => `${network.objective?.start ?? network.layers?.join('-')} ${network.batch} ${network.seed}`,
      ),
    ).toEqual(['0.5 undefined 0', '1-4-1 2 7', '1 undefined 0']);
    const { layers, data, optimizer } = WHOLE;
    const others = networksOf({ objective, optimizer, networks: [{}, { layers, data, seeds: 1 }] });
    expect(others.map((network) => network.objective?.start ?? network.layers?.join('-'))).toEqual([0.5, '1-4-1']);
  });

  test('may have data files of its own, and the path does not matter', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gyre-list-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const name of ['a.csv', 'b.csv']) writeFileSync(join(folder, name), 'x,y\n0,1\n1,2\n');
    const read = (file: string) =>
      parseSweep(stringify({ ...HEAD, ...WHOLE, seeds: 1, networks: [{ data: { file } }] }), join(folder, 'a.yaml'));
    expect(sweepKey(read('a.csv'))).toBe(sweepKey(read('b.csv')));
    expect(expandSweep(read('a.csv'))[0].data).toMatchObject({ kind: 'file', points: 2 });
  });
});

describe('the sweep of a list', () => {
  test('has a key that depends on its networks and not on how they are spelled out', () => {
    const [a, b, c] = [
      { ...WHOLE, seeds: 1, networks: [{}, { layers: [1, 8, 1] }] },
      {
        networks: [
          { ...WHOLE, seeds: [0] },
          { ...WHOLE, layers: [[1, 8, 1]], seeds: 1, activation: 'tanh' },
        ],
      },
      { ...WHOLE, seeds: 1, networks: [{ layers: [1, 8, 1] }, {}] },
    ].map((keys) => sweepKey(sweepOf(keys)));
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });
});

describe('mistakes', () => {
  test('a value of an entry stands at its line', () => {
    const text =
      'name: a\nepochs: 1\nnetworks:\n  - { layers: [1, 2, 1], seeds: 1 }\n' +
      '  - layers: [1, 0, 1]\n    seedz: 1\n    seeds: 1\ndata: { kind: sine, points: 4 }\n' +
      'optimizer: { kind: sgd, learningRate: 0.1 }\n';
    const [layers, key, ...others] = problemsOf(text);
    expect(others).toEqual([]);
    expect(layers).toBe('a.yaml:5: networks[1].layers[1]: got 0, expected ≥ 1');
    expect(key).toMatch(/^a\.yaml:6: networks\[1\]\.seedz: unknown key \(did you mean "seeds"\?; known here: layers, /);
  });

  test('a mistake beside the list is told once, where it stands', () => {
    expect(problems({ ...WHOLE, layers: [1, 4, 2], seeds: -1, networks: [{}, { activation: 'relu' }] })).toEqual([
      'a.yaml:13: seeds: got -1, expected ≥ 1',
      'a.yaml:3: layers: got 1-4-2, expected 1 output, as the data set has (write [1, …, 1])',
    ]);
  });

  test('what an entry lacks is missed in the entry', () => {
    expect(problems({ ...WHOLE, networks: [{ seeds: 1 }, { optimizer: { kind: 'sgd' } }] })).toEqual([
      'a.yaml:15: networks[1].optimizer.learningRate: got nothing, expected a number',
      'a.yaml:15: networks[1].seeds: got nothing, expected a number',
    ]);
  });

  test('an option that only the sum of sweep and entry makes wrong', () => {
    expect(problems({ ...WHOLE, seeds: 1, networks: [{ data: { seed: 3 } }, { optimizer: { form: 'no' } }] })).toEqual([
      'a.yaml:18: networks[1].optimizer.form: got "no", expected one of torch, paper, quotient, keras',
      'a.yaml:16: networks[0].data.seed: got a seed for sine, expected no seed: only the teacher is drawn',
    ]);
  });

  test.each([
    ['no entries', [], 'networks: got [], expected a list of ≥ 1 values'],
    ['a mapping', { layers: [1, 2, 1] }, 'networks: got {"layers":[1,2,1]}, expected a list'],
    ['an entry that is none', [3], 'networks[0]: got 3, expected a mapping'],
  ])('%s', (_, networks, message) => {
    const [first, ...others] = problems({ ...WHOLE, seeds: 1, networks });
    expect(others).toEqual([]);
    expect(first.replace(/^a\.yaml:\d+: /, '')).toBe(message);
  });

  test('a sample beside a list', () => {
    const [first] = problems({ ...WHOLE, seeds: 1, networks: [{}], sample: { kind: 'random', count: 2 } });
    expect(first).toBe('a.yaml:16: sample: got {"kind":"random","count":2}, expected nothing beside networks');
  });

  test('the same network in two entries', () => {
    expect(() => networksOf({ ...WHOLE, seeds: 1, networks: [{}, { activation: 'tanh' }] })).toThrow(
      /networks 0 and 1 with the same configuration .* \(remove the overlap between the entries under networks\)/,
    );
  });

  test('more networks than a plan may have, all entries together', () => {
    const [first] = problems({ ...WHOLE, networks: [{ seeds: 600_000 }, { activation: 'relu', seeds: 600_000 }] });
    expect(first).toMatch(/^a\.yaml: got a plan of 1,200,000 networks, expected at most 1,000,000/);
  });
});
