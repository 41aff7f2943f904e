/**
 * Data files: what is read from CSV and Arrow, which numbers come out, and what is said of every file that is no data
 * set. Files are written by hand, or by the Arrow library itself.
 */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Bool,
  type DataType,
  Float16,
  Float32,
  Float64,
  Int8,
  Int64,
  Table,
  tableFromIPC,
  tableToIPC,
  Uint32,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DataFile } from '../../../schemas/dataset.ts';
import { UsageError } from '../../../schemas/problems.ts';
import { SWEEP_LIMITS } from '../../../schemas/sweep.ts';
import { dataArrow, readArrow } from '../../../src/storage/user-data/arrow-data.ts';
import { readCsv } from '../../../src/storage/user-data/csv-data.ts';
import { readDataFile } from '../../../src/storage/user-data/read-data.ts';
import { scratchFolder } from '../../support/runs.ts';

const csv = (text: string) => readCsv(Buffer.from(text), 'a.csv');

/** The bytes of an Arrow file with the given columns. */
function arrowFile(columns: Readonly<Record<string, readonly [DataType, readonly unknown[]]>>): Uint8Array {
  const vectors = Object.entries(columns).map(([name, [type, values]]) => [name, vectorFromArray(values, type)]);
  return tableToIPC(new Table(Object.fromEntries(vectors)), 'file');
}

const arrow = (columns: Parameters<typeof arrowFile>[0]) => readArrow(arrowFile(columns), 'a.arrow');

/** The numbers and names of a file, as plain lists. */
function plain({ inputs, targets, inputNames, outputNames, inputCount, outputCount }: DataFile) {
  expect([inputCount, outputCount]).toEqual([inputNames.length, outputNames.length]);
  return { inputs: [...inputs], targets: [...targets], inputNames, outputNames };
}

/** The messages about a file, one a problem. */
function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.split('\n');
  }
  return ['no problem'];
}

const TWO_BY_TWO = { inputNames: ['x2', 'x1'], outputNames: ['y', 'yb'], inputs: [1, 2, 5, 6], targets: [3, 4, 7, 8] };

describe('CSV', () => {
  test('has inputs in columns that begin with x and outputs in those with y, in the order of the file', () => {
    expect(plain(csv('x2,y,note,x1,yb,\n1,3,a,2,4,\n5,7,,6,8,\n'))).toEqual(TWO_BY_TWO);
  });

  test.each([
    ['a byte order mark', '\ufeff"x","y"\n1,2\n3,4\n'],
    ['CRLF', 'x,y\r\n1,2\r\n3,4\r\n'],
    ['quotes', '"x","y"\n"1","2"\n"3",4\n'],
    ['spaces and tabs around cells', ' x , y\n 1\t, 2\n3 ,4 \n'],
    ['quotes after spaces', 'x, "y"\n1, "2"\n3, "4"\n'],
    ['empty lines, and none at the end', '\nx,y\n\n1,2\n3,4'],
    ['signs, exponents and bare points', 'x,y\n+1.,.2e1\n0.3E+1,4000e-3\n'],
  ])('may have %s', (_, text) => {
    expect(plain(csv(text))).toEqual({ inputNames: ['x'], outputNames: ['y'], inputs: [1, 3], targets: [2, 4] });
  });

  test('numbers are rounded to float32 once, from the nearest float64; −0 and subnormals stay', () => {
    // 1 + 2⁻²⁴ + 2⁻⁶⁰ lies above the middle between two float32 numbers; its nearest float64 is the middle, a tie.
    const { inputs, targets } = csv('x,y\n1.000000059604644776,-0\n1.0000000596046450,1e-45\n0.1,1e-60\n');
    expect([...inputs]).toEqual([1, 1 + 2 ** -23, Math.fround(0.1)]);
    expect([...targets]).toEqual([-0, 2 ** -149, 0]);
  });

  test('numbers stand in shared memory, where threads read them without a copy', () => {
    const { inputs, targets } = csv('x,y\n1,2\n3,4\n');
    expect([inputs.buffer, targets.buffer].every((buffer) => buffer instanceof SharedArrayBuffer)).toBe(true);
  });

  test('a field of several lines is left alone, and lines are counted on', () => {
    expect(problemsOf(() => csv('x,note,y\n1,"a\nb",2\n3,c,four\n'))).toEqual([
      'a.csv:4: column y: got "four", expected a number, such as -1.5e-3',
    ]);
  });

  test('many rows are all there', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i},${0 - i}`);
    const { inputs, targets } = csv(`x,y\n${rows.join('\n')}\n`);
    expect([...inputs]).toEqual(rows.map((_, i) => i));
    expect([...targets]).toEqual(rows.map((_, i) => 0 - i));
  });

  const remedy = 'call the columns x and y, or x1, x2, y1 …';
  test.each([
    ['empty lines alone', '\n\n', ['a.csv: got no columns, expected a header and rows of numbers']],
    ['a header alone', 'x,y\n', ['a.csv: got no rows, expected at least 2 rows']],
    ['one row', 'x,y\n1,2\n', ['a.csv: got one row, expected at least 2 rows']],
    [
      'no header',
      '0,1\n2,3\n',
      ['a.csv:1: got the number 0 in the first line, expected a header with the names of the columns (such as x,y)'],
    ],
    [
      'no output',
      'x,target\n1,2\n3,4\n',
      [`a.csv:1: got the columns "x", "target", expected one at least that begins with y, an output (${remedy})`],
    ],
    [
      'neither input nor output',
      'a,b\n1,2\n3,4\n',
      [
        `a.csv:1: got the columns "a", "b", expected one at least that begins with x, an input (${remedy})`,
        `a.csv:1: got the columns "a", "b", expected one at least that begins with y, an output (${remedy})`,
      ],
    ],
    ['a name twice', 'x,y,x\n1,2,3\n3,4,5\n', ['a.csv:1: got two columns "x", expected each name once']],
    [
      'a capital',
      'x,y,X2\n1,2,3\n3,4,5\n',
      [
        'a.csv:1: got a column "X2", expected names that begin with a small x (inputs) or y (outputs) ' +
          '(call it "x2", or otherwise if it is neither)',
      ],
    ],
    [
      'semicolons',
      'x;y\n1,5;2\n3;4\n',
      ['a.csv:1: got columns separated by semicolons, expected commas, and points in numbers'],
    ],
    ['tabs', 'x\ty\n1\t2\n3\t4\n', ['a.csv:1: got columns separated by tabs, expected commas, and points in numbers']],
    [
      'ragged rows',
      'x,y\n1\n1,2,3\n1,2\n',
      ['a.csv:2: got 1 cell, expected 2, as in the header', 'a.csv:3: got 3 cells, expected 2, as in the header'],
    ],
    [
      'cells that are no numbers',
      'x,y\n1,abc\n,2\n0x10,1e5x\n1_0,--1\n',
      [
        'a.csv:2: column y: got "abc", expected a number, such as -1.5e-3',
        'a.csv:3: column x: got an empty cell, expected a number',
        'a.csv:4: column x: got "0x10", expected a number, such as -1.5e-3',
        'a.csv:4: column y: got "1e5x", expected a number, such as -1.5e-3',
        'a.csv:5: column x: got "1_0", expected a number, such as -1.5e-3',
        'a.csv:5: column y: got "--1", expected a number, such as -1.5e-3',
      ],
    ],
    [
      'NaN and ∞',
      'x,y\nnan,1\n1,-Infinity\n1e999,1\n',
      [
        'a.csv:2: column x: got "nan", expected a finite number',
        'a.csv:3: column y: got "-Infinity", expected a finite number',
        'a.csv:4: column x: got Infinity, expected a finite number',
      ],
    ],
    [
      'what overflows float32',
      'x,y\n1e39,1\n3.4028235e38,-3.5e38\n',
      [
        'a.csv:2: column x: got 1e+39, expected a number that float32 can hold, up to ±3.4028234663852886e+38',
        'a.csv:3: column y: got -3.5e+38, expected a number that float32 can hold, up to ±3.4028234663852886e+38',
      ],
    ],
    [
      'a quote that is not closed',
      'x,y\n1,2\n3,"4\n5,6\n',
      ['a.csv:4: not readable as CSV: Quote Not Closed: the parsing is finished with an opening quote at line 4'],
    ],
    ['bytes that are no text', 'x,y\n1,2\0\n', ['a.csv: got a binary file, expected CSV: text in UTF-8']],
  ])('is refused with %s', (_, text, messages) => {
    expect(problemsOf(() => csv(text))).toEqual(messages);
  });

  test('tells the first ten mistakes and how many there are', () => {
    const problems = problemsOf(() => csv(`x,y\n${'a,1\n'.repeat(1234)}`));
    expect(problems).toHaveLength(11);
    expect(problems[9]).toContain('a.csv:11: column x: got "a"');
    expect(problems[10]).toBe('a.csv: 1,224 more mistakes');
  });

  test('of ten million rows is refused without reading them all', () => {
    const limit = SWEEP_LIMITS.pointCountMax;
    // What follows the limit is never looked at: it would be a mistake.
    const text = Buffer.from(`x,y\n${'1,2\n'.repeat(limit + 1)}${'no,\n'.repeat(10_000_000 - limit - 1)}`);
    expect(problemsOf(() => readCsv(text, 'a.csv'))).toEqual([
      'a.csv: got more than 1,048,576 rows, expected at most 1,048,576',
    ]);
    const data = readCsv(text.subarray(0, 4 + 4 * limit), 'a.csv');
    expect(data.targets).toHaveLength(limit);
  });
});

describe('Arrow', () => {
  test('has columns of floats and integers, inputs and outputs by their names; others are left alone', () => {
    const columns = {
      x2: [new Float64(), [1, 5]],
      y: [new Int64(), [3n, 7n]],
      note: [new Utf8(), ['a', null]],
      x1: [new Int8(), [2, 6]],
      yb: [new Float32(), [4, 8]],
    } as const;
    expect(plain(arrow(columns))).toEqual(TWO_BY_TWO);
    expect(plain(arrow({ x: [new Uint32(), [0, 4_294_967_295]], y: columns.y })).inputs).toEqual([0, 2 ** 32]);
  });

  test('may come in several batches', () => {
    const [a, b] = [
      arrowFile({ x: [new Float64(), [1, 2]], y: [new Float64(), [3, 4]] }),
      arrowFile({ x: [new Float64(), [5]], y: [new Float64(), [6]] }),
    ].map((bytes) => tableFromIPC(bytes));
    const { inputs, targets } = plain(readArrow(tableToIPC(a.concat(b), 'file'), 'a.arrow'));
    expect([inputs, targets]).toEqual([
      [1, 2, 5],
      [3, 4, 6],
    ]);
  });

  test.each<[string, Parameters<typeof arrowFile>[0], string[]]>([
    [
      'nulls',
      { x: [new Float64(), [1, null, null]], y: [new Float64(), [1, 2, 3]] },
      ['a.arrow: column x: got 2 nulls, the first in row 2, expected a number in every row'],
    ],
    [
      'columns that hold no numbers',
      { x: [new Bool(), [true, false]], xb: [new Float16(), [1, 2]], y: [new Utf8(), ['1', '2']] },
      [
        'a.arrow: column x: got the type Bool, expected float32, float64 or integers',
        'a.arrow: column xb: got the type Float16, expected float32, float64 or integers',
        'a.arrow: column y: got the type Utf8, expected float32, float64 or integers',
      ],
    ],
    [
      'NaN, ∞ and what overflows float32',
      { x: [new Float64(), [1, Number.NaN]], y: [new Float64(), [Number.NEGATIVE_INFINITY, -1e39]] },
      [
        'a.arrow: row 2: column x: got NaN, expected a finite number',
        'a.arrow: row 1: column y: got -Infinity, expected a finite number',
        'a.arrow: row 2: column y: got -1e+39, expected a number that float32 can hold, up to ±3.4028234663852886e+38',
      ],
    ],
    [
      'one row',
      { x: [new Float64(), [1]], y: [new Float64(), [1]] },
      ['a.arrow: got one row, expected at least 2 rows'],
    ],
    [
      'no inputs',
      { a: [new Float64(), [1, 2]], y: [new Float64(), [1, 2]] },
      [
        'a.arrow: got the columns "a", "y", expected one at least that begins with x, an input ' +
          '(call the columns x and y, or x1, x2, y1 …)',
      ],
    ],
  ])('is refused with %s', (_, columns, messages) => {
    expect(problemsOf(() => arrow(columns))).toEqual(messages);
  });

  test('is refused with too many rows', () => {
    const values = new Array(SWEEP_LIMITS.pointCountMax + 1).fill(1);
    const [message] = problemsOf(() => arrow({ x: [new Int8(), values], y: [new Int8(), values] }));
    expect(message).toBe('a.arrow: got more than 1,048,576 rows, expected at most 1,048,576');
  });

  test('is refused where it is something else, cut short, or compressed', () => {
    const bytes = arrowFile({ x: [new Float64(), [1, 2]], y: [new Float64(), [1, 2]] });
    const expected = 'expected an Arrow IPC file (Feather version 2), uncompressed';
    const read = (content: Uint8Array) => problemsOf(() => readArrow(content, 'a.arrow'));
    expect(read(Buffer.from('x,y\n1,2\n3,4\n'))).toEqual([`a.arrow: got something else, ${expected}`]);
    expect(read(Buffer.from('FEA1....FEA1'))).toEqual([`a.arrow: got a Feather file of version 1, ${expected}`]);
    for (let length = 6; length < bytes.length; length++) {
      expect(read(bytes.subarray(0, length))).toEqual([`a.arrow: got a file that is cut short, ${expected}`]);
    }
    expect(read(Buffer.from(LZ4_FEATHER, 'base64'))).toEqual([
      `a.arrow: got a compressed file, ${expected} (write it with compression='uncompressed' ` +
        '(pandas, pyarrow, polars))',
    ]);
  });

  test('is refused with words where its batch is damaged, which the library would read for ever', () => {
    const bytes = arrowFile({ x: [new Float64(), [1, 2]], y: [new Float64(), [1, 2]] });
    bytes[8] ^= 0xff; // the library's files have their first batch where the schema should be
    const [message] = problemsOf(() => readArrow(bytes, 'a.arrow'));
    expect(message).toMatch(/^a\.arrow: got not readable: .*, expected an Arrow IPC file/);
  });

  test('samples that are written come back as they were, bit for bit', () => {
    const number = fc.float({ noNaN: true, noDefaultInfinity: true });
    const shapes = fc.record({ inputs: fc.integer({ min: 1, max: 3 }), outputs: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(
        shapes,
        fc.array(fc.array(number, { minLength: 6, maxLength: 6 }), { minLength: 2 }),
        (options, rows) => {
          const take = (first: number, count: number) =>
            Float32Array.from(rows.flatMap((row) => row.slice(first, first + count)));
          const file = {
            inputs: take(0, options.inputs),
            targets: take(3, options.outputs),
            inputNames: ['x1', 'x2', 'x3'].slice(0, options.inputs),
            outputNames: ['ya', 'yb', 'yc'].slice(0, options.outputs),
          };
          const { inputCount: _i, outputCount: _o, ...back } = readArrow(dataArrow(file), 'a.arrow');
          expect(back).toEqual(file);
        },
      ),
    );
  });
});

describe('a file of data', () => {
  const textIn = (name: string) => {
    const path = join(scratchFolder(), name);
    writeFileSync(path, 'x,y\n1,2\n3,4\n');
    return path;
  };

  test('is read by the ending of its name, whatever its case', () => {
    expect([...readDataFile(textIn('a.CSV')).targets]).toEqual([2, 4]);
    const path = join(scratchFolder(), 'a.feather');
    writeFileSync(path, arrowFile({ x: [new Float64(), [1, 2]], y: [new Float64(), [3, 4]] }));
    expect([...readDataFile(path).targets]).toEqual([3, 4]);
  });

  test('is told from all that is none', () => {
    const folder = scratchFolder();
    mkdirSync(join(folder, 'folder.csv'));
    writeFileSync(join(folder, 'empty.csv'), '');
    writeFileSync(join(folder, 'large.csv'), '');
    truncateSync(join(folder, 'large.csv'), SWEEP_LIMITS.dataBytesMax + 2 ** 20);
    const messages = (path: string) =>
      problemsOf(() => readDataFile(path)).map((text) => text.replace(`${folder}/`, ''));
    const expected = 'expected a file of data: .csv, .arrow or .feather';
    expect(messages(join(folder, 'none.csv'))).toEqual([
      `none.csv: got no such file, ${expected} ` +
        '(paths are relative to the sweep; a run that had it keeps a copy in its folder data)',
    ]);
    expect(messages(join(folder, 'empty.csv', 'a.csv'))).toEqual([
      `empty.csv/a.csv: got a file where a folder is expected, ${expected}`,
    ]);
    expect(messages(join(folder, 'folder.csv'))).toEqual([`folder.csv: got a folder, ${expected}`]);
    expect(messages(join(folder, 'empty.csv'))).toEqual([`empty.csv: got an empty file, ${expected}`]);
    expect(messages(join(folder, 'large.csv'))).toEqual([`large.csv: got 257 MiB, more than 256 MiB, ${expected}`]);
    expect(messages('/dev/null')).toEqual([`/dev/null: got a device or pipe, ${expected}`]);
    expect(messages(textIn('a.txt'))[0]).toContain(`a.txt: got a name with the ending .txt, ${expected}`);
    expect(messages(textIn('data'))[0]).toContain(`data: got a name with no ending, ${expected}`);
  });
});

/** What pandas writes unless told otherwise: x = 0, 1, 2 and y = 1, 2, 3 in float64, compressed with LZ4. */
const LZ4_FEATHER = [
  'QVJST1cxAAD/////oAAAABAAAAAAAAoADAAGAAUACAAKAAAAAAEEAAwAAAAIAAgAAAAEAAgAAAAEAAAAAgAAAEAAAAAEAAAA2P//',
  '/wAAAQMQAAAAFAAAAAQAAAAAAAAAAQAAAHkAAADK////AAACABAAFAAIAAYABwAMAAAAEAAQAAAAAAABAxAAAAAYAAAABAAAAAAA',
  'AAABAAAAeAAGAAgABgAGAAAAAAACAAAAAAD/////yAAAABQAAAAAAAAADAAYAAYABQAIAAwADAAAAAADBAAcAAAAWAAAAAAAAAAA',
  'AAAADAAcABAABAAIAAwADAAAAGgAAAAcAAAAFAAAAAMAAAAAAAAAAAAAAAQABAAEAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'AAAAACYAAAAAAAAAKAAAAAAAAAAAAAAAAAAAACgAAAAAAAAALAAAAAAAAAAAAAAAAgAAAAMAAAAAAAAAAAAAAAAAAAADAAAAAAAA',
  'AAAAAAAAAAAAGAAAAAAAAAAEIk0YYECCDwAAABkAAQCg8D8AAAAAAAAAQAAAAAAAABgAAAAAAAAABCJNGGBAghUAAAARAAEAIfA/',
  'BwCwAABAAAAAAAAACEAAAAAAAAAAAP////8AAAAAEAAAAAwAFAAGAAgADAAQAAwAAAAAAAQAOAAAACgAAAAEAAAAAQAAALAAAAAA',
  'AAAA0AAAAAAAAABYAAAAAAAAAAAAAAAAAAAACAAIAAAABAAIAAAABAAAAAIAAABAAAAABAAAANj///8AAAEDEAAAABQAAAAEAAAA',
  'AAAAAAEAAAB5AAAAyv///wAAAgAQABQACAAGAAcADAAAABAAEAAAAAAAAQMQAAAAGAAAAAQAAAAAAAAAAQAAAHgABgAIAAYABgAA',
  'AAAAAgDIAAAAQVJST1cx',
].join('');
