/**
 * `gyre analyse`: what the spikes of a run are like (spirals, relaxation and curvature), and whether they are floating
 * point or dynamics; how long its networks survive without them. As tables in its folder and as a summary.
 */
import type { FINDINGS_TABLES, FindingsRow } from '../../schemas/findings.ts';
import { RunError, UsageError } from '../../schemas/problems.ts';
import { summariseFindings } from '../analysis/findings-summary.ts';
import { medianOf } from '../analysis/statistics.ts';
import { findingsLines, survivalLines, type TwinLine, twinLines } from '../display/findings-text.ts';
import { count } from '../display/format.ts';
import { analyseSpikes, type SpikeFindings } from '../findings/analyse-spikes.ts';
import { analyseSurvival, type SurvivalComparison, survivalAxes } from '../findings/analyse-survival.ts';
import { analyseTwins, type ComparedSetting, twinSettings } from '../findings/analyse-twins.ts';
import { type Axis, axesOf, inRanges } from '../plan/axes.ts';
import { writeFindings } from '../run/findings-tables.ts';
import { type RunRecord, readRunToReplay } from '../run/folder.ts';
import { WORKER_URLS } from '../run/package.ts';
import { findRun } from './find-run.ts';
import { printJson, printLine, tellUser } from './output.ts';
import { MARGIN_DEFAULT, SPIKES_DEFAULT } from './registry/replaying-commands.ts';
import { replayProgress } from './replay-progress.ts';

export interface AnalyseCommandOptions {
  readonly spikes: number;
  readonly threads: number;
  readonly json: boolean;
  /** The largest difference between twins that counts as alike, in percent. */
  readonly margin: number;
  /** The one axis that survival is shown by. */
  readonly by: string | undefined;
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

/**
 * Analyses a run, writes its tables and prints what was found.
 *
 * @throws UsageError where networks do not differ on the axis `by`.
 */
export async function analyseRun(
  run: RunRecord,
  options: Pick<AnalyseCommandOptions, 'threads' | 'json'> & Partial<AnalyseCommandOptions>,
): Promise<void> {
  const { spikes = SPIKES_DEFAULT, margin = MARGIN_DEFAULT, threads, json, by } = options;
  const axes = chosenAxes(run, by);
  const findings = await analyseSpikes(run, {
    threads,
    spikes,
    replayWorkerUrl: WORKER_URLS.replay,
    workerUrl: WORKER_URLS.analyse,
    begin: replayProgress,
  });
  const settings = twinSettings(run);
  const twinOptions = { threads, replayWorkerUrl: WORKER_URLS.replay, margin: margin / 100 };
  const twins = settings.length === 0 ? null : await analyseTwins(run, settings, twinOptions);
  const { epochs } = run.manifest.sweep;
  const survival = analyseSurvival(run, { axes, firstSpikes: findings.firstSpikes, epochs });
  const { spirals, relaxation, curvature } = findings;
  const rows = {
    spirals,
    relaxation,
    curvature,
    ...(twins !== null && { twins: twins.rows }),
    survival: survival.rows,
  };
  const files = Object.entries(rows).map(([name, own]) => writeTable(run, name, own));
  const summaries = summariseFindings(run.state.plan.all, findings);
  if (json) {
    for (const summary of summaries) printJson(summary);
    for (const setting of twins?.settings ?? []) printJson(twinJson(setting));
    for (const comparison of survival.comparisons) for (const line of survivalJson(comparison)) printJson(line);
    for (const file of files) printJson({ kind: 'table', ...file });
    printJson({ kind: 'run', folder: run.folder, ...counts(findings) });
    return;
  }
  const twinTexts = twinLines(twinTable(run, twins?.settings ?? []));
  const blocks = [findingsLines(summaries), twinTexts, survivalLines(survival.comparisons)];
  for (const lines of blocks.filter(({ length }) => length > 0)) for (const line of [...lines, '']) printLine(line);
  for (const { path, rows: own } of files) printLine(`${path}  ${count(own)} rows`);
  tellUser(scopeText(findings));
}

/** The axes that survival is shown by: one that the user has chosen, or all of few values. */
function chosenAxes({ networks }: Pick<RunRecord, 'networks'>, by: string | undefined): readonly Axis[] {
  if (by === undefined) return survivalAxes(networks);
  const axes = axesOf(networks);
  const chosen = axes.filter(({ name }) => name === by);
  if (chosen.length > 0) return chosen.map(inRanges);
  const names = axes.map(({ name }) => name).join(', ');
  const expected = names === '' ? 'no --by, because networks differ in their seeds alone' : `one of ${names}`;
  throw new UsageError({ where: '--by', got: `${JSON.stringify(by)}, on which all networks are equal`, expected });
}

function twinJson({ network, separations, ...comparison }: ComparedSetting) {
  return {
    kind: 'twins',
    network: network.id,
    ...comparison,
    partedPairs: separations.length,
    separation: medianOf(separations),
  };
}

/** A line per group, and one for the test between them. */
function survivalJson({ event, axis, groups, test }: SurvivalComparison) {
  const lines = groups.map((group) => ({ kind: 'survival', event, axis, ...group }));
  return test === null ? lines : [...lines, { kind: 'log-rank', event, axis, ...test }];
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
