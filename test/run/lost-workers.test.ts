/**
 * Workers that die: their task is tried again and leaves no trace; one that dies three times costs its own networks and
 * no others, until a later session trains them.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { expandSweep } from '../../src/plan/expand.ts';
import { packGroups, packTasks } from '../../src/plan/pack.ts';
import { readRun, runState } from '../../src/run/folder.ts';
import {
  DYING_WORKER_URL,
  execute,
  noticesOf,
  type RunBits,
  type RunOptions,
  runBits,
  type SessionOutcome,
  scratchFolder,
  sweepOf,
  undisturbedBits,
} from '../support/runs.ts';

/** For the reference two tasks: networks 0 to 3, which are just enough for one, and the small networks 4 to 7. */
const sweep = sweepOf({
  epochs: 1400,
  layers: [
    [1, 16, 1],
    [1, 3, 1],
  ],
  activation: 'relu',
  data: { kind: 'sine', points: 64 },
  seeds: 4,
});
const engine = 'reference';
const [firstTask, secondTask] = [
  [0, 1, 2, 3],
  [4, 5, 6, 7],
];

let expected: RunBits;
beforeAll(async () => {
  expected = await undisturbedBits(sweep);
});

/** Executes the sweep with workers that die `times` times over the task with a network. */
async function executeWithDeaths(wanted: {
  network: number;
  times: number;
  how: 'exit' | 'throw' | 'deaf';
  options?: Partial<RunOptions>;
}): Promise<{ folder: string; session: SessionOutcome }> {
  const { options, ...plan } = wanted;
  const scratch = scratchFolder();
  const folder = join(scratch, 'run');
  writeFileSync(join(scratch, 'deaths.json'), JSON.stringify(plan));
  return { folder, session: await execute({ sweep, folder, engine, workerUrl: DYING_WORKER_URL, ...options }) };
}

const reasons = { exit: 'worker exited with code: 3', throw: 'a planned death' };

test('the sweep of these tests has two tasks', () => {
  const tasks = packTasks(packGroups(expandSweep(sweep)), { epochs: sweep.epochs, engine });
  const idsOf = (task: (typeof tasks)[number]) => task.flatMap((group) => group.networks.map(({ id }) => id));
  expect(tasks.map(idsOf)).toEqual([firstTask, secondTask]);
});

test.each([
  { how: 'exit', threads: 1, task: secondTask },
  { how: 'throw', threads: 1, task: secondTask },
  { how: 'exit', threads: 2, task: firstTask },
] as const)(
  'a worker of $threads that dies once by $how is told and replaced, and the run is the same',
  async (wanted) => {
    const { how, threads, task } = wanted;
    const { folder, session } = await executeWithDeaths({ network: task[1], times: 1, how, options: { threads } });
    expect(session.ending).toBe('done');
    expect(noticesOf(session, 'retry')).toEqual([{ kind: 'retry', networks: task, attempt: 2, reason: reasons[how] }]);
    expect(noticesOf(session, 'failed')).toEqual([]);
    expect(runBits(folder)).toEqual(expected);
  },
);

test('a task lost three times fails alone, and a later session repairs it', async () => {
  const { folder, session } = await executeWithDeaths({ network: 0, times: 3, how: 'exit' });
  expect(session.ending).toBe('failed');
  expect(noticesOf(session, 'retry').map(({ attempt }) => attempt)).toEqual([2, 3]);
  expect(noticesOf(session, 'failed')).toEqual([{ kind: 'failed', networks: firstTask, reason: reasons.exit }]);
  expect(noticesOf(session, 'ended')[0]).toMatchObject({ networksDone: 4, networksFailed: 4, fingerprint: null });

  const record = readRun(folder);
  const { results, networks, journal } = record;
  const outcomes = networks.map(({ id }) => results.labelsOf(id)?.outcome ?? null);
  expect(outcomes.map((outcome) => outcome === 'failed')).toEqual(outcomes.map((_, id) => id < 4));
  expect(outcomes).not.toContain(null);
  expect(networks.filter(({ id }) => !results.isDone(id)).map(({ id }) => id)).toEqual(firstTask);
  expect(journal.find(({ kind }) => kind === 'failed')).toEqual({
    kind: 'failed',
    network: Uint32Array.from(firstTask),
    reason: reasons.exit,
  });
  expect(runState(record)).toBe('failed');

  const repair = await execute({ sweep, folder, engine });
  expect(repair.ending).toBe('done');
  expect(noticesOf(repair, 'committed').flatMap((commit) => commit.networks.map(({ network }) => network))).toEqual(
    firstTask,
  );
  expect(readRun(folder).results.failedCount).toBe(0);
  expect(runState(readRun(folder))).toBe('done');
  expect(runBits(folder)).toEqual(expected);
});

test('with fail-fast the first task that is given up ends the run, and the networks not begun stay open', async () => {
  const { folder, session } = await executeWithDeaths({
    network: 0,
    times: 3,
    how: 'throw',
    options: { failFast: true },
  });
  expect(session.ending).toBe('failed');
  expect(noticesOf(session, 'committed')).toEqual([]);
  const { results, networks } = readRun(folder);
  const outcomes = networks.map(({ id }) => results.labelsOf(id)?.outcome ?? null);
  expect(outcomes).toEqual(['failed', 'failed', 'failed', 'failed', null, null, null, null]);
});

test('a stop ends a thread that does not see it, and what it trained is trained again', async () => {
  const scratch = scratchFolder();
  const folder = join(scratch, 'run');
  writeFileSync(join(scratch, 'deaths.json'), JSON.stringify({ network: 6, times: 1, how: 'deaf' }));
  const session = await execute({
    sweep,
    folder,
    engine,
    workerUrl: DYING_WORKER_URL,
    onNotice: (_, stop) => {
      if (existsSync(join(scratch, 'deaths'))) stop.abort();
    },
  });
  expect(session.ending).toBe('stopped');
  expect(noticesOf(session, 'retry')).toEqual([]);
  expect(readRun(folder).results.doneCount).toBe(4);
  expect((await execute({ sweep, folder, engine })).ending).toBe('done');
  expect(runBits(folder)).toEqual(expected);
});
