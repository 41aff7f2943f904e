/**
 * Data files in a sweep: paths relative to it, their content in the plan and its keys, and every mistake of sweep and
 * files at once.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { LayeredNetwork } from '../../schemas/network.ts';
import { UsageError } from '../../schemas/problems.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { makeDataset } from '../../src/data/datasets.ts';
import { axesOf } from '../../src/plan/axes.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { sweepDifferences, sweepHash, sweepKey } from '../../src/plan/identify.ts';
import { readSweep } from '../../src/plan/read.ts';
import { scratchFolder } from '../support/runs.ts';
import { ONE_NETWORK } from './sweeps.ts';

const XY = 'x,y\n0,1\n0.5,2\n1,4\n';
const TWO_INPUTS = 'x1,x2,y\n0,1,2\n3,4,5\n';

/** A sweep of one network with some keys replaced, read beside the given files. */
function read(keys: Readonly<Record<string, unknown>>, files: Readonly<Record<string, string>> = {}): Sweep {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'data'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'a.yaml'), stringify({ ...ONE_NETWORK, ...keys }));
  try {
    return readSweep(join(folder, 'a.yaml'));
  } catch (error) {
    if (error instanceof UsageError) error.message = error.message.replaceAll(`${folder}/`, '');
    throw error;
  }
}

/** The messages about such a sweep, one a problem, without the line in the sweep. */
function problemsOf(...options: Parameters<typeof read>): string[] {
  try {
    read(...options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.split('\n').map((message) => message.replace(/^a\.yaml:\d+: /, ''));
  }
  return ['no problem'];
}

function networksOf(...options: Parameters<typeof read>): LayeredNetwork[] {
  return expandSweep(read(...options)) as LayeredNetwork[];
}

const keyOf = (text: string, name = 'a.csv', layers = [1, 4, 1]) =>
  networksOf({ data: { file: name }, layers }, { [name]: text })[0].key;

describe('a data file', () => {
  test('is found relative to the sweep, and its samples are there for training', () => {
    const [{ data }] = networksOf({ data: { file: 'data/a.csv' } }, { 'data/a.csv': XY });
    expect(data).toMatchObject({ kind: 'file', points: 3 });
    const { inputs, targets, inputCount, outputCount, targetVariance } = makeDataset(data);
    expect([[...inputs], [...targets], inputCount, outputCount]).toEqual([[0, 0.5, 1], [1, 2, 4], 1, 1]);
    expect(targetVariance).toBeCloseTo(14 / 9, 12);
  });

  test('of several outputs has the mean of the variances of each', () => {
    const options = { data: { file: 'a.csv' }, layers: [1, 2] };
    const [{ data }] = networksOf(options, { 'a.csv': 'x,ya,yb\n0,1,5\n1,3,7\n' });
    expect(makeDataset(data).targetVariance).toBe(1);
  });

  test('is known in the sweep by its content, with the path beside it', () => {
    const { data } = read({ data: { file: 'a.csv' }, layers: [2, 4, 1] }, { 'a.csv': TWO_INPUTS });
    // As ARITHMETIC.md declares the hash.
    const numbers = Float32Array.from([0, 1, 3, 4, 2, 5]);
    const hash = createHash('sha256')
      .update('{"inputs":["x1","x2"],"outputs":["y"],"points":2}')
      .update(numbers)
      .digest('hex');
    expect(data).toEqual([{ file: ['a.csv'], content: [{ hash, points: 2, inputs: ['x1', 'x2'], outputs: ['y'] }] }]);
  });

  test('may be one of a list, which is an axis, beside other blocks', () => {
    const data = [{ kind: 'sine', points: 5 }, { file: ['b.csv', 'a.csv'] }];
    const networks = networksOf({ data, seeds: 2 }, { 'a.csv': XY, 'b.csv': 'x,y\n1,2\n3,4\n' });
    expect(networks.map((network) => `${network.data.kind} ${network.data.points}`)).toEqual([
      ...['sine 5', 'sine 5', 'file 2', 'file 2', 'file 3', 'file 3'],
    ]);
    const hashes = axesOf(networks).find(({ name }) => name === 'data_hash')?.values;
    expect(hashes).toEqual([undefined, expect.stringMatching(/^[0-9a-f]{8}$/), expect.stringMatching(/^[0-9a-f]{8}$/)]);
  });
});

describe('the key of a network on a data file', () => {
  const key = () => keyOf(XY);

  test('depends on the content alone: neither on the path, nor on the writing of numbers, nor on other columns', () => {
    expect(keyOf(XY, 'data/b.csv')).toBe(key());
    expect(keyOf('note,x,y\r\na, 0.0,1e0\r\nb,"0.5",2\r\nc,1,4.0\r\n')).toBe(key());
    expect(keyOf('x,y\n0,1\n0.50000000001,2\n1,4\n'), 'equal as float32').toBe(key());
  });

  test.each([
    ['an input', 'x,y\n0,1\n0.6,2\n1,4\n'],
    ['a target', 'x,y\n0,1\n0.5,2.5\n1,4\n'],
    ['the sign of a zero', 'x,y\n-0,1\n0.5,2\n1,4\n'],
    ['the order of rows', 'x,y\n0.5,2\n0,1\n1,4\n'],
    ['the number of rows', 'x,y\n0,1\n0.5,2\n'],
    ['a name', 'x1,y\n0,1\n0.5,2\n1,4\n'],
  ])('depends on %s', (_, text) => {
    expect(keyOf(text)).not.toBe(key());
  });

  test('depends on which of the same numbers are inputs', () => {
    const wide = 'x1,x2,y1,y2\n0,1,2,3\n4,5,6,7\n';
    const swapped = 'x2,x1,y1,y2\n0,1,2,3\n4,5,6,7\n';
    expect(keyOf(wide, 'a.csv', [2, 2])).not.toBe(keyOf(swapped, 'a.csv', [2, 2]));
  });
});

describe('the key of a sweep', () => {
  const options = (file: string, text: string) =>
    read({ data: [{ kind: 'sine', points: 4 }, { file }] }, { [file]: text });

  test('sees what stands in its files and not their paths', () => {
    const sweep = options('a.csv', XY);
    expect(sweepKey(options('data/b.csv', XY))).toBe(sweepKey(sweep));
    expect(sweepDifferences(sweep, options('data/b.csv', XY))).toEqual([]);
    expect(sweepKey(options('a.csv', `${XY}2,3\n`))).not.toBe(sweepKey(sweep));
    expect(sweepHash(options('data/b.csv', XY)), 'run.json has the paths').not.toBe(sweepHash(sweep));
  });

  test('differences are named', () => {
    const paths = sweepDifferences(options('a.csv', XY), options('a.csv', `${XY}2,3\n`)).map(({ path }) => path);
    expect(paths).toEqual(['data[1].file[0].hash', 'data[1].file[0].points']);
  });
});

describe('mistakes', () => {
  const nothing = 'expected a file of data: .csv, .arrow or .feather';
  const missing = `${nothing} (paths are relative to the sweep; a run that had it keeps a copy in its folder data)`;
  test.each<[string, Parameters<typeof read>, string[]]>([
    ['no such file', [{ data: { file: 'b.csv' } }], [`data.file: b.csv: got no such file, ${missing}`]],
    ['a folder', [{ data: { file: 'data' } }], [`data.file: data: got a folder, ${nothing}`]],
    ['no name', [{ data: { file: '' } }], ['data.file: got "", expected the name of a file']],
    ['a byte of 0', [{ data: { file: 'a\0.csv' } }], ['data.file: got "a\\u0000.csv", expected the name of a file']],
    [
      'a long name',
      [{ data: { file: `${'b'.repeat(300)}.csv` } }],
      [`data.file: ${'b'.repeat(300)}.csv: got a name that is too long, ${nothing}`],
    ],
    ['no text', [{ data: { file: 3 } }], ['data.file: got 3, expected text']],
    ['an empty list', [{ data: { file: [] } }], ['data.file: got [], expected a list of ≥ 1 values']],
    [
      'what belongs to a formula beside a file',
      [{ data: { file: 'a.csv', kind: 'sine', points: 4 } }, { 'a.csv': XY }],
      ['data.kind: got "sine", expected nothing beside file', 'data.points: got 4, expected nothing beside file'],
    ],
    [
      'a word that is not known',
      [{ data: { file: 'a.csv', seeed: 1 } }, { 'a.csv': XY }],
      ['data.seeed: unknown key (did you mean "seed"?; known here: kind, points, seed, file)'],
    ],
    [
      'inputs that the layers do not have',
      [{ data: { file: 'a.csv' } }, { 'a.csv': TWO_INPUTS }],
      ['layers: got 1-4-1, expected 2 inputs, as a.csv has (write [2, …, 1])'],
    ],
    [
      'crossings that do not fit',
      [
        {
          data: [{ file: 'a.csv' }, { kind: 'sine', points: 4 }],
          layers: [
            [1, 4, 1],
            [2, 4, 2],
          ],
        },
        { 'a.csv': TWO_INPUTS },
      ],
      [
        'layers[0]: got 1-4-1, expected 2 inputs, as a.csv has (write [2, …, 1])',
        'layers[1]: got 2-4-2, expected 1 output, as a.csv has (write [2, …, 1])',
        'layers[1]: got 2-4-2, expected 1 input, as the data set has (write [1, …, 2])',
        'layers[1]: got 2-4-2, expected 1 output, as the data set has (write [2, …, 1])',
      ],
    ],
    [
      'a file twice',
      [{ data: { file: ['a.csv', 'a.csv'] } }, { 'a.csv': XY }],
      ['data.file: got "a.csv" twice, expected each value once'],
    ],
    [
      'two files of the same content',
      [{ data: { file: ['a.csv', 'b.csv'] } }, { 'a.csv': XY, 'b.csv': `${XY}\n` }],
      ['data.file: got a.csv and b.csv with the same content, expected each data set once'],
    ],
    [
      'all kinds, all at once',
      [
        { epochs: 0, layers: [2, 4, 1], data: [{ file: ['a.csv', 'b.csv', 'c.csv'] }, { kind: 'sin', points: 3 }] },
        { 'a.csv': 'x,y\n1,a\n2,b\n', 'c.csv': 'x,y\n1,2\n3,4\n' },
      ],
      [
        'epochs: got 0, expected ≥ 1',
        'data[1].kind: got "sin", expected one of sine, polynomial, absolute, teacher (did you mean "sine"?)',
        'data[0].file[0]: a.csv:2: column y: got "a", expected a number, such as -1.5e-3',
        'data[0].file[0]: a.csv:3: column y: got "b", expected a number, such as -1.5e-3',
        `data[0].file[1]: b.csv: got no such file, ${missing}`,
        'layers: got 2-4-1, expected 1 input, as c.csv has (write [1, …, 1])',
      ],
    ],
    [
      'more memory than a group may have',
      [{ data: { file: 'a.csv' }, layers: [1, 2000, 2000, 1] }, { 'a.csv': `x,y\n${'1,2\n'.repeat(30_000)}` }],
      [
        'layers: got 1-2000-2000-1 on 30,000 points, 11.4 GiB a group, expected at most 4 GiB ' +
          '(fewer points, or narrower layers)',
      ],
    ],
  ])('%s', (_, sweep, messages) => {
    expect(problemsOf(...sweep)).toEqual(messages);
  });

  test('the line of the sweep stands in front', () => {
    expect(() => read({ data: { file: 'b.csv' } })).toThrow(/a\.yaml:\d+: data\.file: b\.csv: got no such file/);
  });
});

test('a sweep of files that nobody has read is no plan', () => {
  const sweep = read({ data: { file: 'a.csv' } }, { 'a.csv': XY });
  if (sweep.networks !== undefined) throw new Error('no grid');
  const [block] = sweep.data;
  if (block.file === undefined) throw new Error('no file block');
  expect(() => expandSweep({ ...sweep, data: [{ ...block, content: [] }] })).toThrow('a.csv have not been read');
});
