/**
 * The findings of a run as text: a table for each question, a row for each setting. Numbers stand beside what theory has for them.
 */
import type {
  CurvatureSummary,
  FindingsSetting,
  FindingsSummary,
  RelaxationSummary,
  SpiralSummary,
} from '../analysis/summary.ts';
import { columns, count, magnitude } from './format.ts';

/** The tables of findings; a table without rows is left out. */
export function findingsLines(summaries: readonly FindingsSummary[]): string[] {
  const spirals = summaries.filter((summary) => summary.kind === 'spirals');
  const relaxation = summaries.filter((summary) => summary.kind === 'relaxation');
  const curvature = summaries.filter((summary) => summary.kind === 'curvature');
  return [spiralTable(spirals), relaxationTable(relaxation), periodTable(relaxation), curvatureTable(curvature)]
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
