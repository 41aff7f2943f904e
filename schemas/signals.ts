/**
 * The signals: what an epoch of a network is watched by, each declared once. The memory of a group, kernels, reference,
 * buckets, the columns of the table `epochs` and its documents take names, order, extremes and counts from here. How a
 * signal is computed is not said here: docs/ARITHMETIC.md and src/reference/epoch.ts do that.
 */
import { type Column, column } from './columns.ts';

/** A signal of one epoch, stored as a number in the precision of its network. */
interface Signal {
  /** Its column, that of the last epoch of a bucket; null where the trace does not keep it. */
  readonly column: { readonly name: string; readonly type: SignalType; readonly unit: string } | null;
  readonly description: string;
  /**
   * The extreme of epochs of which none has a number, and of no epoch: NaN, or 0 where a signal is never NaN and never
   * less. Two extremes are joined by the rule that made them: a number counts, and NaN only where there is nothing
   * else.
   */
  readonly none: number;
  /**
   * Its extremes over a bucket or a subchunk, by what the column says of them; null where the trace keeps no column.
   */
  readonly extremes: Readonly<Partial<Record<End, string | null>>>;
  /** What is counted over a bucket, by what the column says of it. Two counts are joined by their sum. */
  readonly counts: Readonly<Partial<Record<Kind, string>>>;
}

type SignalType = 'f64' | 'f32' | 'u32';
/** Which end of the numbers an extreme is. */
export type End = 'min' | 'max';
/** Which numbers a count counts. */
export type Kind = 'nan' | 'infinite';

/** In the order of the group's memory and of the columns. */
const SIGNALS = {
  loss: {
    column: { name: 'loss', type: 'f64', unit: 'loss' },
    description: 'mean squared error before the update of this epoch',
    none: Number.NaN,
    extremes: {
      min: 'smallest loss of the bucket; NaN ignored',
      max: 'largest loss of the bucket, ∞ included; NaN ignored',
    },
    counts: { nan: 'epochs of the bucket whose loss is NaN', infinite: 'epochs of the bucket whose loss is ∞' },
  },
  gradientNorm: {
    column: { name: 'gradient_norm', type: 'f32', unit: 'loss' },
    description: 'Euclidean norm of the gradient',
    none: Number.NaN,
    // No count: a gradient that is NaN makes parameters NaN, and every later loss counts as NaN.
    extremes: { max: 'its largest value in the bucket, ∞ included; NaN ignored' },
    counts: {},
  },
  updateNorm: {
    column: { name: 'update_norm', type: 'f32', unit: '1' },
    description: 'Euclidean norm of the change of the parameters',
    none: Number.NaN,
    extremes: {},
    counts: {},
  },
  updateCosine: {
    column: { name: 'update_cosine', type: 'f32', unit: '1' },
    description: 'cosine between this update and the one before; NaN where a norm is 0',
    none: Number.NaN,
    extremes: { min: 'its smallest value in the bucket; NaN ignored' },
    counts: {},
  },
  changedParameters: {
    column: { name: 'changed_parameters', type: 'u32', unit: '1' },
    description: 'parameters of which at least one bit changed',
    none: 0,
    extremes: { max: null },
    counts: {},
  },
  nonFinite: {
    column: null,
    description: '1 where NaN or ∞ is in the loss, θ or a moment, otherwise 0',
    none: 0,
    extremes: { max: null },
    counts: {},
  },
} as const satisfies Readonly<Record<string, Signal>>;

type Signals = typeof SIGNALS;
export type SignalName = keyof Signals;
/** `lossMin`. */
export type ExtremeName = { [S in SignalName]: `${S}${Capitalize<keyof Signals[S]['extremes'] & End>}` }[SignalName];
/** `lossNan`. */
export type CountName = { [S in SignalName]: `${S}${Capitalize<keyof Signals[S]['counts'] & Kind>}` }[SignalName];

/** One extreme of a signal. */
export interface Extreme {
  readonly name: ExtremeName;
  readonly signal: SignalName;
  readonly end: End;
  readonly none: number;
  readonly column: Column | null;
}

/** One count of a signal's epochs. */
export interface Count {
  readonly name: CountName;
  readonly signal: SignalName;
  readonly kind: Kind;
  readonly column: Column;
}

export const SIGNAL_NAMES = Object.keys(SIGNALS) as SignalName[];

/** In the order of the group's memory. */
export const EXTREMES: readonly Extreme[] = SIGNAL_NAMES.flatMap(extremesOf);
export const EXTREME_NAMES = EXTREMES.map(({ name }) => name);

export const COUNTS: readonly Count[] = SIGNAL_NAMES.flatMap(countsOf);

/** A signal's column; null where the trace does not keep it. */
export function signalColumn(signal: SignalName): Column | null {
  const { column: own, description } = SIGNALS[signal] as Signal;
  return own === null ? null : column(own.name, own.type, own.unit, description);
}

/** The columns of the table `epochs` that signals have: each with its extremes and its counts behind it. */
export const SIGNAL_COLUMNS: readonly Column[] = SIGNAL_NAMES.flatMap((signal) => {
  const own = [signalColumn(signal), ...[...extremesOf(signal), ...countsOf(signal)].map(({ column }) => column)];
  return own.filter((one) => one !== null);
});

function extremesOf(signal: SignalName): Extreme[] {
  const { column: own, none, extremes } = SIGNALS[signal] as Signal;
  return Object.entries(extremes).map(([end, description]) => ({
    name: `${signal}${capitalised(end)}` as ExtremeName,
    signal,
    end: end as End,
    none,
    column: own === null || description === null ? null : column(`${own.name}_${end}`, own.type, own.unit, description),
  }));
}

function countsOf(signal: SignalName): Count[] {
  const { column: own, counts } = SIGNALS[signal] as Signal;
  return Object.entries(counts).map(([kind, description]) => ({
    name: `${signal}${capitalised(kind)}` as CountName,
    signal,
    kind: kind as Kind,
    column: column(`${own?.name ?? signal}_${kind}`, 'u32', 'epoch', description),
  }));
}

function capitalised(word: string): string {
  return `${word[0].toUpperCase()}${word.slice(1)}`;
}
