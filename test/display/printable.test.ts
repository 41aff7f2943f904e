/**
 * Text on its way to a terminal has no characters that a terminal obeys, says which ones there were, and JSON stays the
 * same value.
 */
import { expect, test } from 'vitest';
import { Dashboard } from '../../src/display/dashboard.ts';
import { columns } from '../../src/display/format.ts';
import { printable, printableLines } from '../../src/display/printable.ts';
import { line, span } from '../../src/display/screen/lines.ts';
import { madeUpSource, RUNNING_NOTICES } from './made-up.ts';
import { begun, ended } from './notices.ts';

const codes = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
/** C0, DEL, C1, marks and overrides of direction, separators, halves of pairs. */
const STRANGE = [
  ...codes(0, 0x1f),
  ...codes(0x7f, 0x9f),
  0x61c,
  ...codes(0x200e, 0x200f),
  ...codes(0x2028, 0x202e),
  ...codes(0x2066, 0x2069),
  ...codes(0xd800, 0xdfff),
];

test('every strange character becomes an escape that says which it was', () => {
  for (const code of STRANGE) {
    const shown = printable(`a${String.fromCharCode(code)}b`);
    expect([code, /^a\\(u[0-9a-f]{4}|[ntr])b$/.test(shown)]).toEqual([code, true]);
    expect(JSON.parse(`"${shown}"`)).toBe(`a${String.fromCharCode(code)}b`);
  }
});

test('everything else stays, also what takes two units', () => {
  const text = 'θ = 1·10⁻⁸ │ → … “quoted” \\n C:\\x é 中 😀 ×';
  expect(printable(text)).toBe(text);
  expect(printable(printable('\u001b[31m'))).toBe('\\u001b[31m');
});

test('JSON stays the value that it is', () => {
  const value = { name: STRANGE.map((code) => String.fromCharCode(code)).join('') };
  expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
});

test('a text of several lines keeps its lines and nothing else', () => {
  expect(printableLines('one\ntwo\t\u001b\n')).toBe('one\ntwo\\t\\u001b\n');
});

test('tables and screens measure what is shown', () => {
  expect(
    columns(
      [
        ['\u001b', 'x'],
        ['b', 'y'],
      ],
      ['left', 'left'],
    ),
  ).toEqual(['\\u001b  x', 'b       y']);
  expect([span('\u009b2J'), ...line('\u202e')].map(({ text }) => text)).toEqual(['\\u009b2J', '\\u202e']);
});

test('the live screen has none of them, whatever a run is called and whatever became of it', () => {
  const strange = STRANGE.map((code) => String.fromCharCode(code)).join('');
  const dashboard = new Dashboard(madeUpSource(100));
  const sizes = [
    { columns: 60, rows: 16 },
    { columns: 200, rows: 60 },
  ];
  const notices = [
    ...RUNNING_NOTICES,
    begun({ name: strange, folder: strange, engine: strange as never }),
    { kind: 'retry', networks: [1], attempt: 2, reason: strange },
    { kind: 'failed', networks: [1], reason: strange },
    { kind: 'events', elapsedMs: 1, counts: {}, notable: [{ network: 1, kind: strange, epoch: 1, height: null }] },
    ended({ reason: 'failed', fingerprint: strange }),
  ];
  let shown = '';
  for (const notice of notices) {
    dashboard.notify(notice as never);
    for (const size of sizes) {
      const lines = dashboard.lines(size);
      for (const { text } of lines.flat()) expect(text).toBe(printable(text));
      shown += lines
        .flat()
        .map(({ text }) => text)
        .join('');
    }
  }
  expect(shown).toContain('\\u0000\\u0001');
});
