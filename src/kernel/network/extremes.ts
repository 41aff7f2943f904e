/**
 * The extremes of the signals over the epochs of one subchunk of a chunk, twin of src/reference/extremes.ts.
 */
import { EXTREMES, type ExtremeName, type GroupShape, type SignalName, subchunksPerChunk } from '../../group/layout.ts';
import { type Code, Section, ZERO } from '../tree/code.ts';
import { constant, type Index, less, notEqual, or, select, type Variable, type Vector } from '../tree/tree.ts';

type Extremes = Readonly<Record<ExtremeName, Variable>>;

const START: Readonly<Record<ExtremeName, Vector>> = {
  lossMin: constant(Number.POSITIVE_INFINITY),
  lossMax: constant(Number.NEGATIVE_INFINITY),
  gradientNormMax: constant(Number.NEGATIVE_INFINITY),
  updateCosineMin: constant(Number.NaN),
  changedParametersMax: ZERO,
  nonFiniteMax: ZERO,
};

/** Writes the extremes of no epoch. */
export function beginExtremes(code: Code): Extremes {
  code.note('extremes of the signals');
  const variables = EXTREMES.map((name) => [name, code.let(name, START[name])] as const);
  return Object.fromEntries(variables) as Extremes;
}

/** Writes how an epoch's signals move the extremes. */
export function takeSignals(code: Code, extremes: Extremes, signals: Readonly<Record<SignalName, Vector>>): void {
  const move = (name: ExtremeName, signal: SignalName, moves: (now: Vector, before: Vector) => Vector): void => {
    const before = extremes[name];
    const now = signals[signal];
    code.set(before, select(moves(now, before), now, before));
  };
  const isNan = (x: Vector) => notEqual(x, x);
  move('lossMin', 'loss', (now, before) => or(less(now, before), isNan(now)));
  move('lossMax', 'loss', (now, before) => or(less(before, now), isNan(now)));
  move('gradientNormMax', 'gradientNorm', (now, before) => or(less(before, now), isNan(now)));
  move('updateCosineMin', 'updateCosine', (now, before) => or(less(now, before), isNan(before)));
  move('changedParametersMax', 'changedParameters', (now, before) => less(before, now));
  move('nonFiniteMax', 'nonFinite', (now, before) => less(before, now));
}

/** Writes the extremes of a subchunk to memory. */
export function storeExtremes(code: Code, shape: GroupShape, subchunk: Index, extremes: Extremes): void {
  const section = new Section('extremes');
  for (const [i, name] of EXTREMES.entries())
    code.store(section, subchunk.plus(i * subchunksPerChunk(shape)), extremes[name]);
}
