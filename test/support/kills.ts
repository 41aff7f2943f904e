/**
 * Violence: `gyre run` is killed, or its threads are, at moments drawn by a seed, and run again until it is done;
 * whether the folder ends as that of a run that nothing disturbed.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRun, runPaths } from '../../src/run/folder.ts';
import { type Kill, runProcess, type Session } from './killed-process.ts';
import { randomOf } from './random.ts';
import { type RunBits, runBits } from './runs.ts';

/**
 * Of everything something, and several commits a second: optimisers, precisions, whole batches and small ones in both
 * orders, a group of several slices, groups that share a task, losses that are no numbers, events, kept checkpoints.
 * Steps of gradient descent, sample by sample, are far quicker than a plan takes them for, so that tasks are short.
 */
const KILLED_SWEEP = {
  name: 'killed',
  seeds: 4,
  trace: { epochs: { every: 50 }, checkpoints: { every: 3000 } },
  networks: [
    {
      layers: [1, 32, 32, 1],
      activation: 'relu',
      data: { kind: 'sine', points: 8 },
      optimizer: { kind: 'sgd', learningRate: 0.01 },
      batch: 1,
    },
    {
      layers: [1, 16, 1],
      activation: 'relu',
      data: { kind: 'sine', points: 32 },
      optimizer: { kind: 'sgd', learningRate: 0.05 },
      batch: 1,
      shuffle: true,
      precision: ['float32', 'float64'],
    },
    {
      layers: [1, 16, 1],
      activation: 'relu',
      data: { kind: 'sine', points: 32 },
      optimizer: { kind: 'momentum', learningRate: [0.01, 1e30] },
      batch: 3,
      precision: ['float32', 'float64'],
    },
    {
      layers: [
        [1, 4, 1],
        [1, 3, 2, 1],
      ],
      data: { kind: 'sine', points: 5 },
      optimizer: [
        { kind: 'adam', learningRate: [0.01, 0.1] },
        { kind: 'amsgrad', learningRate: 0.1 },
      ],
      precision: ['float32', 'float64'],
    },
  ],
};

/** Everything that a campaign of violence came to. */
export interface Campaign {
  readonly kills: readonly Kill[];
  readonly threadKills: number;
  /** Tasks that were lost with their threads. */
  readonly lostTasks: number;
  readonly sessions: number;
  /** Runs that were brought to their end. */
  readonly runs: number;
  readonly networkEpochsOfRun: number;
  /** Commits a second of the undisturbed run. */
  readonly commitsASecond: number;
  /**
   * How runs differ from the undisturbed one, or what else went wrong, each with seed and moments; empty where all is
   * well.
   */
  readonly failures: readonly string[];
}

/** How much violence, and where. */
export interface Plan {
  /** An empty folder. */
  readonly scratch: string;
  /** Of each network of the sweep. */
  readonly epochs: number;
  readonly seed: number;
  /** Processes that are killed. */
  readonly kills: number;
  /** Threads that are ended, beside that and in runs of their own. */
  readonly threadKills: number;
}

/** Kills and resumes until the numbers are reached and every run is done. */
export async function killAndResume(plan: Plan): Promise<Campaign> {
  return await new Violence(plan).execute();
}

class Violence {
  readonly #plan: Plan;
  readonly #random: () => number;
  readonly #sweepFile: string;
  readonly #kills: Kill[] = [];
  readonly #failures: string[] = [];
  #sessions = 0;
  #runs = 0;
  #lostTasks = 0;
  readonly #folder: string;
  /** What happened to the run in the folder, in words. */
  #story: string[] = [];

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#random = randomOf(plan.seed);
    this.#folder = join(plan.scratch, 'run');
    mkdirSync(plan.scratch, { recursive: true });
    this.#sweepFile = join(plan.scratch, 'killed.yaml');
    writeFileSync(this.#sweepFile, JSON.stringify({ ...KILLED_SWEEP, epochs: plan.epochs })); // JSON is YAML
  }

  async execute(): Promise<Campaign> {
    const undisturbed = await this.#session(null);
    if (undisturbed.code !== 0) throw new Error(`the undisturbed run fails: ${undisturbed.stderr}`);
    const expected = runBits(this.#folder);
    const { networks, journal, manifest } = readRun(this.#folder);
    const commits = journal.filter(({ kind }) => kind === 'commit').length;
    this.#newFolder();
    while (this.#kills.length < this.#plan.kills) {
      const { kill, signal } = await this.#session(this.#moment(undisturbed));
      if (kill !== null && signal === 'SIGKILL') this.#kills.push(kill);
      else this.#compare(expected);
    }
    await this.#finish(expected);
    while (this.#threadKills() < this.#plan.threadKills && this.#failures.length === 0) {
      await this.#session(null, this.#threadMoments(undisturbed));
      if (readRun(this.#folder).results.doneCount === networks.length) this.#compare(expected);
    }
    await this.#finish(expected);
    return {
      kills: this.#kills,
      threadKills: this.#threadKills(),
      lostTasks: this.#lostTasks,
      sessions: this.#sessions,
      runs: this.#runs,
      networkEpochsOfRun: networks.length * manifest.sweep.epochs,
      commitsASecond: (1000 * commits) / undisturbed.trainWallMs,
      failures: this.#failures,
    };
  }

  #newFolder(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    this.#story = [];
  }

  /** Any time from its start to half of the undisturbed run. */
  #moment({ startMs, trainMs }: Session): number {
    return this.#random() * (startMs + trainMs / 2);
  }

  /** A thread every eighth of the undisturbed run or so. */
  #threadMoments({ trainMs }: Session): number[] {
    let ms = 0;
    return Array.from({ length: 16 }, () => {
      ms += this.#random() * (trainMs / 4);
      return Math.round(ms);
    });
  }

  async #finish(expected: RunBits): Promise<void> {
    if (!existsSync(runPaths(this.#folder).manifest)) return;
    await this.#session(null);
    this.#compare(expected);
  }

  /** The run is done: its folder must be that of the undisturbed one. The next session begins another run. */
  #compare(expected: RunBits): void {
    this.#runs++;
    const told = JSON.stringify(expected);
    let found = '';
    try {
      found = JSON.stringify(runBits(this.#folder));
    } catch (error) {
      found = String(error);
    }
    if (found !== told) this.#fail(`the run ends with ${found}, expected ${told}`);
    this.#newFolder();
  }

  #fail(what: string): void {
    this.#failures.push(`seed ${this.#plan.seed}: ${this.#story.join(', ')}: ${what}`);
  }

  get #marks(): string {
    return join(this.#plan.scratch, 'thread-kills');
  }

  #threadKills(): number {
    return existsSync(this.#marks) ? readFileSync(this.#marks).length : 0;
  }

  /** One process on the run in the folder. */
  async #session(moment: number | null, threadMoments: readonly number[] = []): Promise<Session> {
    this.#sessions++;
    const session = await runProcess({
      ...{ sweepFile: this.#sweepFile, folder: this.#folder, moment, threadMoments, marks: this.#marks },
    });
    const { kill, code, signal, stderr, notices } = session;
    if (kill !== null) this.#story.push(`killed after ${Math.round(kill.afterMs)} ms`);
    if (threadMoments.length > 0) this.#story.push(`threads ended at ${threadMoments.join(' ')} ms`);
    this.#lostTasks += notices.filter((notice) => notice.kind === 'retry' || notice.kind === 'failed').length;
    // A thread that is lost three times with the same task costs its networks, until the next session; and Node 20 may
    // abort where one is ended.
    const isExpected =
      code === 0 ||
      (kill !== null && signal === 'SIGKILL') ||
      (threadMoments.length > 0 && (code === 1 || signal === 'SIGABRT' || signal === 'SIGSEGV'));
    if (!isExpected) {
      const losses = notices.filter(({ kind }) => kind === 'retry' || kind === 'failed');
      const found = `exit ${code ?? signal}: ${stderr}${JSON.stringify(losses)}`;
      throw new Error(`seed ${this.#plan.seed}: ${this.#story.join(', ')}: ${found}`);
    }
    if (/^\s+at /m.test(stderr) && signal === null) this.#fail(`a stack trace: ${stderr}`);
    return session;
  }
}
