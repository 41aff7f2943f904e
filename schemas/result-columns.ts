/**
 * What a run finds out of each network, declared once: the journal's records, the results in memory, the shape that
 * records are checked for, `networks.arrow` and its documentation are all made of this list. A result is a number, or
 * null. What stands for null depends on its kind.
 */
import { type Column, nullable } from './columns.ts';

/** How a result is stored, and what its null is. */
export type ResultKind =
  /** 0 or 1; in the table true or false, and null until the network is done. */
  | 'flag'
  /** A u32; null until the network is done. */
  | 'count'
  /** A u32 that counts epochs from 1; 0 stands for null. */
  | 'epoch'
  /** A float64; null until the network is done. */
  | 'number'
  /** A float64; NaN stands for null. */
  | 'number-or-null';

/** The array of each kind of result, `[row]`. */
interface ResultArray {
  readonly flag: Uint8Array;
  readonly count: Uint32Array;
  readonly epoch: Uint32Array;
  readonly number: Float64Array;
  readonly 'number-or-null': Float64Array;
}

/** One result. */
export interface ResultColumn<Kind extends ResultKind = ResultKind> {
  readonly kind: Kind;
  /** Its column in `networks.arrow`. */
  readonly column: Column;
}

const TYPES = { flag: 'bool', count: 'u32', epoch: 'u32', number: 'f64', 'number-or-null': 'f64' } as const;

function result<Kind extends ResultKind>(kind: Kind, name: string, unit: string, description: string) {
  return { kind, column: nullable(name, TYPES[kind], unit, description) };
}

/** Every result, by its name in the journal and in the readings of a network, in the order of the table. */
export const RESULT_COLUMNS = {
  targetVariance: result(
    'number',
    'target_variance',
    'loss',
    'V: variance of the targets, averaged over outputs; of an objective and of constant targets the first loss',
  ),
  lossFirst: result('number', 'loss_first', 'loss', 'loss at epoch 1, before the first update'),
  lossMin: result('number', 'loss_min', 'loss', 'smallest loss; NaN ignored'),
  lossMinEpoch: result('epoch', 'loss_min_epoch', 'epoch', 'first epoch with the smallest loss'),
  lossEnd: result(
    'number-or-null',
    'loss_end',
    'loss',
    'median loss of the end, the last 1 % of epochs (at least 100)',
  ),
  lossLast: result('number', 'loss_last', 'loss', 'loss at the last epoch'),
  lostDecades: result(
    'number-or-null',
    'lost_decades',
    'decade',
    'log10 of the smallest loss of the end by the smallest of the run, both at least the floor of 1e-10 V',
  ),
  tailRangeDecades: result(
    'number-or-null',
    'tail_range_decades',
    'decade',
    'log10 of the largest loss of the tail by its smallest, both at least the floor',
  ),
  excursion: result('number-or-null', 'excursion', '1', 'largest loss after epoch 1000 divided by the first loss'),
  onsetEpoch: result('epoch', 'onset_epoch', 'epoch', 'first epoch of the onset of fluctuation'),
  divergedEpoch: result(
    'epoch',
    'diverged_epoch',
    'epoch',
    'last epoch with a loss of at most 0.1 V; null unless non-finite, exploded or collapsed',
  ),
  nonFiniteEpoch: result(
    'epoch',
    'nonfinite_epoch',
    'epoch',
    'first epoch with NaN or ∞ in loss, parameters or moments',
  ),
  spikeCount: result('count', 'spike_count', '1', 'separate spikes of at least 4 times their base, of the whole run'),
  tailSpikeCount: result('count', 'tail_spike_count', '1', 'those that begin in the tail, the last 20 % of epochs'),
  spikeInterval: result(
    'number-or-null',
    'spike_interval',
    'epoch',
    'median distance between their peaks; null unless the motion is spiking',
  ),
  spikeHeight: result(
    'number-or-null',
    'spike_height',
    'decade',
    'median of their heights; null unless the motion is spiking',
  ),
  flipFraction: result('number', 'flip_fraction', '1', 'share of the epochs of the tail with update cosine < −0.5'),
  subnormal: result('flag', 'subnormal_moments', '', 'whether a moment is subnormal after the last epoch'),
} as const satisfies Readonly<Record<string, ResultColumn>>;

export type ResultName = keyof typeof RESULT_COLUMNS;

export const RESULT_NAMES = Object.keys(RESULT_COLUMNS) as ResultName[];

/** An array for each result, `[row]`. */
export type ResultArrays = { readonly [Name in ResultName]: ResultArray[(typeof RESULT_COLUMNS)[Name]['kind']] };

const ARRAYS = {
  flag: Uint8Array,
  count: Uint32Array,
  epoch: Uint32Array,
  number: Float64Array,
  'number-or-null': Float64Array,
} as const;

/** The constructor of a result's array. */
export const resultArrayType = (name: ResultName) => ARRAYS[RESULT_COLUMNS[name].kind];

/** What stands for null in a result's array, and in the array of a network that is not done. */
export const resultNull = (name: ResultName): number =>
  RESULT_COLUMNS[name].kind === 'number-or-null' ? Number.NaN : 0;

/** Arrays of `length` rows, each what `resultOf` says; null becomes what stands for it. */
export function resultArrays(
  length: number,
  resultOf: (name: ResultName, row: number) => number | boolean | null,
): ResultArrays {
  const arrays = RESULT_NAMES.map((name) => {
    const values = new (resultArrayType(name))(length);
    for (let row = 0; row < length; row++) values[row] = Number(resultOf(name, row) ?? resultNull(name));
    return [name, values];
  });
  return Object.fromEntries(arrays) as ResultArrays;
}
