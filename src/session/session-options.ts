/**
 * What a session of a run is asked for, and how it may end: the words between whoever starts one and whoever executes
 * it.
 */
import type { Notice } from '../../schemas/notices.ts';
import type { Control } from '../group/control.ts';
import type { Toolchain } from '../kernel/native/toolchain.ts';

export interface ExecuteOptions {
  readonly threads: number;
  readonly workerUrl: URL;
  /** Networks a group, a multiple of 4 for kernels; changes nothing but the speed. Left out, what suits the engine. */
  readonly lanes?: number;
  /** What the engine `native` compiles with. */
  readonly toolchain?: Toolchain;
  /**
   * When tasks are committed: two seconds after the last time at the latest, or as declared operations say, whatever
   * the machine. `clock` unless given.
   */
  readonly commits?: CommitSchedule;
  /** Stop at the first task that is given up, instead of going on with the others. */
  readonly failFast?: boolean;
  readonly notify: (notice: Notice) => void;
  /** Aborted when the user asks for a stop. */
  readonly stop: AbortSignal;
  /** The words that halt the threads and let them go on; for those who want to pause. */
  readonly control?: Control;
}

/**
 * By the clock a kill costs at most so much; by declared counts the same files have the same bytes on every machine.
 */
export const COMMIT_SCHEDULES = ['clock', 'declared'] as const;
export type CommitSchedule = (typeof COMMIT_SCHEDULES)[number];
