/**
 * `gyre verify`: whether a run is what its configuration says, bit for bit: networks are trained again from nothing but
 * that and compared with the digests that the run has kept.
 */
import type { Network } from '../../schemas/network.ts';
import type { Comparison } from '../../schemas/replay-messages.ts';
import { count } from '../display/format.ts';
import { mismatchText } from '../replay/comparisons.ts';
import { trainedEpochs } from '../replay/replay-plan.ts';
import { verifyNetworks } from '../replay/verify-networks.ts';
import { type RunRecord, readRunToReplay } from '../run/folder.ts';
import { WORKER_URLS } from '../run/package.ts';
import { findRun } from './find-run.ts';
import { printJson, printLine } from './output.ts';
import { replayProgress } from './replay-progress.ts';

export interface VerifyOptions {
  readonly all: boolean;
  /** Networks to verify unless all are. */
  readonly sample: number;
  readonly threads: number;
  readonly json: boolean;
}

/** Verifies a run. Returns the exit code: 1 where a network differs. */
export async function verifyCommand(name: string, { all, sample, threads, json }: VerifyOptions): Promise<number> {
  const run = readRunToReplay(findRun(name));
  const chosen = all ? run.networks : sampleOf(run.networks, sample);
  const compared = await verifyNetworks(run, chosen, {
    threads,
    workerUrl: WORKER_URLS.replay,
    begin: replayProgress,
  });
  const differing = compared.filter(({ mismatch }) => mismatch !== null);
  if (json) printJsonLines(run, compared, differing.length);
  else for (const line of verdictLines(run, compared, differing)) printLine(line);
  return differing.length > 0 ? 1 : 0;
}

/**
 * Keys are hashes: the smallest ones are a sample as good as any, the same every time, and part of every larger one.
 */
function sampleOf(networks: readonly Network[], size: number): Network[] {
  const byKey = [...networks].sort((a, b) => (a.key < b.key ? -1 : 1));
  return byKey.slice(0, size).sort((a, b) => a.id - b.id);
}

function printJsonLines(run: RunRecord, compared: readonly Comparison[], differing: number): void {
  for (const { network, blocks, digest, mismatch } of compared)
    printJson({
      kind: 'network',
      network,
      key: run.state.plan.all[network].key,
      epochs: trainedEpochs(run, network),
      same: mismatch === null,
      blocks,
      digest,
      mismatch,
    });
  printJson({
    kind: 'run',
    folder: run.folder,
    networks: run.networks.length,
    compared: compared.length,
    differing,
    fingerprint: run.results.fingerprint(run.networks),
  });
}

function verdictLines(run: RunRecord, compared: readonly Comparison[], differing: readonly Comparison[]): string[] {
  const { networks, folder } = run;
  const lines = differing.map(({ network, mismatch }) =>
    mismatch === null ? '' : `network ${network}: ${mismatchText(mismatch)}`,
  );
  const text = `${count(compared.length)} of ${count(networks.length)} networks`;
  if (differing.length > 0)
    return [
      ...lines,
      `${folder}: ${count(differing.length)} of the ${count(compared.length)} networks compared DIFFER from the run`,
    ];
  const blocks = compared.reduce((sum, comparison) => sum + comparison.blocks, 0);
  const more = compared.length < networks.length ? '; --all compares every network' : '';
  const whole = compared.filter(({ digest }) => digest !== null).length;
  return [
    `${folder}: ${text}, trained again from their configurations alone, are the run's bit for bit`,
    `${count(blocks)} blocks of losses and ${count(whole)} last states compared${more}`,
  ];
}
