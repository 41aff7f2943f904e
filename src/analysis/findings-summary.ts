/**
 * The findings of a run in a few numbers, setting by setting: how often windows are spirals, how fast spikes relax, how
 * often a crossing of the stability threshold comes before them. Made from the rows of the tables, so that whoever
 * reads the tables comes to the same. Intervals are those of resampled networks: spikes of one network are alike.
 */
import { type FindingsRow, WINDOW_KINDS } from '../../schemas/findings.ts';
import type { Network } from '../../schemas/network.ts';
import { type LinearModeSummary, linearModeSummaries, type ModesSummary, modesSummaries } from './mode-summary.ts';
import { byNetwork, grouped, middleOf, numbersOf, share } from './rows-by-network.ts';
import { clusteredShare, type Estimate, medianOf } from './statistics.ts';

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
  readonly networks: number;
  readonly twisted: Estimate;
  readonly damped: Estimate;
}

/** Medians over the spikes of a setting; what theory says is a number. NaN where there is none. */
export interface RelaxationSummary extends FindingsSetting {
  readonly kind: 'relaxation';
  readonly spikes: number;
  readonly networks: number;
  readonly lossRate: Estimate;
  readonly lossTheory: number;
  /** Median of loss_rate / loss_theory, and how many spikes have one. */
  readonly lossRatio: Estimate;
  readonly lossRates: number;
  readonly secondMomentRatio: Estimate;
  readonly secondMomentRates: number;
  readonly interval: Estimate;
  readonly firstMomentTime: number;
  readonly secondMomentTime: number;
  readonly lossPeriod: Estimate;
  readonly thetaPeriod: Estimate;
  readonly firstMomentPeriod: Estimate;
  readonly secondMomentPeriod: Estimate;
}

export interface CurvatureSummary extends FindingsSetting {
  readonly kind: 'curvature';
  readonly threshold: number;
  readonly spikes: number;
  readonly networks: number;
  /** Spikes with a crossing before them; the same of random epochs. */
  readonly preceded: Estimate;
  readonly precededAlongGradient: Estimate;
  readonly randomEpochs: number;
  readonly random: Estimate;
  /** Medians over spikes. */
  readonly delay: Estimate;
  readonly overshoot: Estimate;
  readonly sharpnessAtOnset: Estimate;
  readonly sharpnessAfter: Estimate;
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

function spiralSummaries(setting: FindingsSetting, rows: readonly FindingsRow[]): SpiralSummary[] {
  return WINDOW_KINDS.map((window) => {
    const own = byNetwork(rows.filter(({ kind }) => kind === window));
    return {
      kind: 'spirals',
      ...setting,
      window,
      windows: own.flat().length,
      networks: own.length,
      twisted: share(own, ({ twisted }) => twisted === true),
      damped: share(own, ({ damped }) => damped === true),
    };
  });
}

function relaxationSummary(setting: FindingsSetting, rows: readonly FindingsRow[]): RelaxationSummary {
  const own = byNetwork(rows);
  const ratioOf = (name: 'loss' | 'second_moment') => (row: FindingsRow) =>
    Number(row[`${name}_rate`] ?? Number.NaN) / Number(row[`${name}_theory`]);
  const middle = (name: string) => middleOf(own, (row) => row[name]);
  const constant = (name: string) => medianOf(numbersOf(rows, (row) => row[name]));
  return {
    kind: 'relaxation',
    ...setting,
    spikes: rows.length,
    networks: own.length,
    lossRate: middle('loss_rate'),
    lossTheory: constant('loss_theory'),
    lossRatio: middleOf(own, ratioOf('loss')),
    lossRates: numbersOf(rows, ratioOf('loss')).length,
    secondMomentRatio: middleOf(own, ratioOf('second_moment')),
    secondMomentRates: numbersOf(rows, ratioOf('second_moment')).length,
    interval: middle('interval'),
    firstMomentTime: constant('first_moment_time'),
    secondMomentTime: constant('second_moment_time'),
    lossPeriod: middle('loss_period'),
    thetaPeriod: middle('theta_period'),
    firstMomentPeriod: middle('first_moment_period'),
    secondMomentPeriod: middle('second_moment_period'),
  };
}

function curvatureSummary(setting: FindingsSetting, rows: readonly FindingsRow[]): CurvatureSummary {
  const spikes = byNetwork(rows.filter(({ kind }) => kind === 'spike'));
  const random = byNetwork(rows.filter(({ kind }) => kind === 'random'));
  const middle = (name: string) => middleOf(spikes, (row) => row[name]);
  const sum = (own: readonly FindingsRow[], name: string) => own.reduce((total, row) => total + Number(row[name]), 0);
  const hasCrossing = ({ crossing_epoch }: FindingsRow) => crossing_epoch !== null;
  const crossings = random.map((own) => {
    const total = sum(own, 'crossings');
    return { count: total - sum(own, 'crossings_followed'), total };
  });
  return {
    kind: 'curvature',
    ...setting,
    threshold: medianOf(numbersOf(rows, ({ threshold }) => threshold)),
    spikes: spikes.flat().length,
    networks: spikes.length,
    preceded: share(spikes, hasCrossing),
    precededAlongGradient: share(spikes, ({ gradient_crossing_epoch }) => gradient_crossing_epoch !== null),
    randomEpochs: random.flat().length,
    random: share(random, hasCrossing),
    delay: middle('delay'),
    overshoot: middle('overshoot'),
    sharpnessAtOnset: middle('sharpness_at'),
    sharpnessAfter: middle('sharpness_after'),
    crossings: crossings.reduce((all, { total }) => all + total, 0),
    unfollowed: clusteredShare(crossings),
  };
}
