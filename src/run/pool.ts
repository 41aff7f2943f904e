/**
 * The pool of training threads: the only place that knows Piscina. A worker is known by its URL alone.
 */
import { Piscina } from 'piscina';
import type { TaskOutcome, TaskRequest } from '../../schemas/messages.ts';

/** Threads that train tasks, all started at once and kept until closed. */
export class TrainingPool {
  readonly #piscina: Piscina;

  constructor({ workerUrl, threads }: { workerUrl: URL; threads: number }) {
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
    });
  }

  /** Trains a task. Rejects where the worker was lost or threw; the pool then has a new worker and the task may be tried again. */
  train(request: TaskRequest): Promise<TaskOutcome> {
    return this.#piscina.run(request) as Promise<TaskOutcome>;
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await this.#piscina.destroy();
  }
}
