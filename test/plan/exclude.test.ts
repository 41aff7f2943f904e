/** Rules under exclude: what they match, what remains and in which order, and rules that are mistakes. */
import { describe, expect, test } from 'vitest';
import { gridSchema } from '../../schemas/sweep.ts';
import { sweepKey } from '../../src/plan/identify.ts';
import { OPTIMIZER_KEYS, problemsOf, sweepText } from './bad-sweeps.ts';
import { networksWith, sweepWith } from './sweeps.ts';

const GRID = {
  layers: [
    [1, 4, 1],
    [1, 4, 4, 1],
  ],
  activation: ['tanh', 'relu'],
  data: { kind: ['sine', 'teacher'], points: 8, seed: [0, 1] },
  optimizer: [
    { kind: 'adam', learningRate: [0.1, 0.01], beta2: [0.9, 0.99] },
    { kind: 'sgd', learningRate: 0.1 },
  ],
  seeds: 3,
};
const ALL = networksWith(GRID);
type Matches = (network: (typeof ALL)[number]) => boolean;

describe('a rule', () => {
  test.each<[string, object, Matches]>([
    ['a name', { activation: 'relu' }, ({ activation }) => activation === 'relu'],
    ['layers', { layers: [1, 4, 4, 1] }, ({ layers }) => layers.length === 4],
    ['seeds', { seeds: [0, 2] }, ({ seed }) => seed !== 1],
    [
      'a learning rate in a block, of whatever optimizer',
      { optimizer: { learningRate: 0.1 } },
      ({ optimizer }) => optimizer.learningRate === 0.1,
    ],
    [
      'an option, which other optimizers do not have',
      { optimizer: { beta2: 0.9 } },
      ({ optimizer }) => optimizer.beta2 === 0.9,
    ],
    [
      'a range, its ends included',
      { optimizer: { learningRate: { linear: [0.01, 0.05] } } },
      ({ optimizer }) => optimizer.learningRate === 0.01,
    ],
    ['a data seed', { data: { seed: 1 } }, ({ data }) => data.seed === 1],
    [
      'one of several blocks',
      { data: [{ kind: 'sine' }, { kind: 'teacher', seed: 0 }] },
      ({ data }) => data.seed !== 1,
    ],
    [
      'all of its keys together',
      { layers: [1, 4, 4, 1], activation: ['tanh', 'relu'], optimizer: { kind: 'adam', learningRate: 0.1 } },
      ({ layers, optimizer }) => layers.length === 4 && optimizer.kind === 'adam' && optimizer.learningRate === 0.1,
    ],
  ])('matches %s', (_, rule, matches) => {
    const kept = networksWith({ ...GRID, exclude: [rule] });
    expect(kept.map(({ key }) => key)).toEqual(ALL.filter((network) => !matches(network)).map(({ key }) => key));
    expect(kept.length).toBeLessThan(ALL.length);
    expect(kept.map(({ id }) => id)).toEqual(kept.map((_network, place) => place));
  });

  test('leaves out what any of several matches', () => {
    const kept = networksWith({ ...GRID, exclude: [{ activation: 'relu' }, { seeds: [1] }] });
    expect(kept).toHaveLength((ALL.length / 2 / 3) * 2);
  });

  test('is part of the key of its sweep', () => {
    const rules = [undefined, [{ activation: 'relu' }], [{ activation: 'tanh' }]];
    const keys = rules.map((exclude) => sweepKey(sweepWith({ ...GRID, ...(exclude && { exclude }) })));
    expect(new Set(keys).size).toBe(3);
  });
});

describe('mistakes', () => {
  test('a rule that matches nothing, also behind one that matches everything it could', () => {
    const exclude = [{ activation: 'relu' }, { activation: 'relu', seeds: [7] }, { data: { points: 9 } }];
    expect(() => networksWith({ ...GRID, exclude })).toThrow(
      [
        'sweep "small": exclude[1]: got a rule that matches no network: {"activation":["relu"],"seeds":[7]}, ' +
          'expected values that some network of the sweep has together',
        'sweep "small": exclude[2]: got a rule that matches no network: {"data":[{"points":[9]}]}, ' +
          'expected values that some network of the sweep has together',
      ].join('\n'),
    );
    expect(() =>
      networksWith({ ...GRID, exclude: [{ seeds: [1] }, { seeds: [1], activation: 'relu' }] }),
    ).not.toThrow();
  });

  test.each([[[{}]], [[{ activation: 'relu' }, { activation: 'tanh' }]]])('nothing that remains: %j', (exclude) => {
    expect(() => networksWith({ ...GRID, exclude })).toThrow(
      'sweep "small": exclude: got every network, expected networks that remain',
    );
  });

  test.each([
    ['exclude: []', 'exclude: got [], expected a list of ≥ 1 values'],
    ['exclude: { activation: tanh }', 'exclude: got {"activation":"tanh"}, expected a list'],
    [
      'exclude: [{ activation: tan }]',
      'exclude[0].activation: got "tan", expected one of tanh, sigmoid, relu, sine, identity (did you mean "tanh"?)',
    ],
    ['exclude: [{ optimizer: { learningRate: -1 } }]', 'exclude[0].optimizer.learningRate: got -1, expected > 0'],
    [
      'exclude: [{ optimizer: [{ lerningRate: 1 }] }]',
      `exclude[0].optimizer[0].lerningRate: unknown key (did you mean "learningRate"?; ${OPTIMIZER_KEYS})`,
    ],
    [
      'exclude: [{ epochs: 3 }]',
      `exclude[0].epochs: unknown key (known here: ${Object.keys(gridSchema.shape).join(', ')})`,
    ],
    [
      'exclude: [{ data: { file: no.csv } }]',
      'exclude[0].data.file: no.csv: got no such file, expected a file of data: .csv, .arrow or .feather ' +
        '(paths are relative to the sweep; a run that had it keeps a copy in its folder data)',
    ],
  ])('%s', (line, message) => {
    expect(problemsOf(sweepText({}, line))).toEqual([`a.yaml:11: ${message}`]);
  });
});
