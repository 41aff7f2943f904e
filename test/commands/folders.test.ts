/**
 * Where `gyre run` refuses to write: folders that hold something else, and places where nobody or not this user may
 * write. Each refusal has exit code 2, says what is there and what to do, and changes nothing.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gyre, newFolder, removeFolder, writeSweep } from '../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
const sweep = writeSweep(cwd);
const runIn = (out: string, file = sweep) => gyre(['run', file, '--out', out], { cwd });

describe('a folder that holds', () => {
  beforeAll(async () => {
    expect((await runIn('taken')).code).toBe(0);
  });

  test('the run of another sweep is refused with each path that differs', async () => {
    const other = writeSweep(cwd, {
      name: 'other',
      layers: [1, 5, 1],
      optimizer: { kind: 'adam', learningRate: [0.02, 0.1], beta1: 0.8 },
    });
    const before = readdirSync(join(cwd, 'taken'), { recursive: true });
    const { code, stdout, stderr } = await runIn('taken', other);
    const remedy = '(choose another folder with --out, or run the sweep that the folder holds)';
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')).toEqual([
      'gyre: taken: layers: got [[1,5,1]] in the sweep, ' +
        `expected [[1,3,1]], as in the run "tiny" that the folder holds ${remedy}`,
      'gyre: taken: optimizer[0].learningRate: got [0.02,0.1] in the sweep, ' +
        `expected [0.01,0.1], as in the run "tiny" that the folder holds ${remedy}`,
      'gyre: taken: optimizer[0].beta1: got [0.8] in the sweep, ' +
        `expected [0.9], as in the run "tiny" that the folder holds ${remedy}`,
      '',
    ]);
    expect(readdirSync(join(cwd, 'taken'), { recursive: true })).toEqual(before);
  });

  test('other files is refused with some of their names', async () => {
    mkdirSync(join(cwd, 'papers'));
    for (const name of ['a.txt', 'b.txt', 'c.txt', 'd.txt']) writeFileSync(join(cwd, 'papers', name), name);
    expect(await runIn('papers')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'gyre: papers: got a folder with other files (a.txt, b.txt, c.txt, …), ' +
        'expected a new or empty folder, or a run of this sweep (choose another folder with --out)\n',
    });
    expect(readdirSync(join(cwd, 'papers'))).toHaveLength(4);
  });

  test('a run.json that is none of ours is refused', async () => {
    mkdirSync(join(cwd, 'foreign'));
    writeFileSync(join(cwd, 'foreign', 'run.json'), '{"format":"marathon"}');
    const { code, stderr } = await runIn('foreign');
    expect([code, stderr]).toEqual([
      2,
      `gyre: ${join('foreign', 'run.json')}: got something else, expected the manifest of a Gyre run\n`,
    ]);
    expect(readFileSync(join(cwd, 'foreign', 'run.json'), 'utf8')).toBe('{"format":"marathon"}');
  });

  test('nothing is taken', async () => {
    mkdirSync(join(cwd, 'empty'));
    expect((await runIn('empty')).code).toBe(0);
  });
});

describe('a place where no folder can be made', () => {
  test.each([
    ['a file', 'file'],
    ['a place below a file', join('file', 'run')],
  ])('%s is refused with a remedy', async (_, out) => {
    writeFileSync(join(cwd, 'file'), 'content');
    const { code, stdout, stderr } = await runIn(out);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(`gyre: ${out}: a file where a folder is expected (choose another folder with --out)\n`);
    expect(readFileSync(join(cwd, 'file'), 'utf8')).toBe('content');
  });

  test('a place where nobody may write is refused with a remedy', async () => {
    // Not even root makes folders in /sys, where there is one; elsewhere users do not make folders beside it.
    const { code, stdout, stderr } = await runIn('/sys/gyre-test');
    expect([code, stdout]).toEqual([2, '']);
    const remedy = '(choose a folder you may write with --out)';
    expect([
      `gyre: /sys/gyre-test: no permission ${remedy}\n`,
      `gyre: /sys/gyre-test: a read-only file system ${remedy}\n`,
    ]).toContain(stderr);
  });
});
