/**
 * The extremes of the signals over the epochs of one subchunk of a chunk, twin of src/reference/extremes.ts.
 */
import { EXTREMES, type ExtremeName, type SignalName } from '../../../schemas/signals.ts';
import { type GroupShape, subchunksPerChunk } from '../../group/layout.ts';
import { type Code, Section } from '../tree/code.ts';
import { constant, type Index, less, notEqual, or, select, type Variable, type Vector } from '../tree/tree.ts';

type Extremes = Readonly<Record<ExtremeName, Variable>>;

/** Writes the extremes of no epoch. */
export function beginExtremes(code: Code): Extremes {
  code.note('extremes of the signals');
  const variables = EXTREMES.map(({ name, none }) => [name, code.let(name, constant(none))] as const);
  return Object.fromEntries(variables) as Extremes;
}

/** Writes how an epoch's signals move the extremes: past a number, and to anything from NaN. */
export function takeSignals(code: Code, extremes: Extremes, signals: Readonly<Record<SignalName, Vector>>): void {
  for (const { name, signal, end, none } of EXTREMES) {
    const [before, now] = [extremes[name], signals[signal]];
    const isBeyond = end === 'min' ? less(now, before) : less(before, now);
    const moves = Number.isNaN(none) ? or(isBeyond, notEqual(before, before)) : isBeyond;
    code.set(before, select(moves, now, before));
  }
}

/** Writes the extremes of a subchunk to memory. */
export function storeExtremes(code: Code, shape: GroupShape, subchunk: Index, extremes: Extremes): void {
  const section = new Section('extremes');
  for (const [i, { name }] of EXTREMES.entries())
    code.store(section, subchunk.plus(i * subchunksPerChunk(shape)), extremes[name]);
}
