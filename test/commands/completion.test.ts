/**
 * Completion scripts: bash accepts its script and completes with it, in a real bash; those of zsh and fish are checked
 * as texts, since neither shell is everywhere. Every option of every command is in each of them.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bashScript } from '../../src/commands/completion/bash.ts';
import { fishScript } from '../../src/commands/completion/fish.ts';
import { zshScript } from '../../src/commands/completion/zsh.ts';
import { COMMANDS } from '../../src/commands/registry/all-commands.ts';
import { wordsOf } from '../../src/commands/registry/command-texts.ts';
import { gyre, linesOf, newFolder, removeFolder } from '../support/cli.ts';

const cwd = newFolder();
const hostileRun = '$(touch canary) `touch canary`';
beforeAll(() => {
  for (const run of ['alpha-1', 'alpha-2', 'beta', hostileRun]) {
    mkdirSync(join(cwd, 'traces', 'runs', run), { recursive: true });
    writeFileSync(join(cwd, 'traces', 'runs', run, 'run.json'), '{}');
  }
  mkdirSync(join(cwd, 'traces', 'runs', 'no-run'));
  mkdirSync(join(cwd, 'sweeps', 'a folder'), { recursive: true });
  writeFileSync(join(cwd, 'sweeps', 'one.yaml'), '');
  writeFileSync(join(cwd, 'gyre.bash'), bashScript(COMMANDS));
});
afterAll(() => removeFolder(cwd));

/** What bash offers after the words of a command line, the last of which stands at the cursor. */
function offered(...words: string[]): string[] {
  const script = `source ./gyre.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gyre
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync('bash', ['-c', script, 'bash', 'gyre', ...words], { cwd, encoding: 'utf8' });
  return linesOf(text).filter((line) => line !== '');
}

describe('gyre completion', () => {
  test.each([
    ['bash', bashScript],
    ['zsh', zshScript],
    ['fish', fishScript],
  ] as const)('%s prints the script', async (shell, script) => {
    expect(await gyre(['completion', shell], { cwd })).toEqual({ code: 0, stdout: script(COMMANDS), stderr: '' });
  });
});

describe('bash', () => {
  test('accepts the script', () => {
    execFileSync('bash', ['-n', 'gyre.bash'], { cwd });
    expect(() =>
      execFileSync('bash', ['-c', 'printf "%s" "$1" | bash -n', 'bash', 'case x in'], { stdio: 'pipe' }),
    ).toThrow();
  });

  test('is told to call the function for gyre', () => {
    const text = execFileSync('bash', ['-c', 'source ./gyre.bash; complete -p gyre'], { cwd, encoding: 'utf8' });
    expect(text).toBe('complete -F _gyre gyre\n');
  });

  test('offers commands', () => {
    expect(offered('')).toEqual([...COMMANDS.map(({ name }) => name), 'help']);
    expect(offered('re')).toEqual(['replay', 'reproduce']);
    expect(offered('help', 'fing')).toEqual(['fingerprint']);
    expect(offered('--w')).toEqual(['--where']);
  });

  test.each(COMMANDS)('offers the options of $name', ({ name, options }) => {
    expect(offered(name, '-')).toEqual([...options.map((option) => option.name), '--help']);
  });

  test('offers options after arguments and other options', () => {
    expect(offered('run', 'sweeps/one.yaml', '--threads', '2', '--ke')).toEqual(['--kernel']);
    expect(offered('replay', 'beta', '--a')).toEqual(['--around-events']);
  });

  test.each(
    COMMANDS.flatMap(({ name, options }) =>
      options.filter(({ kind }) => wordsOf(kind).length > 0).map((option) => [name, option.name, option] as const),
    ),
  )('offers the words of %s %s', (name, option, { kind }) => {
    expect(offered(name, option, '')).toEqual(wordsOf(kind));
    expect(offered(name, option, '=')).toEqual(wordsOf(kind));
    const [first] = wordsOf(kind);
    expect(offered(name, option, '=', first)).toContain(first);
  });

  test('offers choices by their beginning', () => {
    expect(offered('run', '--kernel', 'n')).toEqual(['native']);
    expect(offered('run', '--kernel', '=', 'n')).toEqual(['native']);
    expect(offered('run', '--kernel', '=', 'native', '--j')).toEqual(['--json']);
    expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(offered('reproduce', 'two')).toEqual(['two-cycle']);
  });

  test('offers names of runs, quoted, and runs nothing that they say', () => {
    expect(offered('show', 'a').sort()).toEqual(['alpha-1', 'alpha-2']);
    expect(offered('watch', '--plain', 'b')).toEqual(['beta']);
    expect(offered('merge', 'alpha-1', '--out', 'x', 'al').sort()).toEqual(['alpha-1', 'alpha-2']);
    const quoted = String.raw`\$\(touch\ canary\)\ \`touch\ canary\``;
    expect(offered('show', '').sort()).toEqual([quoted, 'alpha-1', 'alpha-2', 'beta', 'latest']);
    expect(execFileSync('ls', [], { cwd, encoding: 'utf8' })).not.toContain('canary');
  });

  test('offers files, and folders alone where a folder is wanted', () => {
    expect(offered('run', 'sweeps/')).toEqual(expect.arrayContaining(['sweeps/one.yaml', 'sweeps/a folder']));
    expect(offered('run', '--out', 'sweeps/')).toEqual(['sweeps/a folder']);
    expect(offered('show', 'traces/runs/be')).toEqual(['traces/runs/beta']);
  });

  test('offers nothing for numbers, and beyond the last argument', () => {
    expect(offered('run', '--threads', '')).toEqual([]);
    expect(offered('show', 'beta', '')).toEqual([]);
    expect(offered('runs', '')).toEqual([]);
  });
});

describe('zsh', () => {
  const script = zshScript(COMMANDS);

  test('has a branch per command with its options, their meanings, and its arguments', () => {
    for (const { name, options, arguments: declared } of COMMANDS) {
      const [, branch] = new RegExp(`\\n {8}${name}\\)\\n([^]*?)\\n {10};;`).exec(script) ?? [];
      for (const option of options)
        expect(branch).toContain(
          `'${option.name}${option.kind === null ? '' : '='}[${option.meaning.replaceAll("'", "'\\''")}]`,
        );
      expect(branch.match(/'(\*|:)?:[a-z]+:/g) ?? []).toHaveLength(declared.length);
    }
  });

  test('offers words, folders and runs', () => {
    expect(script).toMatch(/'--kernel=\[.*\]:name:\(auto native reference\)'/);
    expect(script).toMatch(/'--out=\[.*\]:dir:_files -\/'/);
    expect(script).toContain("'::run:_gyre_runs'");
    expect(script).toContain("'*:run:_gyre_runs'");
  });

  test('begins with the mark of completion files and closes every quote and bracket', () => {
    expect(script).toMatch(/^#compdef gyre\n/);
    expectClosed(script.replaceAll("'\\''", ''));
  });
});

describe('fish', () => {
  const script = fishScript(COMMANDS);

  test('has a line per command and option', () => {
    for (const { name, options } of COMMANDS) {
      expect(script).toContain(`complete -c gyre -n 'not __gyre_command' -a ${name} -d '`);
      for (const option of options)
        expect(script).toContain(`complete -c gyre -n '__gyre_command ${name}' -l ${option.name.slice(2)} `);
    }
  });

  test('offers words, folders and runs', () => {
    expect(script).toMatch(/-l kernel -x -a 'auto native reference' -d '/);
    expect(script).toMatch(/-l out -x -a '\(__fish_complete_directories\)' -d '/);
    expect(script).toContain("-n '__gyre_command show' -a '(__gyre_runs)' -d 'run'");
  });

  test('has complete lines alone, closes every quote, and ends every function', () => {
    const commands = script.split('\n').filter((line) => line.startsWith('complete'));
    expect(commands.filter((line) => !/^complete -c gyre -(f|n '[\w ]+' .*-d '.*')$/.test(line))).toEqual([]);
    expectClosed(script.replaceAll("\\'", ''));
    const opened = script.match(/^ *(function|for) /gm) ?? [];
    expect(script.match(/^ *end$/gm)).toHaveLength(opened.length);
  });
});

/**
 * Expects an even number of single quotes on every line that is no comment, and outside of them as many brackets open
 * as closed.
 */
function expectClosed(script: string): void {
  const lines = script.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  expect(lines.filter((line) => (line.match(/'/g) ?? []).length % 2 === 1)).toEqual([]);
  const bare = lines.join('\n').replace(/'[^'\n]*'/g, '');
  for (const [open, close] of ['{}', '[]'])
    expect([open, bare.split(open).length]).toEqual([open, bare.split(close).length]);
}
