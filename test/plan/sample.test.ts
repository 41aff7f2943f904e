/**
 * Samples: draws that can be done again from docs/ARITHMETIC.md alone, what is drawn and what stays crossed,
 * repetitions, and the mistakes of ranges.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { elementaryOf, log } from '../../src/numeric/elementary.ts';
import { philox4x32 } from '../../src/numeric/philox.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { sweepKey } from '../../src/plan/identify.ts';
import { parseSweep } from '../../src/plan/read.ts';
import { problemsOf, sweepText } from './bad-sweeps.ts';
import { networksWith, sweepWith } from './sweeps.ts';

const RATES = { log: [1e-4, 1e-1] };
const SAMPLE = { kind: 'random', count: 20, seed: 7 };
const WIDE = {
  layers: [
    [1, 4, 1],
    [1, 8, 1],
    [1, 4, 4, 1],
  ],
  activation: ['tanh', 'relu'],
  data: [
    { kind: ['sine', 'teacher'], points: [4, 8], seed: [3, 4, 5] },
    { kind: 'absolute', points: 6 },
  ],
  init: ['glorot-uniform', 'he-uniform', 'torch-linear'],
  optimizer: [
    { kind: 'adam', form: ['torch', 'keras'], learningRate: RATES, beta2: { linear: [0.9, 0.999] } },
    { kind: 'sgd', learningRate: [0.1, { log: [0.2, 2] }] },
  ],
  subnormals: ['ieee', 'flush'],
};

/** The two uniforms of draw `index` of an axis, as the page has them. */
function uniforms(seed: number, axis: number, index: number): [number, number] {
  const [a, b, c, d] = philox4x32([index, axis, 0, 0], [seed, 3]);
  return [(a * 2 ** 21 + Math.floor(b / 2 ** 11)) * 2 ** -53, (c * 2 ** 21 + Math.floor(d / 2 ** 11)) * 2 ** -53];
}

describe('a draw', () => {
  test('is made again, axis by axis, from what docs/ARITHMETIC.md says', () => {
    const { exp } = elementaryOf('float64');
    const networks = networksWith({ ...WIDE, sample: SAMPLE });
    const again = Array.from({ length: SAMPLE.count }, (_, n) => {
      const place = (axis: number, count: number) => Math.floor(uniforms(SAMPLE.seed, axis, n)[0] * count);
      const within = (axis: number) => uniforms(SAMPLE.seed, axis, n)[1];
      const logUniform = (a: number, b: number) => exp(log(a) + (log(b) - log(a)) * within(10));
      const kind = ['sine', 'teacher'][place(3, 2)];
      const formula = {
        kind,
        points: [4, 8][place(4, 2)],
        ...(kind === 'teacher' && { seed: [3, 4, 5][place(5, 3)] }),
      };
      const beta2 = 0.9 + (0.999 - 0.9) * within(12);
      const adam = { kind: 'adam', form: ['torch', 'keras'][place(9, 2)], learningRate: logUniform(1e-4, 1e-1) };
      const sgd = { kind: 'sgd', form: 'torch', learningRate: place(10, 2) === 0 ? 0.1 : logUniform(0.2, 2) };
      return {
        layers: WIDE.layers[place(0, 3)],
        activation: WIDE.activation[place(1, 2)],
        data: place(2, 2) === 0 ? formula : { kind: 'absolute', points: 6 },
        init: WIDE.init[place(6, 3)],
        optimizer: place(7, 2) === 0 ? { ...adam, beta1: 0.9, beta2, epsilon: 1e-8 } : sgd,
        batch: 'full',
        subnormals: WIDE.subnormals[place(15, 2)],
        precision: 'float32',
        seed: 0,
      };
    });
    expect(networks.map(({ id: _id, key: _key, ...config }) => config)).toEqual(again);
    expect(new Set(networks.map(({ optimizer }) => optimizer.kind)).size).toBe(2);
  });

  test('never leaves its range, whatever the range and the seed', () => {
    const ends = fc
      .tuple(fc.double({ min: 1e-300, max: 3e38, noNaN: true }), fc.double({ min: 1e-300, max: 3e38, noNaN: true }))
      .filter(([a, b]) => a !== b)
      .map(([a, b]): [number, number] => (a < b ? [a, b] : [b, a]));
    const holds = fc.property(ends, fc.boolean(), fc.nat(), ([low, high], isLog, seed) => {
      const learningRate = isLog ? { log: [low, high] } : { linear: [low, high] };
      const sample = { ...SAMPLE, count: 1, seed };
      const [{ optimizer }] = networksWith({ optimizer: { kind: 'sgd', learningRate }, sample });
      expect(optimizer.learningRate).toBeGreaterThanOrEqual(low);
      expect(optimizer.learningRate).toBeLessThanOrEqual(high);
    });
    fc.assert(holds, { numRuns: 300 });
  });

  test('is as likely in each decade of a logarithmic range, and in each tenth of a linear one', () => {
    const optimizer = { kind: 'adam', learningRate: { log: [1e-5, 1] }, beta1: { linear: [0, 0.9] } };
    const networks = networksWith({ optimizer, sample: { ...SAMPLE, count: 5000 } });
    const shares = (places: number[], parts: number) =>
      Array.from({ length: parts }, (_, part) => places.filter((place) => Math.floor(place) === part).length / 5000);
    const decades = shares(
      networks.map((network) => Math.log10(network.optimizer.learningRate) + 5),
      5,
    );
    const tenths = shares(
      networks.map((network) => (network.optimizer.beta1 ?? NaN) / 0.09),
      10,
    );
    // Five standard deviations of a share of 1/5 and of 1/10 in 5000 draws.
    for (const share of decades) expect(Math.abs(share - 0.2)).toBeLessThan(0.029);
    for (const share of tenths) expect(Math.abs(share - 0.1)).toBeLessThan(0.022);
  });
});

describe('a sample', () => {
  test('has count configurations, each with every precision and seed, which share everything else', () => {
    const networks = networksWith({ ...WIDE, precision: ['float32', 'float64'], seeds: [5, 3], sample: SAMPLE });
    expect(networks).toHaveLength(SAMPLE.count * 4);
    for (let i = 0; i < networks.length; i += 4) {
      const four = networks.slice(i, i + 4);
      expect(four.map(({ precision, seed }) => `${precision} ${seed}`)).toEqual([
        'float32 5',
        'float32 3',
        'float64 5',
        'float64 3',
      ]);
      const rest = four.map(({ id: _id, key: _key, precision: _precision, seed: _seed, ...config }) => config);
      expect(new Set(rest.map((config) => JSON.stringify(config))).size).toBe(1);
    }
  });

  test('begins with the smaller sample of the same seed, and is another with another seed', () => {
    const keys = (part: object) => networksWith({ ...WIDE, sample: { ...SAMPLE, ...part } }).map(({ key }) => key);
    expect(keys({ count: 50 }).slice(0, 20)).toEqual(keys({}));
    expect(keys({ seed: 8 }).filter((key) => keys({}).includes(key)).length).toBeLessThan(5);
  });

  test('has each configuration once: repetitions are drawn again', () => {
    const four = {
      layers: [
        [1, 2, 1],
        [1, 3, 1],
      ],
      activation: ['tanh', 'relu'],
      sample: { ...SAMPLE, count: 4 },
    };
    const seen = networksWith(four).map(({ layers, activation }) => `${layers.join('-')} ${activation}`);
    expect(seen.sort()).toEqual(['1-2-1 relu', '1-2-1 tanh', '1-3-1 relu', '1-3-1 tanh']);
  });

  test.each([5, 1_000_000])('of %i configurations from a grid of four is refused, and soon', (count) => {
    const layers = [
      [1, 2, 1],
      [1, 3, 1],
    ];
    expect(() => networksWith({ layers, activation: ['tanh', 'relu'], sample: { ...SAMPLE, count } })).toThrow(
      new RegExp(
        '^sample\\.count: got 4 different configurations in 1\\d\\d draws, expected \\d+ ' +
          '\\(a smaller count, longer axes or ranges; ',
      ),
    );
  });

  test('draws the order of samples where there are mini-batches, and objectives', () => {
    const keys = { data: { kind: 'sine', points: 8 }, batch: ['full', 2, 4], shuffle: [true, false] };
    const batches = networksWith({ ...keys, sample: { ...SAMPLE, count: 5 } }).map(
      (network) => `${network.batch} ${network.shuffle}`,
    );
    expect(batches.sort()).toEqual(['2 false', '2 true', '4 false', '4 true', 'full undefined']);
    const text = stringify({
      name: 'objectives',
      epochs: 1,
      objective: { kind: 'power', exponent: [2, 4], start: [1, 2] },
      optimizer: { kind: 'adam', learningRate: { log: [1e-3, 1] } },
      sample: SAMPLE,
    });
    const objectives = expandSweep(parseSweep(text, 'a.yaml')).map(({ objective }) => objective);
    expect(objectives).toHaveLength(SAMPLE.count);
    expect(new Set(objectives.map((options) => `${options?.exponent} ${options?.start}`)).size).toBe(4);
  });

  test('draws curvatures and starts of objectives from ranges, each by its own axis', () => {
    const ranges = { curvature: { log: [0.01, 100] }, start: { linear: [-2, 2] } };
    const grid = { name: 'o', epochs: 1, optimizer: { kind: 'sgd', learningRate: 0.1 } };
    const text = stringify({ ...grid, objective: { kind: 'power', ...ranges }, sample: SAMPLE });
    const { exp } = elementaryOf('float64');
    const again = Array.from({ length: SAMPLE.count }, (_, n) => ({
      ...{ kind: 'power', exponent: 2 },
      curvature: exp(log(0.01) + (log(100) - log(0.01)) * uniforms(SAMPLE.seed, 21, n)[1]),
      start: -2 + 4 * uniforms(SAMPLE.seed, 22, n)[1],
    }));
    expect(expandSweep(parseSweep(text, 'a.yaml')).map(({ objective }) => objective)).toEqual(again);
    const gridText = stringify({ ...grid, objective: { kind: 'power', ...ranges } });
    expect(problemsOf(gridText)).toEqual([
      expect.stringContaining('objective.curvature: got the range {"log":[0.01,100]}, expected numbers'),
      expect.stringContaining('objective.start: got the range {"linear":[-2,2]}, expected numbers'),
    ]);
  });

  test('draws again what is excluded', () => {
    const exclude = [{ activation: ['relu'] }, { optimizer: [{ learningRate: [{ log: [1e-2, 10] }] }] }];
    const networks = networksWith({ ...WIDE, sample: SAMPLE, exclude });
    expect(networks).toHaveLength(SAMPLE.count);
    expect(networks.filter(({ activation }) => activation === 'relu')).toEqual([]);
    expect(networks.filter(({ optimizer }) => optimizer.learningRate >= 1e-2)).toEqual([]);
  });

  test('is part of the key of its sweep', () => {
    const keys = [{}, { sample: SAMPLE }, { sample: { ...SAMPLE, seed: 8 } }, { sample: { ...SAMPLE, count: 21 } }].map(
      (options) => sweepKey(sweepWith({ ...WIDE, optimizer: { kind: 'sgd', learningRate: [0.1, 0.2] }, ...options })),
    );
    expect(new Set(keys).size).toBe(4);
  });
});

describe('mistakes', () => {
  const rate = (text: string, ...more: string[]) => problemsOf(sweepText({ 9: `  learningRate: ${text}` }, ...more));
  const SAMPLED = 'sample: { kind: random, count: 3 }';

  test('a range where nothing draws from it', () => {
    expect(rate('[0.1, { log: [1.0e-4, 1.0e-1] }]')).toEqual([
      'a.yaml:9: optimizer.learningRate: got the range {"log":[0.0001,0.1]}, expected numbers ' +
        '(a sample draws from ranges: add sample: { kind: random, count: 100 })',
    ]);
    expect(rate('{ log: [1.0e-4, 1.0e-1] }', 'sample: { kind: random, count: 0 }')).toEqual([
      'a.yaml:11: sample.count: got 0, expected ≥ 1',
    ]);
  });

  test.each([
    ['{ log: [1, 0.1] }', 'learningRate.log: got [1,0.1], expected two numbers, the smaller first'],
    ['{ log: [1] }', 'learningRate.log: got [1], expected a list of ≥ 2 values'],
    ['{ linear: [0, 1] }', 'learningRate.linear[0]: got 0, expected > 0'],
    ['{ log: [a, 1] }', 'learningRate.log[0]: got "a", expected a number'],
    ['{ linear: 3 }', 'learningRate.linear: got 3, expected a list'],
    ['1\n  beta1: { log: [0, 0.5] }', 'beta1.log: got [0,0.5], expected two numbers above 0, which have logarithms'],
    ['1\n  beta1: { linear: [0.5, 1] }', 'beta1.linear[1]: got 1, expected < 1'],
  ])('%s', (text, message) => {
    const [first, ...others] = rate(text, SAMPLED);
    expect(others).toEqual([]);
    expect(first).toMatch(/^a\.yaml:\d+: optimizer\./);
    expect(first.replace(/^a\.yaml:\d+: optimizer\./, '')).toBe(message);
  });

  test('a range of an unknown kind', () => {
    expect(rate('{ lg: [0.1, 1] }', SAMPLED).join('\n')).toContain('did you mean "log"?');
  });

  test('more networks than a plan may have', () => {
    expect(problemsOf(sweepText({}, 'sample: { kind: random, count: 500001 }'))).toEqual([
      'a.yaml: got a plan of 1,000,002 networks, expected at most 1,000,000 ' +
        '(shorten an axis, or split the sweep over several files)',
    ]);
  });
});
