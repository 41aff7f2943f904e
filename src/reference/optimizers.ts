/**
 * The optimisers' updates of one parameter, in each published form. The parentheses are the subject: forms that are
 * equal on paper differ in bits, and sometimes in fate. Every constant is computed in float64 and rounded once to the
 * network's precision.
 */
import type { FormName } from '../../schemas/catalogue.ts';
import type { OptimizerConfig } from '../../schemas/network.ts';
import { type ConstantName, Corrections, constantsOf } from '../data/optimizer-constants.ts';
import { type FloatArray, floatArray } from '../numeric/bits.ts';
import { greatest } from '../numeric/elementary.ts';
import { type Precision, type Rounding, roundingTo } from '../numeric/rounding.ts';

/** What an optimiser changes; arrays are `[parameter]`, empty where the optimiser keeps no such moment. */
export interface OptimizerState {
  readonly theta: FloatArray;
  readonly firstMoment: FloatArray;
  readonly secondMoment: FloatArray;
  readonly maxSecondMoment: FloatArray;
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

/** What an update is made of: the rounded constants of its configuration, the rounding and the flush. */
interface UpdateContext {
  readonly constants: Readonly<Record<ConstantName, number>>;
  readonly round: Rounding;
  readonly flush: Flush;
}

type Update = Optimizer['update'];

/**
 * The optimiser of a configuration. `flush` is applied to m and v as soon as they are computed; v_max, the largest of
 * such v, needs none.
 */
export function makeOptimizer(config: OptimizerConfig, precision: Precision, flush: Flush): Optimizer {
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
    update: updateOf(config, { constants, round, flush }, rounded),
  };
}

/** The update of a configuration; `c` holds the corrections of the step, rounded, by their place. */
function updateOf({ kind, form }: OptimizerConfig, context: UpdateContext, c: FloatArray): Update {
  switch (kind) {
    case 'adam':
      return ADAM_FORMS[form](context, c, ownSecondMoment);
    case 'adamw':
      return decayed(ADAM_FORMS[form](context, c, ownSecondMoment), context);
    case 'amsgrad':
      return ADAM_FORMS[form](context, c, largestSecondMoment);
    case 'rmsprop':
      return rmsprop(context);
    case 'momentum':
      return momentum(context);
    case 'sgd':
      return sgd(context);
  }
}

/** torch.optim.SGD: θ ← θ − lr·g. */
function sgd({ constants: { learningRate }, round }: UpdateContext): Update {
  return ({ theta }, i, g) => {
    theta[i] = round(theta[i] - round(learningRate * g));
  };
}

/** torch.optim.SGD with momentum and no dampening: m ← β1·m + g, from m = 0; θ ← θ − lr·m. */
function momentum({ constants: { learningRate, beta1 }, round, flush }: UpdateContext): Update {
  return ({ theta, firstMoment }, i, g) => {
    const m = flush.moment(round(round(beta1 * firstMoment[i]) + g));
    firstMoment[i] = m;
    theta[i] = round(theta[i] - round(learningRate * m));
  };
}

/** torch.optim.RMSprop, neither centred nor with momentum: v as in Adam's torch form; θ ← θ − (lr·g)/(√v + ε). */
function rmsprop({ constants: { learningRate, beta2, oneMinusBeta2, epsilon }, round, flush }: UpdateContext): Update {
  return ({ theta, secondMoment }, i, g) => {
    const v = flush.moment(round(round(secondMoment[i] * beta2) + round(round(oneMinusBeta2 * g) * g)));
    secondMoment[i] = v;
    theta[i] = round(theta[i] - round(round(learningRate * g) / round(round(Math.sqrt(v)) + epsilon)));
  };
}

/** AdamW (Loshchilov & Hutter 2019): first θ ← θ·(1 − lr·λ), the factor rounded once, and then Adam's update. */
function decayed(update: Update, { constants: { decayFactor }, round }: UpdateContext): Update {
  return (state, i, g) => {
    state.theta[i] = round(state.theta[i] * decayFactor);
    update(state, i, g);
  };
}

/** The second moment under the root of Adam's denominator, given the new v of parameter i. */
type DenominatorMoment = (state: OptimizerState, i: number, v: number) => number;

const ownSecondMoment: DenominatorMoment = (_state, _i, v) => v;

/**
 * AMSGrad (Reddi, Kale & Kumar 2018): v_max ← greatest(v, v_max), without correction. NaN of v gets into v_max, and
 * stays in both.
 */
const largestSecondMoment: DenominatorMoment = ({ maxSecondMoment }, i, v) => {
  maxSecondMoment[i] = greatest(v, maxSecondMoment[i]);
  return maxSecondMoment[i];
};

type AdamForm = (context: UpdateContext, c: FloatArray, denominatorMoment: DenominatorMoment) => Update;

/** The denominator and quotient of the paper's forms; `quotient` only moves one pair of parentheses. */
const paperForm =
  (step: (lr: number, m: number, d: number, round: Rounding) => number): AdamForm =>
  ({ constants, round, flush }, c, denominatorMoment) => {
    const { learningRate, beta1, beta2, oneMinusBeta1, oneMinusBeta2, epsilon } = constants;
    return (state, i, g) => {
      const { theta, firstMoment, secondMoment } = state;
      const m = flush.moment(round(round(beta1 * firstMoment[i]) + round(oneMinusBeta1 * g)));
      const v = flush.moment(round(round(beta2 * secondMoment[i]) + round(oneMinusBeta2 * round(g * g))));
      const mHat = round(m / c[0]);
      const vHat = round(denominatorMoment(state, i, v) / c[1]);
      const denominator = round(round(Math.sqrt(vHat)) + epsilon);
      firstMoment[i] = m;
      secondMoment[i] = v;
      theta[i] = round(theta[i] - step(learningRate, mHat, denominator, round));
    };
  };

const ADAM_FORMS: Readonly<Record<FormName, AdamForm>> = {
  /** torch.optim.Adam, single-tensor: s = lr/(1−β1^t), c = √(1−β2^t); θ ← θ − (s·m)/(√v/c + ε). */
  torch: ({ constants: { beta2, oneMinusBeta1, oneMinusBeta2, epsilon }, round, flush }, c, denominatorMoment) => {
    return (state, i, g) => {
      const { theta, firstMoment, secondMoment } = state;
      const m = flush.moment(round(firstMoment[i] + round(oneMinusBeta1 * round(g - firstMoment[i]))));
      const v = flush.moment(round(round(secondMoment[i] * beta2) + round(round(oneMinusBeta2 * g) * g)));
      const root = round(Math.sqrt(denominatorMoment(state, i, v)));
      firstMoment[i] = m;
      secondMoment[i] = v;
      theta[i] = round(theta[i] - round(round(c[0] * m) / round(round(root / c[1]) + epsilon)));
    };
  },

  /** Kingma & Ba 2015, algorithm 1: θ ← θ − (lr·m̂)/(√v̂ + ε). */
  paper: paperForm((lr, m, d, round) => round(round(lr * m) / d)),

  /** The paper's with the quotient first: θ ← θ − lr·(m̂/(√v̂ + ε)). */
  quotient: paperForm((lr, m, d, round) => round(lr * round(m / d))),

  /** keras.optimizers.Adam: α = lr·√(1−β2^t)/(1−β1^t); θ ← θ − (m·α)/(√v + ε). */
  keras: ({ constants: { oneMinusBeta1, oneMinusBeta2, epsilon }, round, flush }, c, denominatorMoment) => {
    return (state, i, g) => {
      const { theta, firstMoment, secondMoment } = state;
      const m = flush.moment(round(firstMoment[i] + round(round(g - firstMoment[i]) * oneMinusBeta1)));
      const v = flush.moment(round(secondMoment[i] + round(round(round(g * g) - secondMoment[i]) * oneMinusBeta2)));
      const root = round(Math.sqrt(denominatorMoment(state, i, v)));
      firstMoment[i] = m;
      secondMoment[i] = v;
      theta[i] = round(theta[i] - round(round(m * c[0]) / round(root + epsilon)));
    };
  },
};
