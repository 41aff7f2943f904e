/**
 * The run that is made hostile again and again: half done, with every kind of file that a run has, and a place around
 * it that nobody may touch.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { JournalRecord } from '../../schemas/journal.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { readSweep } from '../../src/plan/read.ts';
import { runPaths } from '../../src/run/folder.ts';
import { packFrame } from '../../src/storage/frames.ts';
import { journalFile, readJournal } from '../../src/storage/journal/journal.ts';
import { SOME_LABELS } from './label-counts.ts';
import { openThreadless, trainTo } from './threadless.ts';

/** Where a hostile run stands in its scratch folder, so that `gyre runs` lists it. */
export const RUN = join('traces', 'runs', 'hostile');
/** A run beside it that must stay listed. */
export const NEIGHBOUR = join('traces', 'runs', 'neighbour');
/** The name of the sweep that continues it. */
export const SWEEP_FILE = 'hostile.yaml';

/** Of crafted journals, which are one file. */
const SESSION = 1;

const SWEEP = {
  name: 'hostile',
  epochs: 60,
  layers: [1, 2, 1],
  activation: 'relu',
  data: [{ kind: 'sine', points: 2 }, { file: 'points.csv' }],
  optimizer: [
    { kind: 'adam', learningRate: 0.01 },
    { kind: 'momentum', learningRate: [0.01, 1e30] },
  ],
  seeds: 1,
  trace: { epochs: { every: 20 }, checkpoints: { every: 20 } },
};

/** The files of a run by their paths in its folder. */
export type RunFiles = ReadonlyMap<string, Buffer>;

/** A run to be made hostile, in a scratch folder. */
export class HostileBase {
  readonly scratch: string;
  readonly folder: string;
  readonly sweep: Sweep;
  readonly files: RunFiles;
  readonly records: readonly JournalRecord[];
  readonly networkCount: number;

  constructor(scratch: string) {
    this.scratch = scratch;
    this.folder = join(scratch, RUN);
    writeFileSync(join(scratch, 'points.csv'), 'x,y\n0,0\n0.5,1\n1,0\n');
    writeFileSync(join(scratch, SWEEP_FILE), stringify(SWEEP));
    this.sweep = readSweep(join(scratch, SWEEP_FILE));
    for (const folder of [this.folder, join(scratch, NEIGHBOUR)]) halfDone(this.sweep, folder);
    this.networkCount = expandSweep(this.sweep).length;
    this.files = filesIn(this.folder);
    const content = readJournal(runPaths(this.folder).journal);
    if (content === null) throw new Error('no journal');
    this.records = [...content.records, ...ofOtherKinds(content.records)];
    writeFileSync(join(scratch, 'canary.txt'), 'canary');
    mkdirSync(join(scratch, 'canary'));
    for (const name of ['0001-00001.arrow', '0001-00001.arrow.part', '0001-00000-30.msgpack', 'canary.txt'])
      writeFileSync(join(scratch, 'canary', name), 'canary');
  }

  /** Makes the run what it was. */
  restore(): void {
    rmSync(this.folder, { recursive: true, force: true });
    for (const [file, bytes] of this.files) {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      writeFileSync(join(this.folder, file), bytes);
    }
    mkdirSync(join(this.folder, 'events'), { recursive: true });
  }

  /** Writes a journal with records of any kind and right checksums. */
  writeJournal(records: readonly unknown[]): void {
    const { journal } = runPaths(this.folder);
    rmSync(journal, { recursive: true, force: true });
    mkdirSync(journal);
    writeFileSync(journalFile(journal, SESSION), Buffer.concat(records.map((record) => packFrame(record as object))));
  }
}

/** One session that leaves finished segments and open ones. */
function halfDone(sweep: Sweep, folder: string): void {
  const run = openThreadless(sweep, folder);
  trainTo(run, [0, 1], 30);
  trainTo(run, [5], 60);
  run.segments.sealAll();
  trainTo(run, [2], 60);
  run.close();
}

/** One record of each kind that this run has none of. */
function ofOtherKinds(records: readonly JournalRecord[]): JournalRecord[] {
  const commits = records.filter((record) => record.kind === 'commit');
  const kept = commits.flatMap((commit) => commit.kept).find(({ network }) => network.includes(5));
  const events = commits.flatMap(({ segments }) => segments).find(({ table }) => table === 'events');
  if (kept === undefined || events === undefined) throw new Error('the run keeps network 5, and has events');
  const network = Uint32Array.of(5);
  const file = '0001-00008.arrow';
  return [
    {
      kind: 'session',
      startedAt: '2026-01-01T00:00:00.000Z',
      gyre: '0.1.0',
      node: 'v20.0.0',
      engine: 'kernel',
      threads: 1,
    },
    { kind: 'snapshot', elapsedMs: 5, epochsTrained: 9, networksDone: 1, labels: SOME_LABELS },
    { kind: 'failed', network: Uint32Array.of(3), reason: 'lost' },
    {
      kind: 'extended',
      epochs: 60,
      network,
      restarts: [{ ...kept, network }],
      removed: [{ table: 'events', file: events.file }],
      segments: [{ table: 'events', file, endBytes: 100, blocks: [], headCrc32: 1 }],
    },
    { kind: 'end', reason: 'stopped', elapsedMs: 1 },
  ];
}

function filesIn(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(folder, name))]));
}
