/**
 * Sees that the user has halted the threads, or let them go on, and for how long they stood still.
 */
import type { PausedNotice, ResumedNotice } from '../../schemas/notices.ts';
import type { Control } from '../group/control.ts';

export class PauseWatch {
  readonly #control: Control;
  /** Null while the threads train. */
  #sinceMs: number | null = null;

  constructor(control: Control) {
    this.#control = control;
  }

  /** Whether the threads stood still at the last look. */
  get isPaused(): boolean {
    return this.#sinceMs !== null;
  }

  /** What has turned since the last look, or null. */
  look(elapsedMs: number): PausedNotice | ResumedNotice | null {
    const sinceMs = this.#sinceMs;
    if (this.#control.isPaused === (sinceMs !== null)) return null;
    this.#sinceMs = sinceMs === null ? elapsedMs : null;
    return sinceMs === null
      ? { kind: 'paused', elapsedMs }
      : { kind: 'resumed', elapsedMs, pausedMs: elapsedMs - sinceMs };
  }
}
