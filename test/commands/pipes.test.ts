/**
 * Readers that go away and disks that are full: output that cannot be written ends in an exit code and a line of text
 * at most, and never in a stack trace.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gyre, newFolder, removeFolder, shell, writeSweep } from '../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
const sweep = writeSweep(cwd, { seeds: 500 });
beforeAll(async () => {
  expect((await gyre(['run', sweep, '--epochs', '1', '--out', 'done'], { cwd })).code).toBe(0);
});

describe.concurrent('a reader that goes away', () => {
  test.each([
    ['show', 'gyre show done --json | head -1', /^\{"network":0,.*\}\n$/],
    ['show before it begins', 'gyre show done | true', /^$/],
    ['plan', `gyre plan ${sweep} | head -1`, /^tiny · 1,000 networks /],
    ['help', 'gyre --help | head -1', /^Usage: gyre/],
  ])('of %s ends it without a word', async (_, line, stdout) => {
    const outcome = await shell(line, { cwd });
    expect([outcome.code, outcome.stderr]).toEqual([0, '']);
    expect(outcome.stdout).toMatch(stdout);
  });

  test('of the notices of a run ends the session as a hang-up does; what is committed is kept', async () => {
    const { code, stdout, stderr } = await shell(`gyre run ${sweep} --json --epochs 2000000000 --out cut | head -1`, {
      cwd,
    });
    expect([code, stderr]).toEqual([129, '']);
    expect(stdout).toMatch(/^\{"kind":"begun",.*\}\n$/);
    expect(existsSync(join(cwd, 'cut', 'networks.arrow'))).toBe(true);
    expect(existsSync(join(cwd, 'cut', 'lock'))).toBe(false);
  });

  test('of the lines about a run does not end the run', async () => {
    const { code } = await shell(`gyre run ${sweep} --epochs 20 --plain --out on 2>&1 | head -1`, { cwd });
    expect(code).toBe(0);
    expect((await gyre(['fingerprint', 'on'], { cwd })).code).toBe(0);
  });
});

describe.concurrent('a full disk behind stdout', () => {
  test.each([
    ['show', 'gyre show done --json > /dev/full'],
    ['a summary', `gyre run ${sweep} --epochs 1 --out done 2> /dev/null > /dev/full`],
    ['notices', `gyre run ${sweep} --epochs 100000 --out full --json > /dev/full`],
  ])('is told once and gives exit code 1: %s', async (name, line) => {
    const { code, stdout, stderr } = await shell(line, { cwd });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(name === 'a summary' ? '' : 'gyre: stdout: ENOSPC: no space left on device, write\n');
  });

  test('behind stderr is no reason to fail', async () => {
    expect((await shell('gyre show done 2> /dev/full', { cwd })).code).toBe(0);
    expect((await shell('gyre show nowhere 2> /dev/full', { cwd })).code).toBe(2);
  });
});
