/**
 * A run's bits do not depend on how it is computed: engine, threads, lanes, padding and the order of tasks leave the
 * fingerprint and every row of every table as they are.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { beforeAll, describe, expect, test } from 'vitest';
import { ACTIVATIONS, FORMS, namesOf, PRECISIONS, SUBNORMALS } from '../../schemas/catalogue.ts';
import { packGroups, packTasks } from '../../src/plan/pack.ts';
import { Plan } from '../../src/plan/plan.ts';
import { openRun } from '../../src/run/open-run.ts';
import { WORKER_URLS } from '../../src/run/package.ts';
import { executeRun } from '../../src/session/execute.ts';
import {
  execute,
  type RunBits,
  rowTexts,
  runBits,
  SEVERAL_TASKS,
  scratchFolder,
  sweepOf,
  undisturbedBits,
} from '../support/runs.ts';

const sweep = SEVERAL_TASKS;
const plan = new Plan(sweep);
const { networks } = plan;

describe('a run of several tasks', () => {
  let expected: RunBits;
  beforeAll(async () => {
    expected = await undisturbedBits(sweep);
  });

  test('is one: its tasks are enough to keep two threads at work', () => {
    expect(packTasks(packGroups(networks, 4), { epochs: sweep.epochs, engine: 'reference' })).toHaveLength(3);
    expect(expected.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    { engine: 'reference', threads: 1, lanes: 16 },
    { engine: 'reference', threads: 2, lanes: 1 },
    { engine: 'reference', threads: 3, lanes: 7 },
    { engine: 'kernel', threads: 1, lanes: 4 },
    { engine: 'kernel', threads: 2, lanes: 8 },
    { engine: 'kernel', threads: 1, lanes: 16 },
  ] as const)('has the same bits by the $engine on $threads threads with $lanes lanes a group', async (options) => {
    const folder = scratchFolder();
    expect((await execute({ sweep, folder, ...options })).ending).toBe('done');
    expect(runBits(folder)).toEqual(expected);
  });

  test('has the same bits where its networks come in another order, so that groups and tasks are others', async () => {
    const folder = scratchFolder();
    const run = openRun({ plan, folder, engine: 'reference' });
    const shuffled = networks.map((_, i) => networks[(i * 5 + 3) % networks.length]);
    expect(new Set(shuffled).size).toBe(networks.length);
    const options = {
      threads: 2,
      lanes: 3,
      workerUrl: WORKER_URLS.train,
      notify: () => {},
      stop: new AbortController().signal,
    };
    expect(await executeRun({ ...run, networks: shuffled }, options)).toBe('done');
    run.close();
    expect(runBits(folder)).toEqual(expected);
  });
});

test('networks of the whole catalogue have the same bits by both engines in any number of lanes', async () => {
  const every = sweepOf({
    epochs: 40,
    activation: namesOf(ACTIVATIONS),
    optimizer: [
      { kind: 'adam', form: namesOf(FORMS), learningRate: 0.05 },
      { kind: 'sgd', learningRate: 0.5 },
    ],
    precision: namesOf(PRECISIONS),
    subnormals: namesOf(SUBNORMALS),
    seeds: 3,
  });
  const bits: RunBits[] = [];
  for (const [engine, lanes] of [
    ['reference', 1],
    ['reference', 2],
    ['kernel', 4],
    ['kernel', 8],
  ] as const) {
    const folder = scratchFolder();
    await execute({ sweep: every, folder, engine, lanes });
    bits.push(runBits(folder));
  }
  expect(bits[0].fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(bits).toEqual(Array(4).fill(bits[0]));
});

test('every network has each of its buckets and blocks exactly once', async () => {
  const folder = scratchFolder();
  const tiny = sweepOf({ epochs: 1010, seeds: 3, trace: { epochs: { every: 500 } } });
  await execute({ sweep: tiny, folder, engine: 'reference', threads: 3, lanes: 1 });
  const idAndEpoch = (table: 'epochs' | 'blocks') =>
    rowTexts(folder, table).map((text) => text.split(' ').slice(0, 2).map(numberOf).join(':'));
  expect(idAndEpoch('epochs')).toEqual([0, 1, 2].flatMap((id) => [500, 1000, 1010].map((epoch) => `${id}:${epoch}`)));
  expect(idAndEpoch('blocks')).toEqual([0, 1, 2].flatMap((id) => [1000, 1010].map((epoch) => `${id}:${epoch}`)));
});

/** The number whose bits a cell of `rowTexts` shows. */
function numberOf(hex: string): number {
  return Buffer.from(hex.padStart(16, '0'), 'hex').readDoubleBE();
}

test('the fingerprint is SHA-256 over id, key and digest of each network in the order of ids', async () => {
  const folder = scratchFolder();
  const { fingerprint, notices } = await execute({ sweep: sweepOf(), folder });
  const table = tableFromIPC(readFileSync(join(folder, 'networks.arrow')));
  const bytes = table.toArray().flatMap((row) => {
    const id = Buffer.alloc(4);
    id.writeUInt32LE(row?.network as number);
    return [id, Buffer.from(row?.key as string, 'hex'), Buffer.from(row?.digest as string, 'hex')];
  });
  expect(bytes).toHaveLength(24);
  expect(fingerprint).toBe(createHash('sha256').update(Buffer.concat(bytes)).digest('hex'));
  expect(notices.at(-1)).toMatchObject({
    kind: 'ended',
    reason: 'done',
    fingerprint,
    networksDone: 8,
    networksFailed: 0,
  });
});

test('another seed, another number of epochs or another precision has another fingerprint', async () => {
  const parent = scratchFolder();
  const keys = [{}, { seeds: [8, 9] }, { epochs: 51 }, { precision: 'float64' }];
  const fingerprints: (string | null)[] = [];
  for (const [i, key] of keys.entries()) {
    const { fingerprint } = await execute({ sweep: sweepOf({ seeds: 2, ...key }), folder: join(parent, String(i)) });
    fingerprints.push(fingerprint);
  }
  expect(new Set(fingerprints).size).toBe(keys.length);
  expect(fingerprints).not.toContain(null);
});
