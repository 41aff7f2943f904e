/** Which data sets of a plan vary too little for its learning rates. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { datasetOf, provideDataset } from '../../src/data/datasets.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { parseSweep, readSweep } from '../../src/plan/read.ts';
import { varianceRemarks } from '../../src/plan/remarks.ts';
import { sweepOf } from '../support/runs.ts';

const TEACHER = { kind: 'teacher', points: 16, seed: 0 };
const adam = (...learningRate: number[]) => ({ kind: 'adam', learningRate });
const remarksOn = (keys: Record<string, unknown>) => varianceRemarks(expandSweep(sweepOf(keys)));

describe('a data set', () => {
  test('whose variance is at most lr² is named once, with the rates and networks that this concerns', () => {
    const data = { kind: ['sine', 'polynomial', 'teacher'], points: 16 };
    expect(remarksOn({ data, optimizer: adam(0.1, 1e-3, 0.02), precision: ['float32', 'float64'], seeds: 5 })).toEqual({
      remarks: [{ data: TEACHER, variance: expect.closeTo(3.43e-4, 6), learningRates: [0.02, 0.1], networks: 20 }],
      unjudgedDataSets: 0,
    });
  });

  test.each<[number, number]>([
    [0.2499, 0],
    [0.25, 1],
  ])('with a variance of 1/16 has, at a learning rate of %d, this many remarks: %i', (learningRate, count) => {
    // Targets ±1/4.
    const [inputs, targets] = [Float32Array.of(0, 1), Float32Array.of(-0.25, 0.25)];
    const hash = 'a'.repeat(64);
    provideDataset(hash, datasetOf({ inputs, targets, inputCount: 1, outputCount: 1 }));
    const [network] = expandSweep(sweepOf({ optimizer: adam(learningRate), seeds: 1 }));
    const onFile = { ...network, data: { kind: 'file', hash, points: 2 } } as typeof network;
    expect(varianceRemarks([onFile]).remarks).toHaveLength(count);
  });

  test('of constant targets is named at every rate and for every optimiser', () => {
    const hash = 'b'.repeat(64);
    const [inputs, targets] = [Float32Array.of(0, 1), Float32Array.of(0.1, 0.1)];
    provideDataset(hash, datasetOf({ inputs, targets, inputCount: 1, outputCount: 1 }));
    const [network] = expandSweep(sweepOf({ optimizer: { kind: 'sgd', learningRate: 1e-9 }, seeds: 1 }));
    const data = { kind: 'file', hash, points: 2 } as const;
    const onFile = { ...network, data } as typeof network;
    expect(varianceRemarks([onFile]).remarks).toEqual([{ data, variance: 0, learningRates: null, networks: 1 }]);
  });

  test.each([
    ['adam', 1],
    ['adamw', 1],
    ['amsgrad', 1],
    ['rmsprop', 1],
    ['momentum', 0],
    ['sgd', 0],
  ])('is named under %s as many times as %i, because of the size of its steps', (kind, count) => {
    const { remarks } = remarksOn({ data: TEACHER, optimizer: { kind, learningRate: 0.1 } });
    expect(remarks).toHaveLength(count);
  });
});

test('an objective has no data and gets no remark', () => {
  const text = 'name: a\nepochs: 1\nobjective: { kind: power }\noptimizer: { kind: adam, learningRate: 10 }\n';
  const sweep = parseSweep(text, 'a.yaml');
  expect(varianceRemarks(expandSweep(sweep))).toEqual({ remarks: [], unjudgedDataSets: 0 });
});

test('data sets that are too many to make are counted', () => {
  const { remarks, unjudgedDataSets } = remarksOn({
    data: { ...TEACHER, points: 9000, seed: Array.from({ length: 130 }, (_, seed) => seed) },
    optimizer: adam(1e3),
    seeds: 2,
  });
  expect([remarks.length, unjudgedDataSets]).toEqual([100, 30]);
});

describe('a shipped sweep', () => {
  const folder = new URL('../../sweeps/', import.meta.url);

  test.each(readdirSync(folder).filter((file) => file.endsWith('.yaml')))('%s deserves no remark', (file) => {
    const networks = expandSweep(readSweep(new URL(file, folder).pathname));
    expect(varianceRemarks(networks).remarks).toEqual([]);
  });
});
