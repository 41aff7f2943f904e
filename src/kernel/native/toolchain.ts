/**
 * The machine's C compiler, the options that it takes and the widest vectors that it knows of the processor at hand:
 * what `--kernel native` needs, or the words why it cannot be had.
 */
import { type Problem, UsageError } from '../../../schemas/problems.ts';
import { optionsInOrder, refusedOptions, WANTED_OPTIONS } from './compiler-options.ts';
import { type CompilerEnd, runCompiler } from './compiler-process.ts';
import { compilerWords } from './compiler-words.ts';
import { missingExtensions, processorExtensions, widestVectors } from './processor.ts';

/** A compiler for the processor that this runs on. */
export interface Toolchain {
  /** Program and arguments of the compiler itself. */
  readonly compiler: readonly [string, ...string[]];
  /** What kernels are compiled with, to stand behind the compiler's own arguments. */
  readonly options: readonly string[];
  /** Bytes of the widest vectors. */
  readonly vectorBytes: 16 | 32 | 64;
}

/** Where and how to look; what is left out is the machine at hand. */
export interface ToolchainSearch {
  readonly environment?: NodeJS.ProcessEnv;
  /** Operating system and processor. */
  readonly system?: string;
  /** Extensions of the processor; null where the system does not say. */
  readonly extensions?: ReadonlySet<string> | null;
  /** A compiler may take this long for each answer. */
  readonly timeLimitMs?: number;
}

/** Those that are looked for where CC names none. */
const COMPILERS = ['cc', 'gcc', 'clang'];
const WHERE = '--kernel native';
const REMEDY = 'leave --kernel out: the kernels in WebAssembly have the same bits';
const TIME_LIMIT_MS = 60_000;

/**
 * Finds the compiler that CC names, or else cc, gcc or clang on the PATH, and asks it about the processor and its
 * options: some 50 ms.
 *
 * @throws UsageError where there is none, or not for this processor or system.
 */
export async function findToolchain(search: ToolchainSearch = {}): Promise<Toolchain> {
  const { environment = process.env, system = `${process.platform} on ${process.arch}` } = search;
  const { extensions = processorExtensions(), timeLimitMs = TIME_LIMIT_MS } = search;
  if (system !== 'linux on x64') throw refusal({ got: system, expected: 'linux on x64' });
  const named = environment.CC?.trim() ?? '';
  for (const compiler of named === '' ? COMPILERS.map((name) => [name] as const) : [wordsOf(named)]) {
    const inquiry = new Inquiry(compiler, environment, timeLimitMs);
    const options = await inquiry.options();
    if (options === null) {
      if (named === '') continue;
      throw refusal({ got: `CC=${named}: ${inquiry.startFault}`, expected: 'a program that can be run' });
    }
    const { macros } = inquiry;
    if (!macros.has('__x86_64__') || macros.has('__ILP32__'))
      throw inquiry.refusal(macros.size === 0 ? 'no answer' : 'code for another processor');
    const missing = missingExtensions(macros, extensions);
    if (missing.length > 0)
      throw inquiry.refusal(`instructions that this processor does not have (${missing.join(', ')})`);
    return { compiler, options, vectorBytes: widestVectors(macros) };
  }
  throw refusal({
    got: `no C compiler: none of ${COMPILERS.join(', ')} is on the PATH`,
    expected: 'one of them, or CC to name another',
  });
}

/** A compiler with its own arguments, as a user would write it. */
export const compilerText = ({ compiler }: Pick<Toolchain, 'compiler'>): string =>
  compiler.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');

/** The line of a compiler's words that says what is wrong, cut to a length that can be read; '' where it has none. */
export function tellingLine(words: string): string {
  const lines = words.trim().split('\n');
  const line = lines.find((text) => /error/i.test(text)) ?? lines[0];
  return line.length <= LINE_MAX ? line : `${line.slice(0, LINE_MAX)}…`;
}
const LINE_MAX = 300;

function wordsOf(named: string): readonly [string, ...string[]] {
  const words = compilerWords(named);
  if (words === null)
    throw refusal({ got: `CC=${named}: a quote without an end`, expected: 'a program and its arguments' });
  const [program, ...argument] = words;
  return [program, ...argument];
}

/** Asks one compiler about itself. */
class Inquiry {
  readonly #compiler: readonly [string, ...string[]];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #timeLimitMs: number;
  /** Macros that the compiler defined as 1 when it was last asked. */
  macros: ReadonlySet<string> = new Set();
  /** Why the compiler cannot be started. */
  startFault = '';

  constructor(compiler: readonly [string, ...string[]], environment: NodeJS.ProcessEnv, timeLimitMs: number) {
    this.#compiler = compiler;
    this.#environment = environment;
    this.#timeLimitMs = timeLimitMs;
  }

  /** The options that it takes, or null where it cannot be started. */
  async options(): Promise<string[] | null> {
    const wanted = new Set<string>(WANTED_OPTIONS);
    for (;;) {
      const end = await this.#ask(wanted);
      if (end.kind === 'not-started') {
        this.startFault = end.words;
        return null;
      }
      if (isContent(end)) return optionsInOrder(wanted);
      const refused = end.kind === 'ended' ? refusedOptions(end.words, wanted) : [];
      for (const option of refused) wanted.delete(option);
      if ([...refused].length === 0) return optionsInOrder(await this.#optionsOneByOne(end));
    }
  }

  /** The wanted options that it takes, of a compiler that does not say which ones it refuses. */
  async #optionsOneByOne(end: CompilerEnd): Promise<string[]> {
    if (end.kind === 'too-slow') throw this.#refusalOf(end);
    const bare = await this.#ask([]);
    if (!isContent(bare)) throw this.#refusalOf(bare);
    const taken: string[] = [];
    for (const option of WANTED_OPTIONS) {
      const answer = await this.#ask([option]);
      if (answer.kind === 'too-slow') throw this.#refusalOf(answer);
      if (isContent(answer)) taken.push(option);
    }
    if (!isContent(await this.#ask(taken))) throw this.#refusalOf(end);
    return taken;
  }

  /** Has the compiler print its macros under some of the wanted options. */
  async #ask(wanted: Iterable<string>): Promise<CompilerEnd> {
    const macros = new Set<string>();
    const argument = [...optionsInOrder(wanted), '-dM', '-E', '-x', 'c', '/dev/null'];
    this.macros = macros;
    return await runCompiler([...this.#compiler, ...argument], {
      timeLimitMs: this.#timeLimitMs,
      environment: this.#environment,
      onLine: (line) => {
        const [, macro] = /^#define (\w+) 1\s*$/.exec(line) ?? [];
        if (macro !== undefined) macros.add(macro);
      },
    });
  }

  #refusalOf(end: CompilerEnd): UsageError {
    if (end.kind === 'too-slow') return this.refusal(`no answer within ${this.#timeLimitMs / 1000} s`);
    return this.refusal((end.kind === 'ended' && tellingLine(end.words)) || 'no answer');
  }

  refusal(said: string): UsageError {
    const got = `${compilerText({ compiler: this.#compiler })}: ${said}`;
    return refusal({ got, expected: 'a C compiler such as gcc or clang, for this processor' });
  }
}

const isContent = (end: CompilerEnd): boolean => end.kind === 'ended' && end.code === 0;

const refusal = (problem: Pick<Problem, 'got' | 'expected'>) =>
  new UsageError({ where: WHERE, ...problem, remedy: REMEDY });
