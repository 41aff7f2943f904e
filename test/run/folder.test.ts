/**
 * Opening a run's folder: what belongs to the sweep is continued from its last commit, and whatever contradicts it is
 * refused with words that say what differs.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_THRESHOLDS } from '../../schemas/detectors.ts';
import { RunError, UsageError } from '../../schemas/problems.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { Plan } from '../../src/plan/plan.ts';
import { readRun, runPaths } from '../../src/run/folder.ts';
import { readManifest } from '../../src/run/manifest.ts';
import { type OpenRun, openRun } from '../../src/run/open-run.ts';
import { thisOwner } from '../../src/run/owner.ts';
import { packFrame } from '../../src/storage/frames.ts';
import { journalFile, readJournal } from '../../src/storage/journal/journal.ts';
import { runTask } from '../../src/train/task.ts';
import { readSegments, scratchFolder, segmentNames, sweepOf } from '../support/runs.ts';
import { groupsOf, taskOf } from '../train/requests.ts';

const sweep = sweepOf({ seeds: 3 });
const open = (folder: string, options: Sweep = sweep): OpenRun =>
  openRun({ plan: new Plan(options), folder, hasHeartbeat: false });

/** Trains and commits some networks of an open run as a session does, without the end that seals their segments. */
function commit(run: OpenRun, ids: readonly number[]): void {
  const networks = ids.map((id) => run.networks[id]);
  const bucketEpochs = sweep.trace.epochs.every;
  const groups = groupsOf(networks, 4);
  const { request } = taskOf({ groups, folder: '', epochs: sweep.epochs, bucketEpochs, networkCount: 3 });
  const outcome = runTask({ ...request, runKey: run.manifest.key, segments: run.segments.grant(0) });
  if (outcome.kind !== 'trained') throw new Error(outcome.kind);
  run.record({ ...outcome, kind: 'commit', elapsedMs: 0, epochs: sweep.epochs });
}

/** A folder with one session that committed the networks and then was killed, but for its lock. */
function killedRun(...commits: readonly number[][]): string {
  const folder = scratchFolder();
  const run = open(folder);
  for (const ids of commits) commit(run, ids);
  run.close();
  return folder;
}

/** Changes what stands in run.json. */
function editManifest(folder: string, changes: object): void {
  const { manifest } = runPaths(folder);
  writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), ...changes }));
}

function refusal(operation: () => unknown): RunError | UsageError {
  try {
    operation();
  } catch (error) {
    if (error instanceof RunError || error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a new run', () => {
  test('records its sweep as resolved, its arithmetic and the thresholds behind its labels', () => {
    const folder = join(scratchFolder(), 'traces', 'new');
    open(folder).close();
    const manifest = readManifest(folder);
    expect(manifest).toMatchObject({
      format: 'gyre-run',
      formatVersion: 4,
      name: 'tiny',
      arithmetic: 'gyre-1',
      networks: 3,
    });
    expect(manifest.sweep).toEqual(sweep);
    expect(manifest.sweep.detectors).toEqual(DEFAULT_THRESHOLDS);
    expect(manifest.key).toMatch(/^[0-9a-f]{8}$/);
    expect(manifest.sweepHash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('begins in a folder that a process left behind when it was killed before its first record', () => {
    const folder = scratchFolder();
    writeFileSync(runPaths(folder).lock, JSON.stringify({ ...thisOwner(), pid: spawnSync('true').pid }));
    writeFileSync(`${runPaths(folder).manifest}.new`, '{');
    open(folder).close();
    rmSync(runPaths(folder).journal, { recursive: true });
    const run = open(folder);
    expect(run.results.doneCount).toBe(0);
    run.close();
  });

  test('refuses a folder with other files, and leaves them as they are', () => {
    const folder = scratchFolder();
    for (const name of ['thesis.tex', 'a', 'b', 'c']) writeFileSync(join(folder, name), 'mine');
    const error = refusal(() => open(folder));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe(
      `${folder}: got a folder with other files (a, b, c, …), expected a new or empty folder, or a run of this sweep ` +
        '(choose another folder with --out)',
    );
    expect(readFileSync(join(folder, 'thesis.tex'), 'utf8')).toBe('mine');
  });

  test('refuses a place where a file stands', () => {
    const file = join(scratchFolder(), 'run');
    writeFileSync(file, '');
    expect(refusal(() => open(file))).toBeInstanceOf(UsageError);
    expect(refusal(() => open(join(file, 'inside')))).toBeInstanceOf(UsageError);
  });
});

describe('the folder of a run', () => {
  test('of another sweep is refused with everything that differs', () => {
    const folder = killedRun();
    const other = sweepOf({ seeds: 4, epochs: 40, optimizer: { kind: 'adam', learningRate: 0.02 }, name: 'other' });
    const error = refusal(() => open(folder, other));
    expect(error).toBeInstanceOf(UsageError);
    const lines = error.message.split('\n');
    expect(lines).toHaveLength(3);
    expect(error.message).toContain(
      `${folder}: epochs: got 40 in the sweep, expected 50 or more, as in the run "tiny"`,
    );
    expect(error.message).toContain(`${folder}: optimizer[0].learningRate: got [0.02] in the sweep, expected [0.01]`);
    expect(error.message).toContain(`${folder}: seeds: got [0,1,2,3] in the sweep, expected [0,1,2]`);
  });

  test('is continued by a sweep that differs in its name alone', () => {
    const folder = killedRun([0]);
    const run = open(folder, { ...sweep, name: 'renamed' });
    expect(run.manifest.name).toBe('tiny');
    expect(run.results.isDone(0)).toBe(true);
    run.close();
  });

  test('of another trace is refused: its tables would be half in one kind of buckets and half in another', () => {
    const folder = killedRun([0]);
    const error = refusal(() => open(folder, { ...sweep, trace: { ...sweep.trace, epochs: { every: 1 } } }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('trace.epochs.every: got 1 in the sweep, expected 7, as in the run "tiny"');
  });

  test('by another arithmetic is refused, naming both and the version to continue with', () => {
    const folder = killedRun();
    editManifest(folder, { arithmetic: 'gyre-0', gyre: '0.0.9' });
    const error = refusal(() => open(folder));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe(
      `${folder}: got a run by arithmetic gyre-0, expected arithmetic gyre-1 ` +
        '(continue it with Gyre 0.0.9, or choose another folder with --out)',
    );
  });

  test('of another format version, or with something else as its manifest, is refused', () => {
    const folder = killedRun();
    editManifest(folder, { formatVersion: 5 });
    expect(refusal(() => open(folder)).message).toContain('run.json: got format version 5, expected format version 4');
    for (const text of ['', '{"name": "something"}', 'null', '[]']) {
      writeFileSync(runPaths(folder).manifest, text);
      expect(refusal(() => open(folder)).message).toContain('expected the manifest of a Gyre run');
      expect(refusal(() => readRun(folder)).message).toContain('expected the manifest of a Gyre run');
    }
  });

  test('with a manifest that lacks something, or whose sweep is not the one that was hashed, is refused', () => {
    const folder = killedRun();
    const text = readFileSync(runPaths(folder).manifest);
    for (const changes of [
      { sweep: undefined },
      { sweep: { ...sweep, epochs: 40 } },
      { key: undefined },
      { networks: '3' },
    ]) {
      editManifest(folder, changes);
      const words = `${runPaths(folder).manifest}: got a damaged manifest`;
      expect(refusal(() => open(folder)).message).toContain(words);
      expect(refusal(() => readRun(folder)).message).toContain(words);
      writeFileSync(runPaths(folder).manifest, text);
    }
    open(folder).close();
  });

  test('with results of a network that its plan does not have is refused by every reader', () => {
    const folder = killedRun([0, 1]);
    const { journal } = runPaths(folder);
    const [header, ...records] = readJournal(journal)?.records ?? [];
    const beyond = records.map((record) =>
      record.kind !== 'commit'
        ? record
        : { ...record, results: { ...record.results, network: record.results.network.map((id) => id + 900) } },
    );
    rmSync(journal, { recursive: true });
    mkdirSync(journal);
    writeFileSync(journalFile(journal, 1), Buffer.concat([header, ...beyond].map(packFrame)));
    for (const read of [() => readRun(folder), () => open(folder)]) {
      const error = refusal(read);
      expect(error).toBeInstanceOf(RunError);
      expect(error.message).toContain(
        `${journal}, record 2: got a record "commit" whose results.network[0] is 900, expected a network of this run`,
      );
    }
  });

  test('with the journal of another run is refused', () => {
    const folder = killedRun([0]);
    const other = scratchFolder();
    open(other, sweepOf({ seeds: [7] })).close();
    rmSync(runPaths(folder).journal, { recursive: true });
    cpSync(runPaths(other).journal, runPaths(folder).journal, { recursive: true });
    for (const read of [() => open(folder), () => readRun(folder)]) {
      const error = refusal(read);
      expect(error).toBeInstanceOf(RunError);
      expect(error.message).toContain(`${runPaths(folder).journal}: got the journal of a run with key`);
    }
  });
});

test('a record that does not continue the run is refused before it is written', () => {
  const folder = scratchFolder();
  const run = open(folder);
  commit(run, [0]);
  const file = journalFile(runPaths(folder).journal, 1);
  const before = readFileSync(file);
  const stranger = { kind: 'failed', network: Uint32Array.of(77), reason: 'lost' } as const;
  expect(() => run.record(stranger)).toThrow('a record "failed" whose network[0] is 77');
  expect(readFileSync(file)).toEqual(before);
  commit(run, [1]);
  run.close();
  expect(readRun(folder).results.doneCount).toBe(2);
});

describe('an interrupted run', () => {
  test('is opened at its last commit, its segments finished', () => {
    const folder = killedRun([0], [2]);
    expect(segmentNames(folder, 'epochs')).toEqual(['0001-00001.arrow.part']);
    const run = open(folder);
    expect([0, 1, 2].map((id) => run.results.isDone(id))).toEqual([true, false, true]);
    expect(segmentNames(folder, 'epochs')).toEqual(['0001-00001.arrow']);
    expect(readSegments(folder, 'epochs').numRows).toBe(2 * Math.ceil(50 / 7));
    expect(readRun(folder).state.segments.committedBytes).toBe(run.state.segments.committedBytes);
    run.close();
  });

  test('has lost a commit whose record was cut at any byte, with its rows, and nothing before it', () => {
    const whole = killedRun([0], [1, 2]);
    const bytes = readFileSync(journalFile(runPaths(whole).journal, 1));
    const first = killedRun([0]);
    const firstEnd = readFileSync(journalFile(runPaths(first).journal, 1)).length;
    const part = (folder: string, table: string) => join(folder, table, '0001-00001.arrow.part');
    for (let cut = firstEnd; cut < bytes.length; cut += 29) {
      const folder = scratchFolder();
      open(folder).close();
      for (const table of ['epochs', 'blocks']) writeFileSync(part(folder, table), readFileSync(part(whole, table)));
      writeFileSync(journalFile(runPaths(folder).journal, 1), bytes.subarray(0, cut));
      const run = open(folder);
      expect(
        [0, 1, 2].map((id) => run.results.isDone(id)),
        `cut at byte ${cut}`,
      ).toEqual([true, false, false]);
      expect(readSegments(folder, 'epochs').numRows).toBe(Math.ceil(50 / 7));
      run.close();
    }
  });

  test('is refused where a finished segment is gone, naming it and what the journal says', () => {
    const folder = killedRun([0]);
    open(folder).close();
    const segment = join(folder, 'epochs', '0001-00001.arrow');
    const bytes = readFileSync(segment);
    rmSync(segment);
    const error = refusal(() => open(folder));
    expect(error).toBeInstanceOf(RunError);
    expect(error.message).toMatch(
      new RegExp(
        `^${segment}: got a segment that is gone, expected (\\d+) committed bytes, as the journal says \\(restore`,
      ),
    );
    expect(Number(error.message.match(/(\d+) committed/)?.[1])).toBeLessThan(bytes.length);
    // Refused means given back: the segment restored, the run goes on.
    writeFileSync(segment, bytes);
    open(folder).close();
  });

  test('is refused where an open segment is shorter than its commit', () => {
    const folder = killedRun([0]);
    const segment = join(folder, 'epochs', '0001-00001.arrow.part');
    truncateSync(segment, 100);
    expect(refusal(() => open(folder)).message).toMatch(new RegExp(`^${segment}: got 100 bytes, expected at least`));
  });

  test('is refused where the journal is gone but segments stand, instead of having their rows twice', () => {
    const folder = killedRun([0]);
    open(folder).close();
    rmSync(runPaths(folder).journal, { recursive: true });
    const error = refusal(() => open(folder));
    expect(error).toBeInstanceOf(RunError);
    expect(error.message).toContain(
      `${join(folder, 'epochs', '0001-00001.arrow')}: got a segment that the journal knows nothing of`,
    );
  });
});
