/**
 * The constants of an optimiser: hyper-parameters and bias corrections as the declared arithmetic states them, computed
 * in float64 from unrounded values. Whoever uses one rounds it once to the network's precision. Reference and kernels
 * read the same.
 */
import type { FormName, OptimizerName } from '../../schemas/catalogue.ts';
import type { OptimizerConfig } from '../../schemas/network.ts';
import type { Rounding } from '../numeric/rounding.ts';

/** Constants that hold for all steps. */
export const CONSTANT_NAMES = [
  'learningRate',
  'beta1',
  'beta2',
  'oneMinusBeta1',
  'oneMinusBeta2',
  'epsilon',
  'decayFactor',
] as const;
export type ConstantName = (typeof CONSTANT_NAMES)[number];

/**
 * Constants that change with the step t, which is the epoch where the batch is full: s and c of the torch form, 1 −
 * β1^t and 1 − β2^t of the paper's, α of Keras.
 */
export type CorrectionName = 'stepSize' | 'rootCorrection' | 'firstCorrection' | 'secondCorrection' | 'alpha';

/** The constants of a configuration, from hyper-parameters of 0 where its optimiser has none of the name. */
export function constantsOf({
  learningRate,
  beta1 = 0,
  beta2 = 0,
  epsilon = 0,
  weightDecay = 0,
}: OptimizerConfig): Readonly<Record<ConstantName, number>> {
  return {
    learningRate,
    beta1,
    beta2,
    oneMinusBeta1: 1 - beta1,
    oneMinusBeta2: 1 - beta2,
    epsilon,
    decayFactor: 1 - learningRate * weightDecay,
  };
}

/** A correction from bias1 = 1 − β1^t and bias2 = 1 − β2^t. */
type Correction = (learningRate: number, bias1: number, bias2: number) => number;

const CORRECTIONS: Readonly<Record<FormName, Partial<Record<CorrectionName, Correction>>>> = {
  torch: {
    stepSize: (learningRate, bias1) => learningRate / bias1,
    rootCorrection: (_learningRate, _bias1, bias2) => Math.sqrt(bias2),
  },
  paper: {
    firstCorrection: (_learningRate, bias1) => bias1,
    secondCorrection: (_learningRate, _bias1, bias2) => bias2,
  },
  quotient: {
    firstCorrection: (_learningRate, bias1) => bias1,
    secondCorrection: (_learningRate, _bias1, bias2) => bias2,
  },
  keras: { alpha: (learningRate, bias1, bias2) => (learningRate * Math.sqrt(bias2)) / bias1 },
};

/** Whether an optimiser corrects the bias of its moments. */
const CORRECTS_BIAS: Readonly<Record<OptimizerName, boolean>> = {
  adam: true,
  adamw: true,
  amsgrad: true,
  rmsprop: false,
  momentum: false,
  sgd: false,
};

/** The names of the corrections that an optimiser has. */
export function correctionNames({ kind, form }: Pick<OptimizerConfig, 'kind' | 'form'>): CorrectionName[] {
  return CORRECTS_BIAS[kind] ? (Object.keys(CORRECTIONS[form]) as CorrectionName[]) : [];
}

/**
 * A smaller power changes no 1 − β^t; thousands of steps later it would be a subnormal number, which some processors
 * multiply slowly.
 */
const POWER_MIN = 2 ** -60;

/** β^t·β, and 0 once it does not matter. */
function nextPower(power: number, beta: number): number {
  const next = power * beta;
  return next < POWER_MIN ? 0 : next;
}

/** The corrections of one optimiser over some steps at a time; cheapest when steps follow one another. */
export class Corrections {
  /**
   * Of the steps at hand: `[correction][step]`, in the order of `correctionNames`, `stepsMax` numbers to a correction.
   */
  readonly values: Float64Array;
  readonly #stepsMax: number;
  readonly #config: OptimizerConfig;
  readonly #formulas: readonly Correction[];
  readonly #bias1: Float64Array;
  readonly #bias2: Float64Array;
  /** β^t is ((β·β)·β)… in float64. */
  #step = 0;
  #power1 = 1;
  #power2 = 1;

  constructor(config: OptimizerConfig, stepsMax: number) {
    this.#config = config;
    this.#stepsMax = stepsMax;
    this.#formulas = correctionNames(config).map((name) => CORRECTIONS[config.form][name] as Correction);
    this.#bias1 = new Float64Array(stepsMax);
    this.#bias2 = new Float64Array(stepsMax);
    this.values = new Float64Array(this.#formulas.length * stepsMax);
  }

  /** Sets the values for `count` steps from step `first` ≥ 1 on. */
  begin(first: number, count: number): void {
    const { learningRate, beta1 = 0, beta2 = 0 } = this.#config;
    if (first <= this.#step) {
      this.#step = 0;
      this.#power1 = 1;
      this.#power2 = 1;
    }
    while (this.#step < first + count - 1) {
      this.#step++;
      this.#power1 = nextPower(this.#power1, beta1);
      this.#power2 = nextPower(this.#power2, beta2);
      if (this.#step < first) continue;
      this.#bias1[this.#step - first] = 1 - this.#power1;
      this.#bias2[this.#step - first] = 1 - this.#power2;
    }
    for (const [correction, formula] of this.#formulas.entries()) {
      const start = correction * this.#stepsMax;
      for (let i = 0; i < count; i++) this.values[start + i] = formula(learningRate, this.#bias1[i], this.#bias2[i]);
    }
  }

  /**
   * Whether, in a precision, the values of all steps to come are those of the first step at hand. Once 1 − β1^t is 1,
   * every formula rises with 1 − β2^t alone, rounded or not: what has its last value keeps it.
   */
  isSteady(round: Rounding): boolean {
    const { learningRate } = this.#config;
    if (this.#bias1[0] !== 1) return false;
    return this.#formulas.every(
      (read) => round(read(learningRate, 1, this.#bias2[0])) === round(read(learningRate, 1, 1)),
    );
  }
}
