/**
 * The optimisers' updates of one parameter, in each published form. The parentheses are the subject: forms that are equal
 * on paper differ in bits, and sometimes in fate. Every constant is computed in float64 and rounded once to the network's
 * precision.
 */
import type { OptimizerConfig } from '../../schemas/network.ts';
import { type ConstantName, Corrections, constantsOf } from '../data/optimizer-constants.ts';
import { type FloatArray, floatArray } from '../numeric/bits.ts';
import { type Precision, type Rounding, roundingTo } from '../numeric/rounding.ts';

/** What an optimiser changes; arrays are `[parameter]`, empty where the optimiser keeps no such moment. */
export interface OptimizerState {
  readonly theta: FloatArray;
  readonly firstMoment: FloatArray;
  readonly secondMoment: FloatArray;
}

/** An optimiser with its constants for the step at hand. */
export interface Optimizer {
  /** Sets the constants that change with the step t ≥ 1; cheapest when t rises by one. */
  beginStep(t: number): void;
  /** Updates parameter i of the state with gradient g. */
  update(state: OptimizerState, i: number, g: number): void;
}

/** Sets tiny numbers to +0 in the `flush` mode, returns them as they are in the `ieee` mode. */
export interface Flush {
  gradient(x: number): number;
  moment(x: number): number;
}

/** The optimiser of a configuration. `flush` is applied to m and v as soon as they are computed. */
export function makeOptimizer(config: OptimizerConfig, precision: Precision, flush: Flush): Optimizer {
  return config.kind === 'sgd' ? sgd(config, roundingTo(precision)) : adam(config, precision, flush);
}

/** θ ← θ − lr·g. */
function sgd(config: OptimizerConfig, round: Rounding): Optimizer {
  const lr = round(constantsOf(config).learningRate);
  return {
    beginStep: () => {},
    update({ theta }, i, g) {
      theta[i] = round(theta[i] - round(lr * g));
    },
  };
}

/** An update with the rounded constants of its configuration; `c` holds the corrections of the step, rounded, by their place. */
type AdamForm = (
  constants: Readonly<Record<ConstantName, number>>,
  c: FloatArray,
  round: Rounding,
  flush: Flush,
) => Optimizer['update'];

function adam(config: OptimizerConfig, precision: Precision, flush: Flush): Optimizer {
  const round = roundingTo(precision);
  const constants = Object.fromEntries(
    Object.entries(constantsOf(config)).map(([name, value]) => [name, round(value)]),
  ) as Record<ConstantName, number>;
  const corrections = new Corrections(config, 1);
  const rounded = floatArray(precision, corrections.values.length);
  return {
    beginStep(t) {
      corrections.begin(t, 1);
      rounded.set(corrections.values);
    },
    update: ADAM_FORMS[config.form](constants, rounded, round, flush),
  };
}

/** The denominator and quotient of the paper's forms; `quotient` only moves one pair of parentheses. */
const paperForm =
  (step: (lr: number, m: number, d: number, round: Rounding) => number): AdamForm =>
  ({ learningRate, beta1, beta2, oneMinusBeta1, oneMinusBeta2, epsilon }, c, round, flush) =>
  ({ theta, firstMoment, secondMoment }, i, g) => {
    const m = flush.moment(round(round(beta1 * firstMoment[i]) + round(oneMinusBeta1 * g)));
    const v = flush.moment(round(round(beta2 * secondMoment[i]) + round(oneMinusBeta2 * round(g * g))));
    const mHat = round(m / c[0]);
    const vHat = round(v / c[1]);
    const denominator = round(round(Math.sqrt(vHat)) + epsilon);
    firstMoment[i] = m;
    secondMoment[i] = v;
    theta[i] = round(theta[i] - step(learningRate, mHat, denominator, round));
  };

const ADAM_FORMS: Readonly<Record<OptimizerConfig['form'], AdamForm>> = {
  /** torch.optim.Adam, single-tensor: s = lr/(1−β1^t), c = √(1−β2^t); θ ← θ − (s·m)/(√v/c + ε). */
  torch:
    ({ beta2, oneMinusBeta1, oneMinusBeta2, epsilon }, c, round, flush) =>
    ({ theta, firstMoment, secondMoment }, i, g) => {
      const m = flush.moment(round(firstMoment[i] + round(oneMinusBeta1 * round(g - firstMoment[i]))));
      const v = flush.moment(round(round(secondMoment[i] * beta2) + round(round(oneMinusBeta2 * g) * g)));
      const denominator = round(round(round(Math.sqrt(v)) / c[1]) + epsilon);
      firstMoment[i] = m;
      secondMoment[i] = v;
      theta[i] = round(theta[i] - round(round(c[0] * m) / denominator));
    },

  /** Kingma & Ba 2015, algorithm 1: θ ← θ − (lr·m̂)/(√v̂ + ε). */
  paper: paperForm((lr, m, d, round) => round(round(lr * m) / d)),

  /** The paper's with the quotient first: θ ← θ − lr·(m̂/(√v̂ + ε)). */
  quotient: paperForm((lr, m, d, round) => round(lr * round(m / d))),

  /** keras.optimizers.Adam: α = lr·√(1−β2^t)/(1−β1^t); θ ← θ − (m·α)/(√v + ε). */
  keras:
    ({ oneMinusBeta1, oneMinusBeta2, epsilon }, c, round, flush) =>
    ({ theta, firstMoment, secondMoment }, i, g) => {
      const m = flush.moment(round(firstMoment[i] + round(round(g - firstMoment[i]) * oneMinusBeta1)));
      const v = flush.moment(round(secondMoment[i] + round(round(round(g * g) - secondMoment[i]) * oneMinusBeta2)));
      firstMoment[i] = m;
      secondMoment[i] = v;
      theta[i] = round(theta[i] - round(round(m * c[0]) / round(round(Math.sqrt(v)) + epsilon)));
    },
};
