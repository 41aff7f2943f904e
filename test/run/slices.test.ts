/**
 * Long networks are trained slice by slice: each slice is committed with a checkpoint, so that a kill costs one slice
 * and a stop nothing, and the bits are those of a run that nothing disturbed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CommitRecord } from '../../schemas/journal.ts';
import { RunError } from '../../schemas/problems.ts';
import { readRun, runPaths } from '../../src/run/folder.ts';
import {
  DYING_WORKER_URL,
  execute,
  MAIN_PATH,
  noticesOf,
  type RunBits,
  runBits,
  scratchFolder,
  sweepOf,
  undisturbedBits,
} from '../support/runs.ts';

/**
 * One group, for the reference three or four slices; its epochs are no multiple of a bucket, nor of a block of
 * losses.
 */
const sweep = sweepOf({
  name: 'long',
  epochs: 5003,
  layers: [1, 16, 1],
  activation: 'relu',
  data: { kind: 'sine', points: 64 },
  seeds: 4,
});
const engine = 'reference';
let expected: RunBits;
beforeAll(async () => {
  expected = await undisturbedBits(sweep);
});

const commitsOf = (folder: string): CommitRecord[] =>
  readRun(folder).journal.flatMap((record) => (record.kind === 'commit' ? [record] : []));
const checkpointsIn = (folder: string): string[] => readdirSync(runPaths(folder).checkpoints).sort();
const progressOf = (folder: string) => readRun(folder).results.progressOf(0);

test('the slices of a long group follow one another, and each overtakes the checkpoint of the one before', async () => {
  const folder = scratchFolder();
  const seen: string[][] = [];
  const session = await execute({
    sweep,
    folder,
    engine,
    threads: 2,
    onNotice: () => seen.push(checkpointsIn(folder)),
  });
  expect(session.ending).toBe('done');
  expect(noticesOf(session, 'committed')).toHaveLength(1);
  const commits = commitsOf(folder);
  const ends = commits.map(({ unfinished }) => unfinished?.epoch ?? sweep.epochs);
  expect(ends.length).toBeGreaterThanOrEqual(3);
  expect(ends).toEqual([...ends].sort((a, b) => a - b));
  expect(ends.at(-1)).toBe(sweep.epochs);
  for (const { unfinished, results } of commits.slice(0, -1)) {
    expect(unfinished?.network).toEqual(Uint32Array.of(0, 1, 2, 3));
    expect(results.network).toHaveLength(0);
  }
  expect(Math.max(...seen.map((files) => files.length))).toBeLessThanOrEqual(2);
  expect(checkpointsIn(folder)).toEqual([]);
  expect(runBits(folder)).toEqual(expected);
});

/**
 * A folder whose run was killed once its journal had a number of commits. On a busy machine this process may see the
 * last one only when the run is over: then it runs again.
 */
async function killedAfter(commits: number): Promise<string> {
  for (;;) {
    const folder = await killedOnceAfter(commits);
    if (readRun(folder).results.doneCount === 0) return folder;
  }
}

async function killedOnceAfter(commits: number): Promise<string> {
  const folder = join(scratchFolder(), 'run');
  const sweepFile = `${folder}.yaml`;
  writeFileSync(sweepFile, JSON.stringify(sweep)); // JSON is YAML
  const child = spawn(process.execPath, [
    MAIN_PATH,
    'run',
    sweepFile,
    '--out',
    folder,
    '--json',
    '--kernel',
    engine,
    '--commits',
    'declared',
  ]);
  child.stdout.resume();
  const exit = once(child, 'exit');
  while (!existsSync(runPaths(folder).journal) || commitsOf(folder).length < commits) await setTimeout(5);
  child.kill('SIGKILL');
  await exit;
  return folder;
}

describe('a run killed in the midst of a long group', () => {
  test('goes on from its last commit, with other threads and the other engine, to the same bits', async () => {
    const folder = await killedAfter(2);
    const { epoch = 0, checkpoint = '' } = progressOf(folder) ?? {};
    expect(epoch).toBeGreaterThan(1000);
    expect(checkpoint).toBe(`0001-00000-${epoch}.msgpack`);
    writeFileSync(join(runPaths(folder).checkpoints, '0001-00000-9999.msgpack.new'), 'half a checkpoint');

    const session = await execute({ sweep, folder, engine: 'kernel', threads: 2 });
    expect(session.ending).toBe('done');
    expect(noticesOf(session, 'progress')[0]).toMatchObject({ epochsTrained: 4 * epoch, networksDone: 0 });
    expect(noticesOf(session, 'progress')[0].share).toBeCloseTo(epoch / sweep.epochs, 10);
    expect(checkpointsIn(folder)).toEqual([]);
    expect(runBits(folder)).toEqual(expected);
  });

  test('whose checkpoint is gone, damaged or foreign is refused by name, and continues once restored', async () => {
    const folder = await killedAfter(1);
    const path = join(runPaths(folder).checkpoints, progressOf(folder)?.checkpoint ?? '');
    const whole = readFileSync(path);
    const refusal = async () => {
      const error = await execute({ sweep, folder, engine }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RunError);
      return (error as RunError).message;
    };
    rmSync(path);
    expect(await refusal()).toContain(`${path}: got nothing, expected a checkpoint of the run`);
    for (const at of [0, 5, 8, Math.floor(whole.length / 2), whole.length - 1]) {
      const damaged = Buffer.from(whole);
      damaged[at] ^= 0x10;
      writeFileSync(path, damaged);
      expect(await refusal(), `byte ${at}`).toContain(`${path}, byte 0: got a damaged frame`);
    }
    for (const length of [0, 7, 8, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      expect(await refusal(), `cut to ${length}`).toContain(`${path}, byte 0: got a damaged frame`);
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.of(0)]));
    expect(await refusal()).toContain('got a damaged frame');

    writeFileSync(path, whole);
    expect((await execute({ sweep, folder, engine })).ending).toBe('done');
    expect(runBits(folder)).toEqual(expected);
  });
});

test('a stop loses no epoch: what was trained is committed, by whatever epoch, and goes on from there', async () => {
  const folder = scratchFolder();
  for (let stops = 0; stops < 3; stops++) {
    const before = stops === 0 ? 0 : (progressOf(folder)?.epoch ?? 0);
    const session = await execute({
      sweep,
      folder,
      engine,
      onNotice: (notice, stop) => {
        if (notice.kind === 'progress' && notice.epochsTrained > 4 * before) stop.abort();
      },
    });
    expect(session.ending).toBe('stopped');
    const { epoch = 0 } = progressOf(folder) ?? {};
    expect(epoch).toBeGreaterThan(before);
    expect(noticesOf(session, 'progress').at(-1)?.epochsTrained).toBe(4 * epoch);
    expect(checkpointsIn(folder)).toHaveLength(1);
  }
  expect((await execute({ sweep, folder, engine })).ending).toBe('done');
  expect(runBits(folder)).toEqual(expected);
});

test('a worker lost in a later slice costs that slice; after three losses a later session continues', async () => {
  const scratch = scratchFolder();
  const folder = join(scratch, 'run');
  writeFileSync(join(scratch, 'deaths.json'), JSON.stringify({ network: 0, times: 4, how: 'exit', fromEpoch: 1 }));
  const lost = await execute({ sweep, folder, engine, workerUrl: DYING_WORKER_URL });
  expect(lost.ending).toBe('failed');
  expect(noticesOf(lost, 'retry').map(({ attempt }) => attempt)).toEqual([2, 3]);
  const { epoch = 0 } = progressOf(folder) ?? {};
  expect(epoch).toBeGreaterThan(0);

  const again = await execute({ sweep, folder, engine, workerUrl: DYING_WORKER_URL });
  expect(again.ending).toBe('done');
  expect(noticesOf(again, 'progress')[0].epochsTrained).toBe(4 * epoch);
  expect(noticesOf(again, 'retry').map(({ attempt }) => attempt)).toEqual([2]);
  expect(runBits(folder)).toEqual(expected);
});
