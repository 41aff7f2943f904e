/**
 * Executes a run: hands its open networks to the pool, task by task, commits what comes back and tells what happens as
 * notices. Never trains itself. Each thread has one task at a time, with the segments and the memory that go with it,
 * so nothing but the board and the control words is shared between threads.
 *
 *     worker   rows of epochs a…b ─► fsync ─► checkpoint at b ─► fsync, rename, fsync of the folder ─► outcome
 *                                                                                                          │
 *     main                         the checkpoint at a is removed ◄─ fsync ◄─ commit appended to the journal ◄─┘
 *
 * Until the commit is on disk a crash leaves the run at a: the rows are cut off, and the checkpoint at b, which no
 * commit names, is removed. What the task keeps of epochs between a and b goes the way of the checkpoint at b, and
 * stays. From then on it is at b. Networks that are done at b need no checkpoint.
 */
import type { Ending, JournalRecord } from '../../schemas/journal.ts';
import { FAILED } from '../../schemas/labels.ts';
import { networkTitle } from '../../schemas/network.ts';
import { RunError, UsageError } from '../../schemas/problems.ts';
import type { GroupRequest, TaskOutcome, TaskRequest, TrainedOutcome } from '../../schemas/training-messages.ts';
import type { Board } from '../group/board.ts';
import { Control } from '../group/control.ts';
import { type Group, packGroups, packGroupsForThreads, packTasks, taskEndEpoch } from '../plan/pack.ts';
import { ThreadMemory } from '../pool/thread-memory.ts';
import { TrainingPool } from '../pool/thread-pool.ts';
import { runPaths } from '../run/folder.ts';
import { fileDatasets } from '../run/kept-data.ts';
import { writeNetworksTable } from '../run/networks-table.ts';
import { begunNotice, endedNotice, noticesOf } from '../run/notices.ts';
import type { OpenRun } from '../run/open-run.ts';
import { GYRE_VERSION } from '../run/package.ts';
import { removeCheckpoints } from '../storage/checkpoints/checkpoints.ts';
import { prepareCompression } from '../storage/tables/compression.ts';
import { RunKernels, type ShapeKernel } from './kernels.ts';
import { PauseWatch } from './pause.ts';
import { RunBoard } from './run-board.ts';
import type { ExecuteOptions } from './session-options.ts';

const PROGRESS_MS = 250;
const SNAPSHOT_MS = 1000;
const NETWORKS_TABLE_MS = 60_000;
/**
 * After a stop is asked for, workers have this long to make durable what they have trained; then their threads are
 * ended. A chunk of a very large network may take longer, and what its task has trained is then lost.
 */
const STOP_GRACE_MS = 2000;
/** A task is due to be committed after this time: with the rest of a chunk and the commit itself, two seconds. */
const COMMIT_MS = 1500;
/** A lost task is tried this often altogether. */
const ATTEMPTS_MAX = 3;

/**
 * Trains every network of the run that is not done. On return everything committed is on disk, in finished files.
 *
 * @throws RunError where the disk fails; what was committed before is kept, and the run can be continued.
 */
export async function executeRun(run: OpenRun, options: ExecuteOptions): Promise<Ending> {
  return await new Execution(run, options).execute();
}

class Execution {
  readonly #run: OpenRun;
  readonly #options: ExecuteOptions;
  readonly #epochs: number;
  readonly #tasks: Group[][];
  readonly #runBoard: RunBoard;
  readonly #board: Board;
  readonly #control: Control;
  readonly #kernels: RunKernels;
  readonly #pool: TrainingPool;
  readonly #startedMs = performance.now();
  readonly #pause: PauseWatch;
  /** Networks whose task was lost too often. */
  readonly #givenUp = new Set<number>();
  /** The first failure of the disk outside of tasks. */
  #failure: RunError | null = null;

  constructor(run: OpenRun, options: ExecuteOptions) {
    this.#run = run;
    this.#options = options;
    this.#control = options.control ?? new Control();
    this.#pause = new PauseWatch(this.#control);
    this.#epochs = run.manifest.sweep.epochs;
    const open = run.networks.filter(({ id }) => !run.results.isDone(id));
    const epochOf = (id: number) => run.results.progressOf(id)?.epoch ?? 0;
    const progress = { epochs: this.#epochs, epochOf };
    const bucketEpochs = run.manifest.sweep.trace.epochs.every;
    this.#kernels = new RunKernels({ ...options, engine: run.engine, bucketEpochs });
    const groups =
      options.lanes === undefined
        ? packGroupsForThreads(open, { ...progress, lanes: this.#kernels.lanes, threads: options.threads })
        : packGroups(open, options.lanes, progress);
    this.#tasks = packTasks(groups, { epochs: this.#epochs, engine: run.engine, threads: options.threads });
    this.#runBoard = new RunBoard(run, options.threads);
    this.#board = this.#runBoard.board;
    const threads = Math.min(options.threads, this.#tasks.length);
    this.#pool = new TrainingPool({ workerUrl: options.workerUrl, threads });
    const { folder, engine, manifest } = run;
    const begun = { name: manifest.name, key: manifest.key, folder, engine };
    options.notify(begunNotice(run.state, { ...begun, groups: groups.length, threads: options.threads }));
  }

  async execute(): Promise<Ending> {
    const { threads, stop } = this.#options;
    const requestStop = () => this.#requestStop();
    const timers: NodeJS.Timeout[] = [];
    try {
      await this.#begin();
      stop.addEventListener('abort', requestStop);
      if (stop.aborted) requestStop();
      timers.push(
        setInterval(() => this.#tick(), PROGRESS_MS),
        setInterval(() => this.#orStop(() => this.#snapshot()), SNAPSHOT_MS),
        setInterval(() => this.#orStop(() => this.#writeNetworks()), NETWORKS_TABLE_MS),
      );
      this.#kernels.prepare(this.#tasks.flat());
      const served = Promise.allSettled(Array.from({ length: threads }, (_, thread) => this.#serveThread(thread)));
      // While the threads train: of a hundred thousand networks it takes half a second.
      this.#orStop(() => this.#writeNetworks());
      this.#notifyProgress();
      const settled = await served;
      const failure = settled.find((result) => result.status === 'rejected');
      if (failure !== undefined) throw failure.reason;
      if (this.#failure !== null) throw this.#failure;
      return this.#end(this.#ending());
    } catch (error) {
      const cause = this.#causeOf(error);
      if (cause instanceof RunError || cause instanceof UsageError) this.#endAfter(cause);
      throw cause;
    } finally {
      for (const timer of timers) clearInterval(timer);
      stop.removeEventListener('abort', requestStop);
      await this.#pool.close();
      this.#kernels.close();
    }
  }

  async #begin(): Promise<void> {
    const { manifest, engine, record } = this.#run;
    await prepareCompression(manifest.sweep.trace.compression);
    const startedAt = new Date().toISOString();
    const { threads } = this.#options;
    record({ kind: 'session', startedAt, gyre: GYRE_VERSION, node: process.version, engine, threads });
  }

  /** Gives a thread one task after another until none is left or a stop is requested. */
  async #serveThread(thread: number): Promise<void> {
    const memory = new ThreadMemory();
    try {
      for (let task = this.#nextTask(); task !== undefined; task = this.#nextTask()) {
        const groups: GroupRequest[] = [];
        let bytes = 0;
        for (const group of task) {
          const made = await this.#kernels.of(group);
          if (made === null) return; // A stop came first.
          const { memoryBytes, ...trainedBy } = made;
          bytes = Math.max(bytes, memoryBytes);
          groups.push({ ...this.#groupRequest(group, task.length === 1), ...trainedBy });
        }
        await this.#trainTask({ groups, thread, memory: memory.atLeast(bytes) });
        this.#putBack(task);
      }
    } catch (error) {
      // One thread's failure ends the run: the others leave their groups instead of computing what cannot be written.
      this.#control.requestStop();
      this.#kernels.stop();
      throw error;
    }
  }

  #nextTask(): Group[] | undefined {
    return this.#control.stopRequested ? undefined : this.#tasks.shift();
  }

  /** Puts what is left of a task in front of the others: few groups are then begun at a time. */
  #putBack(task: readonly Group[]): void {
    const { results } = this.#run;
    const left = task.flatMap((group) => {
      const { id } = group.networks[0];
      if (results.isDone(id) || this.#givenUp.has(id)) return [];
      return [{ ...group, epoch: results.progressOf(id)?.epoch ?? group.epoch }];
    });
    if (left.length > 0) this.#tasks.unshift(left);
  }

  /** What to train of a group, and from where. */
  #groupRequest(group: Group, isAlone: boolean): Omit<GroupRequest, keyof ShapeKernel> {
    const { networks, epoch } = group;
    const { engine, results } = this.#run;
    const checkpoints = networks.flatMap(({ id }) => results.checkpointsOf(id));
    const untilEpoch = isAlone ? taskEndEpoch(group, { epochs: this.#epochs, engine }) : this.#epochs;
    return { networks, epoch, checkpoints, untilEpoch };
  }

  /** Trains and commits one task, trying again where its worker is lost. */
  async #trainTask(task: { groups: GroupRequest[]; thread: number; memory: WebAssembly.Memory }): Promise<void> {
    const { groups, thread, memory } = task;
    const ids = groups.flatMap(({ networks }) => networks.map(({ id }) => id));
    for (let attempt = 1; ; attempt++) {
      const request = this.#request(groups, thread, memory);
      let outcome: TaskOutcome;
      try {
        outcome = await this.#pool.run(request);
      } catch (error) {
        this.#runBoard.reset(groups, thread);
        const reason = error instanceof Error ? error.message : String(error);
        if (this.#control.stopRequested) return;
        if (attempt === ATTEMPTS_MAX) return this.#giveUp(ids, reason);
        this.#options.notify({ kind: 'retry', networks: ids, attempt: attempt + 1, reason });
        continue;
      }
      if (outcome.kind === 'trained') this.#commit(outcome, thread);
      else if (outcome.kind === 'storage-failed') throw new RunError(outcome.problem);
      return;
    }
  }

  #request(groups: readonly GroupRequest[], thread: number, memory: WebAssembly.Memory): TaskRequest {
    const { folder, manifest, segments, journal } = this.#run;
    const { networkCount, threadCount, buffer } = this.#board;
    return {
      groups,
      datasets: fileDatasets(groups),
      epochs: this.#epochs,
      bucketEpochs: manifest.sweep.trace.epochs.every,
      detectors: manifest.sweep.detectors,
      keepEvery: manifest.sweep.trace.checkpoints.every,
      runKey: manifest.key,
      session: journal.session,
      checkpointFolder: runPaths(folder).checkpoints,
      segments: segments.grant(thread),
      compression: manifest.sweep.trace.compression,
      commitMs: this.#options.commits === 'declared' ? null : COMMIT_MS,
      thread,
      board: { networkCount, threadCount, buffer },
      control: this.#control.buffer,
      memory,
    };
  }

  /** Rows and checkpoint are durable by now; the book and the results follow the journal. */
  #commit({ kind: _, ...trained }: TrainedOutcome, thread: number): void {
    const { folder, segments } = this.#run;
    const [epochs, elapsedMs] = [this.#epochs, this.#elapsedMs()];
    const overtaken = this.#record({ kind: 'commit', elapsedMs, epochs, ...trained });
    segments.leave(trained.segments);
    segments.sealLong(thread);
    removeCheckpoints(runPaths(folder).checkpoints, overtaken);
  }

  /** Takes a record and tells what it says. */
  #record(record: JournalRecord): string[] {
    const overtaken = this.#run.record(record);
    for (const notice of noticesOf(record)) this.#options.notify(notice);
    return overtaken;
  }

  #giveUp(ids: readonly number[], reason: string): void {
    for (const id of ids) this.#givenUp.add(id);
    for (const id of ids) this.#board.setNetwork(id, { epochs: 0, labels: FAILED });
    this.#record({ kind: 'failed', network: Uint32Array.from(ids), reason });
    if (this.#options.failFast) this.#control.requestStop();
  }

  /** What fails on a timer must not go unseen: it stops the run as a failed commit does. */
  #orStop(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      this.#failure ??= error;
      this.#control.requestStop();
    }
  }

  #requestStop(): void {
    this.#control.requestStop();
    this.#options.notify({ kind: 'stopping' });
    // Unreferenced: where the workers are quicker, nothing waits for it.
    setTimeout(() => void this.#pool.close(), STOP_GRACE_MS).unref();
  }

  #ending(): Ending {
    return this.#run.state.ending;
  }

  /** Leaves finished files behind and says so. */
  #end(reason: Ending): Ending {
    const { journal, segments, state, record } = this.#run;
    journal.check();
    segments.sealAll();
    this.#writeNetworks();
    record({ kind: 'end', reason, elapsedMs: this.#elapsedMs() });
    this.#notifyProgress();
    this.#options.notify(endedNotice(state));
    return reason;
  }

  /** Where the run is not this process's any more, files may be gone that it had: that it lost the run says more. */
  #causeOf(error: unknown): unknown {
    try {
      this.#run.journal.check();
      return error;
    } catch (refusal) {
      return refusal;
    }
  }

  /**
   * After a failure of the disk or the toolchain: finish what still can be, without hiding the failure behind a second
   * one.
   */
  #endAfter(failure: RunError | UsageError): void {
    try {
      this.#end('failed');
    } catch (error) {
      if (!(error instanceof RunError)) throw failure;
    }
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  #writeNetworks(): void {
    const { folder, manifest, networks, results, journal } = this.#run;
    journal.check();
    writeNetworksTable({
      path: runPaths(folder).networks,
      runKey: manifest.key,
      networks,
      results,
      epochs: this.#epochs,
      compression: manifest.sweep.trace.compression,
    });
  }

  #snapshot(): void {
    this.#run.record({
      kind: 'snapshot',
      elapsedMs: this.#elapsedMs(),
      epochsTrained: this.#board.epochsTrained(),
      networksDone: this.#run.results.doneCount,
      labels: this.#board.labelCounts(),
    });
  }

  /** Tells how far the run is, unless it stands still, and that it does. */
  #tick(): void {
    const stoodStill = this.#pause.isPaused;
    const turn = this.#pause.look(this.#elapsedMs());
    if (!stoodStill) this.#notifyProgress();
    if (turn !== null) this.#options.notify(turn);
    if (turn?.kind === 'paused') this.#orStop(() => this.#writeNetworks());
  }

  #notifyProgress(): void {
    const { networks, results, state } = this.#run;
    this.#options.notify({
      kind: 'progress',
      elapsedMs: this.#elapsedMs(),
      epochsTrained: this.#board.epochsTrained(),
      epochsPlanned: networks.length * this.#epochs,
      share: this.#runBoard.share(),
      networksDone: results.doneCount,
      labels: this.#board.labelCounts(),
      threads: this.#board.threads().map((id) => (id === null ? null : networkTitle(state.plan.all[id]))),
      residentBytes: process.memoryUsage.rss(),
      writtenBytes: state.segments.committedBytes,
    });
  }
}
