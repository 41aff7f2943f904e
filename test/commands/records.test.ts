/**
 * The records of the commands: each says all that help and documents need, its examples parse with the program's own
 * parser, and none of them brings the code of its command into a start.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunError, UsageError } from '../../schemas/problems.ts';
import { gyreProgram } from '../../src/command-line.ts';
import { COMMANDS } from '../../src/commands/registry/all-commands.ts';
import { newFolder, removeFolder } from '../support/cli.ts';
import { execute, sweepOf } from '../support/runs.ts';

const root = new URL('../..', import.meta.url).pathname;

describe.each(COMMANDS)('$name', ({ name, summary, arguments: declared, options, examples, exitCodes }) => {
  test('has a summary of one line', () => {
    expect(summary).toMatch(/^[A-Z][^\n]{9,89}[^.\s]$/);
  });

  test('explains each argument, option, example and exit code', () => {
    const meanings = [...declared, ...options, ...examples, ...exitCodes].map(({ meaning }) => meaning);
    expect(meanings.filter((meaning) => !/^[A-Z][^\n]*[^.\s]$/.test(meaning))).toEqual([]);
  });

  test('says what it takes instead of an argument that is absent', () => {
    const silent = declared.filter(({ arity, absentText }) => arity === 'optional' && absentText === null);
    expect(silent).toEqual([]);
  });

  test('has exit codes for success, failure and bad usage, each once and in order', () => {
    const codes = exitCodes.flatMap((exit) => exit.codes);
    expect(codes.slice(0, 3)).toEqual([0, 1, 2]);
    expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
  });

  test('has examples of itself', () => {
    expect(examples.map(({ line }) => line).filter((line) => !line.includes(`gyre ${name}`))).toEqual([]);
  });
});

describe('examples', () => {
  const folder = newFolder();
  const before = process.cwd();
  beforeAll(async () => {
    const sweep = sweepOf({
      epochs: 500,
      layers: [1, 1, 1],
      seeds: 21,
      optimizer: { kind: 'adam', learningRate: 0.1 },
    });
    await execute({ sweep, folder: join(folder, 'traces', 'runs', 'example') });
    process.chdir(folder);
  });
  afterAll(() => {
    process.chdir(before);
    removeFolder(folder);
  });

  /** The names of the commands that a line of a shell calls, once it is parsed, with the threads that it asks for. */
  async function parsed(line: string): Promise<[name: string, threads: number | undefined][]> {
    const [, words] = /\bgyre ([^|>")]+)/.exec(line) ?? [];
    const called: [string, number | undefined][] = [];
    const program = gyreProgram({
      mainPath: '',
      start: async (record, commandLine) => {
        await record.prepare(commandLine);
        called.push([record.name, record.threadsIn(commandLine)]);
      },
    });
    await program.parseAsync(words.trim().split(' '), { from: 'user' });
    return called;
  }

  const lines = COMMANDS.flatMap(({ name, examples }) => examples.map(({ line }) => [line, name] as const));
  test.each(lines)('%s is a command line of %s that works', async (line, name) => {
    expect((await parsed(line)).map(([called]) => called)).toEqual([name]);
  });

  test('that do not work are seen', async () => {
    await expect(parsed('gyre replay latest --network 21 --epochs 0..501')).rejects.toThrow(
      '--network: got "21", expected whole numbers from 0 to 20, or ranges of them such as 3-20\n' +
        '--epochs: got "0..501", expected whole numbers from 0 to 500',
    );
  });

  test('of a run that cannot be found have their other mistakes reported too', async () => {
    await expect(parsed('gyre replay no-such-run --network x --epochs 5..1')).rejects.toThrow(
      /^run "no-such-run": [^\n]*\n--network: got "x", [^\n]*\n--epochs: got "5..1", [^\n]*$/,
    );
  });

  test('of a run that cannot be read are refused for their mistakes first', async () => {
    mkdirSync(join(folder, 'damaged'));
    writeFileSync(join(folder, 'damaged', 'run.json'), '{}');
    await expect(parsed('gyre replay damaged --network x')).rejects.toThrow(UsageError);
    await expect(parsed('gyre replay damaged --network 0 --epochs 1')).rejects.toThrow(RunError);
  });

  test('ask for threads where they say so, as far as that can be parsed', async () => {
    expect(await parsed('gyre verify latest --threads 7')).toEqual([['verify', 7]]);
    expect(await parsed('gyre show latest')).toEqual([['show', undefined]]);
    const verify = COMMANDS.find(({ name }) => name === 'verify');
    expect(verify?.threadsIn({ texts: [], given: { threads: 'x', sample: '0' } })).toBeUndefined();
  });
});

describe('a start', () => {
  /** The files and libraries that a file imports, without types and without what is imported when it is needed. */
  function importsOf(file: string): string[] {
    const statement = /^(?:import|export)\s(?!type\b)(?:[^;'=]*?\sfrom\s)?'([^']+)';/gm;
    const statements = readFileSync(join(root, file), 'utf8').matchAll(statement);
    return [...statements].map(([, path]) => (path.startsWith('.') ? normalize(join(dirname(file), path)) : path));
  }

  function allImportsOf(file: string, seen = new Set<string>()): Set<string> {
    for (const path of importsOf(file)) {
      if (seen.has(path)) continue;
      seen.add(path);
      if (path.endsWith('.ts')) allImportsOf(path, seen);
    }
    return seen;
  }

  test('loads the records and no command', () => {
    const loaded = allImportsOf('src/main.ts');
    const implementations = COMMANDS.map(({ name }) => `src/commands/${name}.ts`);
    expect(loaded).toContain('src/commands/registry/all-commands.ts');
    expect(implementations.filter((file) => loaded.has(file))).toEqual([]);
    expect(allImportsOf('src/commands/show.ts')).toContain('apache-arrow');
  });

  test('loads no library but those of the command line', () => {
    const libraries = [...allImportsOf('src/main.ts')].filter(
      (path) => !path.endsWith('.ts') && !path.startsWith('node:'),
    );
    expect(libraries.sort()).toEqual(['commander', 'fastest-levenshtein']);
  });
});
