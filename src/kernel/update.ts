/**
 * The update of all parameters and the signals of the epoch, twin of updateAndMeasure in src/reference/epoch.ts: one pass over the
 * parameters in index order, since the sums of the signals run in that order. A later epoch does not wait for these sums.
 */
import { FLUSH_LIMITS } from '../../schemas/arithmetic.ts';
import { MOMENT_NAMES, type MomentName } from '../../schemas/catalogue.ts';
import { parameterCount } from '../../schemas/network.ts';
import { CONSTANT_NAMES, correctionNames } from '../data/optimizer-constants.ts';
import { type GroupShape, SIGNALS, type SignalName } from '../group/layout.ts';
import { type Code, ONE, Section, ZERO } from './code.ts';
import { updateOf } from './optimizers.ts';
import { GRADIENT, THETA } from './shape.ts';
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
} from './tree.ts';

const MOMENT_SECTIONS = MOMENT_NAMES.map((name) => [name, new Section(name)] as const);
const PREVIOUS_UPDATE = new Section('previousUpdate');
const CONSTANTS = new Section('constants');
const CORRECTIONS = new Section('corrections');
const SIGNAL_VALUES = new Section('signals');

/** Writes Σ u² of the epoch before the first, which `update` keeps up to date from then on. */
export function previousSquares(code: Code, { layers }: GroupShape): Variable {
  code.note('the squares of the update before');
  const squares = code.let('previousSquares', ZERO);
  code.loop({ name: 'parameter', count: parameterCount(layers) }, (i) => {
    const u = code.let('u', PREVIOUS_UPDATE.load(i));
    code.set(squares, add(squares, multiply(u, u)));
  });
  return squares;
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
  const { layers, optimizer, chunkEpochs } = shape;
  const corrections = correctionNames(optimizer);
  code.note(`update, ${optimizer.kind} in ${optimizer.form} form, and signals`);
  const updateParameter = updateOf(shape, {
    constant: (name) => code.let(name, CONSTANTS.load(CONSTANT_NAMES.indexOf(name))),
    correction: (name) => code.let(name, CORRECTIONS.load(epoch.plus(corrections.indexOf(name) * chunkEpochs))),
    flush: flushing(code, shape, 'moment'),
  });
  const flushGradient = flushing(code, shape, 'gradient');
  const sum = (name: string) => code.let(name, ZERO);
  const [gradientSquares, updateSquares, products, changed] = ['gg', 'uu', 'up', 'changed'].map(sum);
  // x − x is +0 where x is finite and NaN where not: the bits of all of them together are 0 only where every number is finite.
  const nonFinite = code.let('nonFinite', subtract(loss, loss));

  code.loop({ name: 'parameter', count: parameterCount(layers) }, (i) => {
    const g = code.let('g', flushGradient(GRADIENT.load(i)));
    code.set(gradientSquares, add(gradientSquares, multiply(g, g)));
    const before = code.let('before', THETA.load(i));
    const moments = MOMENT_SECTIONS.map(([name, section]) => [name, section.load(i)] as const);
    const state = Object.fromEntries(moments) as Record<MomentName, Vector>;
    const next = updateParameter(code, { theta: before, ...state }, g);
    const theta = code.let('after', next.theta);
    const u = code.let('u', subtract(theta, before));
    const previous = PREVIOUS_UPDATE.load(i);
    code.set(updateSquares, add(updateSquares, multiply(u, u)));
    code.set(products, add(products, multiply(u, previous)));
    // NaN that stays NaN has not changed, and NaN stays.
    const differs = and(bitsDiffer(theta, before), equal(before, before));
    code.set(changed, add(changed, and(differs, ONE)));
    const results = MOMENT_SECTIONS.map(([name, section]) => [section, next[name]] as const);
    for (const [section, value] of [[THETA, theta] as const, ...results]) {
      if (value === undefined) continue;
      code.set(nonFinite, or(nonFinite, subtract(value, value)));
      code.store(section, i, value);
    }
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
  for (const [i, name] of SIGNALS.entries()) code.store(SIGNAL_VALUES, epoch.plus(i * chunkEpochs), signals[name]);
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
