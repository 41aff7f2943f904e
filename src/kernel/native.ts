/**
 * From a shape to native code: its program printed as C and compiled by the machine's compiler into an addon, which every thread loads. The
 * bits are those of the other engines. Compilers run beside the main thread, as many at a time as there are cores for them; the files
 * live in a folder of the session's own, and go with it.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NativeKernel } from '../../schemas/messages.ts';
import { RunError } from '../../schemas/problems.ts';
import type { GroupShape } from '../group/layout.ts';
import { BYTES_OF } from '../numeric/bits.ts';
import { addressesOf, compileShuffle } from './compile.ts';
import { loadAddon } from './load-addon.ts';
import { printAddon } from './print-addon.ts';
import { programOf } from './program.ts';
import { PROCESSOR_FLAGS, type Toolchain } from './toolchain.ts';

/** No option that lets operations fuse or change their order, and nothing but the kernel: no libraries, no start-up code. */
const FLAGS = [
  ...PROCESSOR_FLAGS,
  '-O2',
  '-fno-math-errno',
  '-fPIC',
  '-fvisibility=hidden',
  '-shared',
  '-nostdlib',
  '-w',
];

/** Compiles shapes, and removes what it has made when it is closed or the process ends. */
export class NativeKernels {
  readonly #toolchain: Toolchain;
  readonly #folder: string;
  #count = 0;
  readonly #closed = new AbortController();
  readonly #remove = () => rmSync(this.#folder, { recursive: true, force: true });
  /** Compilers that may be started, and who waits for one to end. */
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(toolchain: Toolchain, { atOnce }: { atOnce: number }) {
    this.#toolchain = toolchain;
    this.#free = atOnce;
    this.#folder = newFolder();
    process.once('exit', this.#remove);
  }

  /**
   * Compiles the kernel of a shape: a third of a second, once it is its turn.
   *
   * @throws RunError where the compiler fails, or the system does not load what it has made.
   */
  async compile(shape: GroupShape): Promise<NativeKernel> {
    const path = join(this.#folder, `kernel-${this.#count++}`);
    return await this.#inTurn(() => this.#compile(shape, path));
  }

  /** Ends compilers that are at work and removes the files; threads that have loaded them are not troubled. */
  close(): void {
    this.#closed.abort();
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

  async #compile(shape: GroupShape, path: string): Promise<NativeKernel> {
    const program = programOf(shape);
    const addresses = addressesOf(program, shape);
    const { sections, table } = addresses;
    const groupVectorBytes = shape.lanes * BYTES_OF[shape.precision];
    const vectorBytes = Math.min(this.#toolchain.vectorBytes, groupVectorBytes);
    const [source, addon] = [`${path}.c`, `${path}.node`];
    const [compiler, ...argument] = this.#toolchain.compiler;
    try {
      await writeFile(source, printAddon(program, { sections, vectorBytes }));
      await output(compiler, [...argument, ...FLAGS, '-o', addon, source], this.#closed.signal);
      loadAddon(addon); // so that a folder whose files may not be executed is told of here, once
    } catch (error) {
      throw failure(`${compiler}: ${firstLine(error)}`, `a kernel in ${this.#folder}`);
    }
    return { kind: 'native', path: addon, vectorBytes, ...compileShuffle(shape, addresses, table) };
  }
}

/** A folder for one session. */
function newFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'gyre-kernels-'));
  } catch (error) {
    throw failure(error instanceof Error ? error.message : String(error), `a new folder in ${tmpdir()}`);
  }
}

const failure = (got: string, expected: string) =>
  new RunError({
    ...{ where: '--kernel native', got, expected },
    remedy: 'set CC to another compiler or TMPDIR to another folder, or leave --kernel out: the bits are the same',
  });

function output(program: string, argument: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, argument, { signal }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(stderr === '' ? error : new Error(stderr));
    });
  });
}

/** The line of an error that says what it is. */
function firstLine(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).trim().split('\n');
  return lines.find((line) => /error/i.test(line)) ?? lines[0];
}
