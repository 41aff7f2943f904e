/**
 * The machine's C compiler and the widest vectors that it knows of the processor at hand: what `--kernel native` needs, or the words
 * why it cannot be had.
 */
import { spawnSync } from 'node:child_process';
import { type Problem, UsageError } from '../../schemas/problems.ts';

/** A compiler for the processor that this runs on. */
export interface Toolchain {
  /** Program and arguments of the compiler itself. */
  readonly compiler: readonly [string, ...string[]];
  /** Bytes of the widest vectors. */
  readonly vectorBytes: 16 | 32 | 64;
}

/** Those that are looked for where CC names none. */
const COMPILERS = ['cc', 'gcc', 'clang'];
const WHERE = '--kernel native';
const REMEDY = 'leave --kernel out: the kernels in WebAssembly have the same bits';

/** For the processor at hand. What it has beyond x86-64 depends on it; operations stay those of the tree. */
export const PROCESSOR_FLAGS = ['-march=native', '-mprefer-vector-width=512', '-ffp-contract=off'] as const;

/**
 * Finds the compiler that CC names, or else cc, gcc or clang on the PATH, and asks it about the processor: some 20 ms.
 *
 * @throws UsageError where there is none, or not for this processor or system.
 */
export function findToolchain(
  environment: NodeJS.ProcessEnv = process.env,
  system = `${process.platform} on ${process.arch}`,
): Toolchain {
  if (system !== 'linux on x64') throw refusal({ got: system, expected: 'linux on x64' });
  const named = environment.CC?.trim() ?? '';
  const candidates = named === '' ? COMPILERS.map((name) => [name]) : [named.split(/\s+/)];
  for (const [program, ...argument] of candidates) {
    const asked = spawnSync(program, [...argument, ...PROCESSOR_FLAGS, '-dM', '-E', '-x', 'c', '/dev/null'], {
      encoding: 'utf8',
      env: environment,
    });
    if (asked.error !== undefined && named === '') continue;
    if (asked.error !== undefined)
      throw refusal({ got: `CC=${named}: ${asked.error.message}`, expected: 'a program that can be run' });
    if (asked.status !== 0 || !asked.stdout.includes('#define __x86_64__ 1')) {
      const said = asked.stderr.trim().split('\n')[0] || 'no answer';
      throw refusal({ got: `${program}: ${said}`, expected: 'a C compiler such as gcc or clang, for this processor' });
    }
    return { compiler: [program, ...argument], vectorBytes: widestVectors(asked.stdout) };
  }
  throw refusal({
    got: `no C compiler: none of ${COMPILERS.join(', ')} is on the PATH`,
    expected: 'one of them, or CC to name another',
  });
}

/** From the macros that a compiler defines for a processor. */
function widestVectors(macros: string): Toolchain['vectorBytes'] {
  const has = (macro: string) => macros.includes(`#define ${macro} 1\n`);
  if (has('__AVX512F__') && has('__AVX512DQ__')) return 64;
  return has('__AVX2__') ? 32 : 16;
}

const refusal = (of: Pick<Problem, 'got' | 'expected'>) => new UsageError({ where: WHERE, ...of, remedy: REMEDY });
