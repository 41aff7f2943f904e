/**
 * Runs for the tests: scratch folders, small sweeps, and a run executed in this process as `gyre run` would, with
 * everything that a test may want to compare afterwards. Knows nothing of any one test.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Table, tableFromIPC } from 'apache-arrow';
import { onTestFinished } from 'vitest';
import type { Ending } from '../../schemas/journal.ts';
import type { EngineName } from '../../schemas/manifest.ts';
import type { Notice } from '../../schemas/notices.ts';
import type { Shard } from '../../schemas/shard.ts';
import { type Sweep, sweepSchema } from '../../schemas/sweep.ts';
import { SEGMENTED_TABLE_NAMES, type SegmentedTableName } from '../../schemas/trace.ts';
import { Plan } from '../../src/plan/plan.ts';
import { readRun, runPaths } from '../../src/run/folder.ts';
import { type OpenRun, openRun } from '../../src/run/open-run.ts';
import { WORKER_URLS } from '../../src/run/package.ts';
import { executeRun } from '../../src/session/execute.ts';
import type { ExecuteOptions } from '../../src/session/session-options.ts';
import { prepareCompression } from '../../src/storage/tables/compression.ts';

/** The training threads are real ones and need the build. */
export const DYING_WORKER_URL = new URL('../run/dying-worker.mjs', import.meta.url);
export const MAIN_PATH = new URL('../../dist/src/main.js', import.meta.url).pathname;

const newFolder = () => mkdtempSync(join(tmpdir(), 'gyre-test-'));
const remove = (folder: string) => rmSync(folder, { recursive: true, force: true });

/** A new folder that is gone when the test is over. */
export function scratchFolder(): string {
  const folder = newFolder();
  onTestFinished(() => remove(folder));
  return folder;
}

/** A new folder for a hook, outside of any test, which removes it itself. */
export const hookFolder = newFolder;

/** A sweep from the keys of a sweep file; by default eight 1-3-1 networks on four points. */
export function sweepOf(keys: Record<string, unknown> = {}): Sweep {
  return sweepSchema.parse({
    name: 'tiny',
    epochs: 50,
    layers: [1, 3, 1],
    data: { kind: 'sine', points: 4 },
    optimizer: { kind: 'adam', learningRate: 0.01 },
    seeds: 8,
    trace: { epochs: { every: 7 } },
    ...keys,
  });
}

/**
 * Twelve networks, for the engine `reference` three tasks of a third of a second each: the cheapest that there are,
 * since a task is cut by a declared count of operations. A third of the networks overflows at once.
 */
export const SEVERAL_TASKS = sweepOf({
  name: 'several-tasks',
  epochs: 1400,
  layers: [1, 16, 1],
  activation: 'relu',
  data: { kind: 'sine', points: 64 },
  optimizer: [
    { kind: 'adam', learningRate: 0.01 },
    { kind: 'sgd', learningRate: [0.01, 1e4] },
  ],
  seeds: 4,
  trace: { epochs: { every: 3 } },
});

/** How to run; what is left out is one thread, the engine `kernel`, an ordinary worker and no stop. */
export interface RunOptions extends Partial<Omit<ExecuteOptions, 'notify' | 'stop'>> {
  readonly sweep: Sweep;
  readonly folder: string;
  readonly engine?: EngineName;
  /** The part of the sweep to run; all of it where left out. */
  readonly shard?: Shard;
  /** Sees every notice, and may stop the run with it. */
  readonly onNotice?: (notice: Notice, stop: AbortController) => void;
}

/** What a session came to. */
export interface SessionOutcome {
  readonly ending: Ending;
  readonly notices: readonly Notice[];
  readonly fingerprint: string | null;
  readonly run: OpenRun;
}

/** Opens the folder, executes the sweep in it and gives the folder back. */
export async function execute({
  sweep,
  folder,
  engine = 'kernel',
  shard,
  onNotice,
  ...options
}: RunOptions): Promise<SessionOutcome> {
  await prepareCompression(sweep.trace.compression);
  const run = openRun({ plan: new Plan(sweep, shard), folder, engine });
  const stop = new AbortController();
  const notices: Notice[] = [];
  try {
    const ending = await executeRun(run, {
      threads: 1,
      commits: 'declared',
      workerUrl: WORKER_URLS.train,
      stop: stop.signal,
      ...options,
      notify: (notice) => {
        notices.push(notice);
        onNotice?.(notice, stop);
      },
    });
    return { ending, notices, fingerprint: run.results.fingerprint(run.networks), run };
  } finally {
    run.close();
  }
}

/** The notices of one kind. */
export function noticesOf<Kind extends Notice['kind']>({ notices }: SessionOutcome, kind: Kind) {
  return notices.filter((notice): notice is Extract<Notice, { kind: Kind }> => notice.kind === kind);
}

/** The names in the folder of a table, sorted. */
export function segmentNames(folder: string, table: SegmentedTableName): string[] {
  return readdirSync(join(folder, table)).sort();
}

/** All rows of a table's segments as one Arrow table. Every file must be a finished one. */
export function readSegments(folder: string, table: SegmentedTableName): Table {
  const files = segmentNames(folder, table).map((name) => tableFromIPC(readFileSync(join(folder, table, name))));
  return files.length === 1 ? files[0] : new Table(files.flatMap((file) => file.batches));
}

/** The values of a column without nulls, `[row]`. */
export function columnOf<Values = Uint32Array>(table: Table, name: string): Values {
  const column = table.getChild(name);
  if (column === null) throw new Error(`no column ${name}`);
  return column.toArray() as Values;
}

/**
 * The rows of a table's segments as text, ordered by network and epoch: each number as its bits, so that −0, NaN and
 * the last digit count. Equal texts are equal tables, however the rows were spread over files.
 */
export function rowTexts(folder: string, table: SegmentedTableName): string[] {
  const all = readSegments(folder, table);
  const columns = all.schema.fields.map((_, i) => all.getChildAt(i)?.toArray() as ArrayLike<unknown>);
  const placeOf = (name: string) => columns[all.schema.fields.findIndex((field) => field.name === name)];
  const [networks, epochs] = [placeOf('network'), placeOf('epoch')];
  const rows = Array.from({ length: all.numRows }, (_, row) => ({
    rank: Number(networks[row]) * 2 ** 31 + Number(epochs[row]),
    text: columns.map((column) => cellText(column[row])).join(' '),
  }));
  // A network may have several events in one epoch.
  return rows.sort((a, b) => a.rank - b.rank || (a.text < b.text ? -1 : 1)).map(({ text }) => text);
}

/** The rows of networks.arrow as text, ascending by network. */
function networkTexts(folder: string): string[] {
  const table = tableFromIPC(readFileSync(runPaths(folder).networks));
  const rows = table.toArray().flatMap((row) => row?.toJSON() ?? []);
  return rows.sort((a, b) => a.network - b.network).map((row) => Object.values(row).map(cellText).join(' '));
}

const bits = new DataView(new ArrayBuffer(8));

function cellText(value: unknown): string {
  if (typeof value !== 'number') return String(value);
  bits.setFloat64(0, value);
  return bits.getBigUint64(0).toString(16);
}

/** All of a run that neither scheduling nor accidents may change. */
export interface RunBits {
  readonly fingerprint: string | null;
  /** Hashes of the rows of each table. */
  readonly tables: Readonly<Record<'networks' | SegmentedTableName, string>>;
}

/** The bits of a run's folder, short enough to compare many runs. */
export function runBits(folder: string): RunBits {
  const hash = (rows: readonly string[]) => createHash('sha256').update(rows.join('\n')).digest('hex');
  const { networks, results } = readRun(folder);
  const segmented = SEGMENTED_TABLE_NAMES.map((table) => [table, hash(rowTexts(folder, table))]);
  const tables = Object.fromEntries([...segmented, ['networks', hash(networkTexts(folder))]]) as RunBits['tables'];
  return { fingerprint: results.fingerprint(networks), tables };
}

/** The bits of a sweep run by the reference without any disturbance on one thread; for hooks, outside of any test. */
export async function undisturbedBits(sweep: Sweep): Promise<RunBits> {
  const folder = newFolder();
  try {
    const { ending } = await execute({ sweep, folder, engine: 'reference' });
    if (ending !== 'done') throw new Error(`the undisturbed run is ${ending}`);
    return runBits(folder);
  } finally {
    remove(folder);
  }
}
