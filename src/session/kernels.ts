/**
 * What trains the groups of a run, by its engine: how many lanes they have, and the kernel of each shape. Main compiles
 * each once; what it hands out, any thread can run. Native code has proven before that its bits are those of
 * WebAssembly.
 */
import type { EngineName } from '../../schemas/manifest.ts';
import { UsageError } from '../../schemas/problems.ts';
import type { CompiledKernel, GroupRequest } from '../../schemas/training-messages.ts';
import { groupBytes } from '../group/layout.ts';
import { compileKernel } from '../kernel/compile.ts';
import { NativeKernels, nativeFailure } from '../kernel/native/native.ts';
import { compilerText, type Toolchain } from '../kernel/native/toolchain.ts';
import { epochsBetweenLooks, operationsPerEpoch } from '../plan/cost.ts';
import { type Group, groupShape, LANES_DEFAULT, type LaneChoice, lanesOfVectors } from '../plan/pack.ts';
import { kernelFault, type ProofCase } from '../train/kernel-proof.ts';

/** What groups of one shape are trained by, as their requests carry it. */
export interface ShapeKernel extends Pick<GroupRequest, 'shape' | 'kernel' | 'lookEpochs'> {
  /** Bytes of memory that a group needs. */
  readonly memoryBytes: number;
}

export interface RunKernelsOptions {
  readonly engine: EngineName;
  readonly bucketEpochs: number;
  /** What the engine `native` needs. */
  readonly toolchain?: Toolchain;
  /** Compilers that may be at work at a time. */
  readonly threads: number;
  /** A compiler may take this long for a shape. */
  readonly timeLimitMs?: number;
  /** Aborted when the user asks for a stop: kernels that are not made by then are not made at all. */
  readonly stop?: AbortSignal;
}

export class RunKernels {
  /** Lanes that groups may have. */
  readonly lanes: LaneChoice;
  readonly #bucketEpochs: number;
  readonly #engine: EngineName;
  readonly #native: NativeKernels | null = null;
  readonly #compiler: string = '';
  /** By the text of the shape and the lanes. */
  readonly #ofShapes = new Map<string, Promise<ShapeKernel | null>>();
  /** The first one, which everybody is told who asks for a kernel. */
  #failure: UsageError | null = null;
  readonly #stop = new AbortController();
  /** Resolves with null after a stop. */
  readonly #stopped = new Promise<null>((resolve) => {
    this.#stop.signal.addEventListener('abort', () => resolve(null), { once: true });
  });

  constructor(options: RunKernelsOptions) {
    const { engine, bucketEpochs, toolchain, threads, timeLimitMs, stop } = options;
    this.#engine = engine;
    this.#bucketEpochs = bucketEpochs;
    if (engine !== 'native') {
      this.lanes = { float32: [LANES_DEFAULT], float64: [LANES_DEFAULT] };
      return;
    }
    if (toolchain === undefined) throw new Error('the engine native needs a toolchain');
    this.lanes = lanesOfVectors(toolchain.vectorBytes);
    this.#compiler = compilerText(toolchain);
    this.#native = new NativeKernels(toolchain, { atOnce: threads, ...(timeLimitMs && { timeLimitMs }) });
    stop?.addEventListener('abort', () => this.stop(), { once: true });
    if (stop?.aborted === true) this.stop();
  }

  /**
   * Where compilers work beside this thread, has them make the kernels of all groups, those of the first groups first.
   */
  prepare(groups: Iterable<Group>): void {
    if (this.#native === null) return;
    // A failure is told to whoever asks for that kernel.
    for (const group of groups) this.of(group).catch(() => {});
  }

  /**
   * The kernel of a group, or null after a stop. Rejects with a UsageError where the toolchain cannot make it, or makes
   * another one.
   */
  of(group: Group): Promise<ShapeKernel | null> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const key = `${group.shape} ${group.lanes}`;
    let found = this.#ofShapes.get(key);
    if (found === undefined) {
      const made = this.#make(group);
      found = this.#native === null ? made : Promise.race([made, this.#stopped]);
      this.#ofShapes.set(key, found);
    }
    return found;
  }

  /** Ends what is under way where no kernel is wanted any more. */
  stop(): void {
    this.#stop.abort();
    this.#native?.stop();
  }

  async #make(group: Group): Promise<ShapeKernel | null> {
    const [network] = group.networks;
    const shape = groupShape(group, this.#bucketEpochs);
    const operations = operationsPerEpoch(network);
    const made = { shape, lookEpochs: epochsBetweenLooks(operations, shape.lanes) };
    if (this.#engine === 'reference') return { ...made, kernel: null, memoryBytes: groupBytes(shape) };
    const kernel =
      this.#native === null
        ? compileKernel(shape)
        : await this.#makeNative(this.#native, { network, operations, shape });
    return kernel === null ? null : { ...made, kernel, memoryBytes: kernel.memoryBytes };
  }

  /** Compiles and proves. After a first failure the run ends, and no other kernel is of use. */
  async #makeNative(
    native: NativeKernels,
    proof: Pick<ProofCase, 'network' | 'operations' | 'shape'>,
  ): Promise<CompiledKernel | null> {
    const { shape } = proof;
    try {
      const kernel = await native.compile(shape);
      if (this.#failure !== null) throw this.#failure;
      if (kernel === null) return null;
      const fault = kernelFault({ ...proof, kernel, reference: compileKernel(shape) });
      if (fault !== null) throw nativeFailure(`${this.#compiler}: ${fault.got}`, fault.expected);
      return kernel;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#failure ??= error;
      native.stop();
      throw this.#failure;
    }
  }

  /** To be called when no thread will load a kernel any more. */
  close(): void {
    this.stop();
    this.#native?.close();
  }
}
