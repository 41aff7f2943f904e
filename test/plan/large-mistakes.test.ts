/**
 * Input that is wrong a hundred thousand times over: refused with at most fifty messages, in text that fits on some
 * pages, and with work that grows with the input and not with its square: what does so here takes seconds, and squared
 * it would take hours.
 */
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../schemas/problems.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { parseSweep } from '../../src/plan/read.ts';
import { readCsv } from '../../src/storage/user-data/csv-data.ts';

const COUNT = 100_000;
/** A page of problems and how many more there are. */
const LINES_MAX = 51;
const TEXT_LENGTH_MAX = 65_536;

const GOOD = {
  name: 'large',
  epochs: 10,
  layers: [1, 2, 1],
  data: { kind: 'sine', points: 4 },
  optimizer: { kind: 'adam', learningRate: 0.01 },
  seeds: 1,
};
const many = <T>(item: (i: number) => T, count = COUNT): T[] => Array.from({ length: count }, (_, i) => item(i));
const keys = () => Object.fromEntries(many((i) => [`key${i}`, 1] as const));
const sweep = (changes: object) => () => parseSweep(JSON.stringify({ ...GOOD, ...changes }), 'large.yaml');
const optimizer = (changes: object) => sweep({ optimizer: { ...GOOD.optimizer, ...changes } });
const csv = (text: () => string) => () => readCsv(Buffer.from(text()), 'large.csv');

const INPUTS: Readonly<Record<string, () => unknown>> = {
  ...Object.fromEntries(
    (['activation', 'init', 'batch', 'shuffle', 'precision', 'subnormals', 'seeds', 'layers'] as const).flatMap(
      (axis) => [
        [`words on the axis ${axis}`, sweep({ [axis]: many(() => 'a') })],
        [`mappings on the axis ${axis}`, sweep({ [axis]: many(() => ({})) })],
      ],
    ),
  ),
  ...Object.fromEntries(
    (['kind', 'form', 'learningRate', 'beta1', 'beta2', 'epsilon', 'weightDecay'] as const).map((key) => [
      `wrong values of optimizer.${key}`,
      optimizer({ [key]: many(() => -1) }),
    ]),
  ),
  'layers of words': sweep({ layers: many(() => ['a']) }),
  'numbers that are not whole': sweep({ seeds: many(() => 0.5) }),
  'wrong numbers of points': sweep({ data: { kind: 'sine', points: many(() => 'a') } }),
  'kinds of data': sweep({ data: { kind: many(() => 'circle'), points: 4 } }),
  'data files that are not there': sweep({ data: { file: many((i) => `${i}.csv`, 2000) } }),
  'blocks of data': sweep({ data: many(() => ({ kind: 'circle' })) }),
  'blocks of optimizers': sweep({ optimizer: many(() => ({ kind: 'lion' })) }),
  'values that stand twice': sweep({ seeds: many((i) => i >> 1) }),
  'unknown keys': sweep(keys()),
  'unknown keys of a block': optimizer(keys()),
  'unknown keys of the trace': sweep({ trace: { epochs: keys() } }),
  'a key again and again': () => parseSweep(`{${many(() => '"name": 1').join(',')}}`, 'large.yaml'),
  'a long word': sweep({ precision: 'a'.repeat(3_000_000) }),
  'a long key': sweep({ ['k'.repeat(3_000_000)]: 1 }),
  'lists in lists': () => parseSweep('['.repeat(COUNT), 'large.yaml'),
  'entries that are no mappings': sweep({ networks: many(() => 1) }),
  'wrong entries': sweep({ networks: many(() => ({ seeds: 'a' }), 20_000) }),
  'rules with unknown keys': sweep({ exclude: many(() => ({ a: 1 })) }),
  'rules that match nothing': () =>
    expandSweep(sweep({ seeds: 100, exclude: many((i) => ({ seeds: [1000 + i] }), 20_000) })()),
  'a file above the limit': () => parseSweep(`${JSON.stringify(GOOD)}\n${'#\n'.repeat(COUNT)}x`, 'large.yaml'),
  'columns of one name': csv(() => `${many((i) => `x${i >> 1}`).join(',')}\n`),
  'columns that are neither inputs nor outputs': csv(() => `${many((i) => `z${i}`).join(',')}\n`),
  'cells that are no numbers': csv(() => `x,y\n${'a,b\n'.repeat(COUNT)}`),
  'rows of another length': csv(() => `x,y\n${'1\n'.repeat(COUNT)}`),
  'a quote that is never closed': csv(() => `x,y\n"${'a'.repeat(3_000_000)}`),
};

describe('input that is wrong all over is refused in some words', () => {
  test.each(Object.entries(INPUTS))('%s', (_, read) => {
    let refusal: unknown;
    try {
      read();
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(UsageError);
    const { problems, message } = refusal as UsageError;
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(LINES_MAX);
    expect(message.length).toBeLessThan(TEXT_LENGTH_MAX);
  });
});
