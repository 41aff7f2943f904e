/**
 * The claims about spikes of networks: a small sweep of its own, trained and analysed like any other, in a folder that
 * is gone afterwards.
 */
import { sweepSchema } from '../../schemas/sweep.ts';
import { type FindingsSetting, type FindingsSummary, summariseFindings } from '../analysis/findings-summary.ts';
import { type AnalyseOptions, analyseSpikes } from '../findings/analyse-spikes.ts';
import { Plan } from '../plan/plan.ts';
import { readRun } from '../run/folder.ts';
import { openRun } from '../run/open-run.ts';
import { executeRun } from '../session/execute.ts';
import type { NumberMeasurement } from './claim.ts';

/**
 * Those of sweeps/spikes.yaml with fewer seeds: six networks a setting of β1 and precision would tell a share of 95 %
 * from 85 %.
 */
const SWEEP = {
  name: 'claims',
  epochs: 50_000,
  layers: [1, 8, 1],
  data: { kind: 'sine', points: 16 },
  optimizer: { kind: 'adam', learningRate: 1e-2, beta1: [0.95, 0.9, 0.8], beta2: 0.999, epsilon: 1e-8 },
  precision: ['float32', 'float64'],
  seeds: 4,
} as const;
/** Eight of each network. */
const SPIKES = 192;
/** Fewer spikes than these would prove nothing. */
const SPIKES_MIN = 20;

export interface SpikeClaimsOptions extends Pick<AnalyseOptions, 'threads' | 'replayWorkerUrl'> {
  /** A new folder for the run. */
  readonly folder: string;
  readonly trainWorkerUrl: URL;
  readonly analyseWorkerUrl: URL;
}

/** Measurements of both claims, from one sweep. */
export async function measureSpikeClaims(
  options: SpikeClaimsOptions,
): Promise<Readonly<Record<'stability-threshold' | 'loss-relaxation', NumberMeasurement[]>>> {
  const { folder, threads, trainWorkerUrl, analyseWorkerUrl, replayWorkerUrl } = options;
  const plan = new Plan(sweepSchema.parse(SWEEP));
  const run = openRun({ plan, folder });
  try {
    const { signal } = new AbortController();
    const ending = await executeRun(run, { threads, workerUrl: trainWorkerUrl, notify: () => {}, stop: signal });
    if (ending !== 'done') throw new Error(`the sweep of the claims has ${ending}`);
  } finally {
    run.close();
  }
  const findings = await analyseSpikes(readRun(folder, plan), {
    threads,
    spikes: SPIKES,
    replayWorkerUrl,
    workerUrl: analyseWorkerUrl,
  });
  const summaries = summariseFindings(plan.all, findings);
  return {
    'stability-threshold': summaries.flatMap((summary) => thresholdOf(summary)),
    'loss-relaxation': summaries.flatMap((summary) => relaxationOf(summary)),
  };
}

const settingText = ({ beta1, precision }: FindingsSetting): string => `β1 ${beta1} ${precision}`;

function thresholdOf(summary: FindingsSummary): NumberMeasurement[] {
  if (summary.kind !== 'curvature') return [];
  const { spikes, threshold, preceded } = summary;
  const measured = spikes >= SPIKES_MIN ? preceded.value : Number.NaN;
  const setting = `${settingText(summary)}: share preceded by a crossing of ${Math.round(threshold)}`;
  return [{ setting, basis: 'literature', expected: 0.95, measured, within: [0.95, 1] }];
}

function relaxationOf(summary: FindingsSummary): NumberMeasurement[] {
  if (summary.kind !== 'relaxation') return [];
  const { lossRates, lossRate, lossTheory } = summary;
  const measured = lossRates >= SPIKES_MIN ? lossRate.value : Number.NaN;
  const setting = `${settingText(summary)}: median rate`;
  return [{ setting, basis: 'theory', expected: lossTheory, measured, within: 0.15 }];
}
