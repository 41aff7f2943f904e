/** Data files on the command line: a run, a plan, and exit code 2 with words for what cannot be trained on. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { gyre, jsonLines, newFolder, removeFolder, writeSweep } from '../support/cli.ts';

const folders: string[] = [];
let cwd: string;
beforeEach(() => {
  cwd = newFolder();
  folders.push(cwd);
  writeFileSync(join(cwd, 'points.csv'), 'x1,x2,y\n0,0,1\n0,1,-1\n1,0,-1\n1,1,1\n');
});
afterAll(() => folders.forEach(removeFolder));

const DATA = { layers: [2, 3, 1], data: { file: 'points.csv' } };

test('a run trains on a file, is continued, and is shown when the file is gone', async () => {
  const sweep = writeSweep(cwd, DATA);
  const first = await gyre(['run', sweep, '--plain'], { cwd });
  expect(first).toMatchObject({ code: 0 });
  const again = await gyre(['run', sweep, '--plain'], { cwd });
  expect(again.stderr).toContain('4 already done');
  rmSync(join(cwd, 'points.csv'));
  const show = await gyre(['show', '--json'], { cwd });
  const [network] = jsonLines<{ data: string; points: number; configuration: { data: object } }>(show.stdout);
  expect(network).toMatchObject({ data: 'file', points: 4 });
  expect(network.configuration.data).toEqual({
    kind: 'file',
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    points: 4,
  });
  const gone = await gyre(['run', sweep, '--plain'], { cwd });
  expect(gone.code).toBe(2);
  expect(gone.stderr).toMatch(/^gyre: tiny\.yaml:\d+: data\.file: points\.csv: got no such file/);
});

test('a plan says what stands in a file', async () => {
  const plan = await gyre(['plan', writeSweep(cwd, DATA)], { cwd });
  expect(plan.stdout).toMatch(/^points\.csv: 4 points, x1 x2 → y, hash [0-9a-f]{8}$/m);
  const json = await gyre(['plan', writeSweep(cwd, DATA), '--json'], { cwd });
  expect(jsonLines(json.stdout).at(-1)?.dataFiles).toEqual([
    {
      file: 'points.csv',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      points: 4,
      inputs: ['x1', 'x2'],
      outputs: ['y'],
    },
  ]);
});

test('a folder that holds the run of a file as it was before is refused with what is different', async () => {
  const sweep = writeSweep(cwd, DATA);
  expect((await gyre(['run', sweep, '--plain', '--out', 'run'], { cwd })).code).toBe(0);
  writeFileSync(join(cwd, 'points.csv'), 'x1,x2,y\n0,0,1\n0,1,-1\n1,0,-1\n');
  const changed = await gyre(['run', sweep, '--plain', '--out', 'run'], { cwd });
  expect(changed.code).toBe(2);
  expect(changed.stderr).toContain('gyre: run: data[0].file[0].points: got 3 in the sweep, expected 4');
  expect(changed.stderr).toContain('gyre: run: data[0].file[0].hash: got "');
});

test.each(['run', 'plan'])('%s tells all mistakes of a file and of the sweep, and has exit code 2', async (command) => {
  writeFileSync(join(cwd, 'points.csv'), 'x1,x2,y\n0,0,one\n0,,-1\n');
  const { code, stderr } = await gyre([command, writeSweep(cwd, { ...DATA, epochs: 0 })], { cwd });
  expect(code).toBe(2);
  const lines = stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain('epochs: got 0');
  expect(lines[1]).toContain('points.csv:2: column y: got "one", expected a number');
  expect(lines[2]).toContain('points.csv:3: column x2: got an empty cell, expected a number');
});

test('every kind of bad data is told at once, with exit code 2', async () => {
  const files = {
    'ragged.csv': 'x,y\n1,2\n3\n',
    'word.csv': 'x,y\n1,2\n3,four\n',
    'nan.csv': 'x,y\n1,2\nnan,4\n',
    'one.csv': 'x,y\n1,2\n',
    'no-y.csv': 'x,z\n1,2\n3,4\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const data = { file: ['missing.csv', ...Object.keys(files)] };
  const { code, stdout, stderr } = await gyre(['run', writeSweep(cwd, { layers: [1, 3, 1], data })], { cwd });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  const messages = stderr.trimEnd().split('\n');
  expect(messages.map((line) => line.replace(/^gyre: tiny\.yaml:\d+: data\.file\[\d\]: /, ''))).toEqual([
    expect.stringMatching(/^missing\.csv: got no such file, expected a file of data: /),
    expect.stringMatching(/^ragged\.csv:3: got 1 cell, expected 2, as in the header/),
    expect.stringMatching(/^word\.csv:3: column y: got "four", expected a number/),
    expect.stringMatching(/^nan\.csv:3: column x: got "nan", expected a finite number/),
    expect.stringMatching(/^one\.csv: got one row, expected at least 2 rows/),
    expect.stringMatching(
      /^no-y\.csv:1: got the columns "x", "z", expected one at least that begins with y, an output/,
    ),
  ]);
});
