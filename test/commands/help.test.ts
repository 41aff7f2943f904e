/**
 * Usage: help of every command from its record, and exit code 2 with a hint for commands and options that are not
 * there.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands/registry/all-commands.ts';
import { optionTerm } from '../../src/commands/registry/command-texts.ts';
import { commandNames, gyre, newFolder, removeFolder, writeSweep } from '../support/cli.ts';

const cwd = newFolder();
const sweep = writeSweep(cwd);
afterAll(() => removeFolder(cwd));

describe('help', () => {
  test('lists the commands, says what RUN is and shows an example', async () => {
    const { code, stdout, stderr } = await gyre(['--help'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    expect(await commandNames(cwd)).toEqual(COMMANDS.map(({ name }) => name));
    expect(stdout).toContain(
      'RUN is a path, a unique prefix of a folder under traces/runs, or "latest" (the default).',
    );
    expect(stdout).toContain('Example:\n  $ gyre run sweeps/quickstart.yaml\n');
  });

  test.each(COMMANDS)(
    'of $name shows usage, arguments, options, examples and exit codes',
    async ({ name, arguments: declared, options, examples, exitCodes }) => {
      const { code, stdout, stderr } = await gyre([name, '--help'], { cwd });
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`Usage: gyre ${name} `);
      const terms = [...declared.map((argument) => argument.name), ...options.map(optionTerm)];
      expect(terms.filter((term) => !stdout.includes(`\n  ${term} `))).toEqual([]);
      expect(stdout).toContain('\nExamples:\n  # ');
      for (const { line } of examples) expect(stdout).toContain(`\n  $ ${line}\n`);
      for (const { meaning } of exitCodes) expect(stdout.split('\nExit codes:\n')[1]).toContain(`  ${meaning}\n`);
      expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    },
  );

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
      'gyre: --kernel: got "nonsense", expected one of auto, native, reference\n',
    ],
    ['an option without its value', ['run', sweep, '--out'], "error: option '--out <dir>' argument missing\n"],
    [
      'numbers out of their range, all of them at once',
      ['run', sweep, '--threads', '0', '--epochs', 'abc'],
      'gyre: --threads: got "0", expected a whole number from 1 to 1024\n' +
        'gyre: --epochs: got "abc", expected a whole number from 1 to 2147483647\n',
    ],
    [
      'a word, a number and a shard, all of them at once',
      ['run', sweep, '--kernel', 'natve', '--shard', '3/2', '--lease', '1'],
      'gyre: --shard: got "3/2", expected I/N with I from 1 to N, as 2/4\n' +
        'gyre: --kernel: got "natve", expected one of auto, native, reference (did you mean "native"?)\n' +
        'gyre: --lease: got "1", expected a whole number from 5 to 86400\n',
    ],
    [
      'an option that is needed, beside other problems',
      ['export', '--table', 'network'],
      'gyre: --format: got nothing, expected one of parquet, csv\n' +
        'gyre: --table: got "network", expected one of networks, epochs, events, blocks, windows, spirals, ' +
        'relaxation, curvature, twins, survival (did you mean "networks"?)\n',
    ],
    [
      'options that exclude each other, beside a number',
      ['verify', '--all', '--sample', '3', '--threads', 'x'],
      'gyre: --threads: got "x", expected a whole number from 1 to 1024\n' +
        'gyre: --all, --sample: got both, expected one of them\n',
    ],
    [
      'an unknown shell',
      ['completion', 'bsh'],
      'gyre: shell: got "bsh", expected one of bash, zsh, fish (did you mean "bash"?)\n',
    ],
    [
      'numbers that are not whole, and a folder without a name',
      ['run', sweep, '--threads', '1.5', '--epochs', '-1', '--out', ''],
      'gyre: --out: got "", expected a folder\n' +
        'gyre: --threads: got "1.5", expected a whole number from 1 to 1024\n' +
        'gyre: --epochs: got "-1", expected a whole number from 1 to 2147483647\n',
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
