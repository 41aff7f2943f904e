/**
 * The findings of a run as text: a table for each question, a row for each setting. Numbers stand beside what theory
 * has for them.
 */
import { ALL_NETWORKS, SURVIVAL_EVENTS, TWIN_VERDICTS, type TwinVerdict } from '../../schemas/findings.ts';
import type {
  CurvatureSummary,
  FindingsSetting,
  FindingsSummary,
  RelaxationSummary,
  SpiralSummary,
} from '../analysis/findings-summary.ts';
import type { LinearModeSummary, ModesSummary } from '../analysis/mode-summary.ts';
import type { Estimate } from '../analysis/statistics.ts';
import {
  excludes,
  type RatioComparison,
  type ShareComparison,
  type TwinComparison,
} from '../analysis/twin-statistics.ts';
import type { SurvivalComparison, SurvivalGroup } from '../findings/analyse-survival.ts';
import { columns, count, magnitude } from './format.ts';

/** Settings of twins that are shown one by one; the table has all. */
const SETTINGS_SHOWN_MAX = 12;

/** What is shown of one setting of twins: its place on each axis of the sweep, and what came of it. */
export interface TwinLine extends TwinComparison {
  readonly axes: readonly (readonly [name: string, value: string])[];
  /** Median epoch at which twins part; NaN where none does. */
  readonly separation: number;
}

/** The twins of a run, setting by setting, and how many have each verdict; nothing where there are none. */
export function twinLines(settings: readonly TwinLine[]): string[] {
  if (settings.length === 0) return [];
  const tally = TWIN_VERDICTS.flatMap((name) => {
    const own = settings.filter(({ verdict }) => verdict === name).length;
    return own === 0 ? [] : [`${name} ${count(own)}`];
  });
  const heads = ['compared', 'pairs', 'float32', 'float64', 'float32 / float64', 'verdict'];
  const shown = settings.slice(0, SETTINGS_SHOWN_MAX);
  const all = [[...settings[0].axes.map(([name]) => name), ...heads], ...shown.flatMap(twinRows)];
  const more = settings.length - shown.length;
  const texts = ['compared', 'verdict'];
  return [
    `twins: float32 beside float64 by setting, pair by pair; ${tally.join(', ')}`,
    ...columns(
      all,
      all[0].map((head) => (texts.includes(head) ? 'left' : 'right')),
    ),
    ...(more > 0 ? [`… and ${count(more)} more settings in twins.arrow`] : []),
  ];
}

/** Four rows: what is compared, and then the setting as a whole. */
function twinRows({ axes, separation, ...comparison }: TwinLine): string[][] {
  const { unstable, interval, height, margin, pairs, verdict } = comparison;
  const parted = Number.isNaN(separation) ? '' : `; parted at epoch ${number(separation)}`;
  const percent = `${number(100 * margin)} %`;
  const shares = [count(pairs), shareText(unstable.float32), shareText(unstable.float64)];
  const ratios = ({ pairs, ratio }: RatioComparison) => [count(pairs), '', '', estimateText(ratio, digits(3))];
  const rows = [
    ['unstable', ...shares, pointsText(unstable.difference), shareVerdict(unstable, margin)],
    ['spike interval', ...ratios(interval), ratioVerdict(interval, percent, ['shorter', 'longer'])],
    ['spike height', ...ratios(height), ratioVerdict(height, percent, ['lower', 'higher'])],
    ['all', '', '', '', '', `${verdict}${parted}`],
  ];
  return rows.map((row, i) => [...axes.map(([, value]) => (i === 0 ? value : '')), ...row]);
}

/** `alike within 10 %, 5 % shorter`: a difference that is sure is said, however small it is. */
function ratioVerdict({ ratio, verdict }: RatioComparison, margin: string, [less, more]: readonly string[]): string {
  const change = 100 * Math.abs(ratio.value - 1);
  const size = `${change < 1 ? change.toPrecision(1) : change.toFixed(0)} % ${ratio.value < 1 ? less : more}`;
  return verdict === null ? '–' : verdictText(verdict, margin, excludes(ratio, 1) ? size : null);
}

function shareVerdict({ difference, verdict }: ShareComparison, margin: number): string {
  const size = `${(100 * Math.abs(difference.value)).toFixed(1)} points ${difference.value < 0 ? 'fewer' : 'more'}`;
  return verdictText(verdict, `${number(100 * margin)} points`, excludes(difference, 0) ? size : null);
}

const verdictText = (verdict: TwinVerdict, margin: string, size: string | null): string =>
  `${verdict}${verdict === 'alike' ? ` within ${margin}` : ''}${size === null ? '' : `, ${size}`}`;

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

/** What brackets hold, said once. */
const BRACKETS = 'brackets hold 95 % intervals over networks';

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

/** `0.55 [0.51, 0.60]`; `0.55` where there is too little for an interval, and `–` where there is nothing at all. */
function estimateText({ value, lower, upper }: Estimate, text: (value: number) => string, unit = ''): string {
  if (Number.isNaN(value)) return '–';
  const ends = [lower, upper].map((end) => (Number.isNaN(end) ? '–' : text(end)));
  return `${text(value)}${unit}${ends.every((end) => end === '–') ? '' : ` [${ends.join(', ')}]`}`;
}

const digits = (places: number) => (value: number) => value.toFixed(places);
const number = (value: number): string => (Number.isNaN(value) ? '–' : magnitude(value));

/** `98.4 % [95.1, 99.6]`. */
const shareText = (share: Estimate): string => estimateText(share, (value) => (100 * value).toFixed(1), ' %');
/** `+3.1 [-5.2, 11.4] points`, of shares. */
const pointsText = (difference: Estimate): string =>
  `${estimateText(difference, (value) => (100 * value).toFixed(1))} points`;
/** `282.5 [279, 298]`. */
const medianText = (median: Estimate): string => estimateText(median, magnitude);

function spiralTable(summaries: readonly SpiralSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    summary.window,
    count(summary.windows),
    shareText(summary.twisted),
    shareText(summary.damped),
  ]);
  return table(`spirals: windows of 62 epochs; ${BRACKETS}`, ['window', 'windows', 'twisted', 'damped'], rows);
}

function linearModeTable(summaries: readonly LinearModeSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    summary.window,
    medianText(summary.winding),
    medianText(summary.predictedWinding),
    medianText(summary.damping),
    medianText(summary.predictedDamping),
    medianText(summary.recurrenceResidual),
    shareText(summary.predictedTwisted),
    shareText(summary.twistedAsPredicted),
    shareText(summary.twistedUnpredicted),
  ]);
  return table(
    `windows beside the linear mode of their curvature: medians per epoch, and windows twisted where it predicts it; ` +
      BRACKETS,
    ['window', 'winding', 'predicted', 'damping', 'predicted', 'residual', 'to twist', 'twisted', 'others twisted'],
    rows,
  );
}

function floorTable(summaries: readonly LinearModeSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    summary.window,
    medianText(summary.amplitude),
    shareText(summary.atFloor),
    shareText(summary.twistedAtFloor),
    shareText(summary.twistedAboveFloor),
  ]);
  return table(
    `the floor of rounding: median amplitude of the fast mode, and windows twisted at the floor and above it; ` +
      BRACKETS,
    ['window', 'ulps', 'at the floor', 'twisted there', 'twisted above'],
    rows,
  );
}

function modesTable(summaries: readonly ModesSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    count(summary.spikes),
    medianText(summary.eta1),
    medianText(summary.eta2),
    medianText(summary.modeRatio),
    medianText(summary.intervalVariation),
  ]);
  return table(
    `one mode or several, 15 epochs before an onset: medians; ${BRACKETS}`,
    ['spikes', 'eta1', 'eta2', 'eta2 / eta1', 'variation of intervals'],
    rows,
  );
}

function relaxationTable(summaries: readonly RelaxationSummary[]): string[] {
  const rows = summaries.map((summary) => [
    ...settingCells(summary),
    count(summary.spikes),
    medianText(summary.lossRate),
    number(summary.lossTheory),
    medianText(summary.lossRatio),
    medianText(summary.secondMomentRatio),
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
    medianText(summary.interval),
    number(summary.firstMomentTime),
    number(summary.secondMomentTime),
    ...[summary.lossPeriod, summary.thetaPeriod, summary.firstMomentPeriod, summary.secondMomentPeriod].map(medianText),
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
    shareText(summary.preceded),
    shareText(summary.precededAlongGradient),
    medianText(summary.delay),
    medianText(summary.overshoot),
    shareText(summary.random),
    shareText(summary.unfollowed),
  ]);
  return table(
    'curvature: upward crossings of the threshold within 200 epochs',
    ['threshold', 'spikes', 'preceded', 'by gradient', 'delay', 'overshoot', 'random', 'unfollowed'],
    rows,
  );
}

/** The survival of a run: median epochs until each event for each value of each axis, and whether values differ. */
export function survivalLines(comparisons: readonly SurvivalComparison[]): string[] {
  const axes = [...new Set(comparisons.map(({ axis }) => axis))];
  const rows = axes.flatMap((axis) => {
    const own = SURVIVAL_EVENTS.flatMap((event) =>
      comparisons.filter((one) => one.axis === axis && one.event === event),
    );
    const groups = own[0].groups.map(({ value, networks }, i) => [
      i === 0 ? axis : '',
      axis === ALL_NETWORKS ? '' : (value ?? '–'),
      count(networks),
      ...own.map(({ groups }) => survivalText(groups[i])),
    ]);
    const tests = own.map(({ test }) => (test === null || test.degrees === 0 ? '–' : number(test.pValue)));
    return axis === ALL_NETWORKS ? groups : [...groups, ['', 'log-rank p', '', ...tests]];
  });
  const heads = ['axis', 'value', 'networks', ...SURVIVAL_EVENTS.map((event) => event.replace('-', ' '))];
  return [
    'survival: epochs until half of the networks have each event; — where fewer have it',
    ...columns([heads, ...rows], ['left', 'left', 'right', ...SURVIVAL_EVENTS.map(() => 'right' as const)]),
  ];
}

/** `1478 [1200, 1900]`, or `3 of 32` where no median is. */
const survivalText = ({ median, events, networks }: SurvivalGroup): string =>
  Number.isNaN(median.value) ? `— (${count(events)} of ${count(networks)})` : medianText(median);
