/**
 * The shared memory of one thread's groups. It grows in place from task to task: a new memory would reserve its address
 * space beside the old one until the old one is collected.
 */
import { RunError } from '../../schemas/problems.ts';
import { grownMemory } from '../group/layout.ts';
import { limitError } from '../storage/process-limits.ts';
import { NO_GUARDS_FLAG } from './address-space.ts';

export class ThreadMemory {
  #memory: WebAssembly.Memory | null = null;

  /**
   * The memory, of at least `bytes`. What stood in it may be gone.
   *
   * @throws RunError where the system has none left.
   */
  atLeast(bytes: number): WebAssembly.Memory {
    try {
      this.#memory = grownMemory(this.#memory, bytes);
      return this.#memory;
    } catch (error) {
      const failure = limitError('memory of a group', error);
      if (failure === null) throw error;
      const { problem } = failure;
      const remedy = `${problem.remedy}; or set NODE_OPTIONS=${NO_GUARDS_FLAG}`;
      throw new RunError({ ...problem, remedy }, { cause: error });
    }
  }
}
