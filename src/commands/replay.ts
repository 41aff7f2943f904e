/**
 * `gyre replay`: windows of a run at every epoch with the whole state, trained again and compared with what the run has
 * kept on the way.
 */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Network } from '../../schemas/network.ts';
import { UsageError } from '../../schemas/problems.ts';
import type { EpochRange } from '../../schemas/replay-messages.ts';
import { bytes, count } from '../display/format.ts';
import { windowsAroundEvents } from '../replay/around-events.ts';
import { Comparisons } from '../replay/comparisons.ts';
import { replayGroups } from '../replay/replay-groups.ts';
import { planReplay, type ReplayWanted } from '../replay/replay-plan.ts';
import { mergedRanges, rangesText, WindowFiles, type WindowsOfFile, windowFiles } from '../replay/windows.ts';
import { type RunRecord, readRunToReplay } from '../run/folder.ts';
import { WORKER_URLS } from '../run/package.ts';
import { refuseLinksBelow } from '../storage/plain-files.ts';
import { findRun } from './find-run.ts';
import { printJson, printLine, tellUser } from './output.ts';
import type { RunLimits } from './registry/value-kinds.ts';
import { replayProgress } from './replay-progress.ts';
import { leaveOnSignals } from './stop-signals.ts';

export interface ReplayOptions {
  readonly network: readonly EpochRange[] | undefined;
  readonly epochs: readonly EpochRange[] | undefined;
  readonly aroundEvents: number | undefined;
  readonly out: string | undefined;
  readonly threads: number;
  readonly json: boolean;
}

/** A run whose networks and epochs options may name. */
export interface OpenedRun extends RunLimits {
  readonly run: RunRecord;
}

/** Reads the run called `name`, and the limits that its options have. */
export function openToReplay(name: string): OpenedRun {
  const run = readRunToReplay(findRun(name));
  return { run, networkMax: run.results.networkCount - 1, epochMax: run.manifest.sweep.epochs };
}

/** Replays windows of a run. Returns the exit code. */
export async function replayCommand(_name: string, options: ReplayOptions, { run }: OpenedRun): Promise<number> {
  const { folder } = run;
  const choice: Choice = {
    networks: options.network ?? null,
    epochs: mergedRanges(options.epochs ?? []),
    around: options.aroundEvents ?? null,
  };
  const wanted = await wantedWindows(run, choice);
  const plan = windowFiles(options.out ?? join(folder, 'windows'), wanted, choiceText(choice));
  for (const { path } of plan) refuseLinksBelow(folder, path);
  const comparisons = await writeWindows(run, plan, wanted, options.threads);
  const files = plan.map((file) => describeFile(file, comparisons));
  if (options.json) for (const file of files) printJson(file);
  else for (const line of fileLines(files)) printLine(line);
  for (const { unproven, path } of files) if (unproven.length > 0) tellUser(`${path}: ${unprovenText(unproven)}`);
  return 0;
}

/** What the user has chosen. */
interface Choice {
  /** Null where no networks are named: those that have events. */
  readonly networks: readonly EpochRange[] | null;
  /** Epochs of every network, apart from each other. */
  readonly epochs: readonly EpochRange[];
  /** Epochs on either side of each event; null where events are not asked for. */
  readonly around: number | null;
}

/** How files of windows are called after what was asked for. */
function choiceText({ epochs, around }: Choice): string {
  const ranges = [
    ...(around === null ? [] : [`events-${around}`]),
    ...(epochs.length === 0 ? [] : [`epochs-${rangesText(epochs)}`]),
  ];
  return ranges.join('-');
}

/**
 * The windows of each network that has some.
 *
 * @throws UsageError where there are none.
 */
async function wantedWindows(run: RunRecord, { networks: ids, epochs, around }: Choice): Promise<ReplayWanted[]> {
  const { networks, folder } = run;
  const chosen =
    ids === null ? networks : networks.filter(({ id }) => ids.some(({ first, last }) => id >= first && id <= last));
  if (ids !== null && chosen.length === 0) {
    const got = `${JSON.stringify(rangesText(ids))}, networks of other shards`;
    throw new UsageError({ where: '--network', got, expected: `networks of ${folder}` });
  }
  if (around === null) return chosen.map((network) => ({ network, windows: epochs }));

  const found = await windowsAroundEvents(run, chosen, around);
  const eventful = found.filter(({ windows }) => windows.length > 0);
  const uneventful = found.filter(({ windows }) => windows.length === 0).map(({ network }) => network);
  if (eventful.length === 0 && (ids === null || epochs.length === 0)) throw withoutEvents(run, chosen);
  if (ids !== null && uneventful.length > 0) tellUser(`${networksText(uneventful)}: no events`);
  const wanted = (ids === null ? eventful : found).map(({ network, windows }) => ({
    network,
    windows: mergedRanges([...windows, ...epochs]),
  }));
  return wanted.filter(({ windows }) => windows.length > 0);
}

function withoutEvents({ results, folder }: RunRecord, chosen: readonly Network[]): UsageError {
  const isOver = chosen.every(({ id }) => results.isDone(id));
  const got = `${networksText(chosen)} of ${folder}, to which nothing has happened${isOver ? '' : ' so far'}`;
  const remedy = isOver ? 'choose epochs with --epochs' : 'continue the run, or choose epochs with --epochs';
  return new UsageError({ where: '--around-events', got, expected: 'networks with events', remedy });
}

/** `networks 3+17-20`. */
function networksText(networks: readonly Network[]): string {
  const ids = rangesText(networks.map(({ id }) => ({ first: id, last: id })));
  return `${networks.length === 1 ? 'network' : 'networks'} ${ids}`;
}

/** Replays into files; without an error all of them are there, and none with one. */
async function writeWindows(
  run: RunRecord,
  plan: readonly WindowsOfFile[],
  wanted: readonly ReplayWanted[],
  threads: number,
): Promise<Comparisons> {
  const groups = planReplay(run, wanted);
  const comparisons = new Comparisons();
  const files = new WindowFiles(plan, run.manifest.key);
  const keepSignals = leaveOnSignals(() => files.abandon());
  try {
    await replayGroups(run, groups, {
      threads,
      workerUrl: WORKER_URLS.replay,
      buckets: 'windows',
      progress: replayProgress(groups),
      take: (range) => {
        comparisons.take(range.comparisons);
        comparisons.refuseMismatch(run.folder);
        files.add(range.windows);
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
  /** Those of any of its networks. */
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
  const lines = wanted.map(({ network, windows }) => {
    const comparison = comparisons.of(network.id);
    if (comparison === undefined) throw new Error(`network ${network.id} has not been replayed`);
    const last = Math.max(...windows.map((window) => window.last));
    return { ...comparison, isProven: comparison.provenEpoch >= last };
  });
  const rows = wanted.flatMap(({ windows }) => windows).reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const unproven = lines
    .filter(({ isProven }) => !isProven)
    .map(({ network, provenEpoch }) => ({ network, provenEpoch }));
  return {
    path,
    networks: lines.map(({ network }) => network),
    epochs: mergedRanges(wanted.flatMap(({ windows }) => windows)),
    rows,
    bytes: statSync(path).size,
    proven: unproven.length === 0,
    blocks: lines.reduce((sum, { blocks }) => sum + blocks, 0),
    buckets: lines.reduce((sum, { buckets }) => sum + buckets, 0),
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
  return (
    `networks ${ids}: the run has not trained ${proven} yet; ` +
    'they are computed all the same, and nothing is there to compare them with'
  );
}
