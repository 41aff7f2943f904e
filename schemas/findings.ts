/**
 * The tables that `gyre analyse` writes into a run's folder, and the closed lists of names in them. One row is one
 * thing found: a window, a spike, a setting of twins. Networks are told by their numbers; what they are stands in
 * networks.arrow.
 */
import { MOTION_NAMES, OUTCOME_NAMES } from './catalogue.ts';
import { type Column, column, nullable } from './columns.ts';

/** Windows around spikes by where they stand, and null windows. */
export const WINDOW_KINDS = ['rise', 'relaxation', 'calm', 'random', 'null'] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];

/** Epochs that curvature is followed up to. */
const CURVATURE_KINDS = ['spike', 'random'] as const;

/** What the twins of one setting come to. */
export const TWIN_VERDICTS = ['dynamics', 'float-timed', 'float-caused', 'float64-only', 'undecided'] as const;
export type TwinVerdict = (typeof TWIN_VERDICTS)[number];

/** The name under which the labels that count as unstable are taken together. */
export const UNSTABLE = 'unstable';
/** The labels that the table twins has rows for. */
export const TWIN_LABELS = [UNSTABLE, ...OUTCOME_NAMES.filter((name) => name !== 'failed'), ...MOTION_NAMES] as const;

export type FindingsTableName = 'spirals' | 'relaxation' | 'curvature' | 'twins';

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
  nullable(`${name}_low`, 'f64', '1', `its interval at 95 %, from here`),
  nullable(`${name}_high`, 'f64', '1', `to here`),
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
    'one row per setting and label: how many networks end with it in each precision; the verdict repeats in each row',
  dictionaries: { label: TWIN_LABELS, verdict: TWIN_VERDICTS },
  columns: [
    column('network', 'u32', '1', 'the first network of the setting'),
    column('label', 'dictionary', '', 'an outcome or a motion; unstable: all that diverged, spike, burst or fluctuate'),
    column('count_float32', 'u32', '1', 'networks with the label in float32'),
    column('count_float64', 'u32', '1', 'networks with the label in float64'),
    column('networks_float32', 'u32', '1', 'networks of the setting in float32'),
    column('networks_float64', 'u32', '1', 'networks of the setting in float64'),
    ...estimate('share_float32', 'count_float32 / networks_float32, with Wilson’s interval'),
    ...estimate('share_float64', 'count_float64 / networks_float64, with Wilson’s interval'),
    column('p_value', 'f64', '1', 'Fisher’s exact test of the two shares, two-sided'),
    ...estimate('interval_ratio', 'median spike interval in float32 by that in float64, with the bootstrap’s interval'),
    ...estimate('height_ratio', 'median spike height in float32 by that in float64'),
    column('pairs', 'u32', '1', 'pairs of twins that were replayed side by side'),
    column('pairs_parted', 'u32', '1', 'those that parted: ‖θ32 − θ64‖ > 10⁻³ ‖θ64‖'),
    nullable('separation_epoch', 'f64', 'epoch', 'median epoch at which they did, of those that did'),
    column('verdict', 'dictionary', '', 'floating point or dynamics, over all of the setting’s networks'),
  ],
};

/** All tables of findings, by name. */
export const FINDINGS_TABLES: Readonly<Record<FindingsTableName, FindingsTable>> = {
  spirals: SPIRALS_TABLE,
  relaxation: RELAXATION_TABLE,
  curvature: CURVATURE_TABLE,
  twins: TWINS_TABLE,
};

/** One row of a table of findings: a value for each of its columns; NaN in a nullable column is null. */
export type FindingsRow = Readonly<Record<string, number | string | boolean | null>>;
