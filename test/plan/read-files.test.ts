/**
 * What is no sweep at all: broken YAML, files that cannot be read, binary junk, and thousands of random changes to good
 * sweeps. The answer is a sweep or the user's mistakes, and never anything else.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { UsageError } from '../../schemas/problems.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { networkCount } from '../../src/plan/check-sweep.ts';
import { parseSweep, readSweep } from '../../src/plan/read.ts';
import { ONE_NETWORK, sweepKeys } from './sweeps.ts';

const GOOD = stringify(ONE_NETWORK);
const A_SWEEP = 'expected a mapping with the keys name, epochs, layers, data, optimizer and seeds';

/** The sweep, or the messages of the user's mistakes. Any other error is thrown on. */
function readingOf(read: () => Sweep): Sweep | string[] {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.split('\n');
  }
}
const parsingOf = (text: string) => readingOf(() => parseSweep(text, 'a.yaml'));

describe('broken YAML is told with line and column', () => {
  test.each([
    [
      'a list without its end',
      `${GOOD}init: [a, b\n`,
      'a.yaml:15:1: not readable as YAML: Flow sequence in block collection ' +
        'must be sufficiently indented and end with a ]',
    ],
    [
      'a tab',
      `${GOOD}trace: {}\n\tinit: a\n`,
      'a.yaml:15:1: not readable as YAML: Tabs are not allowed as indentation',
    ],
    ['a key twice', `${GOOD}seeds: 2\n`, 'a.yaml:14:1: got the key "seeds" twice, expected each key once'],
    [
      'a key twice in a block',
      'data: { points: 8, kind: sine, points: 9 }\n',
      'a.yaml:1:32: got the key "points" twice, expected each key once',
    ],
    ['a second document', `${GOOD}---\n${GOOD}`, 'a.yaml:14:1: not readable as YAML: A second document begins'],
  ])('%s', (_, text, message) => {
    expect(parsingOf(text)).toEqual([message]);
  });

  test('an alias without its anchor, and aliases that would grow without end', () => {
    expect(parsingOf('name: *nobody\n')).toEqual([
      'a.yaml: not readable as YAML: Unresolved alias (the anchor must be set before the alias): nobody',
    ]);
    const bomb = ['a: &a [1,2,3,4,5,6,7,8,9]', ...'bcdefgh'].map((key, i, all) =>
      i === 0 ? key : `${key}: &${key} [${`*${all[i - 1][0]},`.repeat(9)}]`,
    );
    expect(parsingOf(bomb.join('\n'))).toEqual([
      'a.yaml: not readable as YAML: Excessive alias count indicates a resource exhaustion attack',
    ]);
  });

  test('a value that holds itself', () => {
    expect(parsingOf(`${GOOD}init: &init [*init]\n`)).toEqual([
      'a.yaml:14: init[0]: got a value that holds itself, ' +
        'expected one of glorot-uniform, glorot-normal, he-uniform, lecun-normal, torch-linear',
    ]);
  });

  test('a list for a key, which is a mistake like any other and no warning of the library', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(parsingOf(`${GOOD}? [1, 2]\n: 3\n`)).toEqual([expect.stringContaining('a.yaml: "[ 1, 2 ]": unknown key')]);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('a mapping without the text that every object has, where a name is expected', () => {
    expect(parsingOf(GOOD.replace('kind: sine', 'kind: { toString: 1, __proto__: 2 }'))).toEqual([
      'a.yaml:8: data.kind: got {"toString":1,"__proto__":2}, expected one of sine, polynomial, absolute, teacher',
    ]);
  });

  test('a key of a thousand characters is cut', () => {
    const [message] = parsingOf(`${GOOD}${'k'.repeat(1000)}: 1\n`) as string[];
    expect(message).toMatch(/^a\.yaml:14: "k{56}…: unknown key \(known here: /);
  });

  test('nesting deeper than the stack', () => {
    const [first] = parsingOf(`name: ${'['.repeat(50_000)}`) as string[];
    expect(first).toMatch(/^a\.yaml:1:\d+: not readable as YAML: /);
  });
});

describe('YAML that is no mapping', () => {
  test.each([
    ['nothing', '', 'an empty file'],
    ['comments alone', '# nothing\n\n', 'an empty file'],
    ['null', 'null\n', 'an empty file'],
    ['a word', 'hello\n', '"hello"'],
    ['a list', '- name: a\n- 2\n', '[{"name":"a"},2]'],
    ['a number', '3\n', '3'],
  ])('%s', (_, text, got) => {
    expect(parsingOf(text)).toEqual([`a.yaml: got ${got}, ${A_SWEEP}`]);
  });
});

describe('aliases, byte order marks and Windows line ends are good YAML', () => {
  test.each([
    ['an alias', GOOD.replace('kind: sine', 'kind: &kind sine').replace('seeds: 1', 'activation: *kind\nseeds: 1')],
    ['a byte order mark', `\ufeff${GOOD}`],
    ['carriage returns', GOOD.replaceAll('\n', '\r\n')],
  ])('%s', (_, text) => {
    expect(parsingOf(text)).toMatchObject({ name: 'small', data: [{ kind: ['sine'], points: [8] }] });
  });

  test('and minus zero is zero', () => {
    const { optimizer } = parsingOf(
      GOOD.replace('learningRate: 0.01', 'learningRate: 1\n  beta1: -0.0\n  epsilon: -0.0'),
    ) as Sweep;
    expect(optimizer?.[0]).toMatchObject({ beta1: [0], epsilon: [0] });
    expect(Object.is(optimizer?.[0].beta1?.[0], 0) && Object.is(optimizer?.[0].epsilon?.[0], 0)).toBe(true);
  });
});

describe('files', () => {
  const A_FILE = 'expected a sweep file (YAML) (sweeps/ holds examples)';
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'gyre-sweep-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  };
  const fileWith = (content: string | Uint8Array): string => {
    const file = join(folder(), 'sweep.yaml');
    writeFileSync(file, content);
    return file;
  };

  test('a good one is read', () => {
    expect(readSweep(fileWith(GOOD))).toEqual(parseSweep(GOOD, 'a.yaml'));
  });

  test('one that is missing, one that is a folder, one below a file', () => {
    const missing = join(folder(), 'none.yaml');
    expect(readingOf(() => readSweep(missing))).toEqual([`${missing}: got no such file, ${A_FILE}`]);
    const place = folder();
    expect(readingOf(() => readSweep(place))).toEqual([`${place}: got a folder, ${A_FILE}`]);
    const below = join(fileWith(GOOD), 'x.yaml');
    expect(readingOf(() => readSweep(below))).toEqual([`${below}: got a file where a folder is expected, ${A_FILE}`]);
  });

  test('binary junk', () => {
    const junk = fileWith(Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256));
    expect(readingOf(() => readSweep(junk))).toEqual([`${junk}: got a binary file, ${A_FILE}`]);
  });

  test('bytes that are no UTF-8', () => {
    const latin = fileWith(Buffer.from(`${GOOD}init: h\xe9\n`, 'latin1'));
    expect(readingOf(() => readSweep(latin))).toEqual([
      `${latin}:14: init: got "h\ufffd", expected one of glorot-uniform, glorot-normal, he-uniform, ` +
        'lecun-normal, torch-linear',
    ]);
  });

  test('one that is far too long, and one that never ends', () => {
    const long = fileWith(`${GOOD}${'#\n'.repeat(3_000_000)}`);
    expect(readingOf(() => readSweep(long))).toEqual([`${long}: got more than 4 MB, ${A_FILE}`]);
    expect(readingOf(() => readSweep('/dev/zero'))).toEqual([`/dev/zero: got more than 4 MB, ${A_FILE}`]);
  });
});

describe('a good sweep, changed at random, is a sweep or a list of mistakes that name the file', () => {
  /** Lists of mistakes are non-empty, and sweeps can be counted. */
  function expectAnswer(text: string): void {
    const answer = parsingOf(text);
    if (Array.isArray(answer)) {
      expect(answer.length).toBeGreaterThan(0);
      for (const line of answer) expect(line).toMatch(/^a\.yaml(:\d+)?(:\d+)?: ./);
    } else {
      expect(networkCount(answer)).toBeGreaterThanOrEqual(1);
    }
  }

  const snippet = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.constantFrom(
      ...[
        '[',
        ']',
        '{',
        '}',
        ':',
        ': ',
        '- ',
        '\n',
        '\n  ',
        ',',
        '&a ',
        '*a',
        '!!',
        '? ',
        '|',
        '"',
        "'",
        '#',
        '\t',
        '%',
        '---\n',
        '<<: ',
      ],
    ),
    fc.constantFrom(
      ...[
        'null',
        '-1',
        '0',
        '1e999',
        '.nan',
        '0x10',
        'true',
        '~',
        '[]',
        '{}',
        'adam',
        'seed: 1',
        'name: b',
        '__proto__: {}',
      ],
    ),
  );
  /** Where to cut, how much to take out, what to put in. */
  const edit = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 8 }), snippet);

  test('in its text', () => {
    const good = fc.oneof(
      fc.constant(GOOD),
      sweepKeys.map((keys) => stringify(keys)),
    );
    const holds = fc.property(good, fc.array(edit, { minLength: 1, maxLength: 4 }), (whole, edits) => {
      const changed = edits.reduce((text, [place, length, more]) => {
        const at = Math.floor(place * text.length);
        return text.slice(0, at) + more + text.slice(at + length);
      }, whole);
      expectAnswer(changed);
    });
    fc.assert(holds, { numRuns: 500 });
  });

  const junk = fc.oneof(
    fc.constantFrom<unknown>(null, true, '', 'adam', 'sine', 0, -1, 0.5, 1e300, [], {}, [[]], [{}], [1, 1], {
      kind: 'sgd',
    }),
    fc.jsonValue({ maxDepth: 2 }),
  );

  test('in its values', () => {
    const values = fc.array(fc.tuple(fc.nat(), junk), { minLength: 1, maxLength: 3 });
    const holds = fc.property(sweepKeys, values, (keys, changes) => {
      const changed = structuredClone(keys) as Record<string, unknown>;
      for (const [which, value] of changes) {
        const places = placesIn(changed);
        const { holder, key } = places[which % places.length];
        holder[key] = structuredClone(value);
      }
      expectAnswer(stringify(changed));
    });
    fc.assert(holds, { numRuns: 500 });
  });
});

/** Every member of a value, at any depth. */
function placesIn(value: unknown): { holder: Record<string, unknown>; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])]);
}
