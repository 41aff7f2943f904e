/**
 * A run of more than three gibibytes of traces from end to end: trained, opened again, merged of shards, exported, its
 * rows counted; the memory of each process (its threads are part of it) stays what it is for a small run.
 * `GYRE_SOAK_GIB=0.1 npm run soak` tries it in small.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readRun } from '../../src/run/folder.ts';
import { batchesOf } from '../../src/storage/tables/arrow-files.ts';
import { newFolder, removeFolder, writeSweep } from '../support/cli.ts';
import { MAIN_PATH } from '../support/runs.ts';

const GIB = 2 ** 30;
const goal = Number(process.env.GYRE_SOAK_GIB ?? 3.1) * GIB;
const ROW_BYTES = 56;
const EPOCHS = 50_000;
const NETWORKS = Math.max(4, Math.ceil(goal / ROW_BYTES / EPOCHS / 4) * 4);
const MB = 1e6;
/** Two threads of small networks take 220 MB; a Parquet file of a million rows, several copies of its 60 MB. */
const PEAK_MB_MAX = { run: 700, merge: 500, export: 1200 };

const cwd = newFolder();
afterAll(() => removeFolder(cwd));

test('more than memory holds goes through training, merging and exports in bounded memory', async () => {
  const keys = { layers: [1, 2, 1], data: { kind: 'sine', points: 2 }, trace: { epochs: { every: 1 } } };
  const optimizer = { kind: 'adam', learningRate: 0.01 };
  const sweep = writeSweep(cwd, { ...keys, name: 'large', epochs: EPOCHS, optimizer, seeds: NETWORKS });
  const peaks = { run: 0, merge: 0, export: 0 };
  for (const shard of ['1/2', '2/2'])
    peaks.run = Math.max(peaks.run, await gyre('run', sweep, '--shard', shard, '--threads', '2', '--plain'));
  const shards = readdirSync(join(cwd, 'traces', 'runs'));
  peaks.merge = await gyre('merge', ...shards, '--out', 'merged');
  peaks.export = await gyre('export', 'merged', '--format', 'parquet');

  const merged = join(cwd, 'merged');
  const { networks, results } = readRun(merged);
  expect(results.fingerprint(networks)).toMatch(/^[0-9a-f]{64}$/);
  expect(networks.length).toBe(NETWORKS);
  const segments = readdirSync(join(merged, 'epochs')).map((name) => join(merged, 'epochs', name));
  const bytes = segments.reduce((sum, path) => sum + statSync(path).size, 0);
  const rows = segments.reduce(
    (sum, path) => sum + [...batchesOf(path)].reduce((own, { numRows }) => own + numRows, 0),
    0,
  );
  expect(rows).toBe(NETWORKS * EPOCHS);
  expect(bytes).toBeGreaterThan(goal);
  process.stdout.write(`${(bytes / GIB).toFixed(2)} GiB of epochs; peaks in MB: ${JSON.stringify(peaks)}\n`);
  for (const [name, peak] of Object.entries(peaks))
    expect(peak, `peak MB of gyre ${name}`).toBeLessThan(PEAK_MB_MAX[name as keyof typeof peaks]);
}, 3_600_000);

/**
 * Runs a command to its end; the highest resident memory of its process in MB, as the kernel of the system keeps it.
 */
async function gyre(...argument: string[]): Promise<number> {
  const child = spawn(process.execPath, [MAIN_PATH, ...argument], { cwd, stdio: 'ignore' });
  let peakMB = 0;
  const timer = setInterval(() => {
    peakMB = Math.max(peakMB, highWaterMB(child));
  }, 50);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(timer);
  expect(code, `gyre ${argument.join(' ')}`).toBe(0);
  return Math.round(peakMB);
}

/** 0 where the process is over. */
function highWaterMB({ pid }: ChildProcess): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0;
    return (Number(kilobytes) * 1024) / MB;
  } catch {
    return 0;
  }
}
