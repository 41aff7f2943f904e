/**
 * Shards and their merging: a run that was shared out and joined is the run that never was, bit for bit, and whatever
 * does not belong together is refused with everything that stands in the way.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../schemas/problems.ts';
import type { Shard } from '../../schemas/shard.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { Plan } from '../../src/plan/plan.ts';
import { TraceReader } from '../../src/replay/trace-reader.ts';
import { verifyNetworks } from '../../src/replay/verify-networks.ts';
import { readRun, runPaths } from '../../src/run/folder.ts';
import { acquireLease } from '../../src/run/lease.ts';
import { readManifest } from '../../src/run/manifest.ts';
import { mergeRuns } from '../../src/run/merge-shards.ts';
import { openRun } from '../../src/run/open-run.ts';
import { runTask } from '../../src/train/task.ts';
import { columnOf, execute, type RunBits, runBits, scratchFolder, sweepOf } from '../support/runs.ts';
import { groupsOf, taskOf } from '../train/requests.ts';

const sweep = sweepOf({
  layers: [
    [1, 3, 1],
    [1, 2, 2, 1],
  ],
  seeds: 7,
  epochs: 1300,
});
const COUNT = 3;

import { WORKER_URLS } from '../../src/run/package.ts';

/** The shards that the tests copy, and the bits of the run that was never shared out. */
let made: string;
let whole: RunBits;

beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), 'gyre-merge-'));
  await execute({ sweep, folder: join(made, 'whole') });
  whole = runBits(join(made, 'whole'));
  for (let index = 1; index <= COUNT; index++) {
    const options = { sweep, folder: join(made, `${index}of${COUNT}`), shard: { index, count: COUNT } };
    killedSession(options);
    await execute(options);
  }
});

/** A session that commits a slice of two networks and then another network, in the same segments, and is killed. */
function killedSession({ folder, shard }: { folder: string; shard: Shard }): void {
  const run = openRun({ plan: new Plan(sweep, shard), folder });
  const { epochs, trace } = sweep;
  run.record({ kind: 'session', startedAt: '', gyre: '', node: '', engine: 'kernel', threads: 1 });
  for (const { networks, untilEpoch } of [
    { networks: run.networks.slice(0, 2), untilEpoch: 1100 },
    { networks: run.networks.slice(2, 3), untilEpoch: epochs },
  ]) {
    const groups = groupsOf(networks, 4).map((group) => ({ ...group, untilEpoch }));
    const { request } = taskOf({ groups, folder, epochs, bucketEpochs: trace.epochs.every });
    const { checkpoints: checkpointFolder } = runPaths(folder);
    const own = { runKey: run.manifest.key, checkpointFolder, segments: run.segments.grant(0) };
    const outcome = runTask({ ...request, ...own });
    if (outcome.kind !== 'trained') throw new Error(outcome.kind);
    run.record({ ...outcome, kind: 'commit', elapsedMs: 0, epochs });
  }
  run.close();
}

afterAll(() => rmSync(made, { recursive: true, force: true }));

/** The shards of the sweep, each in a folder of its own under `folder`. */
function shardsIn(folder: string): string[] {
  return Array.from({ length: COUNT }, (_, i) => {
    const name = `${i + 1}of${COUNT}`;
    cpSync(join(made, name), join(folder, name), { recursive: true });
    return join(folder, name);
  });
}

/** What a merge that must not be is told. */
async function refusalOf(merge: Promise<unknown>): Promise<string> {
  const [{ reason }] = (await Promise.allSettled([merge])) as [PromiseRejectedResult];
  if (reason instanceof UsageError) return reason.message;
  throw reason ?? new Error('nothing was refused');
}

function refusal(operation: () => unknown): string {
  try {
    operation();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the shards of a sweep', () => {
  test('merge, in any order, into the rows and the fingerprint of an unsharded run', async () => {
    const folder = scratchFolder();
    const [first, second, third] = shardsIn(folder);
    const merged = await mergeRuns([third, first, second], join(folder, 'merged'));
    expect(runBits(merged.folder)).toEqual(whole);
    expect(merged.manifest).toMatchObject({ networks: 14, sweep });
    expect(merged.manifest).not.toHaveProperty('shard');
    const elapsed = [first, second, third].map((shard) => readRun(shard).state.elapsedMs);
    expect(merged.state.elapsedMs).toBeCloseTo(elapsed.reduce((sum, ms) => sum + ms));
    expect(readdirSync(folder).sort()).toEqual(['1of3', '2of3', '3of3', 'merged']);
    // Every block of every network is found again, those of earlier slices too.
    const compared = await verifyNetworks(merged, merged.networks, { threads: 1, workerUrl: WORKER_URLS.replay });
    expect(compared.map(({ network, blocks, mismatch }) => [network, blocks, mismatch])).toEqual(
      merged.networks.map(({ id }) => [id, 2, null]),
    );
    // A run like any other: opened again, there is nothing left to do.
    const { ending, fingerprint } = await execute({ sweep, folder: merged.folder });
    expect({ ending, fingerprint }).toEqual({ ending: 'done', fingerprint: whole.fingerprint });
  });

  test('keep the ids of the full plan, a row of networks.arrow for each network of their own', () => {
    const folder = join(made, '2of3');
    const { networks, results, manifest } = readRun(folder);
    const planned = expandSweep(sweep);
    expect(networks.map(({ id }) => planned[id])).toEqual(networks);
    expect(manifest).toMatchObject({ networks: networks.length, shard: { index: 2, count: 3 } });
    const table = tableFromIPC(readFileSync(runPaths(folder).networks));
    expect([...columnOf(table, 'network')]).toEqual(networks.map(({ id }) => id));
    expect([...columnOf<Float64Array>(table, 'loss_last')]).toEqual(
      networks.map(({ id }) => results.columns.lossLast[id]),
    );
    expect([...(table.getChild('digest') ?? [])]).toEqual(networks.map(({ id }) => results.digestOf(id)));
    expect(results.fingerprint(networks)).toMatch(/^[0-9a-f]{64}$/);
    expect(results.fingerprint(planned)).toBeNull();
  });

  test('merge where a session was killed before it had sealed its segments', async () => {
    const folder = scratchFolder();
    const folders = shardsIn(folder);
    const segment = join(folders[1], 'epochs', '0001-00001.arrow');
    const bytes = readFileSync(segment);
    rmSync(segment);
    writeFileSync(`${segment}.part`, Buffer.concat([bytes, Buffer.from('half a batch')]));
    expect(runBits((await mergeRuns(folders, join(folder, 'merged'))).folder)).toEqual(whole);
  });

  test('merge anew where an earlier merge was cut short, which has left no run behind', async () => {
    const folder = scratchFolder();
    const folders = shardsIn(folder);
    const out = join(folder, 'merged');
    const segment = join(folders[2], 'blocks', '0001-00001.arrow');
    renameSync(segment, `${segment}.away`);
    await expect(mergeRuns(folders, out)).rejects.toThrow(`${segment}: got a segment that is gone`);
    expect(existsSync(out)).toBe(false);
    expect(existsSync(runPaths(`${out}.part`).manifest)).toBe(false);
    expect(readdirSync(`${out}.part/epochs`)).not.toEqual([]);
    renameSync(`${segment}.away`, segment);
    expect(runBits((await mergeRuns(folders, out)).folder)).toEqual(whole);
    expect(existsSync(`${out}.part`)).toBe(false);
  });
});

test('extended shards merge with what they keep, and the whole can be extended', async () => {
  const folder = scratchFolder();
  const to = (epochs: number): Sweep => ({ ...sweep, epochs, trace: { ...sweep.trace, checkpoints: { every: 300 } } });
  const shards: string[] = [];
  for (const [i, ways] of [[700, 1300], [1300], [400, 1000, 1300]].entries()) {
    const options = { folder: join(folder, String(i)), shard: { index: i + 1, count: COUNT } };
    for (const epochs of ways) await execute({ sweep: to(epochs), ...options });
    shards.push(options.folder);
  }
  const merged = await mergeRuns([shards[2], shards[0], shards[1]], join(folder, 'merged'));
  expect(runBits(merged.folder)).toEqual(whole);
  for (const { id } of merged.networks)
    expect(merged.results.keptOf(id).map(({ epoch }) => epoch)).toEqual([300, 600, 900, 1200]);
  expect(new Set(readdirSync(runPaths(merged.folder).checkpoints))).toEqual(merged.results.keptCheckpoints);
  const compared = await verifyNetworks(merged, merged.networks, { threads: 1, workerUrl: WORKER_URLS.replay });
  expect(compared.map(({ blocks, mismatch }) => [blocks, mismatch])).toEqual(merged.networks.map(() => [2, null]));
  for (const shard of shards.map((text) => readRun(text))) {
    const [own, joined] = [new TraceReader(shard), new TraceReader(merged)];
    for (const { id: network } of shard.networks) {
      const all = { network, first: 1, last: 1300 };
      expect(joined.events(all)).toEqual(own.events(all));
      expect(joined.blocks(all)).toEqual(own.blocks(all));
      expect(joined.buckets(all)).toEqual(own.buckets(all));
    }
  }
  const [extended, fresh] = [merged.folder, join(folder, 'fresh')];
  for (const wanted of [extended, fresh]) await execute({ sweep: to(1600), folder: wanted });
  expect(runBits(extended)).toEqual(runBits(fresh));
});

describe('a merge refuses, all at once and before it writes anything,', () => {
  test('shards that are missing, there twice or not done, and what is no shard', async () => {
    const folder = scratchFolder();
    const [first] = shardsIn(folder);
    const stopped = join(folder, 'stopped');
    openRun({ plan: new Plan(sweep, { index: 2, count: COUNT }), folder: stopped }).close();
    const out = join(folder, 'merged');
    const text = await refusalOf(mergeRuns([first, stopped, first, join(made, 'whole')], out));
    expect(text.split('\n')).toEqual([
      `${join(made, 'whole')}: got a whole run, expected a shard of one, made by gyre run --shard I/N`,
      `${stopped}: got shard 2/3, of which 5 of 5 networks are not done, expected a shard that is done ` +
        '(continue it with the gyre run command that began it)',
      `${first} and ${first}: got shard 1/3 twice, expected each once`,
      'gyre merge: got 2 of 3 shards, without 3/3, expected all of them',
    ]);
    expect(readdirSync(folder).sort()).toEqual(['1of3', '2of3', '3of3', 'stopped']);
  });

  test('shards of another sweep, of other epochs, another trace or another count', async () => {
    const folder = scratchFolder();
    const [first] = shardsIn(folder);
    const other = join(folder, 'other');
    const changed = sweepOf({ layers: [1, 3, 1], seeds: 7, epochs: 1400, trace: { epochs: { every: 8 } } });
    openRun({ plan: new Plan(changed, { index: 2, count: 2 }), folder: other }).close();
    const text = await refusalOf(mergeRuns([first, other], join(folder, 'merged')));
    expect(text).toContain(`${other}: layers: got [[1,3,1]], expected [[1,3,1],[1,2,2,1]], as in ${first}`);
    expect(text).toContain(`${other}: epochs: got 1400, expected 1300, as in ${first}`);
    expect(text).toContain(`${other}: trace.epochs.every: got 8, expected 7`);
    expect(text).toContain(`${other}: got shard 2/2, expected one of 3 shards`);
  });

  test('a folder that holds something, or that another merge works on', async () => {
    const folder = scratchFolder();
    const folders = shardsIn(folder);
    const out = join(folder, 'merged');
    mkdirSync(out);
    writeFileSync(join(out, 'thesis.tex'), '');
    mkdirSync(`${out}.part`);
    writeFileSync(join(`${out}.part`, 'notes'), '');
    const text = await refusalOf(mergeRuns(folders, out));
    expect(text).toContain(`${out}: got a folder with files (thesis.tex), expected a new or empty folder`);
    expect(text).toContain(`${out}.part: got a folder with other files (notes), expected nothing`);
    rmSync(out, { recursive: true });
    rmSync(`${out}.part`, { recursive: true });
    const other = acquireLease(`${out}.lock`);
    await expect(mergeRuns(folders, out)).rejects.toThrow(`process ${process.pid} works on`);
    other.release();
    expect(existsSync(out)).toBe(false);
  });
});

describe('the folder of a shard', () => {
  const open = (shard?: { index: number; count: number }) =>
    openRun({ plan: new Plan(sweep, shard), folder: join(made, '1of3') });

  test('is continued by the same shard alone, and refused with the difference for any other', () => {
    open({ index: 1, count: 3 }).close();
    expect(refusal(() => open({ index: 2, count: 3 }))).toContain('got shard 2/3 to be run, expected shard 1/3');
    expect(refusal(() => open({ index: 1, count: 4 }))).toContain('got shard 1/4 to be run, expected shard 1/3');
    expect(refusal(() => open())).toContain(
      'got the whole sweep to be run, expected shard 1/3, which the folder holds',
    );
  });

  test('of a version that shared the plan out in another way is refused instead of read as other networks', () => {
    const folder = shardsIn(scratchFolder())[0];
    const manifest = readManifest(folder);
    const shard = { ...manifest.shard, members: '0123456789abcdef' };
    writeFileSync(runPaths(folder).manifest, JSON.stringify({ ...manifest, gyre: '0.0.9', shard }));
    expect(() => readRun(folder)).toThrow('shard 1/3 with networks of hash 0123456789abcdef');
  });
});
