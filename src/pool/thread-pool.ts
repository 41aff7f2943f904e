/**
 * Pools of threads that train, replay or analyse: the only place that knows Piscina. A worker is known by its URL
 * alone.
 */
import { setTimeout } from 'node:timers/promises';
import { Piscina } from 'piscina';
import type { AnalysisOutcome, AnalysisRequest } from '../../schemas/analysis-messages.ts';
import { RunError } from '../../schemas/problems.ts';
import type { ReplayOutcome, ReplayRequest } from '../../schemas/replay-messages.ts';
import type { StartedMessage, TaskOutcome, TaskRequest } from '../../schemas/training-messages.ts';
import { limitError } from '../storage/process-limits.ts';
import { checkAddressSpace } from './address-space.ts';

/** A thread that has not started by then is not waited for: its machine has other troubles. */
const START_MS_MAX = 10_000;
const START_POLL_MS = 5;
/** Long enough for the code that an idle thread has left to be optimised in the background. */
const REST_MS = 50;

/** Where a worker is, and how many threads of it. */
export interface PoolSize {
  readonly workerUrl: URL;
  readonly threads: number;
}

/** Threads that all do one kind of task, started at once and kept until closed. */
class WorkerPool<Request, Outcome> {
  /** Null for a pool without threads, which Piscina cannot make. */
  readonly #piscina: Piscina | null;
  /** Numbers of the threads that have said so. */
  readonly #started = new Set<number>();
  /** What gives up each task that has no outcome yet. */
  readonly #waiting = new Set<AbortController>();
  #closing: Promise<void> | null = null;

  /** `task` is the function that the worker exports. */
  constructor(task: string, { workerUrl, threads }: PoolSize) {
    if (threads === 0) {
      this.#piscina = null;
      return;
    }
    checkAddressSpace(threads);
    this.#piscina = startThreads(task, { workerUrl, threads });
    this.#piscina.on('message', ({ startedThread }: StartedMessage) => this.#started.add(startedThread));
    this.#piscina.on('error', (error) => this.#onIdleThreadLost(error));
  }

  /**
   * Does a task. Rejects where the worker was lost or threw; the pool then has a new worker and the task may be tried
   * again.
   */
  async run(request: Request): Promise<Outcome> {
    if (this.#piscina === null) throw new Error('a pool without threads can do nothing');
    const waiting = new AbortController();
    const { signal } = waiting;
    this.#waiting.add(waiting);
    try {
      return (await this.#piscina.run(request, { signal })) as Outcome;
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /**
   * Of a thread without a task there is nobody to tell, and Piscina starts another one. Not so where threads could not
   * even load: with the last of them gone, tasks would wait for ever.
   */
  #onIdleThreadLost(error: Error): void {
    if (this.#piscina?.threads.length) return;
    for (const waiting of this.#waiting) waiting.abort(error);
  }

  /** Ends the threads; what they train at the time is lost. May be called again. */
  async close(): Promise<void> {
    this.#closing ??= this.#end();
    await this.#closing;
  }

  /**
   * Node 20 aborts the process where a thread is ended while it loads its modules (`IsGraphAsync must be used on an
   * instantiated module`), so those that start are waited for; and, more rarely, where one is ended while its code is
   * optimised in the background (`NodePlatform::ForIsolate`), so they get a rest first.
   */
  async #end(): Promise<void> {
    if (this.#piscina === null) return;
    const piscina = this.#piscina;
    const deadline = performance.now() + START_MS_MAX;
    const isStarting = () => piscina.threads.some(({ threadId }) => !this.#started.has(threadId));
    while (isStarting() && performance.now() < deadline) await setTimeout(START_POLL_MS);
    await setTimeout(REST_MS);
    await piscina.destroy();
  }
}

/** @throws RunError where the system refuses to start so many threads. */
function startThreads(task: string, { workerUrl, threads }: PoolSize): Piscina {
  try {
    // Piscina's defaults suit short requests: it would start more threads than asked for, end idle ones, queue several
    // tasks on one, and wait on Atomics in a way that keeps a thread's messages back.
    return new Piscina({
      filename: workerUrl.href,
      name: task,
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      resourceLimits: {
        // What a chunk of epochs leaves behind dies young and is little; V8's own 48 MB a thread would only fill up
        // with it. With 4 MB, threads that train many short networks spend a twentieth of their time on collecting
        // them.
        maxYoungGenerationSizeMb: 16,
        // V8 reserves 512 MB of address space for the code of each thread; that of kernels has a place of its own.
        codeRangeSizeMb: 64,
      },
    });
  } catch (error) {
    throw limitError(`${threads} threads`, error) ?? error;
  }
}

/** Threads that train. */
export class TrainingPool extends WorkerPool<TaskRequest, TaskOutcome> {
  constructor(size: PoolSize) {
    super('runTask', size);
  }
}

/** Threads that replay. */
export class ReplayPool extends WorkerPool<ReplayRequest, ReplayOutcome> {
  constructor(size: PoolSize) {
    super('runReplay', size);
  }
}

/** Threads that analyse. */
export class AnalysisPool extends WorkerPool<AnalysisRequest, AnalysisOutcome> {
  constructor(size: PoolSize) {
    super('analyseSite', size);
  }
}

/** What a user is told where a task of a run was lost with its thread: what it did, and of what there could be less. */
export function lostThread(folder: string, { work, less }: { work: string; less: string }, error: unknown): RunError {
  return new RunError(
    {
      where: folder,
      got: `a thread lost while it ${work}: ${(error as Error).message}`,
      remedy: `run the same command again; if it happens again, with fewer threads or ${less}`,
    },
    { cause: error },
  );
}
