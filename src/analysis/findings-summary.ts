/**
 * The findings of a run in a few numbers, setting by setting: how often windows are spirals, how fast spikes relax, how
 * often a crossing of the stability threshold comes before them. Made from the rows of the tables, so that whoever
 * reads the tables comes to the same.
 */
import { type FindingsRow, WINDOW_KINDS } from '../../schemas/findings.ts';
import type { Network } from '../../schemas/network.ts';
import { type LinearModeSummary, linearModeSummaries, type ModesSummary, modesSummaries } from './mode-summary.ts';
import { type Estimate, medianOf, proportion } from './statistics.ts';

/** Networks that share what theory speaks of. */
export interface FindingsSetting {
  readonly precision: string;
  readonly beta1: number;
  readonly beta2: number;
}

export interface SpiralSummary extends FindingsSetting {
  readonly kind: 'spirals';
  readonly window: string;
  readonly windows: number;
  readonly twisted: Estimate;
  readonly damped: Estimate;
}

/** Medians over the spikes of a setting; NaN where there is none. */
export interface RelaxationSummary extends FindingsSetting {
  readonly kind: 'relaxation';
  readonly spikes: number;
  readonly lossRate: number;
  readonly lossTheory: number;
  /** Median of loss_rate / loss_theory, and how many spikes have one. */
  readonly lossRatio: number;
  readonly lossRates: number;
  readonly secondMomentRatio: number;
  readonly secondMomentRates: number;
  readonly interval: number;
  readonly firstMomentTime: number;
  readonly secondMomentTime: number;
  readonly lossPeriod: number;
  readonly thetaPeriod: number;
  readonly firstMomentPeriod: number;
  readonly secondMomentPeriod: number;
}

export interface CurvatureSummary extends FindingsSetting {
  readonly kind: 'curvature';
  readonly threshold: number;
  readonly spikes: number;
  /** Spikes with a crossing before them; the same of random epochs. */
  readonly preceded: Estimate;
  readonly precededAlongGradient: Estimate;
  readonly randomEpochs: number;
  readonly random: Estimate;
  /** Medians over spikes. */
  readonly delay: number;
  readonly overshoot: number;
  readonly sharpnessAtOnset: number;
  readonly sharpnessAfter: number;
  /** Crossings before random epochs, and the share of them after which no spike begins within 200 epochs. */
  readonly crossings: number;
  readonly unfollowed: Estimate;
}

export type FindingsSummary = SpiralSummary | RelaxationSummary | CurvatureSummary | LinearModeSummary | ModesSummary;

/** The findings setting by setting, in the order of the plan, whose networks are `networks[id]`. */
export function summariseFindings(
  networks: readonly Network[],
  rows: Readonly<Record<'spirals' | 'relaxation' | 'curvature', readonly FindingsRow[]>>,
): FindingsSummary[] {
  const settings = new Map<string, FindingsSetting>();
  const keyOf = ({ network }: FindingsRow): string => {
    const { precision, optimizer } = networks[Number(network)];
    const { beta1 = 0, beta2 = 0 } = optimizer;
    const key = `${beta1} ${beta2} ${precision}`;
    settings.set(key, { precision, beta1, beta2 });
    return key;
  };
  const [spirals, relaxation, curvature] = (['spirals', 'relaxation', 'curvature'] as const).map((name) =>
    grouped(rows[name], keyOf),
  );
  return [...settings].flatMap(([key, setting]) => [
    ...spiralSummaries(setting, spirals.get(key) ?? []),
    ...(relaxation.has(key) ? [relaxationSummary(setting, relaxation.get(key) ?? [])] : []),
    ...(curvature.has(key) ? [curvatureSummary(setting, curvature.get(key) ?? [])] : []),
    ...linearModeSummaries(setting, spirals.get(key) ?? []),
    ...modesSummaries(setting, { curvature: curvature.get(key) ?? [], relaxation: relaxation.get(key) ?? [] }),
  ]);
}

function grouped(rows: readonly FindingsRow[], keyOf: (row: FindingsRow) => string): Map<string, FindingsRow[]> {
  const groups = new Map<string, FindingsRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function spiralSummaries(setting: FindingsSetting, rows: readonly FindingsRow[]): SpiralSummary[] {
  return WINDOW_KINDS.map((window) => {
    const own = rows.filter(({ kind }) => kind === window);
    return {
      kind: 'spirals',
      ...setting,
      window,
      windows: own.length,
      twisted: share(own, ({ twisted }) => twisted === true),
      damped: share(own, ({ damped }) => damped === true),
    };
  });
}

function relaxationSummary(setting: FindingsSetting, rows: readonly FindingsRow[]): RelaxationSummary {
  const ratios = (name: 'loss' | 'second_moment') => {
    const own = numbersOf(rows, (row) => Number(row[`${name}_rate`] ?? Number.NaN) / Number(row[`${name}_theory`]));
    return { median: medianOf(own), count: own.length };
  };
  const [loss, secondMoment] = [ratios('loss'), ratios('second_moment')];
  const middle = (name: string) => medianOf(numbersOf(rows, (row) => row[name]));
  return {
    kind: 'relaxation',
    ...setting,
    spikes: rows.length,
    lossRate: middle('loss_rate'),
    lossTheory: middle('loss_theory'),
    lossRatio: loss.median,
    lossRates: loss.count,
    secondMomentRatio: secondMoment.median,
    secondMomentRates: secondMoment.count,
    interval: middle('interval'),
    firstMomentTime: middle('first_moment_time'),
    secondMomentTime: middle('second_moment_time'),
    lossPeriod: middle('loss_period'),
    thetaPeriod: middle('theta_period'),
    firstMomentPeriod: middle('first_moment_period'),
    secondMomentPeriod: middle('second_moment_period'),
  };
}

function curvatureSummary(setting: FindingsSetting, rows: readonly FindingsRow[]): CurvatureSummary {
  const spikes = rows.filter(({ kind }) => kind === 'spike');
  const random = rows.filter(({ kind }) => kind === 'random');
  const middle = (name: string) => medianOf(numbersOf(spikes, (row) => row[name]));
  const sum = (name: string) => random.reduce((total, row) => total + Number(row[name]), 0);
  const [crossings, followed] = [sum('crossings'), sum('crossings_followed')];
  return {
    kind: 'curvature',
    ...setting,
    threshold: medianOf(numbersOf(rows, ({ threshold }) => threshold)),
    spikes: spikes.length,
    preceded: share(spikes, ({ crossing_epoch }) => crossing_epoch !== null),
    precededAlongGradient: share(spikes, ({ gradient_crossing_epoch }) => gradient_crossing_epoch !== null),
    randomEpochs: random.length,
    random: share(random, ({ crossing_epoch }) => crossing_epoch !== null),
    delay: middle('delay'),
    overshoot: middle('overshoot'),
    sharpnessAtOnset: middle('sharpness_at'),
    sharpnessAfter: middle('sharpness_after'),
    crossings,
    unfollowed: proportion(crossings - followed, crossings),
  };
}

const share = (rows: readonly FindingsRow[], holds: (row: FindingsRow) => boolean): Estimate =>
  proportion(rows.filter(holds).length, rows.length);

/** The finite ones of a column. */
function numbersOf(rows: readonly FindingsRow[], read: (row: FindingsRow) => FindingsRow[string]): number[] {
  return rows.flatMap((row) => {
    const value = read(row);
    return typeof value === 'number' && Number.isFinite(value) ? [value] : [];
  });
}
