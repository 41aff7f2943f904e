/**
 * What trains the groups of a run, by its engine: how many lanes they have, and the kernel of each shape. Main compiles each once; what
 * it hands out, any thread can run.
 */
import type { EngineName } from '../../schemas/manifest.ts';
import type { CompiledKernel } from '../../schemas/messages.ts';
import { type GroupShape, groupBytes } from '../group/layout.ts';
import { compileKernel } from '../kernel/compile.ts';
import { NativeKernels } from '../kernel/native.ts';
import type { Toolchain } from '../kernel/toolchain.ts';
import { type Group, groupShape, LANES_DEFAULT, type LaneChoice, lanesOfVectors } from '../plan/pack.ts';

/** What groups of one shape are trained by: a kernel, or null for the scalar reference. */
export interface ShapeKernel {
  readonly kernel: CompiledKernel | null;
  /** Bytes of memory that a group needs. */
  readonly memoryBytes: number;
}

export class RunKernels {
  /** Lanes that groups may have. */
  readonly lanes: LaneChoice;
  readonly #bucketEpochs: number;
  readonly #compile: (shape: GroupShape) => CompiledKernel | null | Promise<CompiledKernel>;
  readonly #native: NativeKernels | null;
  /** By the text of the shape and the lanes. */
  readonly #ofShapes = new Map<string, Promise<ShapeKernel>>();

  /** Kernels for `engine`, which for native ones needs a toolchain; `threads` compilers may be at work at a time. */
  constructor(of: { engine: EngineName; bucketEpochs: number; toolchain?: Toolchain; threads: number }) {
    const { engine, toolchain } = of;
    this.#bucketEpochs = of.bucketEpochs;
    if (engine !== 'native') {
      this.lanes = { float32: [LANES_DEFAULT], float64: [LANES_DEFAULT] };
      this.#native = null;
      this.#compile = engine === 'reference' ? () => null : compileKernel;
      return;
    }
    if (toolchain === undefined) throw new Error('the engine native needs a toolchain');
    const native = new NativeKernels(toolchain, { atOnce: of.threads });
    this.lanes = lanesOfVectors(toolchain.vectorBytes);
    this.#native = native;
    this.#compile = (shape) => native.compile(shape);
  }

  /** Where compilers work beside this thread, has them make the kernels of all groups, those of the first groups first. */
  prepare(groups: Iterable<Group>): void {
    if (this.#native === null) return;
    // A failure is told to whoever asks for that kernel.
    for (const group of groups) this.of(group).catch(() => {});
  }

  /** The kernel of a group. Rejects with a RunError where it cannot be made. */
  of(group: Group): Promise<ShapeKernel> {
    const key = `${group.shape} ${group.lanes}`;
    let found = this.#ofShapes.get(key);
    if (found === undefined) {
      found = this.#make(groupShape(group, this.#bucketEpochs));
      this.#ofShapes.set(key, found);
    }
    return found;
  }

  async #make(shape: GroupShape): Promise<ShapeKernel> {
    const kernel = await this.#compile(shape);
    return { kernel, memoryBytes: kernel?.memoryBytes ?? groupBytes(shape) };
  }

  /** To be called when no thread will load a kernel any more. */
  close(): void {
    this.#native?.close();
  }
}
