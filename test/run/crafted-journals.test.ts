/**
 * Journals made of records with right checksums, in another order, there twice, left out, or taken from another run:
 * each is refused in words, or says of every network and every segment what the run itself says.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { JournalRecord } from '../../schemas/journal.ts';
import { RunError } from '../../schemas/problems.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { SEGMENTED_TABLE_NAMES } from '../../schemas/trace.ts';
import { type RunRecord, readRun, runPaths } from '../../src/run/folder.ts';
import { SegmentBook } from '../../src/run/segment-book.ts';
import { readJournal } from '../../src/storage/journal/journal.ts';
import { HostileBase } from '../support/hostile-base.ts';
import { randomOf } from '../support/random.ts';
import { hookFolder } from '../support/runs.ts';
import { openThreadless, trainTo } from '../support/threadless.ts';

const COUNT = 2500;
const seed = Number(process.env.GYRE_JOURNALS_SEED ?? 20_261_129);

const base = new HostileBase(hookFolder());
afterAll(() => rmSync(base.scratch, { recursive: true, force: true }));
base.writeJournal(base.records);
const whole = readRun(base.folder);

/** Records of a run of as many networks and epochs, with other numbers. */
const foreign = ((): readonly JournalRecord[] => {
  const folder = join(base.scratch, 'foreign');
  const sweep = { ...base.sweep, activation: ['tanh'] } as Sweep;
  const run = openThreadless(sweep, folder);
  trainTo(run, [0, 1], 30);
  trainTo(run, [5], 60);
  trainTo(run, [2], 60);
  run.close();
  return readJournal(runPaths(folder).journal)?.records ?? [];
})();

/** Edits that keep every record as it is. */
const EDITS: Readonly<Record<string, (list: JournalRecord[], random: (below: number) => number) => void>> = {
  'there twice': (list, random) => list.splice(random(list.length + 1), 0, list[random(list.length)]),
  swapped: (list, random) => {
    const [a, b] = [random(list.length), random(list.length)];
    [list[a], list[b]] = [list[b], list[a]];
  },
  'left out': (list, random) => list.splice(random(list.length), 1 + random(2)),
  moved: (list, random) => list.splice(random(list.length), 0, ...list.splice(random(list.length), 1)),
  spliced: (list, random) => list.splice(random(list.length + 1), random(2), foreign[random(foreign.length)]),
};

/** What a run says that is not what the whole run says; null where there is nothing. */
function difference({ state }: RunRecord): string | null {
  for (const { id } of whole.networks) {
    const digest = state.results.digestOf(id);
    if (digest !== null && digest !== DIGESTS.get(id)) return `network ${id} has digest ${digest}`;
  }
  for (const table of SEGMENTED_TABLE_NAMES) {
    for (const file of state.segments.filesOf(table)) {
      const { blocks } = state.segments.stateOf({ table, file });
      const known = BLOCKS.get(`${table}/${file}`) ?? [];
      if (JSON.stringify(blocks) !== JSON.stringify(known.slice(0, blocks.length))) return `other batches in ${file}`;
    }
  }
  return null;
}

const commits = base.records.filter((record) => record.kind === 'commit');
const DIGESTS = new Map(
  commits.flatMap(({ results: { network, digest } }) =>
    Array.from(
      network,
      (id, row) => [id, Buffer.from(digest.subarray(32 * row, 32 * row + 32)).toString('hex')] as const,
    ),
  ),
);
const BLOCKS = new Map<string, unknown[]>();
for (const { table, file, blocks } of commits.flatMap(({ segments }) => segments))
  BLOCKS.set(`${table}/${file}`, [...(BLOCKS.get(`${table}/${file}`) ?? []), ...blocks]);

/** Reads a run and compares its segments with the checksums in its journal. */
function readAndCheck(): RunRecord {
  const run = readRun(base.folder);
  const { folder, manifest, state } = run;
  new SegmentBook({ folder, runKey: manifest.key, committed: state.segments, session: 9 }).check();
  return run;
}

test('the journal that is edited is right as it is', () => {
  expect(difference(readAndCheck())).toBeNull();
  expect(new Set(base.records.map(({ kind }) => kind))).toEqual(
    new Set(['header', 'session', 'commit', 'extended', 'failed', 'snapshot', 'end']),
  );
});

test(`${COUNT} journals of right records in a wrong order are refused, or change nothing (seed ${seed})`, () => {
  const random = randomOf(seed);
  const below = (count: number) => Math.floor(random() * count);
  const outcomes = { refused: 0, accepted: 0 };
  for (let i = 0; i < COUNT; i++) {
    const list = [...base.records];
    const names = Array.from({ length: 1 + below(3) }, () => Object.keys(EDITS)[below(Object.keys(EDITS).length)]);
    for (const name of names) if (list.length > 0) EDITS[name](list, below);
    base.writeJournal(list);
    const what = `journal ${i}: ${names.join(', ')}: ${list.map(({ kind }) => kind).join(' ')}`;
    try {
      expect(difference(readAndCheck()), what).toBeNull();
      outcomes.accepted++;
    } catch (error) {
      expect(error, what).toBeInstanceOf(RunError);
      outcomes.refused++;
    }
  }
  expect(outcomes.accepted).toBeGreaterThan(COUNT / 50);
  expect(outcomes.refused).toBeGreaterThan(COUNT / 2);
});
