/**
 * From a shape to native code: its program printed as C and compiled by the machine's compiler into an addon, which
 * every thread loads. The bits are those of the other engines, which whoever hands out a kernel has it prove
 * (src/train/kernel-proof.ts). Compilers run beside the main thread, as many at a time as there are cores for them; the
 * files live in a folder of the session's own, and go with it.
 */
import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../../schemas/problems.ts';
import type { NativeKernel } from '../../../schemas/training-messages.ts';
import type { GroupShape } from '../../group/layout.ts';
import { BYTES_OF } from '../../numeric/bits.ts';
import { addressesOf, compileShuffle } from '../compile.ts';
import { programOf } from '../network/program.ts';
import { printAddon } from '../printers/print-addon.ts';
import { type CompilerEnd, runCompiler } from './compiler-process.ts';
import { kernelsParent, makeKernelFolder, removeForgottenFolders } from './kernel-folder.ts';
import { loadAddon } from './load-addon.ts';
import { compilerText, type Toolchain, tellingLine } from './toolchain.ts';

/** A shape takes a third of a second, a very large one some seconds. */
const TIME_LIMIT_MS = 60_000;

export interface NativeOptions {
  /** Compilers that may be at work at a time. */
  readonly atOnce: number;
  /** A compiler may take this long for a shape. */
  readonly timeLimitMs?: number;
}

/** Compiles shapes, and removes what it has made when it is closed or the process ends. */
export class NativeKernels {
  readonly #toolchain: Toolchain;
  readonly #timeLimitMs: number;
  readonly #folder: string;
  #count = 0;
  readonly #stopping = new AbortController();
  readonly #remove = () => removeFolder(this.#folder);
  /** Compilers that may be started, and who waits for one to end. */
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(toolchain: Toolchain, { atOnce, timeLimitMs = TIME_LIMIT_MS }: NativeOptions) {
    this.#toolchain = toolchain;
    this.#timeLimitMs = timeLimitMs;
    this.#free = atOnce;
    removeForgottenFolders();
    this.#folder = newFolder();
    process.once('exit', this.#remove);
  }

  /**
   * Compiles the kernel of a shape: a third of a second, once it is its turn. Null where it is stopped before.
   *
   * @throws UsageError where the compiler fails or is too slow, or the system does not load what it has made.
   */
  async compile(shape: GroupShape): Promise<NativeKernel | null> {
    const path = join(this.#folder, `kernel-${this.#count++}`);
    return await this.#inTurn(() => this.#compile(shape, path));
  }

  /** Ends compilers that are at work, and starts no more. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Stops, and removes the files; threads that have loaded them are not troubled. */
  close(): void {
    this.stop();
    process.off('exit', this.#remove);
    this.#remove();
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  async #compile(shape: GroupShape, path: string): Promise<NativeKernel | null> {
    const { signal } = this.#stopping;
    if (signal.aborted) return null;
    const program = programOf(shape);
    const addresses = addressesOf(program, shape);
    const { sections, table } = addresses;
    const groupVectorBytes = shape.lanes * BYTES_OF[shape.precision];
    const vectorBytes = Math.min(this.#toolchain.vectorBytes, groupVectorBytes);
    const [source, addon] = [`${path}.c`, `${path}.node`];
    const { compiler, options } = this.#toolchain;
    try {
      await writeFile(source, printAddon(program, { sections, vectorBytes }));
    } catch (error) {
      if (signal.aborted) return null; // and the folder may be gone
      throw this.#failure(wordsOf(error));
    }
    // Whatever language the compiler's own arguments name; a script may add objects.
    const command = [...compiler, ...options, '-o', addon, '-x', 'c', source, '-x', 'none'];
    const end = await runCompiler(command, { signal, timeLimitMs: this.#timeLimitMs });
    if (end.kind === 'stopped' || signal.aborted) return null;
    if (end.kind !== 'ended' || end.code !== 0) throw this.#failure(this.#fault(end));
    try {
      loadAddon(addon); // so that a folder whose files may not be executed is told of here, once
    } catch (error) {
      throw this.#failure(tellingLine(wordsOf(error)));
    }
    return { kind: 'native', path: addon, vectorBytes, ...compileShuffle(shape, addresses, table) };
  }

  /** What went wrong with a compiler. */
  #fault(end: Exclude<CompilerEnd, { kind: 'stopped' }>): string {
    if (end.kind === 'too-slow') return `no kernel within ${this.#timeLimitMs / 1000} s`;
    const ended = end.kind === 'not-started' || end.code === null ? 'ended by a signal' : `exit code ${end.code}`;
    return tellingLine(end.words) || ended;
  }

  #failure(got: string): UsageError {
    return nativeFailure(`${compilerText(this.#toolchain)}: ${got}`, `a kernel in ${this.#folder}`);
  }
}

/** The mistake of a toolchain whose kernels cannot be used. */
export const nativeFailure = (got: string, expected: string): UsageError =>
  new UsageError({
    ...{ where: '--kernel native', got, expected },
    remedy: 'set CC to another compiler or TMPDIR to another folder, or leave --kernel out: the bits are the same',
  });

/** A folder for one session. */
function newFolder(): string {
  try {
    return makeKernelFolder();
  } catch (error) {
    throw nativeFailure(wordsOf(error), `a new folder in ${kernelsParent()}`);
  }
}

/** A compiler that has just been ended may still add a file. What stays is removed by a later session. */
function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {}
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
