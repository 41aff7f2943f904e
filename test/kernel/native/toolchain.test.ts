/**
 * What `--kernel native` needs of a machine, and what is said where it is not there. The compilers are small scripts:
 * no real one is needed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../schemas/problems.ts';
import { WANTED_OPTIONS } from '../../../src/kernel/native/compiler-options.ts';
import { NativeKernels } from '../../../src/kernel/native/native.ts';
import { findToolchain, type Toolchain, type ToolchainSearch } from '../../../src/kernel/native/toolchain.ts';
import { expandSweep } from '../../../src/plan/expand.ts';
import { groupShape } from '../../../src/plan/pack.ts';
import { scratchFolder, sweepOf } from '../../support/runs.ts';
import { script, until } from '../../support/scripts.ts';

const EXTENSIONS = new Set(['avx2', 'avx512f', 'avx512dq']);

/** A compiler that knows a processor with these extensions. */
const compilerFor = (name: string, macros: readonly string[]) =>
  script(name, ['__x86_64__', ...macros].map((macro) => `echo '#define ${macro} 1'`).join('\n'));

/** What findToolchain finds or says. */
async function found(environment: NodeJS.ProcessEnv, search: ToolchainSearch = {}): Promise<Toolchain | string> {
  try {
    return await findToolchain({ environment, system: 'linux on x64', extensions: EXTENSIONS, ...search });
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
  ])('has vectors for a processor with %s of %i bytes', async (macros, vectorBytes) => {
    const CC = compilerFor('own-cc', macros);
    expect(await found({ CC, PATH: '' })).toMatchObject({ compiler: [CC], vectorBytes });
  });

  test('is the one in CC, with its arguments, or else the first of cc, gcc and clang on the PATH', async () => {
    const PATH = dirname(compilerFor('clang', ['__AVX2__']));
    expect(await found({ PATH })).toMatchObject({ compiler: ['clang'], vectorBytes: 32 });
    const CC = compilerFor('ccache', ['__SSE2__']);
    expect(await found({ PATH, CC: `'${CC}' gcc` })).toMatchObject({ compiler: [CC, 'gcc'], vectorBytes: 16 });
  });

  test('that is not there is refused with where, got, expected and remedy', async () => {
    const remedy = 'leave --kernel out: the kernels in WebAssembly have the same bits';
    expect(await found({ PATH: '/nowhere' })).toBe(
      '--kernel native: got no C compiler: none of cc, gcc, clang is on the PATH, ' +
        `expected one of them, or CC to name another (${remedy})`,
    );
    expect(await found({ PATH: '/nowhere', CC: 'mycc' })).toContain('got CC=mycc: ');
    expect(await found({ PATH: '', CC: "'gcc" })).toContain("got CC='gcc: a quote without an end, expected a program");
    const CC = script('own-cc', 'echo "no such processor" >&2; exit 1');
    expect(await found({ PATH: '', CC })).toContain(`got ${CC}: no such processor, expected a C compiler`);
    expect(await found({ PATH: '', CC }, { system: 'darwin on arm64' })).toContain(
      'got darwin on arm64, expected linux on x64',
    );
    expect(await found({ PATH: '', CC: script('silent', 'exit 0') })).toContain(': no answer, expected a C compiler');
  });

  test('is refused if it makes code for another processor, or with instructions that this one lacks', async () => {
    const other = script('own-cc', "echo '#define __aarch64__ 1'");
    expect(await found({ PATH: '', CC: other })).toContain('code for another processor, expected');
    const narrow = script('own-cc', "echo '#define __x86_64__ 1'; echo '#define __ILP32__ 1'");
    expect(await found({ PATH: '', CC: narrow })).toContain('code for another processor, expected');
    const CC = compilerFor('own-cc', ['__AVX2__', '__XOP__', '__FMA4__']);
    expect(await found({ PATH: '', CC })).toContain('instructions that this processor does not have (xop, fma4)');
    expect(await found({ PATH: '', CC }, { extensions: null })).toMatchObject({ vectorBytes: 32 });
  });

  test('that does not answer in time is refused', async () => {
    const CC = script('own-cc', 'sleep 1000; exit 0');
    expect(await found({ CC, PATH: process.env.PATH }, { timeLimitMs: 100 })).toContain(
      `${CC}: no answer within 0.1 s`,
    );
  });

  /** A compiler that refuses the options for which a test of the shell holds, and says these words. */
  const choosy = (refuses: string, words: string) =>
    script(
      'own-cc',
      `for o; do if [ ${refuses} ]; then echo "${words}" >&2; bad=1; fi; done
if [ "$bad" = 1 ]; then exit 1; fi
echo '#define __x86_64__ 1'`,
    );

  test.each([
    ['names them', "own-cc: error: unrecognized command-line option '$o'; did you mean '-fno-fast-math'?"],
    ['does not name them', 'no'],
  ])('has the options that its compiler takes, where one %s that it refuses', async (_, words) => {
    const refused = ['-mno-daz-ftz', '-fhonor-nans'];
    const CC = choosy(refused.map((option) => `"$o" = ${option}`).join(' -o '), words);
    const toolchain = await found({ CC: `${CC} -ffast-math`, PATH: '' });
    const taken = WANTED_OPTIONS.filter((option) => !refused.includes(option));
    expect(toolchain).toMatchObject({ options: expect.arrayContaining(taken) });
    for (const option of refused) expect(toolchain).not.toMatchObject({ options: expect.arrayContaining([option]) });
  });

  test('is refused where its compiler does not take what is needed', async () => {
    const CC = choosy('"$o" = -ffp-contract=off', 'own-cc: error: unknown: -ffp-contract=off');
    expect(await found({ CC, PATH: '' })).toContain(`got ${CC}: own-cc: error: unknown: -ffp-contract=off, expected`);
  });
});

describe('native kernels', () => {
  const networks = expandSweep(sweepOf({ seeds: 4 }));
  const shape = groupShape({ networks, lanes: 4 }, 20);
  const kernelsOf = (compiler: string, timeLimitMs = 60_000) =>
    new NativeKernels({ compiler: [compiler, '-own'], options: ['-O2'], vectorBytes: 16 }, { atOnce: 1, timeLimitMs });

  /** What compiling says where it fails. */
  async function failure(compiler: string, timeLimitMs?: number): Promise<string> {
    const kernels = kernelsOf(compiler, timeLimitMs);
    try {
      const error: unknown = await kernels.compile(shape).catch((reason: unknown) => reason);
      if (!(error instanceof UsageError)) throw error;
      return error.message;
    } finally {
      kernels.close();
    }
  }

  test('that the compiler cannot make fail with the line in which it says so', async () => {
    const compiler = script('own-cc', 'echo "a warning" >&2; echo "kernel.c:1: error: no room" >&2; exit 1');
    expect(await failure(compiler)).toContain(
      `--kernel native: got ${compiler} -own: kernel.c:1: error: no room, expected`,
    );
  });

  test('that the system does not load fail in the thread that compiles, before any task', async () => {
    const compiler = script('own-cc', 'while [ "$1" != -o ]; do shift; done; echo nonsense > "$2"');
    expect(await failure(compiler)).toMatch(
      /^--kernel native: got .+own-cc -own: .+\.node: .+, expected a kernel in .+\)$/,
    );
  });

  test("are compiled with options behind the compiler's own arguments, and the source as C last", async () => {
    const list = join(scratchFolder(), 'list');
    await failure(script('own-cc', `echo "$@" > ${list}; exit 1`));
    expect(readFileSync(list, 'utf8')).toMatch(/^-own -O2 -o \S+\/kernel-0\.node -x c \S+\/kernel-0\.c -x none\n$/);
  });

  test.each([
    ['exit 3', 'own-cc -own: exit code 3, expected'],
    ['kill -9 $$', 'own-cc -own: ended by a signal, expected'],
    [`echo ${'x'.repeat(1000)} >&2; exit 1`, `own-cc -own: ${'x'.repeat(300)}…, expected`],
  ])('of a compiler that does %s fail in words', async (lines, words) => {
    expect(await failure(script('own-cc', lines))).toContain(words);
  });

  test('of a compiler that is too slow fail with the limit', async () => {
    expect(await failure(script('own-cc', 'sleep 1000; exit 1'), 100)).toContain('own-cc -own: no kernel within 0.1 s');
  });

  test('are null after a stop, those that wait for their turn too', async () => {
    const begun = join(scratchFolder(), 'begun');
    const kernels = kernelsOf(script('own-cc', `echo >> ${begun}; sleep 1000; exit 1`));
    const made = Promise.all([kernels.compile(shape), kernels.compile(shape)]);
    await until(() => existsSync(begun) && readFileSync(begun, 'utf8') === '\n');
    kernels.stop();
    expect(await made).toEqual([null, null]);
    expect(readFileSync(begun, 'utf8')).toBe('\n');
    kernels.close();
  });

  test('leave no files behind when they are closed', async () => {
    const list = join(scratchFolder(), 'list');
    const kernels = kernelsOf(script('own-cc', `while [ "$1" != -o ]; do shift; done; echo "$2" > ${list}; exit 1`));
    await expect(kernels.compile(shape)).rejects.toThrow(UsageError);
    expect(existsSync(list)).toBe(true);
    kernels.close();
    expect(existsSync(dirname(readFileSync(list, 'utf8')))).toBe(false);
  });
});
