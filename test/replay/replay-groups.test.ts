/**
 * Replay: windows are what the run saw, bit for bit, wherever they begin; and where a run is not what it says, that is
 * found and named.
 */
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { FLUSH_LIMITS } from '../../schemas/arithmetic.ts';
import { namesOf, OPTIMIZERS, PRECISIONS, SUBNORMALS } from '../../schemas/catalogue.ts';
import type { BatchBlock } from '../../schemas/journal.ts';
import type { Network } from '../../schemas/network.ts';
import type { StateWindow, WindowRequest } from '../../schemas/replay-messages.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { parseSweep } from '../../src/plan/read.ts';
import { Comparisons } from '../../src/replay/comparisons.ts';
import { replayGroups } from '../../src/replay/replay-groups.ts';
import { planReplay, type ReplayWanted } from '../../src/replay/replay-plan.ts';
import { TraceReader } from '../../src/replay/trace-reader.ts';
import { verifyNetworks } from '../../src/replay/verify-networks.ts';
import { foldRun, type RunRecord, readRun } from '../../src/run/folder.ts';
import { WORKER_URLS } from '../../src/run/package.ts';
import { referenceRows, windowDifference } from '../support/reference-states.ts';
import { execute, hookFolder, scratchFolder, sweepOf } from '../support/runs.ts';

const EPOCHS = 2310;

/** States are kept so often. */
const KEPT_EPOCHS = 450;

/**
 * Every form of every optimiser, in both precisions, in two variants; the trace cuts its buckets across the blocks of
 * losses.
 */
function sweepOfAll(keys: Record<string, unknown>): Sweep {
  const sweep = {
    name: 'catalogue',
    epochs: EPOCHS,
    optimizer: Object.entries(OPTIMIZERS).map(([kind, { forms }]) => ({ kind, form: [...forms], learningRate: 0.03 })),
    precision: namesOf(PRECISIONS),
    seeds: 1,
    trace: { epochs: { every: 7 }, checkpoints: { every: KEPT_EPOCHS } },
    ...keys,
  };
  return parseSweep(stringify(sweep), 'catalogue.yaml');
}
const layered = { layers: [1, 3, 1], data: { kind: 'sine', points: 5 } };
const SWEEPS = {
  'full batches': sweepOfAll({ ...layered, subnormals: namesOf(SUBNORMALS) }),
  'mini-batches': sweepOfAll({ ...layered, batch: 2, shuffle: [false, true] }),
  objectives: sweepOfAll({
    subnormals: namesOf(SUBNORMALS),
    objective: { kind: 'power', exponent: 4, curvature: 1, start: 1 },
  }),
};

/** Of full batches. */
let run: RunRecord;
beforeAll(async () => {
  const folder = hookFolder();
  await execute({ sweep: SWEEPS['full batches'], folder, threads: 2 });
  run = readRun(folder);
});
afterAll(() => rmSync(run.folder, { recursive: true }));

/** Replays windows and gives them back in any order, with the comparisons. */
async function replay(windows: readonly WindowRequest[], { replayed = run, threads = 2 } = {}) {
  const byNetwork = new Map<number, WindowRequest[]>();
  for (const window of windows) byNetwork.set(window.network, [...(byNetwork.get(window.network) ?? []), window]);
  const wanted = [...byNetwork].map(([id, list]): ReplayWanted => ({ network: replayed.networks[id], windows: list }));
  const groups = planReplay(replayed, wanted);
  const comparisons = new Comparisons();
  const found: StateWindow[] = [];
  await replayGroups(replayed, groups, {
    threads,
    workerUrl: WORKER_URLS.replay,
    buckets: 'windows',
    take: (range) => {
      found.push(...range.windows);
      comparisons.take(range.comparisons);
    },
  });
  return { windows: found, comparisons, groups };
}

/** What must be replayed both from epoch 0 and from a kept state. */
const settingOf = ({ optimizer, precision }: Network) => `${optimizer.kind} ${precision}`;

/**
 * Random windows: of the first network of each setting one near each end, which takes a group of its own; of the
 * others, three anywhere.
 */
function randomWindows(networks: readonly Network[], seed: number): WindowRequest[] {
  const settings = networks.map(settingOf);
  const arbitraries = networks.flatMap(({ id }) => {
    const between = (min: number, max: number) =>
      fc
        .tuple(fc.integer({ min, max }), fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 3 })))
        .map(([first, more]) => ({ network: id, first, last: Math.min(EPOCHS, first + more) }));
    const isFirst = settings.indexOf(settings[id]) === id;
    // A group from epoch 0 goes on to the end of a block, epoch 1000 here.
    return isFirst
      ? [between(0, KEPT_EPOCHS), between(3 * KEPT_EPOCHS + 1, EPOCHS)]
      : [1, 2, 3].map(() => between(0, EPOCHS));
  });
  return arbitraries.flatMap((arbitrary, i) => fc.sample(arbitrary, { numRuns: 1, seed: seed + i }));
}

test.each(Object.entries(SWEEPS))(
  'more than a hundred random windows of %s equal the scalar reference in every bit, ' +
    'and are proven by digests and buckets',
  async (name, sweep) => {
    const seed = Math.floor(Math.random() * 2 ** 30);
    const replayed = name === 'full batches' ? run : await runOf(sweep);
    const windows = randomWindows(replayed.networks, seed);
    expect(windows.length).toBeGreaterThan(100);
    const { windows: found, comparisons, groups } = await replay(windows, { replayed });
    expect(found, `seed ${seed}`).toHaveLength(windows.length);
    const startsOf = (isKept: boolean) =>
      new Set(groups.filter(({ epoch }) => epoch > 0 === isKept).flatMap((group) => group.networks.map(settingOf)));
    const settings = new Set(replayed.networks.map(settingOf));
    expect(settings.size).toBe(namesOf(OPTIMIZERS).length * namesOf(PRECISIONS).length);
    expect([startsOf(false), startsOf(true)], `seed ${seed}`).toEqual([settings, settings]);

    const rows = replayed.networks.map((network) => referenceRows(network, EPOCHS));
    const differences = found.map((window) =>
      windowDifference(window, rows[window.network], replayed.networks[window.network]),
    );
    expect(
      differences.filter((difference) => difference !== null),
      `seed ${seed}`,
    ).toEqual([]);
    for (const { network, mismatch, blocks, provenEpoch } of comparisons.all) {
      const last = Math.max(...windows.filter((window) => window.network === network).map((window) => window.last));
      expect([network, mismatch], `seed ${seed}`).toEqual([network, null]);
      expect(blocks, `seed ${seed}`).toBeGreaterThan(0);
      expect(provenEpoch, `seed ${seed}`).toBeGreaterThanOrEqual(last);
    }
  },
);

async function runOf(sweep: Sweep): Promise<RunRecord> {
  const folder = scratchFolder();
  await execute({ sweep, folder, threads: 2 });
  return readRun(folder);
}

test('gradients too small for the optimiser are zeros in windows too, where the network flushes them', async () => {
  // Steps of 50 saturate every unit: slopes fall below the limits of both precisions.
  const saturated = sweepOf({
    ...{ epochs: 60, activation: 'sigmoid', optimizer: { kind: 'adam', learningRate: 50 }, seeds: 1 },
    ...{ precision: namesOf(PRECISIONS), subnormals: namesOf(SUBNORMALS) },
  });
  const replayed = await runOf(saturated);
  const { windows } = await replay(
    replayed.networks.map(({ id }) => ({ network: id, first: 1, last: 60 })),
    { replayed },
  );
  for (const found of windows) {
    const network = replayed.networks[found.network];
    expect(windowDifference(found, referenceRows(network, 60), network)).toBeNull();
    const limit = FLUSH_LIMITS[network.precision].gradient;
    const tiny = found.gradient.filter((g) => g !== 0 && Math.abs(g) < limit).length;
    expect(tiny > 0, `${network.precision} ${network.subnormals}: ${tiny}`).toBe(network.subnormals === 'ieee');
  }
});

test('ranges come in the order of the plan and hold the same bits, whatever the threads', async () => {
  const windows = [0, 9, 17].map((network) => ({ network, first: 0, last: EPOCHS }));
  const [one, four] = [await replay(windows, { threads: 1 }), await replay(windows, { threads: 4 })];
  expect(four.windows.map(hashOf)).toEqual(one.windows.map(hashOf));
  expect(one.windows.reduce((rows, { loss }) => rows + loss.length, 0)).toBe(3 * (EPOCHS + 1));
});

/** The bits of a window in short: to compare its numbers one by one would take seconds. */
function hashOf(window: StateWindow): string {
  const hash = createHash('sha256').update(`${window.network} ${window.first} ${window.last}`);
  for (const values of Object.values(window))
    if (ArrayBuffer.isView(values)) hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return hash.digest('hex');
}

/**
 * A copy of the run in which the first place of some bytes in a table reads otherwise, and the checksums are those of
 * that.
 */
function damagedRun(table: string, bytes: Buffer, otherwise: Buffer): RunRecord {
  const folder = join(scratchFolder(), 'run');
  cpSync(run.folder, folder, { recursive: true });
  for (const name of readdirSync(join(folder, table))) {
    const path = join(folder, table, name);
    const content = readFileSync(path);
    const place = content.indexOf(bytes);
    if (place < 0) continue;
    otherwise.copy(content, place);
    writeFileSync(path, content);
    return withOwnChecksums(readRun(folder));
  }
  throw new Error(`no such bytes in ${table}`);
}

/** The run with the checksums that its segments have now. */
function withOwnChecksums(record: RunRecord): RunRecord {
  const { folder, manifest, state } = record;
  const journal = record.journal.map((entry) => {
    if (entry.kind !== 'commit') return entry;
    const segments = entry.segments.map((segment) => {
      const content = segment.blocks.length === 0 ? null : readFileSync(join(folder, segment.table, segment.file));
      const crcOf = ({ offset, metadataBytes, bodyBytes }: BatchBlock) =>
        crc32((content as Buffer).subarray(offset, offset + metadataBytes + bodyBytes));
      return { ...segment, blocks: segment.blocks.map((block) => ({ ...block, crc32: crcOf(block) })) };
    });
    return { ...entry, segments };
  });
  return { ...record, journal, ...foldRun(folder, { manifest, plan: state.plan, records: journal }) };
}

const NETWORK = 5;
const window = (first: number, last: number) => [{ network: NETWORK, first, last }];
const verify = (run: RunRecord, networks = run.networks) =>
  verifyNetworks(run, networks, { threads: 2, workerUrl: WORKER_URLS.replay });

describe('a run that is not what its configuration says', () => {
  test('is found by the digest of a block, and the block is named', async () => {
    const { blocks } = await tracedOf(NETWORK);
    const other = damagedRun('blocks', Buffer.from(blocks.digest[1]), Buffer.from('0123456789abcdef'));
    const { comparisons } = await replay(window(1200, 1210), { replayed: other });
    expect(comparisons.of(NETWORK)?.mismatch).toEqual({
      block: { first: 1001, last: 2000 },
      bucket: null,
      isStateOnly: false,
    });
    expect(() => comparisons.refuseMismatch(other.folder)).toThrow(
      `${other.folder}: network ${NETWORK}: got other losses in the block of epochs 1001 to 2000, ` +
        'expected the bits that the run has kept',
    );
    // Before it nothing is wrong.
    expect((await replay(window(10, 990), { replayed: other })).comparisons.of(NETWORK)?.mismatch).toBeNull();
    const verified = await verify(other);
    expect(verified.filter(({ mismatch }) => mismatch !== null).map(({ network }) => network)).toEqual([NETWORK]);
    expect(verified).toHaveLength(run.networks.length);
  });

  test('is found by a bucket of the trace, and bucket and column are named', async () => {
    const { buckets } = await tracedOf(NETWORK);
    const place = 171; // epochs 1198 to 1204
    const loss = buckets.columns.loss[place];
    const bytes = Buffer.from(Float64Array.of(loss).buffer);
    const other = damagedRun('epochs', bytes, Buffer.from(Float64Array.of(2).buffer));
    const { comparisons } = await replay(window(1200, 1210), { replayed: other });
    const bucket = { first: 1198, last: 1204, column: 'loss', found: loss, kept: 2 };
    expect(comparisons.of(NETWORK)?.mismatch).toEqual({ block: null, bucket, isStateOnly: false });
    expect(() => comparisons.refuseMismatch('r')).toThrow(
      `r: network ${NETWORK}: got another loss in the bucket of epochs 1198 to 1204: ${loss}, where the trace has 2`,
    );
  });

  test('is found by the digest of its last state', async () => {
    const other = readRun(run.folder);
    Object.defineProperty(other.results, 'digestOf', { value: () => '00'.repeat(32) });
    const [{ mismatch, digest }] = await verify(other, [run.networks[NETWORK]]);
    expect(mismatch).toEqual({ block: null, bucket: null, isStateOnly: true });
    expect(digest).toBe(run.results.digestOf(NETWORK));
  });

  test('and a segment that is gone, cut or damaged is named', async () => {
    const folder = join(scratchFolder(), 'run');
    cpSync(run.folder, folder, { recursive: true });
    const other = readRun(folder);
    const file = join(folder, 'blocks', readdirSync(join(folder, 'blocks'))[0]);
    const whole = readFileSync(file);
    const flipped = Buffer.from(whole);
    flipped[1800] ^= 1; // in a digest of the first batch: still a text
    const damages: [string, Buffer | null][] = [
      ['a damaged batch', flipped],
      ['a file or folder that is gone', null],
      ['a segment that is cut', whole.subarray(0, 900)],
      ['a damaged batch', Buffer.concat([whole.subarray(0, 700), Buffer.alloc(whole.length - 700)])],
    ];
    for (const [got, content] of damages) {
      rmSync(file, { force: true });
      if (content !== null) writeFileSync(file, content);
      await expect(replay(window(1, 2), { replayed: other })).rejects.toThrow(got);
      await expect(replay(window(1, 2), { replayed: other })).rejects.toThrow(file);
    }
  });
});

/** What the run has kept of a network. */
async function tracedOf(network: number) {
  const reader = new TraceReader(run);
  const wanted = { network, first: 1, last: EPOCHS };
  return { blocks: reader.blocks(wanted), buckets: reader.buckets(wanted) };
}

test('what a run keeps of a network is read back from the batches of its commits', async () => {
  const { blocks, buckets } = await tracedOf(NETWORK);
  expect([...blocks.epoch]).toEqual([1000, 2000, EPOCHS]);
  expect(buckets.epoch).toHaveLength(EPOCHS / 7);
  const rows = referenceRows(run.networks[NETWORK], EPOCHS);
  expect([...buckets.columns.loss]).toEqual(Array.from(buckets.epoch, (epoch) => rows[epoch].loss));
});
