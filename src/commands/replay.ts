/**
 * `gyre replay`: windows of a run at every epoch with the whole state, trained again and compared with what the run has kept on the way.
 */

import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Problem, UsageError } from '../../schemas/problems.ts';
import type { EpochRange } from '../../schemas/replay.ts';
import { bytes, count } from '../display/format.ts';
import { Comparisons } from '../run/comparisons.ts';
import { type RunRecord, readRunToReplay } from '../run/folder.ts';
import { replayPasses } from '../run/replay.ts';
import { planPasses, type ReplayWanted } from '../run/replay-plan.ts';
import { mergedRanges, rangesText, WindowFiles, type WindowsOfFile, windowFiles } from '../run/windows.ts';
import { findRun } from './find-run.ts';
import { rangesOption, wholeNumberOption } from './options.ts';
import { printJson, printLine, tellUser } from './output.ts';
import { replayProgress } from './replay-progress.ts';
import { leaveOnSignals } from './stop-signals.ts';

export interface ReplayOptions {
  readonly network: string;
  readonly epochs: string;
  readonly out?: string;
  readonly threads?: string;
  readonly json?: boolean;
}

export const REPLAY_WORKER_URL = new URL('../../workers/replay.js', import.meta.url);

/** Replays windows of a run. Returns the exit code. */
export async function replayCommand(name: string, options: ReplayOptions): Promise<number> {
  const problems: Problem[] = [];
  const run = readRunToReplay(findRun(name));
  const { folder, manifest, networks } = run;
  const ids = rangesOption(
    '--network',
    options.network,
    { max: run.results.networkCount - 1, separator: '-' },
    problems,
  );
  const epochs = rangesOption('--epochs', options.epochs, { max: manifest.sweep.epochs, separator: '..' }, problems);
  const threads =
    wholeNumberOption('--threads', options.threads, { min: 1, max: 1024 }, problems) ?? availableParallelism();
  if (options.out === '') problems.push({ where: '--out', got: '""', expected: 'a folder' });
  if (problems.length > 0) throw new UsageError(problems);

  const chosen = networks.filter(({ id }) => ids.some(({ first, last }) => id >= first && id <= last));
  if (chosen.length === 0) {
    const got = `${JSON.stringify(options.network)}, networks of other shards`;
    throw new UsageError({ where: '--network', got, expected: `networks of ${folder}` });
  }
  const windows = mergedRanges(epochs);
  const wanted = chosen.map((network): ReplayWanted => ({ network, windows }));
  const plan = windowFiles(options.out ?? join(folder, 'windows'), wanted, rangesText(windows));
  const comparisons = await writeWindows(run, plan, wanted, threads);
  const files = plan.map((file) => describeFile(file, comparisons));
  if (options.json === true) for (const file of files) printJson(file);
  else for (const line of fileLines(files)) printLine(line);
  for (const { unproven, path } of files) if (unproven.length > 0) tellUser(`${path}: ${unprovenText(unproven)}`);
  return 0;
}

/** Replays into files; without an error all of them are there, and none with one. */
async function writeWindows(
  run: RunRecord,
  plan: readonly WindowsOfFile[],
  wanted: readonly ReplayWanted[],
  threads: number,
): Promise<Comparisons> {
  const passes = planPasses(run, wanted);
  const comparisons = new Comparisons();
  const files = new WindowFiles(plan, run.manifest.key);
  const keepSignals = leaveOnSignals(() => files.abandon());
  try {
    await replayPasses(run, passes, {
      threads,
      workerUrl: REPLAY_WORKER_URL,
      buckets: 'windows',
      progress: replayProgress(passes),
      take: (part) => {
        comparisons.take(part.comparisons);
        comparisons.refuseMismatch(run.folder);
        files.add(part.windows);
      },
    });
    files.finish();
    return comparisons;
  } finally {
    files.abandon();
    keepSignals();
  }
}

/** What one file holds, as --json tells it. */
interface FileDescription {
  readonly path: string;
  readonly networks: readonly number[];
  readonly epochs: readonly EpochRange[];
  readonly rows: number;
  readonly bytes: number;
  /** Whether every loss of every window is proven to be what the run saw, and by how many digests and buckets. */
  readonly proven: boolean;
  readonly blocks: number;
  readonly buckets: number;
  /** Networks with epochs that the run has not kept, and the last epoch that is proven. */
  readonly unproven: readonly { readonly network: number; readonly provenEpoch: number }[];
}

function describeFile({ path, wanted }: WindowsOfFile, comparisons: Comparisons): FileDescription {
  const of = wanted.map(({ network, windows }) => {
    const comparison = comparisons.of(network.id);
    if (comparison === undefined) throw new Error(`network ${network.id} has not been replayed`);
    const last = Math.max(...windows.map((window) => window.last));
    return { ...comparison, isProven: comparison.provenEpoch >= last };
  });
  const rows = wanted.flatMap(({ windows }) => windows).reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const unproven = of.filter(({ isProven }) => !isProven).map(({ network, provenEpoch }) => ({ network, provenEpoch }));
  return {
    path,
    networks: of.map(({ network }) => network),
    epochs: mergedRanges(wanted.flatMap(({ windows }) => windows)),
    rows,
    bytes: statSync(path).size,
    proven: unproven.length === 0,
    blocks: of.reduce((sum, { blocks }) => sum + blocks, 0),
    buckets: of.reduce((sum, { buckets }) => sum + buckets, 0),
    unproven,
  };
}

/** `bit-equal to the run: 3 blocks of losses and 1,200 buckets compared`. */
function fileLines(files: readonly FileDescription[]): string[] {
  return files.flatMap((file) => {
    const { path, networks, rows, blocks, buckets, proven } = file;
    const compared = `${count(blocks)} digests of losses and ${count(buckets)} traced buckets are the same`;
    return [
      `${path}  ${count(networks.length)} networks, ${count(rows)} rows, ${bytes(file.bytes)}`,
      proven ? `  bit-equal to what the run saw: ${compared}` : `  ${compared}, the rest is not proven`,
    ];
  });
}

function unprovenText(unproven: FileDescription['unproven']): string {
  const ids = rangesText(unproven.map(({ network }) => ({ first: network, last: network })));
  const [{ provenEpoch }] = unproven;
  const proven = unproven.length === 1 ? `epochs beyond ${provenEpoch}` : 'some epochs';
  return `networks ${ids}: the run has not trained ${proven} yet; they are computed all the same, and nothing is there to compare them with`;
}
