/**
 * The optimisers' updates of one parameter as expression trees, twins of src/reference/optimizers.ts. All parentheses
 * count.
 */
import type { FormName } from '../../../schemas/catalogue.ts';
import type { ConstantName, CorrectionName } from '../../data/optimizer-constants.ts';
import type { GroupShape } from '../../group/layout.ts';
import type { Code } from '../tree/code.ts';
import { add, divide, greatest, multiply, squareRoot, subtract, type Vector } from '../tree/tree.ts';

/** What an optimiser changes of a parameter; moments that it does not keep are absent. */
export interface ParameterState {
  readonly theta: Vector;
  readonly firstMoment?: Vector;
  readonly secondMoment?: Vector;
  readonly maxSecondMoment?: Vector;
}

/** Where an update finds its constants: each is loaded once an epoch. */
interface OptimizerConstants {
  readonly constant: (name: ConstantName) => Vector;
  readonly correction: (name: CorrectionName) => Vector;
}

/** Writes the update of one parameter with gradient g, and returns its new state. */
export type Update = (code: Code, state: Required<ParameterState>, g: Vector) => ParameterState;

/**
 * What an update is made of: its constants of the epoch, and what is applied to m and v as soon as they are computed.
 */
interface UpdateContext extends OptimizerConstants {
  readonly flush: (x: Vector) => Vector;
}

/** Loads the constants of the epoch and returns the update. */
export function updateOf({ optimizer: { kind, form } }: GroupShape, context: UpdateContext): Update {
  switch (kind) {
    case 'adam':
      return ADAM_FORMS[form](context, ownSecondMoment);
    case 'adamw':
      return decayed(ADAM_FORMS[form](context, ownSecondMoment), context);
    case 'amsgrad':
      return ADAM_FORMS[form](context, largestSecondMoment);
    case 'rmsprop':
      return rmsprop(context);
    case 'momentum':
      return momentum(context);
    case 'sgd':
      return sgd(context);
  }
}

/** θ ← θ − lr·g. */
function sgd({ constant }: UpdateContext): Update {
  const lr = constant('learningRate');
  return (_code, { theta }, g) => ({ theta: subtract(theta, multiply(lr, g)) });
}

/** m ← β1·m + g; θ ← θ − lr·m. */
function momentum({ constant, flush }: UpdateContext): Update {
  const [lr, beta1] = [constant('learningRate'), constant('beta1')];
  return (code, { theta, firstMoment }, g) => {
    const m = code.let('m', flush(add(multiply(beta1, firstMoment), g)));
    return { theta: subtract(theta, multiply(lr, m)), firstMoment: m };
  };
}

/** v as in Adam's torch form; θ ← θ − (lr·g)/(√v + ε). */
function rmsprop({ constant, flush }: UpdateContext): Update {
  const [lr, epsilon] = [constant('learningRate'), constant('epsilon')];
  const [beta2, oneMinusBeta2] = [constant('beta2'), constant('oneMinusBeta2')];
  return (code, { theta, secondMoment }, g) => {
    const v = code.let('v', flush(add(multiply(secondMoment, beta2), multiply(multiply(oneMinusBeta2, g), g))));
    const denominator = add(squareRoot(v), epsilon);
    return { theta: subtract(theta, divide(multiply(lr, g), denominator)), secondMoment: v };
  };
}

/** First θ ← θ·(1 − lr·λ), and then Adam's update. */
function decayed(update: Update, { constant }: UpdateContext): Update {
  const decayFactor = constant('decayFactor');
  return (code, state, g) => update(code, { ...state, theta: multiply(state.theta, decayFactor) }, g);
}

/**
 * Writes the second moment under the root of Adam's denominator, given the new v, and what there is of a largest one.
 */
type DenominatorMoment = (code: Code, state: Required<ParameterState>, v: Vector) => DenominatorMoments;

interface DenominatorMoments {
  readonly underRoot: Vector;
  /** What an optimiser keeps of it. */
  readonly kept: Pick<ParameterState, 'maxSecondMoment'>;
}

const ownSecondMoment: DenominatorMoment = (_code, _state, v) => ({ underRoot: v, kept: {} });

/** v_max ← greatest(v, v_max). */
const largestSecondMoment: DenominatorMoment = (code, { maxSecondMoment }, v) => {
  const largest = code.let('vMax', greatest(v, maxSecondMoment));
  return { underRoot: largest, kept: { maxSecondMoment: largest } };
};

type AdamForm = (context: UpdateContext, denominatorMoment: DenominatorMoment) => Update;

/** The denominator and quotient of the paper's forms; `quotient` only moves one pair of parentheses. */
const paperForm =
  (step: (lr: Vector, m: Vector, d: Vector) => Vector): AdamForm =>
  ({ constant, correction, flush }, denominatorMoment) => {
    const [lr, epsilon] = [constant('learningRate'), constant('epsilon')];
    const [beta1, beta2] = [constant('beta1'), constant('beta2')];
    const [oneMinusBeta1, oneMinusBeta2] = [constant('oneMinusBeta1'), constant('oneMinusBeta2')];
    const [h1, h2] = [correction('firstCorrection'), correction('secondCorrection')];
    return (code, state, g) => {
      const { theta, firstMoment, secondMoment } = state;
      const m = code.let('m', flush(add(multiply(beta1, firstMoment), multiply(oneMinusBeta1, g))));
      const v = code.let('v', flush(add(multiply(beta2, secondMoment), multiply(oneMinusBeta2, multiply(g, g)))));
      const { underRoot, kept } = denominatorMoment(code, state, v);
      const denominator = add(squareRoot(divide(underRoot, h2)), epsilon);
      const next = subtract(theta, step(lr, divide(m, h1), denominator));
      return { theta: next, firstMoment: m, secondMoment: v, ...kept };
    };
  };

const ADAM_FORMS: Readonly<Record<FormName, AdamForm>> = {
  /** θ ← θ − (s·m)/(√v/c + ε). */
  torch: ({ constant, correction, flush }, denominatorMoment) => {
    const [beta2, epsilon] = [constant('beta2'), constant('epsilon')];
    const [oneMinusBeta1, oneMinusBeta2] = [constant('oneMinusBeta1'), constant('oneMinusBeta2')];
    const [s, c] = [correction('stepSize'), correction('rootCorrection')];
    return (code, state, g) => {
      const { theta, firstMoment, secondMoment } = state;
      const m0 = code.let('m', firstMoment);
      const m = code.let('m', flush(add(m0, multiply(oneMinusBeta1, subtract(g, m0)))));
      const v = code.let('v', flush(add(multiply(secondMoment, beta2), multiply(multiply(oneMinusBeta2, g), g))));
      const { underRoot, kept } = denominatorMoment(code, state, v);
      const denominator = add(divide(squareRoot(underRoot), c), epsilon);
      const next = subtract(theta, divide(multiply(s, m), denominator));
      return { theta: next, firstMoment: m, secondMoment: v, ...kept };
    };
  },

  /** θ ← θ − (lr·m̂)/(√v̂ + ε). */
  paper: paperForm((lr, m, d) => divide(multiply(lr, m), d)),

  /** θ ← θ − lr·(m̂/(√v̂ + ε)). */
  quotient: paperForm((lr, m, d) => multiply(lr, divide(m, d))),

  /** θ ← θ − (m·α)/(√v + ε). */
  keras: ({ constant, correction, flush }, denominatorMoment) => {
    const epsilon = constant('epsilon');
    const [oneMinusBeta1, oneMinusBeta2] = [constant('oneMinusBeta1'), constant('oneMinusBeta2')];
    const alpha = correction('alpha');
    return (code, state, g) => {
      const { theta, firstMoment, secondMoment } = state;
      const [m0, v0] = [code.let('m', firstMoment), code.let('v', secondMoment)];
      const m = code.let('m', flush(add(m0, multiply(subtract(g, m0), oneMinusBeta1))));
      const v = code.let('v', flush(add(v0, multiply(subtract(multiply(g, g), v0), oneMinusBeta2))));
      const { underRoot, kept } = denominatorMoment(code, state, v);
      const denominator = add(squareRoot(underRoot), epsilon);
      const next = subtract(theta, divide(multiply(m, alpha), denominator));
      return { theta: next, firstMoment: m, secondMoment: v, ...kept };
    };
  },
};
