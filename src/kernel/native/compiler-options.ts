/**
 * The options that a kernel is compiled with. They stand behind the compiler's own arguments, where the last word on
 * each matter counts, and take back whatever lets a compiler change bits: other orders of operations, fused ones,
 * flushed numbers, other calling conventions. No compiler knows all of them, so the toolchain asks which ones it takes.
 */

/** What every compiler must take. */
const NEEDED_OPTIONS = ['-march=native', '-O2', '-ffp-contract=off', '-fPIC', '-shared', '-nostdlib', '-w'] as const;

/**
 * What a compiler may refuse. It then has no such freedom, or the proof of each kernel finds that it takes it. Models
 * of arithmetic come first: they set several of the options behind them. GCC 12 and Clang 14 take all but those that
 * are marked.
 */
export const WANTED_OPTIONS = [
  '-ffp-model=precise', // Clang
  '-fp-model=precise', // Intel, whose default is fast
  '-ffp-eval-method=source', // Clang from version 15 on
  '-fno-fast-math',
  '-fno-unsafe-math-optimizations',
  '-fno-associative-math',
  '-fno-reciprocal-math',
  '-fno-finite-math-only',
  '-fhonor-nans', // Clang
  '-fhonor-infinities', // Clang
  '-fno-approx-func', // Clang
  '-fsigned-zeros',
  '-fno-rounding-math',
  '-fno-math-errno',
  '-fexcess-precision=standard',
  '-fno-single-precision-constant',
  '-fdenormal-fp-math=ieee', // Clang
  '-mno-daz-ftz', // GCC from version 13 on
  '-mrecip=none',
  '-mfpmath=sse',
  '-mabi=sysv',
  '-mprefer-vector-width=512',
  '-std=gnu11',
  '-fno-lto',
  '-fno-sanitize=all',
  '-fno-trapv', // GCC
  '-fno-instrument-functions', // GCC
  '-fno-profile-generate', // whose library writes beside the kernel when the process ends
  '-fno-profile-arcs',
  '-no-pie',
  '-fvisibility=hidden',
] as const;

/** All options in the order in which they count: what must hold comes last. */
export function optionsInOrder(wanted: Iterable<string>): string[] {
  return [...wanted, ...NEEDED_OPTIONS];
}

/**
 * The wanted options that a compiler names first on a line of its words: it has refused them. What it suggests in their
 * place comes later.
 */
export function refusedOptions(words: string, wanted: Iterable<string>): Set<string> {
  const refused = new Set<string>();
  const options = new Set(wanted);
  for (const line of words.split('\n')) {
    const [named] = line.match(/(?<=[\s'"‘“`])-[a-z][\w=-]*/) ?? [];
    if (named !== undefined && options.has(named)) refused.add(named);
  }
  return refused;
}
