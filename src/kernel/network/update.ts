/**
 * The update of all parameters and the signals of the epoch, twin of updateAndMeasure in src/reference/epoch.ts: one
 * pass over the parameters in index order, since the sums of the signals run in that order. A later epoch does not wait
 * for these sums. Of the steps of an epoch only the last one has signals.
 */
import { FLUSH_LIMITS } from '../../../schemas/arithmetic.ts';
import { MOMENT_NAMES, type MomentName } from '../../../schemas/catalogue.ts';
import { SIGNAL_NAMES, type SignalName } from '../../../schemas/signals.ts';
import { CONSTANT_NAMES, correctionNames } from '../../data/optimizer-constants.ts';
import { type GroupShape, parametersOf, stepsPerEpoch } from '../../group/layout.ts';
import { type Code, ONE, Section, ZERO } from '../tree/code.ts';
import {
  absolute,
  add,
  and,
  andNot,
  bitsDiffer,
  constant,
  divide,
  equal,
  type Index,
  less,
  multiply,
  notEqual,
  or,
  select,
  squareRoot,
  subtract,
  type Variable,
  type Vector,
} from '../tree/tree.ts';
import { type ParameterState, updateOf } from './optimizers.ts';
import { GRADIENT, THETA } from './shape.ts';

const MOMENT_SECTIONS = MOMENT_NAMES.map((name) => [name, new Section(name)] as const);
const PREVIOUS_UPDATE = new Section('previousUpdate');
const CONSTANTS = new Section('constants');
const CORRECTIONS = new Section('corrections');
const SIGNAL_VALUES = new Section('signals');
/** θ before the first of several steps of an epoch, `[parameter]`. */
export const START = new Section('start');

/** Writes Σ u² of the epoch before the first, which `update` keeps up to date from then on. */
export function previousSquares(code: Code, shape: GroupShape): Variable {
  code.note('the squares of the update before');
  const squares = code.let('previousSquares', ZERO);
  code.loop({ name: 'parameter', count: parametersOf(shape) }, (i) => {
    const u = code.let('u', PREVIOUS_UPDATE.load(i));
    code.set(squares, add(squares, multiply(u, u)));
  });
  return squares;
}

/** Writes what the epoch's signals need of θ before its first step. */
export function keepStart(code: Code, shape: GroupShape): void {
  code.note('the parameters before the epoch');
  code.loop({ name: 'parameter', count: parametersOf(shape) }, (i) => code.store(START, i, THETA.load(i)));
}

/**
 * Writes the update of every parameter in a step that is not the last of its epoch; `at` counts the steps of the chunk.
 */
export function step(code: Code, shape: GroupShape, at: Index): void {
  const { optimizer } = shape;
  code.note(`update, ${optimizer.kind} in ${optimizer.form} form`);
  const { updateParameter, flushGradient } = beginUpdate(code, shape, at);
  code.loop({ name: 'parameter', count: parametersOf(shape) }, (i) => {
    const g = code.let('g', flushGradient(GRADIENT.load(i)));
    storeState(code, i, updateParameter(code, stateAt(i, THETA.load(i)), g), () => {});
  });
}

/** Loads the constants of a step. */
function beginUpdate(code: Code, shape: GroupShape, at: Index) {
  const { optimizer, chunkEpochs } = shape;
  const corrections = correctionNames(optimizer);
  const chunkSteps = chunkEpochs * stepsPerEpoch(shape);
  const updateParameter = updateOf(shape, {
    constant: (name) => code.let(name, CONSTANTS.load(CONSTANT_NAMES.indexOf(name))),
    correction: (name) => code.let(name, CORRECTIONS.load(at.plus(corrections.indexOf(name) * chunkSteps))),
    flush: flushing(code, shape, 'moment'),
  });
  return { updateParameter, flushGradient: flushing(code, shape, 'gradient') };
}

function stateAt(i: Index, theta: Vector): Required<ParameterState> {
  const moments = MOMENT_SECTIONS.map(([name, section]) => [name, section.load(i)] as const);
  return { theta, ...(Object.fromEntries(moments) as Record<MomentName, Vector>) };
}

/** Writes a parameter's new state to memory; `see` gets every number of it first. */
function storeState(code: Code, i: Index, next: ParameterState, see: (value: Vector) => void): void {
  const moments = MOMENT_SECTIONS.map(([name, section]) => [section, next[name]] as const);
  for (const [section, value] of [[THETA, next.theta] as const, ...moments]) {
    if (value === undefined) continue;
    see(value);
    code.store(section, i, value);
  }
}

/** What an epoch's update needs besides the gradient. */
export interface Epoch {
  readonly epoch: Index;
  readonly loss: Vector;
  readonly previousSquares: Variable;
}

/** Writes the update of every parameter, and the signals of the epoch to memory; returns them. */
export function update(
  code: Code,
  shape: GroupShape,
  { epoch, loss, previousSquares }: Epoch,
): Readonly<Record<SignalName, Vector>> {
  const { optimizer, chunkEpochs } = shape;
  const steps = stepsPerEpoch(shape);
  code.note(`update, ${optimizer.kind} in ${optimizer.form} form, and signals`);
  const { updateParameter, flushGradient } = beginUpdate(code, shape, epoch.times(steps).plus(steps - 1));
  const sum = (name: string) => code.let(name, ZERO);
  const [gradientSquares, updateSquares, products, changed] = ['gg', 'uu', 'up', 'changed'].map(sum);
  // x − x is +0 where x is finite and NaN where not: the bits of all of them together are 0 only where every number is
  // finite.
  const nonFinite = code.let('nonFinite', subtract(loss, loss));

  code.loop({ name: 'parameter', count: parametersOf(shape) }, (i) => {
    const g = code.let('g', flushGradient(GRADIENT.load(i)));
    code.set(gradientSquares, add(gradientSquares, multiply(g, g)));
    const theta0 = code.let('before', THETA.load(i));
    const next = updateParameter(code, stateAt(i, theta0), g);
    const theta = code.let('after', next.theta);
    const before = steps > 1 ? code.let('start', START.load(i)) : theta0;
    const u = code.let('u', subtract(theta, before));
    const previous = PREVIOUS_UPDATE.load(i);
    code.set(updateSquares, add(updateSquares, multiply(u, u)));
    code.set(products, add(products, multiply(u, previous)));
    // NaN that stays NaN has not changed, and NaN stays.
    const differs = and(bitsDiffer(theta, before), equal(before, before));
    code.set(changed, add(changed, and(differs, ONE)));
    storeState(code, i, { ...next, theta }, (value) => code.set(nonFinite, or(nonFinite, subtract(value, value))));
    code.store(PREVIOUS_UPDATE, i, u);
  });

  const updateNorm = code.let('updateNorm', squareRoot(updateSquares));
  const previousNorm = code.let('previousNorm', squareRoot(previousSquares));
  const hasCosine = and(notEqual(updateNorm, ZERO), notEqual(previousNorm, ZERO));
  const cosine = divide(divide(products, updateNorm), previousNorm);
  const signals = {
    loss,
    gradientNorm: code.let('gradientNorm', squareRoot(gradientSquares)),
    updateNorm,
    updateCosine: code.let('updateCosine', select(hasCosine, cosine, constant(Number.NaN))),
    changedParameters: changed,
    nonFinite: code.let('isNonFinite', and(notEqual(nonFinite, nonFinite), ONE)),
  };
  for (const [i, name] of SIGNAL_NAMES.entries()) code.store(SIGNAL_VALUES, epoch.plus(i * chunkEpochs), signals[name]);
  code.set(previousSquares, updateSquares);
  return signals;
}

/** |x| < limit ? +0 : x in the flush mode, else x as it is. */
function flushing(code: Code, { subnormals, precision }: GroupShape, what: 'gradient' | 'moment') {
  const limit = constant(FLUSH_LIMITS[precision][what]);
  return (value: Vector): Vector => {
    if (subnormals === 'ieee') return value;
    const x = code.let('x', value);
    return andNot(x, less(absolute(x), limit));
  };
}
