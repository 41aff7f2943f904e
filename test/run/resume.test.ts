/**
 * A run that is stopped, killed or let down by its disk goes on where it was: nothing committed is lost, nothing stands
 * twice, and it ends with the bits of a run that nothing disturbed.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { beforeAll, expect, test } from 'vitest';
import type { EngineName } from '../../schemas/manifest.ts';
import { RunError } from '../../schemas/problems.ts';
import { Plan } from '../../src/plan/plan.ts';
import { readRun, runPaths, runState } from '../../src/run/folder.ts';
import { openRun } from '../../src/run/open-run.ts';
import { journalFile } from '../../src/storage/journal/journal.ts';
import {
  columnOf,
  execute,
  MAIN_PATH,
  noticesOf,
  type RunBits,
  readSegments,
  runBits,
  SEVERAL_TASKS,
  scratchFolder,
  segmentNames,
  sweepOf,
  undisturbedBits,
} from '../support/runs.ts';

/** For the reference it is three tasks; for the kernel it would be one, and no midst. */
const sweep = SEVERAL_TASKS;
const engine: EngineName = 'reference';
const NETWORK_COUNT = 12;
let expected: RunBits;
beforeAll(async () => {
  expected = await undisturbedBits(sweep);
});

/** Continues the run in a folder to its end, and compares it with the undisturbed one. */
async function expectRepaired(folder: string, by: EngineName = engine): Promise<void> {
  const done = readRun(folder).results.doneCount;
  const session = await execute({ sweep, folder, threads: 2, engine: by });
  expect(session.ending).toBe('done');
  expect(noticesOf(session, 'begun')[0].networksDone).toBe(done);
  const trained = noticesOf(session, 'committed').flatMap(({ networks }) => networks);
  expect(trained).toHaveLength(NETWORK_COUNT - done);
  expect(runBits(folder)).toEqual(expected);
}

/** The sweep as a file, and `gyre run` on it in a process of its own. */
function spawnRun(wanted: {
  folder: string;
  sweepKeys?: object;
  options?: string[];
  fileKBMax?: number;
}): ChildProcessWithoutNullStreams {
  const { folder, sweepKeys = sweep, options = [], fileKBMax } = wanted;
  const sweepFile = `${folder}.yaml`;
  writeFileSync(sweepFile, JSON.stringify(sweepKeys)); // JSON is YAML
  const limit = fileKBMax === undefined ? '' : `ulimit -f ${fileKBMax}; `;
  // Which networks a commit has must not depend on the machine.
  const command = [
    process.execPath,
    MAIN_PATH,
    'run',
    sweepFile,
    '--out',
    folder,
    '--json',
    ...['--commits', 'declared'],
    '--kernel',
    engine,
    ...options,
  ];
  return spawn('bash', ['-c', `${limit}exec "$@"`, 'bash', ...command]);
}

/** Waits for a notice of a kind on the process's stdout. */
async function noticeFrom(child: ChildProcessWithoutNullStreams, kind: string): Promise<void> {
  let text = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.includes(`{"kind":"${kind}"`)) return;
  }
  throw new Error(`no notice "${kind}" came: ${text}`);
}

test('a stopped run leaves finished files, says so, and continues to the same bits by either engine', async () => {
  const folder = scratchFolder();
  const onNotice = (notice: { kind: string }, stop: AbortController) => {
    if (notice.kind === 'committed') stop.abort();
  };
  const session = await execute({ sweep, folder, engine, threads: 2, onNotice });
  expect(session.ending).toBe('stopped');
  expect(noticesOf(session, 'stopping')).toHaveLength(1);
  expect(noticesOf(session, 'ended')[0]).toMatchObject({ reason: 'stopped', fingerprint: null });

  const { results, journal, owner, ...record } = readRun(folder);
  const done = results.doneCount;
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(NETWORK_COUNT);
  expect(runState({ results, journal, owner, ...record })).toBe('stopped');
  expect(journal.at(-1)).toMatchObject({ kind: 'end', reason: 'stopped' });
  const begun = record.networks.filter(({ id }) => results.isDone(id) || results.progressOf(id) !== null);
  for (const table of ['epochs', 'events', 'blocks'] as const)
    expect(segmentNames(folder, table).filter((name) => !name.endsWith('.arrow'))).toEqual([]);
  expect(new Set(columnOf(readSegments(folder, 'epochs'), 'network')).size).toBe(begun.length);
  const networks = tableFromIPC(readFileSync(runPaths(folder).networks));
  expect([networks.numRows, networks.getChild('outcome')?.nullCount]).toEqual([NETWORK_COUNT, NETWORK_COUNT - done]);

  await expectRepaired(folder, 'kernel');
  const sessions = readRun(folder).journal.flatMap((entry) => (entry.kind === 'end' ? [entry.elapsedMs] : []));
  expect(sessions).toHaveLength(2);
  expect(readRun(folder).state.elapsedMs).toBe(sessions[0] + sessions[1]);
});

test('a run stopped before it begins trains nothing and can be continued', async () => {
  const folder = scratchFolder();
  const tiny = sweepOf();
  const stopAtOnce = (_: unknown, stop: AbortController) => stop.abort();
  expect((await execute({ sweep: tiny, folder, onNotice: stopAtOnce })).ending).toBe('stopped');
  expect(readRun(folder).results.doneCount).toBe(0);
  expect(segmentNames(folder, 'epochs')).toEqual([]);
  expect((await execute({ sweep: tiny, folder })).ending).toBe('done');
});

test('a finished run that is run again trains nothing and stays as it is', async () => {
  const folder = scratchFolder();
  const tiny = sweepOf();
  await execute({ sweep: tiny, folder });
  const before = { bits: runBits(folder), segments: segmentNames(folder, 'epochs') };
  const again = await execute({ sweep: tiny, folder });
  expect(again.ending).toBe('done');
  expect(noticesOf(again, 'committed')).toEqual([]);
  expect({ bits: runBits(folder), segments: segmentNames(folder, 'epochs') }).toEqual(before);
});

test('a run killed in its midst, and killed again as it is continued, ends with the same bits', async () => {
  const folder = join(scratchFolder(), 'run');
  const killAt = async (notice: string) => {
    const child = spawnRun({ folder, options: ['--threads', '1'] });
    await noticeFrom(child, notice);
    child.kill('SIGKILL');
    await once(child, 'exit');
    if (readRun(folder).results.doneCount === NETWORK_COUNT) return false;
    expect(existsSync(runPaths(folder).lock)).toBe(true);
    expect(runState(readRun(folder))).toBe('stopped');
    if (notice === 'committed') expect(segmentNames(folder, 'epochs')).toEqual(['0001-00001.arrow.part']);
    return true;
  };
  // On a busy machine a kill may come when all is done: then both once more.
  while (!((await killAt('committed')) && (await killAt('progress')))) rmSync(folder, { recursive: true });
  const { results, journal } = readRun(folder);
  expect([4, 8]).toContain(results.doneCount);
  expect(journal.filter(({ kind }) => kind === 'session')).toHaveLength(2);
  expect(journal.filter(({ kind }) => kind === 'end')).toEqual([]);
  await expectRepaired(folder);
});

test('a run killed between its last commit and its last record trains nothing again', async () => {
  const folder = scratchFolder();
  const tiny = sweepOf({ seeds: 3 });
  await execute({ sweep: tiny, folder });
  const bits = runBits(folder);
  const file = journalFile(runPaths(folder).journal, 1);
  const kinds = () => readRun(folder).journal.map(({ kind }) => kind);
  truncateSync(file, statSync(file).size - 1);
  expect(kinds().at(-1)).toBe('commit');

  const session = await execute({ sweep: tiny, folder });
  expect([session.ending, noticesOf(session, 'committed')]).toEqual(['done', []]);
  expect(kinds().at(-1)).toBe('end');
  expect(runBits(folder)).toEqual(bits);
});

test('a run whose disk fails in a worker names the file, keeps what was committed, and can be continued', async () => {
  const folder = scratchFolder();
  const epochs = join(folder, 'epochs');
  const aside = join(folder, 'epochs-aside');
  let hasFailed = false;
  const session = execute({
    sweep,
    folder,
    engine,
    onNotice: ({ kind }) => {
      if (kind !== 'committed' || hasFailed) return;
      hasFailed = true;
      renameSync(epochs, aside);
      writeFileSync(epochs, 'a file where a folder is expected');
    },
  });
  const failure = await session.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RunError);
  expect((failure as RunError).message).toBe(
    `${join(epochs, '0001-00001.arrow.part')}: a file where a folder is expected (choose another folder with --out)`,
  );
  rmSync(epochs);
  renameSync(aside, epochs);
  expect(readRun(folder).results.doneCount).toBe(4);
  expect(readRun(folder).owner).toBe(null);
  await expectRepaired(folder);
});

test('a run that may not write another byte exits with 1, leaves finished files, and can be continued', async () => {
  const folder = join(scratchFolder(), 'run');
  // The segment of the first task takes 100 KB, that of the second as much again.
  const child = spawnRun({ folder, options: ['--threads', '1'], fileKBMax: 150 });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words += chunk.toString();
  });
  child.stdout.resume();
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(words).toContain(
    `gyre: ${join(folder, 'epochs', '0001-00001.arrow.part')}: a file larger than the system allows (`,
  );

  const { results, journal } = readRun(folder);
  expect(results.doneCount).toBe(4);
  expect(journal.at(-1)).toMatchObject({ kind: 'end', reason: 'failed' });
  expect(segmentNames(folder, 'epochs')).toEqual(['0001-00001.arrow']);
  expect(readSegments(folder, 'epochs').numRows).toBe(4 * Math.ceil(sweep.epochs / 3));
  await expectRepaired(folder);
});

test('a run whose folder is taken away under it ends with a RunError, not with a defect', async () => {
  const folder = scratchFolder();
  const session = execute({
    sweep,
    folder,
    engine,
    onNotice: ({ kind }) => {
      if (kind === 'committed') rmSync(folder, { recursive: true, force: true });
    },
  });
  const failure = await session.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RunError);
  expect((failure as RunError).message).toContain(folder);
});

test('a second process is refused while one works on the folder, and welcome after it', async () => {
  const folder = join(scratchFolder(), 'run');
  const long = sweepOf({ epochs: 100_000_000 });
  const open = () => openRun({ plan: new Plan(long), folder });
  const child = spawnRun({ folder, sweepKeys: long });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words += chunk.toString();
  });
  await noticeFrom(child, 'progress');
  expect(open).toThrow(
    `${join(folder, 'lock')}: got a run that process ${child.pid} works on, expected one process per run`,
  );
  expect(runState(readRun(folder))).toBe('running');
  expect(readRun(folder).owner?.pid).toBe(child.pid);

  child.stdout.resume();
  child.kill('SIGTERM');
  const exit = await once(child, 'close');
  expect(exit, words).toEqual([143, null]);
  expect(existsSync(runPaths(folder).lock)).toBe(false);
  open().close();
});
