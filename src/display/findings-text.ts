/**
 * The findings of a run as text: a table for each question, a row for each setting. Numbers stand beside what theory
 * has for them.
 */

import type {
  CurvatureSummary,
  FindingsSetting,
  FindingsSummary,
  RelaxationSummary,
  SpiralSummary,
} from '../analysis/findings-summary.ts';
import type { LinearModeSummary, ModesSummary } from '../analysis/mode-summary.ts';
import type { Estimate } from '../analysis/statistics.ts';
import { columns, count, magnitude } from './format.ts';

/** Settings of twins that are shown one by one; the table has all. */
const SETTINGS_SHOWN_MAX = 24;

/** What is shown of one setting of twins: its place on each axis of the sweep, and what came of it. */
export interface TwinLine {
  readonly axes: readonly (readonly [name: string, value: string])[];
  readonly float32: Estimate;
  readonly float64: Estimate;
  readonly intervalRatio: Estimate;
  readonly heightRatio: Estimate;
  /** Median epoch at which twins part; NaN where none does. */
  readonly separation: number;
  readonly verdict: string;
}

/** The twins of a run, setting by setting, and how many have each verdict; nothing where there are none. */
export function twinLines(settings: readonly TwinLine[]): string[] {
  if (settings.length === 0) return [];
  const verdicts = [...new Set(settings.map(({ verdict }) => verdict))];
  const tally = verdicts.map((name) => `${name} ${count(settings.filter(({ verdict }) => verdict === name).length)}`);
  const heads = ['unstable in float32', 'in float64', 'interval ratio', 'height ratio', 'part at', 'verdict'];
  const rows = settings
    .slice(0, SETTINGS_SHOWN_MAX)
    .map((line) => [
      ...line.axes.map(([, value]) => value),
      share(line.float32.value),
      share(line.float64.value),
      interval(line.intervalRatio),
      interval(line.heightRatio),
      number(line.separation),
      line.verdict,
    ]);
  const all = [[...settings[0].axes.map(([name]) => name), ...heads], ...rows];
  const more = settings.length - rows.length;
  return [
    `twins: float32 beside float64 by setting; ${tally.join(', ')}`,
    ...columns(
      all,
      all[0].map((_, column) => (column === all[0].length - 1 ? 'left' : 'right')),
    ),
    ...(more > 0 ? [`… and ${count(more)} more settings in twins.arrow`] : []),
  ];
}

/** `0.55 [0.51, 0.60]`. */
const interval = ({ value, low, high }: Estimate): string =>
  Number.isNaN(value) ? '–' : `${value.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;

/** The tables of findings; a table without rows is left out. */
export function findingsLines(summaries: readonly FindingsSummary[]): string[] {
  const spirals = summaries.filter((summary) => summary.kind === 'spirals');
  const relaxation = summaries.filter((summary) => summary.kind === 'relaxation');
  const curvature = summaries.filter((summary) => summary.kind === 'curvature');
  const linear = summaries.filter((summary) => summary.kind === 'linear-mode');
  const modes = summaries.filter((summary) => summary.kind === 'modes');
  return [
    spiralTable(spirals),
    linearModeTable(linear),
    floorTable(linear),
    relaxationTable(relaxation),
    periodTable(relaxation),
    curvatureTable(curvature),
    modesTable(modes),
  ]
    .filter((lines) => lines.length > 0)
    .flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}

const SETTING = ['precision', 'beta1', 'beta2'];
const settingCells = ({ precision, beta1, beta2 }: FindingsSetting): string[] => [precision, `${beta1}`, `${beta2}`];

function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const all = [[...SETTING, ...heads], ...rows];
  const isNumber = (column: number) => column > 0 && !rows.some((row) => /^[a-z]/.test(row[column]));
  return [
    title,
    ...columns(
      all,
      all[0].map((_, column) => (isNumber(column) ? 'right' : 'left')),
    ),
  ];
}

/** `98.4 %`. */
const share = (value: number): string => (Number.isNaN(value) ? '–' : `${(100 * value).toFixed(1)} %`);
const number = (value: number): string => (Number.isNaN(value) ? '–' : magnitude(value));

function spiralTable(summaries: readonly SpiralSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    summary.window,
    count(summary.windows),
    share(summary.twisted.value),
    share(summary.damped.value),
  ]);
  return table('spirals: windows of 62 epochs', ['window', 'windows', 'twisted', 'damped'], rows);
}

function linearModeTable(summaries: readonly LinearModeSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    summary.window,
    number(summary.winding),
    number(summary.predictedWinding),
    number(summary.damping),
    number(summary.predictedDamping),
    number(summary.recurrenceResidual),
    share(summary.predictedTwisted.value),
    share(summary.twistedAsPredicted.value),
    share(summary.twistedUnpredicted.value),
  ]);
  return table(
    'windows beside the linear mode of their curvature: medians per epoch, and windows twisted where it predicts this',
    ['window', 'winding', 'predicted', 'damping', 'predicted', 'residual', 'to twist', 'twisted', 'others twisted'],
    rows,
  );
}

function floorTable(summaries: readonly LinearModeSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    summary.window,
    number(summary.amplitude),
    share(summary.atFloor.value),
    share(summary.twistedAtFloor.value),
    share(summary.twistedAboveFloor.value),
  ]);
  return table(
    'the floor of rounding: median amplitude of the fast mode, and windows twisted at the floor and above it',
    ['window', 'ulps', 'at the floor', 'twisted there', 'twisted above'],
    rows,
  );
}

function modesTable(summaries: readonly ModesSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    count(summary.spikes),
    number(summary.eta1),
    number(summary.eta2),
    interval(summary.modeRatio),
    interval(summary.intervalVariation),
  ]);
  return table(
    'one mode or several, 15 epochs before an onset: medians, ratios with their intervals over networks',
    ['spikes', 'eta1', 'eta2', 'eta2 / eta1', 'variation of intervals'],
    rows,
  );
}

function relaxationTable(summaries: readonly RelaxationSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    count(summary.spikes),
    number(summary.lossRate),
    number(summary.lossTheory),
    number(summary.lossRatio),
    number(summary.secondMomentRatio),
    count(summary.secondMomentRates),
  ]);
  return table(
    'relaxation: medians over spikes',
    ['spikes', 'loss rate', '−ln beta1', 'ratio', 'v rate / −ln beta2', 'of spikes'],
    rows,
  );
}

function periodTable(summaries: readonly RelaxationSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    ...[
      summary.interval,
      summary.firstMomentTime,
      summary.secondMomentTime,
      summary.lossPeriod,
      summary.thetaPeriod,
      summary.firstMomentPeriod,
      summary.secondMomentPeriod,
    ].map(number),
  ]);
  return table(
    'intervals and dominant periods in epochs: medians over spikes',
    ['interval', '1/(1−beta1)', '1/(1−beta2)', 'log loss', 'theta', 'm', 'v'],
    rows,
  );
}

function curvatureTable(summaries: readonly CurvatureSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    number(summary.threshold),
    count(summary.spikes),
    share(summary.preceded.value),
    share(summary.precededAlongGradient.value),
    number(summary.delay),
    number(summary.overshoot),
    share(summary.random.value),
    share(summary.unfollowed.value),
  ]);
  return table(
    'curvature: upward crossings of the threshold within 200 epochs',
    ['threshold', 'spikes', 'preceded', 'by gradient', 'delay', 'overshoot', 'random', 'unfollowed'],
    rows,
  );
}
