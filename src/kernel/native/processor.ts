/**
 * What a compiler believes of the processor, by the macros that it defines, beside what the processor has. A kernel
 * with instructions that are not there would end the process without a word.
 */
import { readFileSync } from 'node:fs';

/** Macros of compilers and the names that Linux has for the same extensions. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  __SSE3__: 'pni',
  __SSSE3__: 'ssse3',
  __SSE4_1__: 'sse4_1',
  __SSE4_2__: 'sse4_2',
  __SSE4A__: 'sse4a',
  __POPCNT__: 'popcnt',
  __MOVBE__: 'movbe',
  __LZCNT__: 'abm',
  __BMI__: 'bmi1',
  __BMI2__: 'bmi2',
  __ADX__: 'adx',
  __TBM__: 'tbm',
  __XOP__: 'xop',
  __FMA4__: 'fma4',
  __FMA__: 'fma',
  __F16C__: 'f16c',
  __AVX__: 'avx',
  __AVX2__: 'avx2',
  __AVXVNNI__: 'avx_vnni',
  __AVX512F__: 'avx512f',
  __AVX512CD__: 'avx512cd',
  __AVX512BW__: 'avx512bw',
  __AVX512DQ__: 'avx512dq',
  __AVX512VL__: 'avx512vl',
  __AVX512IFMA__: 'avx512ifma',
  __AVX512VBMI__: 'avx512vbmi',
  __AVX512VBMI2__: 'avx512_vbmi2',
  __AVX512BITALG__: 'avx512_bitalg',
  __AVX512VNNI__: 'avx512_vnni',
  __AVX512VPOPCNTDQ__: 'avx512_vpopcntdq',
  __AVX512BF16__: 'avx512_bf16',
  __AVX512FP16__: 'avx512_fp16',
  __AVX512ER__: 'avx512er',
  __AVX512PF__: 'avx512pf',
};

/** Extensions of the processor at hand as Linux names them; null where it does not say. */
export function processorExtensions(): ReadonlySet<string> | null {
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'));
    return flags === null ? null : new Set(flags[1].trim().split(/\s+/));
  } catch {
    return null;
  }
}

/** Extensions that a compiler would use and the processor lacks. */
export function missingExtensions(macros: ReadonlySet<string>, extensions: ReadonlySet<string> | null): string[] {
  if (extensions === null) return [];
  const used = Object.entries(EXTENSIONS).filter(([macro]) => macros.has(macro));
  return used.map(([, name]) => name).filter((name) => !extensions.has(name));
}

/** Bytes of the widest vectors that the compiler knows of. */
export function widestVectors(macros: ReadonlySet<string>): 16 | 32 | 64 {
  if (macros.has('__AVX512F__') && macros.has('__AVX512DQ__')) return 64;
  return macros.has('__AVX2__') ? 32 : 16;
}
