/**
 * `gyre analyse`: what the spikes of a run are like (spirals, relaxation and curvature), and whether they are floating
 * point or dynamics: as tables in its folder and as a summary.
 */
import type { FINDINGS_TABLES, FindingsRow } from '../../schemas/findings.ts';
import { RunError } from '../../schemas/problems.ts';
import { summariseFindings } from '../analysis/findings-summary.ts';
import { medianOf } from '../analysis/statistics.ts';
import { findingsLines, type TwinLine, twinLines } from '../display/findings-text.ts';
import { count } from '../display/format.ts';
import { analyseSpikes, type SpikeFindings } from '../findings/analyse-spikes.ts';
import { analyseTwins, type ComparedSetting, twinSettings } from '../findings/analyse-twins.ts';
import { axesOf } from '../plan/axes.ts';
import { writeFindings } from '../run/findings-tables.ts';
import { type RunRecord, readRunToReplay } from '../run/folder.ts';
import { WORKER_URLS } from '../run/package.ts';
import { findRun } from './find-run.ts';
import { printJson, printLine, tellUser } from './output.ts';
import { SPIKES_DEFAULT } from './registry/replaying-commands.ts';
import { replayProgress } from './replay-progress.ts';

export interface AnalyseCommandOptions {
  readonly spikes: number;
  readonly threads: number;
  readonly json: boolean;
}

/** Analyses a run. Returns the exit code. */
export async function analyseCommand(name: string, options: AnalyseCommandOptions): Promise<number> {
  const run = readRunToReplay(findRun(name));
  if (run.results.doneCount === 0) {
    const remedy = 'continue it with the gyre run command that began it';
    throw new RunError({ where: run.folder, got: 'no network that is trained to its end', remedy });
  }
  await analyseRun(run, options);
  return 0;
}

/** Analyses a run, writes its tables and prints what was found. */
export async function analyseRun(
  run: RunRecord,
  { spikes = SPIKES_DEFAULT, threads, json }: { spikes?: number; threads: number; json: boolean },
): Promise<void> {
  const findings = await analyseSpikes(run, {
    threads,
    spikes,
    replayWorkerUrl: WORKER_URLS.replay,
    workerUrl: WORKER_URLS.analyse,
    begin: replayProgress,
  });
  const settings = twinSettings(run);
  const twins =
    settings.length === 0 ? null : await analyseTwins(run, settings, { threads, replayWorkerUrl: WORKER_URLS.replay });
  const { spirals, relaxation, curvature } = findings;
  const tables = { spirals, relaxation, curvature, ...(twins !== null && { twins: twins.rows }) };
  const files = Object.entries(tables).map(([name, rows]) => writeTable(run, name, rows));
  const summaries = summariseFindings(run.state.plan.all, findings);
  if (json) {
    for (const summary of summaries) printJson(summary);
    for (const setting of twins?.settings ?? []) printJson(twinJson(setting));
    for (const file of files) printJson({ kind: 'table', ...file });
    printJson({ kind: 'run', folder: run.folder, ...counts(findings) });
    return;
  }
  const blocks = [findingsLines(summaries), twinLines(twinTable(run, twins?.settings ?? []))];
  for (const lines of blocks.filter(({ length }) => length > 0)) for (const line of [...lines, '']) printLine(line);
  for (const { path, rows } of files) printLine(`${path}  ${count(rows)} rows`);
  tellUser(scopeText(findings));
}

function twinJson({ network, separations, ...comparison }: ComparedSetting) {
  return {
    kind: 'twins',
    network: network.id,
    ...comparison,
    parted: separations.length,
    separation: medianOf(separations),
  };
}

function twinTable({ networks }: RunRecord, settings: readonly ComparedSetting[]): TwinLine[] {
  const axes = axesOf(networks).filter(({ name }) => name !== 'precision');
  return settings.map(({ network, separations, ...comparison }) => ({
    ...comparison,
    axes: axes.map(({ name, valueFor }) => [name, String(valueFor(network) ?? '–')] as const),
    separation: medianOf(separations),
  }));
}

function writeTable(run: RunRecord, table: string, rows: readonly FindingsRow[]): { path: string; rows: number } {
  const { folder, manifest } = run;
  const name = table as keyof typeof FINDINGS_TABLES;
  const { compression } = manifest.sweep.trace;
  return { path: writeFindings(rows, { folder, name, runKey: manifest.key, compression }), rows: rows.length };
}

function counts({ spikingNetworks, suitableNetworks, analysedNetworks, spikesAnalysed }: SpikeFindings) {
  return { spikingNetworks, suitableNetworks, analysedNetworks, spikesAnalysed };
}

/** What was looked at, and what not. */
function scopeText({ spikingNetworks, suitableNetworks, analysedNetworks, spikesAnalysed }: SpikeFindings): string {
  if (spikingNetworks === 0) return 'no network has spikes: there is nothing to look at, and the tables have no rows';
  const others = spikingNetworks - suitableNetworks;
  const unsuitable =
    others === 0 ? '' : `; ${count(others)} more have spikes, but are no networks of layers under full-batch Adam`;
  const networks = `${count(analysedNetworks)} of ${count(suitableNetworks)} networks with spikes`;
  return `looked at ${count(spikesAnalysed)} spikes of ${networks}${unsuitable}`;
}
