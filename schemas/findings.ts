/**
 * The tables that `gyre analyse` writes into a run's folder, and the closed lists of names in them. One row is one
 * thing found: a window, a spike, a setting of twins. Networks are told by their numbers; what they are stands in
 * networks.arrow.
 */
import { AXIS_COLUMNS } from './axis-columns.ts';
import { MOTION_NAMES, OUTCOME_NAMES } from './catalogue.ts';
import { type Column, column, nullable } from './columns.ts';

/** Windows around spikes by where they stand, and null windows. */
export const WINDOW_KINDS = ['rise', 'relaxation', 'calm', 'random', 'null'] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];

/** Epochs that curvature is followed up to. */
const CURVATURE_KINDS = ['spike', 'random'] as const;

/**
 * What a comparison of twins says, by the 95 % interval of the difference and a margin around none. Of the comparisons
 * of a setting, the first in this list decides.
 */
export const TWIN_VERDICTS = ['different', 'slightly different', 'undecided', 'alike'] as const;
export type TwinVerdict = (typeof TWIN_VERDICTS)[number];

/** What survival curves wait for, in the order in which networks mostly have it. */
export const SURVIVAL_EVENTS = ['onset', 'first-spike', 'divergence'] as const;
export type SurvivalEvent = (typeof SURVIVAL_EVENTS)[number];

/** The axis of the curves over all networks of a run. */
export const ALL_NETWORKS = 'all';

/** The name under which the labels that count as unstable are taken together. */
export const UNSTABLE = 'unstable';
/** The labels that the table twins has rows for. */
export const TWIN_LABELS = [UNSTABLE, ...OUTCOME_NAMES.filter((name) => name !== 'failed'), ...MOTION_NAMES] as const;

export type FindingsTableName = 'spirals' | 'relaxation' | 'curvature' | 'twins' | 'survival';

interface FindingsTable {
  readonly name: FindingsTableName;
  readonly description: string;
  readonly columns: readonly Column[];
  /** The names that can stand in each dictionary column. */
  readonly dictionaries: Readonly<Record<string, readonly string[]>>;
}

const NETWORK = column('network', 'u32', '1', 'number of the network in the plan');

/** An estimate with its interval: three columns. */
const estimate = (name: string, description: string): Column[] => [
  nullable(name, 'f64', '1', description),
  nullable(`${name}_lower`, 'f64', '1', 'lower end of its 95 % interval'),
  nullable(`${name}_upper`, 'f64', '1', 'upper end of its 95 % interval'),
];

/** A number in float32 by that of its twin in float64: five columns. */
const ratio = (name: string, of: string): Column[] => [
  column(`${name}_pairs`, 'u32', '1', `pairs whose members both have a ${of}`),
  ...estimate(`${name}_ratio`, `${of} in float32 / in float64: median over these pairs, bootstrap over pairs`),
  nullable(`${name}_verdict`, 'dictionary', '', 'what this interval says about 1; null without such pairs'),
];

const SPIRALS_TABLE: FindingsTable = {
  name: 'spirals',
  description: 'one row per window of 62 epochs: whether the fast motion of θ and m winds, and how fast it shrinks',
  dictionaries: { kind: WINDOW_KINDS },
  columns: [
    NETWORK,
    column('kind', 'dictionary', '', 'where the window stands; null windows are phase-randomised motion'),
    column('first_epoch', 'u32', 'epoch', 'first epoch of the window; of a null window, of the record it is made from'),
    nullable('peak_epoch', 'u32', 'epoch', 'peak of the spike that the window belongs to; null where it is random'),
    nullable('winding', 'f64', '1', 'turns of the fast motion, whichever way; null where nothing moves'),
    nullable('handedness', 'f64', '1', 'share of all turning that goes one way, 0 to 1'),
    nullable('decay_rate', 'f64', '1/epoch', 'decrease of the logarithm of its amplitude per epoch'),
    column('decay_theory', 'f64', '1/epoch', '−½ ln β1'),
    nullable('fit', 'f64', '1', 'R² of the line that decay_rate is the slope of'),
    nullable('flip_index', 'f64', '1', '1 where each update undoes the one before; null of a null window'),
    column('twisted', 'bool', '', 'winds 1.5 turns or more, handedness ≥ 0.9'),
    column('damped', 'bool', '', 'twisted, R² ≥ 0.9 and decay_rate within 25 % of decay_theory'),
    nullable('sharpness', 'f64', '1', 'mean η = lr·dᵀP^−½HP^−½d along the fast motion d; null of a null window'),
    nullable('winding_rate', 'f64', '1/epoch', 'turns per epoch: winding by the epochs between its rows'),
    nullable('predicted_winding', 'f64', '1/epoch', 'mean turns per epoch of a linear mode with q = η(1 − β1)'),
    nullable('winding_residual', 'f64', '1/epoch', 'winding_rate − predicted_winding'),
    nullable('predicted_damping', 'f64', '1/epoch', 'mean damping of that mode: −½ ln β1 where it turns, else −ln |z|'),
    nullable('damping_residual', 'f64', '1/epoch', 'decay_rate − predicted_damping'),
    nullable(
      'recurrence_residual',
      'f64',
      '1',
      'root of the share of the motion that one step of x_{t+1} = (1 + β1 − q)·x_t − β1·x_{t−1} does not explain',
    ),
    nullable('amplitude', 'f64', 'ulp', 'flipping part of θ along the top eigenvector, root mean square'),
    nullable('at_floor', 'bool', '', 'amplitude ≤ 32 ulps: rounding alone can keep the fast mode awake'),
  ],
};

const RELAXATION_TABLE: FindingsTable = {
  name: 'relaxation',
  description: 'one row per spike: how fast loss and second moment relax after it, and with which periods they move',
  dictionaries: {},
  columns: [
    NETWORK,
    column('peak_epoch', 'u32', 'epoch', 'epoch of the largest loss of the spike'),
    nullable('loss_rate', 'f64', '1/epoch', 'decay of the excess loss; null where it is gone too soon'),
    nullable('loss_fit', 'f64', '1', 'R² of the line that loss_rate is the slope of'),
    column('loss_theory', 'f64', '1/epoch', '−ln β1'),
    nullable('second_moment_rate', 'f64', '1/epoch', 'decay of Σ v until the next spike; null where that is too soon'),
    nullable('second_moment_fit', 'f64', '1', 'R² of the line that second_moment_rate is the slope of'),
    column('second_moment_theory', 'f64', '1/epoch', '−ln β2'),
    column('first_moment_time', 'f64', 'epoch', '1/(1 − β1)'),
    column('second_moment_time', 'f64', 'epoch', '1/(1 − β2)'),
    nullable('interval', 'u32', 'epoch', 'from this peak to the next one; null after the last'),
    nullable(
      'interval_variation',
      'f64',
      '1',
      'coefficient of variation of up to 16 intervals around the spike; null where they are fewer than 4',
    ),
    nullable('loss_period', 'f64', 'epoch', 'dominant period of the logarithm of the loss after the peak'),
    nullable('theta_period', 'f64', 'epoch', 'of the parameters, all periodograms together'),
    nullable('first_moment_period', 'f64', 'epoch', 'of the first moments'),
    nullable('second_moment_period', 'f64', 'epoch', 'of the second moments'),
  ],
};

const CURVATURE_TABLE: FindingsTable = {
  name: 'curvature',
  description:
    'one row per spike or random epoch: the preconditioned curvature since the spike before, at most 200 epochs back',
  dictionaries: { kind: CURVATURE_KINDS },
  columns: [
    NETWORK,
    column('kind', 'dictionary', '', 'whether a spike begins at epoch, or nothing but a draw'),
    column('epoch', 'u32', 'epoch', 'onset of the spike, or the random epoch'),
    column('first_epoch', 'u32', 'epoch', 'epoch that the curvature is followed from'),
    column('threshold', 'f64', '1', '2(1 + β1)/(1 − β1), above which the fast mode grows'),
    column('sharpness_before', 'f64', '1', 'lr·λ_max(P⁻¹H) at first_epoch'),
    column('sharpness_at', 'f64', '1', 'the same at epoch'),
    column('sharpness_max', 'f64', '1', 'its largest value between them'),
    nullable('sharpness_after', 'f64', '1', 'the same 66 epochs after the peak; null of a random epoch'),
    nullable('gradient_before', 'f64', '1', 'lr·gᵀP⁻¹HP⁻¹g / gᵀP⁻¹g at first_epoch'),
    nullable('gradient_at', 'f64', '1', 'the same at epoch'),
    nullable('gradient_after', 'f64', '1', 'the same 66 epochs after the peak'),
    nullable(
      'crossing_epoch',
      'u32',
      'epoch',
      'first upward crossing of the threshold by the sharpness; null without one',
    ),
    nullable('gradient_crossing_epoch', 'u32', 'epoch', 'first upward crossing by the curvature along the gradient'),
    nullable('delay', 'u32', 'epoch', 'from crossing_epoch to epoch'),
    nullable('overshoot', 'f64', '1', 'sharpness_max / threshold; null without a crossing'),
    column('crossings', 'u32', '1', 'upward crossings by the sharpness from first_epoch to epoch'),
    column('crossings_followed', 'u32', '1', 'those after which a spike begins within 200 epochs'),
    nullable('eta1', 'f64', '1', 'largest eigenvalue of lr·P⁻¹H 15 epochs before epoch; null before first_epoch'),
    nullable('eta2', 'f64', '1', 'second largest eigenvalue there'),
    nullable('mode_ratio', 'f64', '1', 'eta2 / eta1: near 1 where two modes are at the threshold'),
  ],
};

const TWINS_TABLE: FindingsTable = {
  name: 'twins',
  description:
    'one row per setting and label: how many networks of its pairs of twins end with the label in each precision; ' +
    'what is about the setting, from interval_pairs on, repeats in each row',
  dictionaries: {
    label: TWIN_LABELS,
    share_verdict: TWIN_VERDICTS,
    interval_verdict: TWIN_VERDICTS,
    height_verdict: TWIN_VERDICTS,
    verdict: TWIN_VERDICTS,
  },
  columns: [
    column('network', 'u32', '1', 'the first network of the setting'),
    column('label', 'dictionary', '', 'an outcome or a motion; unstable: all that diverged, spike, burst or fluctuate'),
    column('pairs', 'u32', '1', 'pairs of the setting: the same network in float32 and in float64'),
    column('count_float32', 'u32', '1', 'pairs whose network in float32 has the label'),
    column('count_float64', 'u32', '1', 'pairs whose network in float64 has the label'),
    column('only_float32', 'u32', '1', 'pairs of which the network in float32 alone has the label'),
    column('only_float64', 'u32', '1', 'pairs of which the network in float64 alone has the label'),
    ...estimate('share_float32', 'count_float32 / pairs, with Wilson’s interval'),
    ...estimate('share_float64', 'count_float64 / pairs, with Wilson’s interval'),
    ...estimate('share_difference', 'share_float32 − share_float64, with the interval of Bonett and Price'),
    column('p_value', 'f64', '1', 'McNemar’s exact test of the difference, two-sided'),
    column('share_verdict', 'dictionary', '', 'what the interval of share_difference says about 0'),
    ...ratio('interval', 'median spike interval'),
    ...ratio('height', 'median spike height'),
    column('replayed_pairs', 'u32', '1', 'pairs that were replayed side by side'),
    column('parted_pairs', 'u32', '1', 'those that parted: ‖θ32 − θ64‖ > 10⁻³ ‖θ64‖'),
    nullable('separation_epoch', 'f64', 'epoch', 'median epoch at which they did, of those that did'),
    column('margin', 'f64', '1', 'largest difference that counts as alike: of ratios from 1, of shares from 0'),
    column('verdict', 'dictionary', '', 'the setting as a whole, by unstable networks, intervals and heights'),
  ],
};

const SURVIVAL_TABLE: FindingsTable = {
  name: 'survival',
  description:
    'one row per step of a Kaplan–Meier curve: the share of networks without the event, for each value of each axis',
  dictionaries: {
    event: SURVIVAL_EVENTS,
    axis: [ALL_NETWORKS, ...AXIS_COLUMNS.map((axis) => axis.column.name)],
  },
  columns: [
    column('event', 'dictionary', '', 'onset of fluctuation, beginning of the first spike, or divergence'),
    column('axis', 'dictionary', '', 'column of networks.arrow by which networks are grouped; all: not grouped'),
    nullable('value', 'utf8', '', 'their value on the axis, or a range of values; null where the axis does not apply'),
    column('epoch', 'u32', 'epoch', 'epoch of the step; 0, where the curve begins, or the last one of the networks'),
    column('at_risk', 'u32', '1', 'networks without the event that are still observed just before the epoch'),
    column('events', 'u32', '1', 'networks that have had the event since the row before'),
    column('survival', 'f64', '1', 'share of networks without the event after the epoch'),
    nullable('lower', 'f64', '1', 'lower end of its 95 % band (Greenwood, log-log); null where survival is 0'),
    nullable('upper', 'f64', '1', 'upper end of its 95 % band'),
  ],
};

/** All tables of findings, by name. */
export const FINDINGS_TABLES: Readonly<Record<FindingsTableName, FindingsTable>> = {
  spirals: SPIRALS_TABLE,
  relaxation: RELAXATION_TABLE,
  curvature: CURVATURE_TABLE,
  twins: TWINS_TABLE,
  survival: SURVIVAL_TABLE,
};

/** One row of a table of findings: a value for each of its columns; NaN in a nullable column is null. */
export type FindingsRow = Readonly<Record<string, number | string | boolean | null>>;
