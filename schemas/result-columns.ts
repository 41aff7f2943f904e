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

/** Every result, by its name in the journal and in the verdict of a network, in the order of the table. */
export const RESULT_COLUMNS = {
  degraded: result('flag', 'degraded', '', 'minimum loss of the last 10 % of epochs > 10 × minimum loss of the run'),
  subnormal: result('flag', 'subnormal_moments', '', 'whether a moment is subnormal after the last epoch'),
  onsetEpoch: result('epoch', 'onset_epoch', 'epoch', 'first epoch of the onset of fluctuation'),
  divergedEpoch: result(
    'epoch',
    'diverged_epoch',
    'epoch',
    'last epoch with loss ≤ 10 × minimum; null unless diverged or non-finite',
  ),
  nonFiniteEpoch: result(
    'epoch',
    'nonfinite_epoch',
    'epoch',
    'first epoch with NaN or ∞ in loss, parameters or moments',
  ),
  spikeCount: result('count', 'spike_count', '1', 'spikes of height ≥ 4× in the last 20 % of epochs'),
  spikeInterval: result('number-or-null', 'spike_interval', 'epoch', 'median distance between their peaks'),
  spikeHeight: result('number-or-null', 'spike_height', 'decade', 'median of their heights'),
  flipFraction: result('number', 'flip_fraction', '1', 'share of the last 20 % of epochs with update cosine < −0.5'),
  lossFirst: result('number', 'loss_first', 'loss', 'loss at epoch 1, before the first update'),
  lossMin: result('number', 'loss_min', 'loss', 'smallest loss; NaN ignored'),
  lossLast: result('number', 'loss_last', 'loss', 'loss at the last epoch'),
  lossMinEpoch: result('epoch', 'loss_min_epoch', 'epoch', 'first epoch with the smallest loss'),
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
