/**
 * Two processes on one run's folder: the first is halted, killed or left alone at some moment, the second comes from
 * another PID namespace (or from this one) and takes over or is refused. Whatever happens, one of them writes and
 * nothing that was committed is lost.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Notice } from '../../schemas/notices.ts';
import { MAIN_PATH, type RunBits, runBits } from './runs.ts';

/** The shortest lease that `gyre run` takes. */
const LEASE_SECONDS = 5;

/** Twelve tasks of a third of a second and more. */
export const TWO_WRITERS_SWEEP = {
  name: 'two-writers',
  epochs: 200_000,
  layers: [
    [1, 8, 1],
    [1, 4, 1],
  ],
  data: { kind: 'sine', points: 16 },
  optimizer: { kind: 'adam', learningRate: [0.003, 0.03, 0.1], beta2: [0.99, 0.999] },
  seeds: 5,
  trace: { epochs: { every: 1000 }, checkpoints: { every: 50_000 } },
};

/** What happens to the first writer, and when: in shares of the time that the run takes. */
export interface Round {
  readonly fate: 'left alone' | 'killed' | 'halted';
  readonly at: number;
  /** When a halted one is woken: so long after the second has started. */
  readonly wokenAfter: number;
  readonly namespaces: boolean;
}

/** What became of a writer. */
export interface Writer {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly notices: readonly Notice[];
}

export interface RoundOutcome {
  readonly first: Writer;
  readonly second: Writer;
  readonly failures: readonly string[];
  readonly bits: RunBits;
}

/** A `gyre run` that can be halted, woken and killed. */
class WriterProcess {
  readonly #child: ChildProcess;
  readonly #isWrapped: boolean;
  #stdout = '';
  #stderr = '';
  readonly ended: Promise<Writer>;

  constructor(args: readonly string[], inNamespace: boolean) {
    const node = [process.execPath, MAIN_PATH, ...args];
    const [program, ...rest] = inNamespace
      ? ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', ...node]
      : node;
    this.#isWrapped = inNamespace;
    this.#child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = once(this.#child, 'close').then(([code, signal]) => ({
      ...{ code, signal, stderr: this.#stderr, notices: this.notices },
    }));
  }

  /** Those that are told so far. */
  get notices(): Notice[] {
    const whole = this.#stdout.slice(0, this.#stdout.lastIndexOf('\n') + 1);
    return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Notice]));
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  signal(name: NodeJS.Signals): void {
    const pid = this.#child.pid ?? 0;
    const target = this.#isWrapped
      ? Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
      : pid;
    if (target > 0) process.kill(target, name);
  }

  async until(isReached: (notices: readonly Notice[]) => boolean): Promise<void> {
    while (!isReached(this.notices) && !this.hasEnded) await setTimeout(10);
  }
}

const committedIn = (notices: readonly Notice[]): number[] =>
  notices.flatMap((notice) => (notice.kind === 'committed' ? notice.networks.map(({ network }) => network) : []));

/** Two writers in the folder `run` below `scratch`, which is then continued to its end. */
export async function playRound(scratch: string, { fate, at, wokenAfter, namespaces }: Round): Promise<RoundOutcome> {
  const folder = join(scratch, 'run');
  rmSync(folder, { recursive: true, force: true });
  const sweep = join(scratch, 'sweep.yaml');
  writeFileSync(sweep, JSON.stringify(TWO_WRITERS_SWEEP)); // JSON is YAML
  const args = ['run', sweep, '--out', folder, '--threads', '1', '--json', '--lease', String(LEASE_SECONDS)];
  const failures: string[] = [];
  const first = new WriterProcess(args, namespaces);
  await first.until((notices) => notices.some((notice) => notice.kind === 'progress' && notice.share >= at));
  if (fate === 'killed') first.signal('SIGKILL');
  if (fate === 'halted') first.signal('SIGSTOP');
  const told = committedIn(first.notices);
  const second = new WriterProcess(args, namespaces);
  const secondHas = (share: number) => (notices: readonly Notice[]) =>
    notices.some((notice) => notice.kind === 'progress' && notice.share >= share);
  if (fate === 'halted') {
    if (wokenAfter < 0) await setTimeout(-wokenAfter * 1000);
    else await second.until(secondHas(wokenAfter));
    first.signal('SIGCONT');
  }
  const [one, two] = await Promise.all([first.ended, second.ended]);
  for (const [name, { stderr, signal }] of [
    ['first', one],
    ['second', two],
  ] as const) {
    if (/defect|^\s+at /m.test(stderr)) failures.push(`the ${name} writer: ${stderr}`);
    if (signal !== null && !(name === 'first' && fate === 'killed')) failures.push(`the ${name} writer: ${signal}`);
  }
  const begun = two.notices.find((notice) => notice.kind === 'begun');
  if (begun?.kind === 'begun' && begun.networksDone < told.length)
    failures.push(`the second writer found ${begun.networksDone} networks done, after ${told.length} were told of`);
  const isDone = ({ code }: Writer) => code === 0;
  if ([one, two].filter(isDone).length === 0 && fate !== 'killed') failures.push('neither writer finished the run');
  if (begun !== undefined && isDone(one) && one.notices.length > 0 && fate !== 'killed' && !isFinishedBefore(one, two))
    failures.push('both writers trained');
  const rest = new WriterProcess(args, namespaces);
  const last = await rest.ended;
  if (last.code !== 0) failures.push(`the run cannot be continued: ${last.stderr}`);
  return { first: one, second: two, failures, bits: runBits(folder) };
}

/** Whether the second writer found nothing left to train. */
function isFinishedBefore(one: Writer, two: Writer): boolean {
  const begun = two.notices.find((notice) => notice.kind === 'begun');
  return begun?.kind === 'begun' && begun.networksDone === begun.networks && one.code === 0;
}
