/**
 * Which run a name means: a path, a unique prefix, a whole name, or the latest, by when a run was last worked on. Runs
 * are mere folders here, since only their names and times count.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findRun, listRunFolders } from '../../src/commands/find-run.ts';
import { RUNS_FOLDER } from '../../src/commands/registry/value-kinds.ts';

const before = process.cwd();
let cwd = '';
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'gyre-find-')));
  process.chdir(cwd);
});
afterEach(() => {
  process.chdir(before);
  rmSync(cwd, { recursive: true });
});

/**
 * A folder that passes for a run, begun and last worked on at some seconds of some time; without a journal if never.
 */
function makeRun(folder: string, { begun, worked }: { begun: number; worked?: number }): string {
  mkdirSync(folder, { recursive: true });
  const touch = (name: string, seconds: number) => {
    writeFileSync(join(folder, name), '{}');
    utimesSync(join(folder, name), seconds, seconds);
  };
  touch('run.json', begun);
  mkdirSync(join(folder, 'journal'));
  if (worked !== undefined) touch('journal/0001.msgpack', worked);
  return folder;
}
const inRuns = (name: string) => join(RUNS_FOLDER, name);

test('runs are listed by when they were last worked on, the latest first', () => {
  const old = makeRun(inRuns('a-old'), { begun: 9000, worked: 1000 });
  const fresh = makeRun(inRuns('b-fresh'), { begun: 100, worked: 3000 });
  const begun = makeRun(inRuns('c-begun'), { begun: 2000 });
  mkdirSync(inRuns('no-run'));
  writeFileSync(inRuns('file.txt'), '');
  expect(listRunFolders()).toEqual([fresh, begun, old]);
  expect(findRun('latest')).toBe(fresh);
});

test('a folder without run.json is no prefix, and a link in place of run.json is refused by the reader', () => {
  mkdirSync(inRuns('empty'), { recursive: true });
  expect(() => findRun(inRuns('empty'))).toThrow(`${inRuns('empty')}: got a folder without run.json`);
  symlinkSync('nowhere', join(inRuns('empty'), 'run.json'));
  expect(findRun(inRuns('empty'))).toBe(inRuns('empty'));
});

test('a journal that is a link is not looked into', () => {
  const run = makeRun(inRuns('linked'), { begun: 1000 });
  const late = makeRun('elsewhere', { begun: 1, worked: 9000 });
  const other = makeRun(inRuns('other'), { begun: 1, worked: 3000 });
  rmSync(join(run, 'journal'), { recursive: true });
  symlinkSync(join(cwd, late, 'journal'), join(run, 'journal'));
  expect(listRunFolders()).toEqual([other, run]);
});

test('there may be no runs, and no folder for them', () => {
  expect(listRunFolders()).toEqual([]);
  const message =
    'expected a path, a unique prefix or "latest" ' +
    '(there are no runs under traces/runs; start one with gyre run sweeps/quickstart.yaml)';
  expect(() => findRun('latest')).toThrow(`run "latest": got no such run, ${message}`);
  expect(() => findRun('x')).toThrow(`run "x": got no such run, ${message}`);
});

test('a path is taken as it is, inside of traces/runs and elsewhere, and goes before a prefix', () => {
  makeRun(inRuns('local-12'), { begun: 1, worked: 1 });
  const local = makeRun('local', { begun: 1, worked: 1 });
  expect(findRun('local')).toBe(local);
  expect(findRun(join(cwd, 'local'))).toBe(join(cwd, 'local'));
  expect(findRun(inRuns('local-12'))).toBe(inRuns('local-12'));
});

test('a prefix means the one run that begins with it, and a whole name its run', () => {
  for (const name of ['alpha', 'alpha-1', 'alphabet-2', 'beta-3']) makeRun(inRuns(name), { begun: 1, worked: 1 });
  expect(findRun('b')).toBe(inRuns('beta-3'));
  expect(findRun('alphab')).toBe(inRuns('alphabet-2'));
  expect(findRun('alpha')).toBe(inRuns('alpha'));
});

test('what is no run, or a prefix of several, is told with runs that are known', () => {
  for (const [i, name] of ['ab-1', 'ab-2', 'c-3', 'd-4', 'e-5', 'f-6'].entries())
    makeRun(inRuns(name), { begun: 1, worked: 100 - i });
  const expected = 'expected a path, a unique prefix or "latest" (known: ab-1, ab-2, c-3, d-4, e-5, …)';
  expect(() => findRun('ab')).toThrow(`run "ab": got a prefix of 2 runs, ${expected}`);
  expect(() => findRun('traces')).toThrow(`run "traces": got no such run, ${expected}`);
});
