/**
 * The optimisers' updates of one parameter as expression trees, twins of src/reference/optimizers.ts. All parentheses count.
 */
import type { FormName } from '../../schemas/catalogue.ts';
import type { ConstantName, CorrectionName } from '../data/optimizer-constants.ts';
import type { GroupShape } from '../group/layout.ts';
import type { Code } from './code.ts';
import { add, divide, multiply, squareRoot, subtract, type Vector } from './tree.ts';

/** What an optimiser changes of a parameter; moments that it does not keep are absent. */
export interface ParameterState {
  readonly theta: Vector;
  readonly firstMoment?: Vector;
  readonly secondMoment?: Vector;
}

/** Where an update finds its constants: each is loaded once an epoch. */
export interface OptimizerConstants {
  readonly constant: (name: ConstantName) => Vector;
  readonly correction: (name: CorrectionName) => Vector;
}

/** Writes the update of one parameter with gradient g, and returns its new state. */
export type Update = (code: Code, state: Required<ParameterState>, g: Vector) => ParameterState;

/** Loads the constants of the epoch and returns the update. `flushMoment` is applied to m and v as soon as they are computed. */
export function updateOf(
  { optimizer: { kind, form } }: GroupShape,
  constants: OptimizerConstants,
  flushMoment: (x: Vector) => Vector,
): Update {
  switch (kind) {
    case 'adam':
      return ADAM_FORMS[form](constants, flushMoment);
    case 'sgd':
      return sgd(constants);
  }
}

/** θ ← θ − lr·g. */
function sgd({ constant }: OptimizerConstants): Update {
  const lr = constant('learningRate');
  return (_code, { theta }, g) => ({ theta: subtract(theta, multiply(lr, g)) });
}

type AdamForm = (constants: OptimizerConstants, flush: (x: Vector) => Vector) => Update;

/** The denominator and quotient of the paper's forms; `quotient` only moves one pair of parentheses. */
const paperForm =
  (step: (lr: Vector, m: Vector, d: Vector) => Vector): AdamForm =>
  ({ constant, correction }, flush) => {
    const [lr, epsilon] = [constant('learningRate'), constant('epsilon')];
    const [beta1, beta2] = [constant('beta1'), constant('beta2')];
    const [oneMinusBeta1, oneMinusBeta2] = [constant('oneMinusBeta1'), constant('oneMinusBeta2')];
    const [h1, h2] = [correction('firstCorrection'), correction('secondCorrection')];
    return (code, { theta, firstMoment, secondMoment }, g) => {
      const m = code.let('m', flush(add(multiply(beta1, firstMoment), multiply(oneMinusBeta1, g))));
      const v = code.let('v', flush(add(multiply(beta2, secondMoment), multiply(oneMinusBeta2, multiply(g, g)))));
      const denominator = add(squareRoot(divide(v, h2)), epsilon);
      return { theta: subtract(theta, step(lr, divide(m, h1), denominator)), firstMoment: m, secondMoment: v };
    };
  };

const ADAM_FORMS: Readonly<Record<FormName, AdamForm>> = {
  /** θ ← θ − (s·m)/(√v/c + ε). */
  torch: ({ constant, correction }, flush) => {
    const [beta2, epsilon] = [constant('beta2'), constant('epsilon')];
    const [oneMinusBeta1, oneMinusBeta2] = [constant('oneMinusBeta1'), constant('oneMinusBeta2')];
    const [s, c] = [correction('stepSize'), correction('rootCorrection')];
    return (code, { theta, firstMoment, secondMoment }, g) => {
      const m0 = code.let('m', firstMoment);
      const m = code.let('m', flush(add(m0, multiply(oneMinusBeta1, subtract(g, m0)))));
      const v = code.let('v', flush(add(multiply(secondMoment, beta2), multiply(multiply(oneMinusBeta2, g), g))));
      const denominator = add(divide(squareRoot(v), c), epsilon);
      return { theta: subtract(theta, divide(multiply(s, m), denominator)), firstMoment: m, secondMoment: v };
    };
  },

  /** θ ← θ − (lr·m̂)/(√v̂ + ε). */
  paper: paperForm((lr, m, d) => divide(multiply(lr, m), d)),

  /** θ ← θ − lr·(m̂/(√v̂ + ε)). */
  quotient: paperForm((lr, m, d) => multiply(lr, divide(m, d))),

  /** θ ← θ − (m·α)/(√v + ε). */
  keras: ({ constant, correction }, flush) => {
    const epsilon = constant('epsilon');
    const [oneMinusBeta1, oneMinusBeta2] = [constant('oneMinusBeta1'), constant('oneMinusBeta2')];
    const alpha = correction('alpha');
    return (code, { theta, firstMoment, secondMoment }, g) => {
      const [m0, v0] = [code.let('m', firstMoment), code.let('v', secondMoment)];
      const m = code.let('m', flush(add(m0, multiply(subtract(g, m0), oneMinusBeta1))));
      const v = code.let('v', flush(add(v0, multiply(subtract(multiply(g, g), v0), oneMinusBeta2))));
      const denominator = add(squareRoot(v), epsilon);
      return { theta: subtract(theta, divide(multiply(m, alpha), denominator)), firstMoment: m, secondMoment: v };
    };
  },
};
