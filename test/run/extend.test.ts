/**
 * A run that is extended to more epochs: it ends with the bits and the rows of a run that had as many from the
 * beginning, wherever it was when it was extended and wherever a crash cut the extension; and it is never shortened.
 */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_THRESHOLDS } from '../../schemas/detectors.ts';
import { UsageError } from '../../schemas/problems.ts';
import { SEGMENTED_TABLE_NAMES } from '../../schemas/trace.ts';
import { Plan } from '../../src/plan/plan.ts';
import { prepareExtension, restartLimit } from '../../src/run/extend.ts';
import { readRun, runPaths } from '../../src/run/folder.ts';
import { readManifest } from '../../src/run/manifest.ts';
import { openRun } from '../../src/run/open-run.ts';
import { journalFile } from '../../src/storage/journal/journal.ts';
import { newFolder, removeFolder } from '../support/cli.ts';
import {
  DYING_WORKER_URL,
  execute,
  type RunBits,
  readSegments,
  runBits,
  scratchFolder,
  segmentNames,
  sweepOf,
  undisturbedBits,
} from '../support/runs.ts';

const SPIKE_FALL_EPOCHS = 5;
/**
 * Networks of every fate and with many events; buckets, blocks of losses and kept checkpoints that end nowhere
 * together.
 */
const sweepTo = (epochs: number) =>
  sweepOf({
    name: 'extended',
    epochs,
    precision: ['float32', 'float64'],
    activation: ['relu', 'tanh'],
    optimizer: [
      { kind: 'adam', learningRate: [0.2, 0.5], beta2: 0.9 },
      { kind: 'sgd', learningRate: [0.01, 1e4] },
    ],
    trace: { epochs: { every: 7 }, checkpoints: { every: 530 }, compression: 'zstd' },
    detectors: {
      ...{
        spikeLookback: 40,
        spikeStart: 10,
        spikeRise: 1.5,
        spikeFallEpochs: SPIKE_FALL_EPOCHS,
        levelShiftEpochs: 60,
      },
      ...{ frozenEpochs: 10, spikingHeight: 1.6, lossFloor: 0 },
    },
  });
const [SHORT, LONG] = [2303, 4105];
/** Where networks that have trained SHORT epochs go on. */
const RESTART = 2120;
let expected: RunBits;
beforeAll(async () => {
  expected = await undisturbedBits(sweepTo(LONG));
});

const epochsOf = (folder: string) => readManifest(folder).sweep.epochs;
const open = (folder: string, epochs: number) =>
  openRun({ plan: new Plan(sweepTo(epochs)), folder, hasHeartbeat: false });

/**
 * Spikes and level shifts: those that began after an epoch, that were over by then, and that began before and were not.
 */
function eventsAround(folder: string, epoch: number): [after: number, over: number, open: number] {
  const rows = readSegments(folder, 'events')
    .toArray()
    .flatMap((row) => row?.toJSON() ?? [])
    .filter(({ kind }) => kind === 'spike' || kind === 'level-shift')
    .map(({ kind, epoch: first, end_epoch: end }) => {
      const toldEpoch = kind === 'level-shift' ? end : end + SPIKE_FALL_EPOCHS - 1;
      return { first, isOver: end !== null && toldEpoch <= epoch };
    });
  const [after, before] = [rows.filter(({ first }) => first > epoch), rows.filter(({ first }) => first <= epoch)];
  const over = before.filter(({ isOver }) => isOver);
  return [after.length, over.length, before.length - over.length];
}

/** A folder whose run has trained SHORT epochs. */
async function shortRun(folder = scratchFolder()): Promise<string> {
  expect((await execute({ sweep: sweepTo(SHORT), folder })).ending).toBe('done');
  return folder;
}

async function expectExtended(folder: string): Promise<void> {
  expect((await execute({ sweep: sweepTo(LONG), folder })).ending).toBe('done');
  expect(epochsOf(folder)).toBe(LONG);
  expect(runBits(folder)).toEqual(expected);
}

describe('a run that is extended', () => {
  test('continues from its newest checkpoint that knows nothing of the new end, and equals a run as long', async () => {
    const folder = await shortRun();
    const run = open(folder, LONG);
    expect(run.extendedFrom).toBe(SHORT);
    expect(run.networks.map(({ id }) => run.results.progressOf(id)?.epoch)).toEqual(run.networks.map(() => RESTART));
    expect(run.results.doneCount).toBe(0);
    run.close();
    await expectExtended(folder);
    expect(readdirSync(runPaths(folder).checkpoints)).toHaveLength(2);
    expect(
      readRun(folder)
        .results.keptOf(0)
        .map(({ epoch }) => epoch),
    ).toEqual([530, 1060, 1590, 2120, 2650, 3180, 3710]);
  });

  test('in small steps, each time from where it was, is the same', async () => {
    const folder = scratchFolder();
    for (const epochs of [1, 500, 700, 3000, 3001]) await execute({ sweep: sweepTo(epochs), folder });
    await expectExtended(folder);
  });

  test('with networks that are half trained, or given up, is the same', async () => {
    const scratch = scratchFolder();
    const folder = join(scratch, 'run');
    const plan = { network: 0, times: 3, how: 'throw' };
    writeFileSync(join(scratch, 'deaths.json'), JSON.stringify(plan));
    const sweep = sweepTo(SHORT);
    const failed = await execute({ sweep, folder, workerUrl: DYING_WORKER_URL, engine: 'reference' });
    expect(failed.ending).toBe('failed');
    await execute({
      sweep,
      folder,
      engine: 'reference',
      onNotice: ({ kind }, stop) => kind === 'progress' && stop.abort(),
    });
    await expectExtended(folder);
  });

  test('keeps no row beyond the restart, and no file or finding of the shorter run, once it is open', async () => {
    const folder = await shortRun();
    for (const table of ['spirals', 'twins']) writeFileSync(join(folder, `${table}.arrow`), 'of the shorter run');
    const before = segmentNames(folder, 'epochs');
    const [, told, wasOpen] = eventsAround(folder, RESTART);
    expect(told).toBeGreaterThan(20);
    expect(wasOpen).toBeGreaterThan(1);
    open(folder, LONG).close();
    expect(eventsAround(folder, RESTART)).toEqual([0, told, 0]);
    expect(segmentNames(folder, 'epochs').filter((name) => before.includes(name))).toEqual([]);
    expect(segmentNames(folder, 'epochs').every((name) => name.endsWith('.arrow'))).toBe(true);
    expect(readdirSync(folder).filter((name) => /^(spirals|twins)\.arrow/.test(name))).toEqual([]);
    expect(runBits(folder).fingerprint).toBe(null);
    expect(epochsOf(folder)).toBe(LONG);
  });
});

test('the end of the longer run is not in sight of a restart', () => {
  const limit = (epochs: number, newEpochs: number, detectors = DEFAULT_THRESHOLDS) =>
    restartLimit({ epochs, newEpochs, detectors });
  expect(limit(1000, 2000)).toBe(1000);
  expect(limit(1000, 1001)).toBe(800);
  expect(limit(1000, 1001, { ...DEFAULT_THRESHOLDS, trendEnd: 0.5 })).toBe(500);
  expect(limit(1000, 1001, { ...DEFAULT_THRESHOLDS, tail: 1 })).toBe(0);
  // The end has a hundred epochs.
  expect(limit(150, 160)).toBe(60);
  expect(limit(1, 2)).toBe(0);
});

describe('a run is never shortened', () => {
  test('neither one that was made so long, nor one that was extended', async () => {
    const folder = await shortRun();
    const refusal = (epochs: number) =>
      `${folder}: epochs: got ${SHORT - 1} in the sweep, expected ${epochs} or more, ` +
      'as in the run "extended" that the folder holds ' +
      `(a run can be extended, never shortened: continue it with --epochs ${epochs}, ` +
      'or choose another folder with --out)';
    expect(() => open(folder, SHORT - 1)).toThrow(UsageError);
    expect(() => open(folder, SHORT - 1)).toThrow(refusal(SHORT));
    const manifest = readFileSync(runPaths(folder).manifest);
    open(folder, LONG).close();
    expect(() => open(folder, SHORT - 1)).toThrow(refusal(LONG));
    // As a crash between the journal and run.json leaves it.
    writeFileSync(runPaths(folder).manifest, manifest);
    expect(readRun(folder).manifest.sweep.epochs).toBe(LONG);
    expect(() => open(folder, SHORT)).toThrow('expected 4105 or more');
  });
});

describe('a crash', () => {
  /** Folders as they are before an extension and after it, before anything is trained. */
  let [before, after]: [string, string] = ['', ''];
  beforeAll(async () => {
    before = await shortRun(newFolder());
    after = newFolder();
    cpSync(before, after, { recursive: true });
    open(after, LONG).close();
  });
  afterAll(() => {
    for (const folder of [before, after]) removeFolder(folder);
  });
  const copy = (name: string) => {
    const folder = scratchFolder();
    cpSync(name, folder, { recursive: true });
    return folder;
  };
  test('after the record of an extension, and once more after that of another one, loses no run', () => {
    const folder = copy(after);
    const { manifest } = runPaths(folder);
    cpSync(runPaths(before).manifest, manifest);
    open(folder, LONG + 1000).close();
    cpSync(runPaths(before).manifest, manifest);
    expect(readRun(folder).manifest.sweep.epochs).toBe(LONG + 1000);
    open(folder, LONG + 1000).close();
    expect(readRun(folder).manifest.sweep.epochs).toBe(LONG + 1000);
  });

  /** Puts the new segments beside the old ones, not yet sealed. */
  const withNewParts = (folder: string) => {
    for (const table of SEGMENTED_TABLE_NAMES)
      for (const name of segmentNames(after, table))
        if (!existsSync(join(folder, table, name)))
          cpSync(join(after, table, name), join(folder, table, `${name}.part`));
    return folder;
  };

  test('before the extension is in the journal leaves the shorter run, ready to continue or extend', async () => {
    const bits = runBits(before);
    const folder = withNewParts(copy(before));
    expect((await execute({ sweep: sweepTo(SHORT), folder })).ending).toBe('done');
    expect(runBits(folder)).toEqual(bits);
    await expectExtended(withNewParts(copy(before)));
  });

  test('within the record of the extension, at any byte, leaves the shorter run', async () => {
    // The extension is the second record of the session that made it, behind its header.
    const bytes = readFileSync(journalFile(runPaths(after).journal, 2));
    for (let cut = 0; cut < bytes.length; cut += 101) {
      const folder = copy(before);
      writeFileSync(journalFile(runPaths(folder).journal, 2), bytes.subarray(0, cut));
      const { manifest, results, networks } = readRun(folder);
      expect([manifest.sweep.epochs, results.doneCount]).toEqual([SHORT, networks.length]);
      rmSync(folder, { recursive: true });
    }
  });

  test('behind it leaves the longer run, whatever of the old files and of run.json is still there', async () => {
    const halfway: readonly ((folder: string) => void)[] = [
      () => {},
      (folder) => {
        for (const table of SEGMENTED_TABLE_NAMES)
          for (const name of segmentNames(folder, table)
            .filter((name) => name.endsWith('.part'))
            .slice(0, 1))
            renameSync(join(folder, table, name), join(folder, table, name.slice(0, -'.part'.length)));
      },
      (folder) => {
        for (const name of segmentNames(before, 'epochs')) rmSync(join(folder, 'epochs', name));
      },
    ];
    for (const step of halfway) {
      const folder = withNewParts(copy(before));
      cpSync(runPaths(after).journal, runPaths(folder).journal, { recursive: true });
      step(folder);
      const { manifest, results } = readRun(folder);
      expect([manifest.sweep.epochs, results.doneCount]).toEqual([LONG, 0]);
      await expectExtended(folder);
    }
  });

  test('of the disk while rows are copied leaves the shorter run and no debris', async () => {
    const folder = copy(before);
    const bits = runBits(folder);
    const { manifest, networks, results, segments, close } = open(folder, SHORT);
    rmSync(join(folder, 'blocks', segmentNames(folder, 'blocks')[0]));
    const { checkpoints: checkpointFolder } = runPaths(folder);
    const extend = () => prepareExtension({ manifest, checkpointFolder, networks, results, segments }, LONG);
    expect(extend).toThrow(join(folder, 'blocks'));
    close();
    cpSync(join(before, 'blocks'), join(folder, 'blocks'), { recursive: true });
    expect(segmentNames(folder, 'epochs')).toEqual(segmentNames(before, 'epochs'));
    expect((await execute({ sweep: sweepTo(SHORT), folder })).ending).toBe('done');
    expect(runBits(folder)).toEqual(bits);
  });
});
