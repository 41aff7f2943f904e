/**
 * A run seen from outside: its journal told as notices, whatever became of the run since it began.
 */
import { expect, test } from 'vitest';
import type { Notice } from '../../schemas/notices.ts';
import { readRun } from '../../src/run/folder.ts';
import { RunFollower } from '../../src/run/follow.ts';
import { execute, scratchFolder, sweepOf } from '../support/runs.ts';

/** What is told of a run that is over. */
function toldOf(folder: string): Notice[] {
  const told: Notice[] = [];
  const follower = new RunFollower(folder);
  follower.start({ notify: (notice) => told.push(notice), fail: (error) => told.push(error as never) });
  follower.stop();
  return told;
}

test('a run that was extended begins anew with its new epochs, and ends with what it has then', async () => {
  const folder = scratchFolder();
  const sweepTo = (epochs: number) => sweepOf({ epochs, seeds: 3, trace: { checkpoints: { every: 100 } } });
  for (const epochs of [250, 700]) await execute({ sweep: sweepTo(epochs), folder });
  const told = toldOf(folder);
  const [begun, anew] = told.flatMap((notice, at) => (notice.kind === 'begun' ? [{ ...notice, at }] : []));
  expect([begun.epochs, anew.epochs, anew.networksDone]).toEqual([700, 700, 0]);
  const committed = told.flatMap((notice, at) => (notice.kind === 'committed' ? [{ ...notice, at }] : []));
  const since = committed
    .filter(({ at }) => at > anew.at)
    .flatMap(({ networks }) => networks.map((options) => options.network));
  expect(since.sort()).toEqual([0, 1, 2]);
  const run = readRun(folder);
  expect(told.at(-2)).toMatchObject({ kind: 'progress', share: 1, writtenBytes: run.state.segments.committedBytes });
  expect(told.at(-1)).toMatchObject({
    kind: 'ended',
    reason: 'done',
    fingerprint: run.results.fingerprint(run.networks),
  });
});

test('a shard has the results of its own networks, which keep the ids of the full plan', async () => {
  const folder = scratchFolder();
  const sweep = sweepOf({ epochs: 50, seeds: 6 });
  await execute({ sweep, folder, shard: { index: 3, count: 3 } });
  const { results, networks } = readRun(folder);
  expect(toldOf(folder).at(-1)).toMatchObject({
    kind: 'ended',
    reason: 'done',
    networksDone: 2,
    labels: results.labelCounts(),
    fingerprint: results.fingerprint(networks),
  });
});
