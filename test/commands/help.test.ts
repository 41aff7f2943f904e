/**
 * Usage: help with an example for every command there is, and exit code 2 with a hint for commands and options that are not.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { commandNames, gyre, newFolder, removeFolder, writeSweep } from '../support/cli.ts';

const cwd = newFolder();
const sweep = writeSweep(cwd);
afterAll(() => removeFolder(cwd));

describe('help', () => {
  test('lists the commands, says what RUN is and shows an example', async () => {
    const { code, stdout, stderr } = await gyre(['--help'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    expect(await commandNames(cwd)).toEqual(expect.arrayContaining(['run', 'plan', 'runs', 'show', 'fingerprint']));
    expect(stdout).toContain(
      'RUN is a path, a unique prefix of a folder under traces/runs, or "latest" (the default).',
    );
    expect(stdout).toContain('Example:\n  $ gyre run sweeps/quickstart.yaml\n');
  });

  test('of every command shows its usage, its options and an example of that command', async () => {
    const names = await commandNames(cwd);
    const helps = await Promise.all(names.map((name) => gyre([name, '--help'], { cwd })));
    for (const [i, { code, stdout, stderr }] of helps.entries()) {
      expect([names[i], code, stderr]).toEqual([names[i], 0, '']);
      expect(stdout).toContain(`Usage: gyre ${names[i]} `);
      expect(stdout).toContain(`\nExample:\n  $ gyre ${names[i]}`);
      expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    }
  });

  test('without a command goes to stderr, with exit code 2', async () => {
    const { code, stdout, stderr } = await gyre([], { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: gyre [options] [command]');
  });

  test('is not in the way of the version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await gyre(['--version'], { cwd })).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe.concurrent('bad usage ends with exit code 2 and writes nothing', () => {
  test.each([
    ['an unknown command', ['rum'], "error: unknown command 'rum'\n(Did you mean run?)\n"],
    [
      'an unknown option',
      ['run', sweep, '--thread', '2'],
      "error: unknown option '--thread'\n(Did you mean --threads?)\n",
    ],
    ['an option of another command', ['plan', sweep, '--threads', '2'], "error: unknown option '--threads'\n"],
    ['no sweep', ['run'], "error: missing required argument 'sweep'\n"],
    [
      'an argument too many',
      ['plan', sweep, sweep],
      "error: too many arguments for 'plan'. Expected 1 argument but got 2.\n",
    ],
    [
      'a kernel that there is not',
      ['run', sweep, '--kernel', 'nonsense'],
      "error: option '--kernel <name>' argument 'nonsense' is invalid. Allowed choices are auto, native, reference.\n",
    ],
    ['an option without its value', ['run', sweep, '--out'], "error: option '--out <dir>' argument missing\n"],
    [
      'numbers out of their range, all of them at once',
      ['run', sweep, '--threads', '0', '--epochs', 'abc'],
      'gyre: --threads: got "0", expected a whole number from 1 to 1024\n' +
        'gyre: --epochs: got "abc", expected a whole number from 1 to 2147483647\n',
    ],
    [
      'numbers that are not whole, and a folder without a name',
      ['run', sweep, '--threads', '1.5', '--epochs', '-1', '--out', ''],
      'gyre: --threads: got "1.5", expected a whole number from 1 to 1024\n' +
        'gyre: --epochs: got "-1", expected a whole number from 1 to 2147483647\n' +
        'gyre: --out: got "", expected a folder\n',
    ],
    [
      'a sweep that is not there',
      ['run', 'none.yaml'],
      'gyre: none.yaml: got no such file, expected a sweep file (YAML) (sweeps/ holds examples)\n',
    ],
  ])('%s', async (_, args, stderr) => {
    expect(await gyre(args, { cwd })).toEqual({ code: 2, stdout: '', stderr });
    expect(readdirSync(cwd)).toEqual([sweep]);
  });
});
