/**
 * `gyre run` as a process of its own that is killed, or whose threads are, at moments that are told, and what its death
 * cost.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Notice } from '../../schemas/notices.ts';
import { readRun, runPaths } from '../../src/run/folder.ts';
import { JournalTail } from '../../src/storage/journal/journal-tail.ts';
import { MAIN_PATH } from './runs.ts';

const THREAD_KILLER_URL = new URL('thread-killer.mjs', import.meta.url).href;
const THREADS = 2;
/** Commits and moments are seen so soon. */
const POLL_MS = 5;
/** Of the processor times that Linux tells. */
const MS_PER_TICK = 10;
/** A session that is not over by then hangs, on a busy machine too. */
const SESSION_MS_MAX = 840_000;

/** What the death of a process cost. */
export interface Kill {
  /** Time of processors that the process had taken. */
  readonly afterMs: number;
  /**
   * Network-epochs that it had told of, and those that the journal holds now: the last notice is up to a quarter of a
   * second old.
   */
  readonly networkEpochs: { readonly told: number; readonly held: number };
  /** Time of threads since they last committed, or began to train, all together: what they did in it is done again. */
  readonly threadMs: number;
}

/** What became of a process. */
export interface Session {
  /** Null where it ended before it was to be killed. */
  readonly kill: Kill | null;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly notices: readonly Notice[];
  readonly stderr: string;
  /** From its start to its first notice, and from there to its end. */
  readonly startMs: number;
  readonly trainMs: number;
  /** From its first notice to its end, by the clock. */
  readonly trainWallMs: number;
}

/** Runs the sweep in a folder until it is done or dead. */
export async function runProcess(options: {
  sweepFile: string;
  folder: string;
  moment: number | null;
  threadMoments: readonly number[];
  marks: string;
}): Promise<Session> {
  const { sweepFile, folder, moment, threadMoments, marks } = options;
  const killer = threadMoments.length === 0 ? [] : ['--import', THREAD_KILLER_URL];
  const args = [...killer, MAIN_PATH, 'run', sweepFile, '--out', folder, '--threads', String(THREADS), '--json'];
  const env = {
    ...process.env,
    GYRE_TEST_THREAD_KILLS: JSON.stringify(threadMoments),
    GYRE_TEST_THREAD_KILLS_MARKS: marks,
  };
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const commits = new CommitTimes(folder);
  const clock = new WorkClock(child.pid ?? 0);
  let killedAt: number | null = null;
  const poll = setInterval(() => {
    if (killedAt !== null || clock.ms() < (moment ?? Number.POSITIVE_INFINITY)) return;
    killedAt = performance.now();
    child.kill('SIGKILL');
  }, POLL_MS);
  const hangs = setTimeout(() => child.kill('SIGKILL'), SESSION_MS_MAX);
  let begun: { readonly ms: number; readonly at: number } | null = null;
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (begun === null) commits.begin();
    begun ??= { ms: clock.ms(), at: performance.now() };
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (...end) => resolve(end)),
  );
  const ended = { ms: clock.ms(), at: performance.now() };
  clearInterval(poll);
  clearTimeout(hangs);
  commits.end();
  const notices = stdout.split('\n').flatMap((line) => noticeOf(line) ?? []);
  const { ms, at } = begun ?? ended;
  const session = { code, signal, notices, stderr, startMs: ms, trainMs: ended.ms - ms, trainWallMs: ended.at - at };
  if (killedAt === null || signal !== 'SIGKILL') return { ...session, kill: null };
  const held = existsSync(runPaths(folder).manifest) ? heldNetworkEpochs(folder) : 0;
  const told = notices.reduce((last, notice) => (notice.kind === 'progress' ? notice.epochsTrained : last), 0);
  const networkEpochs = { told: Math.max(told, held), held };
  return { ...session, kill: { afterMs: ended.ms, networkEpochs, threadMs: commits.openMs(killedAt) } };
}

/**
 * Time that a process has taken of all processors, so that a busy machine kills no earlier; where the system does not
 * tell, time.
 */
class WorkClock {
  readonly #path: string;
  readonly #startedAt = performance.now();
  readonly #isTold: boolean;
  #lastMs = 0;

  constructor(pid: number) {
    this.#path = `/proc/${pid}/stat`;
    this.#isTold = existsSync(this.#path);
  }

  ms(): number {
    if (!this.#isTold) return performance.now() - this.#startedAt;
    try {
      const fields = readFileSync(this.#path, 'latin1')
        .replace(/^.*\) /, '')
        .split(' ');
      this.#lastMs = (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
    } catch {
      // It is gone: what it had taken when it was last seen.
    }
    return this.#lastMs;
  }
}

/** A line that a kill has cut is none. */
function noticeOf(line: string): Notice | null {
  try {
    return JSON.parse(line) as Notice;
  } catch {
    return null;
  }
}

/** Network-epochs that a run is never going to train again. */
function heldNetworkEpochs(folder: string): number {
  const { networks, results, manifest } = readRun(folder);
  return networks.reduce(
    (sum, { id }) => sum + (results.isDone(id) ? manifest.sweep.epochs : (results.progressOf(id)?.epoch ?? 0)),
    0,
  );
}

/** When the threads of a session committed last: each has a segment of its own. */
class CommitTimes {
  readonly #tail: JournalTail;
  readonly #lastOf = new Map<string, number>();
  #begunAt: number | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.#tail = new JournalTail(runPaths(folder).journal);
    this.look();
  }

  /** From now on threads train. */
  begin(): void {
    this.look();
    this.#lastOf.clear();
    this.#begunAt = performance.now();
    this.#timer = setInterval(() => this.look(), POLL_MS);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    for (const record of this.#tail.read()) {
      if (record.kind !== 'commit') continue;
      for (const { table, file } of record.segments) if (table === 'epochs') this.#lastOf.set(file, performance.now());
    }
  }

  /** Time since the last commits, or since training began, of all threads together. */
  openMs(now: number): number {
    const begunAt = this.#begunAt;
    if (begunAt === null) return 0;
    const last = [...this.#lastOf.values()];
    return Array.from({ length: THREADS }, (_, i) => now - (last[i] ?? begunAt)).reduce((sum, ms) => sum + ms, 0);
  }
}
