/**
 * The pool of training threads: the only place that knows Piscina. A worker is known by its URL alone.
 */
import { Piscina } from 'piscina';
import type { TaskOutcome, TaskRequest } from '../../schemas/messages.ts';

/** Threads that train tasks, all started at once and kept until closed. */
export class TrainingPool {
  /** Null for a pool without threads, which Piscina cannot make. */
  readonly #piscina: Piscina | null;

  constructor({ workerUrl, threads }: { workerUrl: URL; threads: number }) {
    if (threads === 0) {
      this.#piscina = null;
      return;
    }
    // Piscina's defaults suit short requests: it would start more threads than asked for, end idle ones, queue several tasks on
    // one, and wait on Atomics in a way that keeps a thread's messages back.
    this.#piscina = new Piscina({
      filename: workerUrl.href,
      name: 'runTask',
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      // What a chunk of epochs leaves behind dies young and is little; V8's own 48 MB a thread would only fill up with it. With 4
      // MB, threads that train many short networks spend a twentieth of their time on collecting them.
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    });
  }

  /** Trains a task. Rejects where the worker was lost or threw; the pool then has a new worker and the task may be tried again. */
  async train(request: TaskRequest): Promise<TaskOutcome> {
    if (this.#piscina === null) throw new Error('a pool without threads cannot train');
    return (await this.#piscina.run(request)) as TaskOutcome;
  }

  /** Ends the threads; what they train at the time is lost. May be called again. */
  async close(): Promise<void> {
    await this.#piscina?.destroy();
  }
}
