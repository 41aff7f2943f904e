/**
 * Every claim, those on spikes of networks included, through the command line: about a minute on two cores, too long
 * for every test run.
 */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const MAIN = new URL('../../dist/src/main.js', import.meta.url).pathname;

test('every row of every claim passes', () => {
  const output = execFileSync(process.execPath, [MAIN, 'reproduce', '--json'], { encoding: 'utf8' });
  const rows = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows.length).toBe(135);
  expect(rows.filter(({ passed }) => !passed)).toEqual([]);
});
