/**
 * The state of a run as the fold of its journal: what each record changes, and which records it refuses.
 */

import { beforeAll, describe, expect, test } from 'vitest';
import type { CommitRecord, JournalRecord } from '../../schemas/journal.ts';
import { readRun } from '../../src/run/folder.ts';
import { RunState } from '../../src/run/run-state.ts';
import { NO_LABELS } from '../support/label-counts.ts';
import { execute, hookFolder, sweepOf } from '../support/runs.ts';

const EPOCHS = 250;
const sweep = sweepOf({ epochs: EPOCHS, seeds: 3, trace: { checkpoints: { every: 100 } } });
const folder = hookFolder();
let journal: readonly JournalRecord[] = [];
let commit: CommitRecord;

beforeAll(async () => {
  await execute({ sweep, folder });
  journal = readRun(folder).journal;
  commit = journal.find((record) => record.kind === 'commit') as CommitRecord;
});

/** The state after some records of a run of three networks. */
function stateOf(records: readonly JournalRecord[]): RunState {
  const state = new RunState({ journal: 'journal', plan: readRun(folder).state.plan, epochs: EPOCHS });
  for (const record of records) state.take(record);
  return state;
}

describe('the time of a run', () => {
  const session = { kind: 'session', startedAt: '', gyre: '', node: '', engine: 'kernel', threads: 1 } as const;
  const end = (elapsedMs: number): JournalRecord => ({ kind: 'end', reason: 'stopped', elapsedMs });
  const snapshot = (elapsedMs: number): JournalRecord => {
    return { kind: 'snapshot', elapsedMs, epochsTrained: 0, networksDone: 0, labels: NO_LABELS };
  };
  const elapsedMs = (...records: JournalRecord[]) => stateOf(records).elapsedMs;

  test('is that of all its sessions together, and of one cut short up to its last record', () => {
    expect(elapsedMs()).toBe(0);
    expect(elapsedMs(session, snapshot(1000), snapshot(2000), end(2100))).toBe(2100);
    expect(elapsedMs(session, snapshot(1000), snapshot(2000), session, session, end(500))).toBe(2500);
    expect(elapsedMs(session, end(10), session, snapshot(1000))).toBe(1010);
  });

  test('of a session that was cut short counts up to its last commit', () => {
    const [header] = journal;
    expect(elapsedMs(header, session, { ...commit, elapsedMs: 70 })).toBe(70);
  });
});

describe('a record that does not continue the state is refused, and named', () => {
  const upToCommit = () => journal.slice(0, journal.indexOf(commit) + 1);
  const refusal = (records: readonly JournalRecord[]): string => {
    try {
      stateOf(records);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('nothing was refused');
  };
  /** The journal with another commit in the place of its first one. */
  const withCommit = (changes: Partial<CommitRecord>) => [...upToCommit().slice(0, -1), { ...commit, ...changes }];

  test('a commit that is there twice', () => {
    expect(refusal([...upToCommit(), commit])).toMatch(
      /^journal, record \d+: got a record "commit" whose results\.network/,
    );
  });

  test('a commit before the header', () => {
    expect(refusal([commit])).toContain('record 1: got a record "commit" whose kind is the first one');
  });

  test('a commit of other epochs', () => {
    expect(refusal(withCommit({ epochs: EPOCHS - 1 }))).toContain(`whose epochs is ${EPOCHS - 1}, expected ${EPOCHS}`);
  });

  test('a network that is not of this run', () => {
    const results = { ...commit.results, network: commit.results.network.map((id) => id + 7) };
    expect(refusal(withCommit({ results }))).toContain('expected a network of this run');
  });

  test('batches that do not begin where the last one ended, or do not end where the segment does', () => {
    const [first, ...rest] = commit.segments;
    const [block, ...blocks] = first.blocks;
    const moved = { ...first, blocks: [block, ...blocks, { ...block, offset: first.endBytes + 8 }] };
    expect(refusal(withCommit({ segments: [moved, ...rest] }))).toContain('segments[0].blocks[1].offset');
    const longer = { ...first, endBytes: first.endBytes + 8 };
    expect(refusal(withCommit({ segments: [longer, ...rest] }))).toContain('segments[0].endBytes');
    expect(refusal(withCommit({ segments: [first, first] }))).toContain('segments[1].headCrc32');
  });

  test('segments of another session, and new ones without the checksum of their head', () => {
    const [first] = commit.segments;
    const { headCrc32: _, ...headless } = first;
    expect(refusal(withCommit({ segments: [headless] }))).toContain('segments[0].headCrc32 is undefined');
    const foreign = { ...first, file: first.file.replace('0001', '0002') };
    expect(refusal(withCommit({ segments: [foreign] }))).toContain('a segment of session 1');
  });

  test('a header with other epochs than the run has by then', () => {
    const [header] = journal;
    if (header.kind !== 'header') throw new Error('the journal begins with its header');
    expect(refusal([header, { ...header, epochs: 7 }])).toContain('whose epochs is 7, expected 250');
  });

  test('an extension to fewer epochs, from an unknown checkpoint, or without a segment that was there', () => {
    const network = Uint32Array.of(0);
    const extended = { kind: 'extended', epochs: 500, network, restarts: [], removed: [], segments: [] } as const;
    expect(refusal([...upToCommit(), { ...extended, epochs: 249 }])).toContain('expected 250 or more');
    const restarts = [{ network, epoch: 20, checkpoint: '0001-00009-20.msgpack' }];
    expect(refusal([...upToCommit(), { ...extended, restarts }])).toContain('expected a checkpoint of network 0');
    const removed = [{ table: 'epochs', file: '0001-00077.arrow' }] as const;
    expect(refusal([...upToCommit(), { ...extended, removed }])).toContain('expected a segment with committed rows');
  });

  test('an unfinished network that is done, is not further than before, or is at the end', () => {
    const [id] = commit.results.network;
    const unfinished = (epoch: number, network = Uint32Array.of(id)) => ({
      network,
      epoch,
      checkpoint: '0001-1-1.msgpack',
    });
    const open = { ...commit, results: { ...commit.results, network: new Uint32Array() }, segments: [] };
    const before = upToCommit().slice(0, -1);
    expect(refusal([...upToCommit(), { ...open, unfinished: unfinished(10) }])).toContain('which is done already');
    expect(refusal([...before, { ...open, unfinished: unfinished(EPOCHS) }])).toContain('expected less than 250');
    const step = { ...open, unfinished: unfinished(10) };
    expect(refusal([...before, step, step])).toContain('unfinished.epoch is 10, expected more than 10');
  });
});
