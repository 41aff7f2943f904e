/**
 * A run whose process ends while it is followed: what the process did last is told before its end, however the two
 * looks fall.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HeaderRecord, JournalRecord } from '../../schemas/journal.ts';
import type { Notice } from '../../schemas/notices.ts';
import { readRun, runPaths, runState } from '../../src/run/folder.ts';
import { RunFollower } from '../../src/run/follow.ts';
import { packFrame } from '../../src/storage/frames.ts';
import { journalFile, readJournal, writeJournal } from '../../src/storage/journal/journal.ts';
import { execute, scratchFolder, sweepOf } from '../support/runs.ts';
import { openThreadless, trainTo } from '../support/threadless.ts';

/** Who holds the lease, and what happens at the moment that somebody looks. */
const lock = vi.hoisted(() => ({ look: (): number | null => null }));
vi.mock('../../src/run/lease.ts', async (original) => ({
  ...(await original<object>()),
  leaseHolder: () => lock.look(),
  LeaseView: class {
    look = () => lock.look();
  },
}));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  lock.look = () => null;
});

/** A journal of the same run with some of its records. */
function writeRecords(path: string, header: HeaderRecord, records: readonly JournalRecord[]): void {
  rmSync(path, { recursive: true });
  writeJournal(path, header, records);
}

async function finishedRun() {
  vi.useRealTimers();
  const folder = scratchFolder();
  await execute({ sweep: sweepOf({ epochs: 50, seeds: 3 }), folder });
  vi.useFakeTimers();
  const path = runPaths(folder).journal;
  const content = readJournal(path);
  if (content === null) throw new Error('the run has a journal');
  const { records } = content;
  const header = records.find((record) => record.kind === 'header');
  const session = records.find((record) => record.kind === 'session');
  const end = records.find((record) => record.kind === 'end');
  if (header === undefined || session === undefined || end === undefined)
    throw new Error('the run has begun and ended');
  return { folder, path, records, header, session, end };
}

function follow(folder: string, ms = 1000): Notice[] {
  const told: Notice[] = [];
  const follower = new RunFollower(folder);
  follower.start({ notify: (notice) => told.push(notice), fail: (error) => told.push(error as never) });
  vi.advanceTimersByTime(ms);
  follower.stop();
  return told;
}

test('a process that commits its last networks and ends between two looks has done its run', async () => {
  const { folder, path, header, session } = await finishedRun();
  const file = journalFile(path, 1);
  const whole = readFileSync(file);
  writeRecords(path, header, [session]);
  let looks = 0;
  lock.look = () => {
    looks++;
    // The first look is that of whoever reads the run, the second one that of the first notices.
    if (looks < 3) return process.pid;
    writeFileSync(file, whole);
    return null;
  };
  const told = follow(folder);
  expect(told.at(-1)).toMatchObject({ kind: 'ended', reason: 'done', networksDone: 3 });
});

test('a session that was killed after one that failed has stopped', async () => {
  const { folder, path, header, session, end } = await finishedRun();
  const failed = { ...end, reason: 'failed' } as const;
  writeRecords(path, header, [session, failed]);
  expect(follow(folder).at(-1)).toMatchObject({ kind: 'ended', reason: 'failed' });
  writeRecords(path, header, [session, failed, session]);
  expect(follow(folder).at(-1)).toMatchObject({ kind: 'ended', reason: 'stopped' });
});

test('a session that begins to train is announced with its own threads and engine', async () => {
  const { folder, path, header, session } = await finishedRun();
  writeRecords(path, header, [session]);
  const file = journalFile(path, 1);
  const next = { ...session, threads: 7, engine: 'native' } as const;
  let looks = 0;
  // Held from the second look on; the session is in the journal by the fourth.
  lock.look = () => {
    looks++;
    if (looks === 5) writeFileSync(file, Buffer.concat([readFileSync(file), packFrame(next)]));
    return looks < 3 ? null : process.pid;
  };
  const begun = follow(folder, 3000).filter(({ kind }) => kind === 'begun');
  expect(begun.at(-1)).toMatchObject({ threads: 7, engine: 'native' });
});

test('what is trained and not done counts as trained where no process has told of it', async () => {
  const folder = scratchFolder();
  const run = openThreadless(sweepOf({ epochs: 50, seeds: 3 }), folder);
  trainTo(run, [0, 1], 21);
  trainTo(run, [2], 50);
  run.close();
  expect(follow(folder).find(({ kind }) => kind === 'progress')).toMatchObject({ epochsTrained: 2 * 21 + 50 });
});

test('how a run ended is one truth for those who watch and those who read', async () => {
  const { folder, path, header, session, end } = await finishedRun();
  const lost = { kind: 'failed', network: Uint32Array.of(1), reason: 'lost' } as const;
  for (const records of [
    [session, lost, end],
    [session, { ...end, reason: 'failed' } as const],
    [session, lost, session, { ...end, reason: 'stopped' } as const],
  ]) {
    writeRecords(path, header, records);
    expect(follow(folder).at(-1)).toMatchObject({ kind: 'ended', reason: runState(readRun(folder)) });
  }
});
