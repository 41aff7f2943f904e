/**
 * What `--kernel native` needs of a machine, and what is said where it is not there. The compilers are small scripts: no real one is
 * needed.
 */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RunError, UsageError } from '../../schemas/problems.ts';
import { NativeKernels } from '../../src/kernel/native.ts';
import { findToolchain, type Toolchain } from '../../src/kernel/toolchain.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { groupShape } from '../../src/plan/pack.ts';
import { scratchFolder, sweepOf } from '../support/runs.ts';

const SHELL = '/bin/sh';

/** A program that is a script of the shell. */
function script(name: string, lines: string): string {
  const path = join(scratchFolder(), name);
  writeFileSync(path, `#!${SHELL}\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A compiler that knows a processor with these extensions. */
const compilerFor = (name: string, macros: readonly string[]) =>
  script(name, ['__x86_64__', ...macros].map((macro) => `echo '#define ${macro} 1'`).join('\n'));

/** What findToolchain finds or says. */
function found(environment: NodeJS.ProcessEnv, system = 'linux on x64'): Toolchain | string {
  try {
    return findToolchain(environment, system);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message;
  }
}

describe('the toolchain', () => {
  test.each([
    [['__SSE2__'], 16],
    [['__SSE2__', '__AVX2__'], 32],
    [['__AVX2__', '__AVX512F__'], 32],
    [['__AVX2__', '__AVX512F__', '__AVX512DQ__'], 64],
  ])('has vectors for a processor with %s of %i bytes', (macros, vectorBytes) => {
    const CC = compilerFor('own-cc', macros);
    expect(found({ CC, PATH: '' })).toEqual({ compiler: [CC], vectorBytes });
  });

  test('is the first of cc, gcc and clang on the PATH, and the one in CC before all of them, with its arguments', () => {
    const PATH = dirname(compilerFor('clang', ['__AVX2__']));
    expect(found({ PATH })).toEqual({ compiler: ['clang'], vectorBytes: 32 });
    const CC = compilerFor('ccache', ['__SSE2__']);
    expect(found({ PATH, CC: `${CC} gcc` })).toEqual({ compiler: [CC, 'gcc'], vectorBytes: 16 });
  });

  test('that is not there is refused with where, got, expected and remedy', () => {
    const remedy = 'leave --kernel out: the kernels in WebAssembly have the same bits';
    expect(found({ PATH: '/nowhere' })).toBe(
      `--kernel native: got no C compiler: none of cc, gcc, clang is on the PATH, expected one of them, or CC to name another (${remedy})`,
    );
    expect(found({ PATH: '/nowhere', CC: 'mycc' })).toContain('got CC=mycc: ');
    const CC = script('own-cc', 'echo "no such processor" >&2; exit 1');
    expect(found({ PATH: '', CC })).toContain(`got ${CC}: no such processor, expected a C compiler`);
    expect(found({ PATH: '', CC }, 'darwin on arm64')).toContain('got darwin on arm64, expected linux on x64');
    expect(found({ PATH: '', CC: script('silent', '') })).toContain(': no answer, expected a C compiler');
  });
});

describe('native kernels', () => {
  const networks = expandSweep(sweepOf({ seeds: 4 }));
  const shape = groupShape({ networks, lanes: 4 }, 20);
  const kernelsOf = (compiler: string) => new NativeKernels({ compiler: [compiler], vectorBytes: 16 }, { atOnce: 1 });

  /** What compiling says where it fails. */
  async function failure(compiler: string): Promise<string> {
    const kernels = kernelsOf(compiler);
    try {
      const error: unknown = await kernels.compile(shape).catch((reason: unknown) => reason);
      if (!(error instanceof RunError)) throw error;
      return error.message;
    } finally {
      kernels.close();
    }
  }

  test('that the compiler cannot make fail with the line in which it says so', async () => {
    const compiler = script('own-cc', 'echo "a warning" >&2; echo "kernel.c:1: error: no room" >&2; exit 1');
    expect(await failure(compiler)).toContain(`--kernel native: got ${compiler}: kernel.c:1: error: no room, expected`);
  });

  test('that the system does not load fail in the thread that compiles, before any task', async () => {
    const compiler = script('own-cc', 'while [ "$1" != -o ]; do shift; done; echo nonsense > "$2"');
    expect(await failure(compiler)).toMatch(/^--kernel native: got .+\.node: .+, expected a kernel in .+\)$/);
  });

  test('leave no files behind when they are closed', async () => {
    const list = join(scratchFolder(), 'list');
    const kernels = kernelsOf(script('own-cc', `while [ "$1" != -o ]; do shift; done; echo "$2" > ${list}; exit 1`));
    await expect(kernels.compile(shape)).rejects.toThrow(RunError);
    expect(existsSync(list)).toBe(true);
    kernels.close();
    expect(existsSync(dirname(readFileSync(list, 'utf8')))).toBe(false);
  });
});
