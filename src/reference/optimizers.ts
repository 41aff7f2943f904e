/**
 * The optimisers' updates of one parameter, in each published form. The parentheses are the subject: forms that are equal
 * on paper differ in bits, and sometimes in fate. Every constant is computed in float64 and rounded once to the network's
 * precision; β^t is a running float64 product.
 */
import type { OptimizerConfig } from '../../schemas/network.ts';
import type { FloatArray } from '../numeric/bits.ts';
import { type Precision, type Rounding, roundingTo } from '../numeric/rounding.ts';

/** What an optimiser changes; arrays are `[parameter]`, empty where the optimiser keeps no such moment. */
export interface OptimizerState {
  readonly theta: FloatArray;
  readonly firstMoment: FloatArray;
  readonly secondMoment: FloatArray;
}

/** An optimiser with its constants for the epoch at hand. */
export interface Optimizer {
  /** Sets the constants that change with the epoch t ≥ 1; cheapest when t rises by one. */
  beginEpoch(t: number): void;
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
  const round = roundingTo(precision);
  return config.kind === 'sgd'
    ? sgd(config, round)
    : ADAM_FORMS[config.form](adamConstants(config, round), round, flush);
}

/** θ ← θ − lr·g. */
function sgd({ learningRate }: OptimizerConfig, round: Rounding): Optimizer {
  const lr = round(learningRate);
  return {
    beginEpoch: () => {},
    update({ theta }, i, g) {
      theta[i] = round(theta[i] - round(lr * g));
    },
  };
}

/** Adam's constants in float64 and, where they do not change with the epoch, rounded. */
interface AdamConstants {
  readonly learningRate: number;
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  /** 1 − β1, rounded once: fround(1 − fround(β)) would be another number. */
  readonly oneMinusBeta1: number;
  readonly oneMinusBeta2: number;
  readonly epsilon: number;
  /** 1 − β1^t and 1 − β2^t in float64. */
  readonly bias1: (t: number) => number;
  readonly bias2: (t: number) => number;
}

function adamConstants(config: OptimizerConfig, round: Rounding): AdamConstants {
  const { learningRate, beta1 = 0, beta2 = 0, epsilon = 0 } = config;
  return {
    learningRate,
    lr: round(learningRate),
    beta1: round(beta1),
    beta2: round(beta2),
    oneMinusBeta1: round(1 - beta1),
    oneMinusBeta2: round(1 - beta2),
    epsilon: round(epsilon),
    bias1: biasCorrection(beta1),
    bias2: biasCorrection(beta2),
  };
}

/** 1 − β^t, β^t being ((β·β)·β)… in float64; remembers the last t, so that successive epochs cost one product. */
function biasCorrection(beta: number): (t: number) => number {
  let epoch = 0;
  let power = 1;
  return (t) => {
    if (t < epoch) {
      epoch = 0;
      power = 1;
    }
    for (; epoch < t; epoch++) power *= beta;
    return 1 - power;
  };
}

type AdamForm = (constants: AdamConstants, round: Rounding, flush: Flush) => Optimizer;

/** The denominator and quotient of the paper's forms; `quotient` only moves one pair of parentheses. */
const paperForm =
  (step: (lr: number, m: number, d: number, round: Rounding) => number): AdamForm =>
  ({ lr, beta1, beta2, oneMinusBeta1, oneMinusBeta2, epsilon, bias1, bias2 }, round, flush) => {
    let c1 = 1;
    let c2 = 1;
    return {
      beginEpoch(t) {
        c1 = round(bias1(t));
        c2 = round(bias2(t));
      },
      update({ theta, firstMoment, secondMoment }, i, g) {
        const m = flush.moment(round(round(beta1 * firstMoment[i]) + round(oneMinusBeta1 * g)));
        const v = flush.moment(round(round(beta2 * secondMoment[i]) + round(oneMinusBeta2 * round(g * g))));
        const mHat = round(m / c1);
        const vHat = round(v / c2);
        const denominator = round(round(Math.sqrt(vHat)) + epsilon);
        firstMoment[i] = m;
        secondMoment[i] = v;
        theta[i] = round(theta[i] - step(lr, mHat, denominator, round));
      },
    };
  };

const ADAM_FORMS: Readonly<Record<OptimizerConfig['form'], AdamForm>> = {
  /** torch.optim.Adam, single-tensor: s = lr/(1−β1^t), c = √(1−β2^t); θ ← θ − (s·m)/(√v/c + ε). */
  torch: ({ learningRate, beta2, oneMinusBeta1, oneMinusBeta2, epsilon, bias1, bias2 }, round, flush) => {
    let s = 0;
    let c = 1;
    return {
      beginEpoch(t) {
        s = round(learningRate / bias1(t));
        c = round(Math.sqrt(bias2(t)));
      },
      update({ theta, firstMoment, secondMoment }, i, g) {
        const m = flush.moment(round(firstMoment[i] + round(oneMinusBeta1 * round(g - firstMoment[i]))));
        const v = flush.moment(round(round(secondMoment[i] * beta2) + round(round(oneMinusBeta2 * g) * g)));
        const denominator = round(round(round(Math.sqrt(v)) / c) + epsilon);
        firstMoment[i] = m;
        secondMoment[i] = v;
        theta[i] = round(theta[i] - round(round(s * m) / denominator));
      },
    };
  },

  /** Kingma & Ba 2015, algorithm 1: θ ← θ − (lr·m̂)/(√v̂ + ε). */
  paper: paperForm((lr, m, d, round) => round(round(lr * m) / d)),

  /** The paper's with the quotient first: θ ← θ − lr·(m̂/(√v̂ + ε)). */
  quotient: paperForm((lr, m, d, round) => round(lr * round(m / d))),

  /** keras.optimizers.Adam: α = lr·√(1−β2^t)/(1−β1^t); θ ← θ − (m·α)/(√v + ε). */
  keras: ({ learningRate, oneMinusBeta1, oneMinusBeta2, epsilon, bias1, bias2 }, round, flush) => {
    let alpha = 0;
    return {
      beginEpoch(t) {
        alpha = round((learningRate * Math.sqrt(bias2(t))) / bias1(t));
      },
      update({ theta, firstMoment, secondMoment }, i, g) {
        const m = flush.moment(round(firstMoment[i] + round(round(g - firstMoment[i]) * oneMinusBeta1)));
        const v = flush.moment(round(secondMoment[i] + round(round(round(g * g) - secondMoment[i]) * oneMinusBeta2)));
        firstMoment[i] = m;
        secondMoment[i] = v;
        theta[i] = round(theta[i] - round(round(m * alpha) / round(round(Math.sqrt(v)) + epsilon)));
      },
    };
  },
};
