/**
 * The checkpoints that a task keeps: at every multiple, in one file, of the very state that training has there, and
 * without a change to any bit of what is trained.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NetworkCheckpoint } from '../../schemas/checkpoint.ts';
import { SEGMENTED_TABLE_NAMES } from '../../schemas/trace.ts';
import type { TaskOutcome, TrainedOutcome } from '../../schemas/training-messages.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { networksAt, readCheckpoints } from '../../src/storage/checkpoints/checkpoints.ts';
import { runTask } from '../../src/train/task.ts';
import { scratchFolder, sweepOf } from '../support/runs.ts';
import { groupsOf, sealedTable, taskOf } from './requests.ts';

const networks = expandSweep(sweepOf({ precision: ['float32', 'float64'], seeds: 3 }));
const byPrecision = (['float32', 'float64'] as const).map((name) =>
  networks.filter(({ precision }) => precision === name),
);
const groups = byPrecision.flatMap((list) => groupsOf(list, 2));
const RUN_KEY = '0123abcd';

function trainedOf(outcome: TaskOutcome): TrainedOutcome {
  if (outcome.kind !== 'trained') throw new Error(`the task has not trained: ${JSON.stringify(outcome)}`);
  return outcome;
}

/** A checkpoint without the observer's numbers, some of which are for the board and know of chunks. */
function bitsOf(checkpoint: NetworkCheckpoint | undefined): object {
  const { observer: _observer, blockDigests = [], ...rest } = checkpoint ?? ({} as Partial<NetworkCheckpoint>);
  return { ...rest, blockDigests: [...blockDigests] };
}

describe.each(['reference', 'kernel'] as const)('a task of the engine %s', (engine) => {
  const epochs = 3500;
  const task = (changes: Partial<Parameters<typeof taskOf>[0]> = {}) =>
    taskOf({ groups, folder: scratchFolder(), epochs, bucketEpochs: 7, keepEvery: 1100, engine, ...changes });

  test('keeps its networks at every multiple below their last epoch, many to a file', () => {
    const own = task();
    const { kept } = trainedOf(runTask(own.request));
    const ids = Uint32Array.from(groups, ({ networks: [first] }) => first.id);
    expect(ids).toHaveLength(4);
    const file = '0001-kept-00000-0-3500.msgpack';
    expect(kept.map(({ epoch, checkpoint }) => [epoch, checkpoint])).toEqual([
      [1100, file],
      [2200, file],
      [3300, file],
    ]);
    for (const { network } of kept) expect([...network].sort()).toEqual(networks.map(({ id }) => id));
    expect(readdirSync(own.request.checkpointFolder).filter((name) => name.endsWith('msgpack'))).toEqual([file]);
    expect(trainedOf(runTask(task({ keepEvery: 1750 }).request)).kept.map(({ epoch }) => epoch)).toEqual([1750]);
  });

  test('keeps the state and all that was seen as a task has them that ends there', () => {
    const own = task();
    const [, { epoch, checkpoint }] = trainedOf(runTask(own.request)).kept;
    const kept = networksAt(readCheckpoints(join(own.request.checkpointFolder, checkpoint), RUN_KEY), epoch);
    for (const [number, group] of groups.entries()) {
      const slice = task({ groups: [{ ...group, untilEpoch: epoch }], keepEvery: 10_000 });
      const { unfinished } = trainedOf(runTask(slice.request));
      const file = join(slice.request.checkpointFolder, unfinished?.checkpoint ?? '');
      const ended = networksAt(readCheckpoints(file, RUN_KEY), epoch);
      expect(ended.size).toBe(group.networks.length);
      for (const [id, state] of ended) {
        const own = kept.get(id);
        expect(bitsOf(own), `group ${number}`).toEqual(bitsOf(state));
        expect(own?.blockDigests).toHaveLength(2 * 32);
      }
    }
  });

  test('has the rows and results of one that keeps nothing', () => {
    const [keeping, other] = [task({ keepEvery: 13 }), task({ keepEvery: epochs })];
    const [kept, nothing] = [runTask(keeping.request), runTask(other.request)].map(trainedOf);
    expect(kept.kept).toHaveLength(Math.floor((epochs - 1) / 13));
    expect(nothing.kept).toEqual([]);
    expect(readdirSync(other.request.checkpointFolder).filter((name) => name.endsWith('msgpack'))).toEqual([]);
    expect(kept.results).toEqual(nothing.results);
    for (const table of SEGMENTED_TABLE_NAMES) {
      const rows = (outcome: TrainedOutcome, task: typeof keeping) =>
        sealedTable(outcome, task, table)
          .toArray()
          .map((row) => JSON.stringify(row))
          .sort(); // rows of networks that train together stand chunk by chunk
      expect(rows(kept, keeping)).toEqual(rows(nothing, other));
    }
  });

  test('trains on from a kept checkpoint and the ones before it as if nothing had come between', () => {
    const whole = task();
    const outcome = trainedOf(runTask(whole.request));
    const { checkpointFolder } = whole.request;
    const [{ checkpoint }] = outcome.kept;
    const rest = groups.map((group) => ({ ...group, epoch: 3300, checkpoints: [checkpoint] }));
    const again = trainedOf(runTask({ ...task({ groups: rest }).request, checkpointFolder }));
    expect(again.results).toEqual(outcome.results);
    expect(again.kept).toEqual([]);
  });

  test('trains a network on from a file that has another one too, whose earlier checkpoints stand elsewhere', () => {
    const [first, second] = groups;
    const start = task({ groups: [{ ...first, untilEpoch: 2200 }] });
    const { checkpointFolder } = start.request;
    const before = trainedOf(runTask(start.request));
    const firstOn = { ...first, epoch: 2200, checkpoints: before.kept.map(({ checkpoint }) => checkpoint) };
    const both = task({ groups: [firstOn, { ...second, untilEpoch: 3300 }] });
    const { unfinished, kept } = trainedOf(runTask({ ...both.request, checkpointFolder }));
    const secondIds = second.networks.map(({ id }) => id);
    expect([...(unfinished?.network ?? [])]).toEqual(secondIds);
    expect([...(kept.at(-1)?.network ?? [])]).toEqual([...first.networks.map(({ id }) => id), ...secondIds]);
    const rest = task({ groups: [{ ...second, epoch: 3300, checkpoints: [unfinished?.checkpoint ?? ''] }] });
    const whole = task({ groups: [second] });
    const ended = trainedOf(runTask({ ...rest.request, checkpointFolder }));
    expect(ended.results).toEqual(trainedOf(runTask(whole.request)).results);
  });

  test('that ends a slice where its networks are kept has no second checkpoint of them', () => {
    const slices = groups.slice(0, 1).map((group) => ({ ...group, untilEpoch: 2200 }));
    const own = task({ groups: slices });
    const { unfinished, kept } = trainedOf(runTask(own.request));
    expect(kept.map(({ epoch }) => epoch)).toEqual([1100, 2200]);
    expect(unfinished).toEqual(kept[1]);
    expect(readdirSync(own.request.checkpointFolder).filter((name) => name.endsWith('msgpack'))).toHaveLength(1);
  });
});

test('a task whose disk fails leaves nothing of what it wanted to keep', () => {
  const folder = scratchFolder();
  const { request } = taskOf({ groups, folder, epochs: 50, keepEvery: 10 });
  writeFileSync(join(folder, 'file'), '');
  const blocks = { ...request.segments.blocks, path: join(folder, 'file', 'blocks.arrow') };
  expect(runTask({ ...request, segments: { ...request.segments, blocks } }).kind).toBe('storage-failed');
  expect(runTask({ ...request, checkpointFolder: join(folder, 'file') })).toMatchObject({
    kind: 'storage-failed',
    problem: { where: join(folder, 'file', '0001-kept-00000-0-50.msgpack') },
  });
  expect(readdirSync(folder).filter((name) => name.includes('kept'))).toEqual([]);
});
