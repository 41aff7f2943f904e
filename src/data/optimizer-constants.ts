/**
 * The constants of an optimiser: hyper-parameters and bias corrections as the declared arithmetic states them, computed in float64
 * from unrounded values. Whoever uses one rounds it once to the network's precision. Reference and kernels read the same.
 */
import type { FormName } from '../../schemas/catalogue.ts';
import type { OptimizerConfig } from '../../schemas/network.ts';

/** Constants that hold for all epochs. */
export const CONSTANT_NAMES = ['learningRate', 'beta1', 'beta2', 'oneMinusBeta1', 'oneMinusBeta2', 'epsilon'] as const;
export type ConstantName = (typeof CONSTANT_NAMES)[number];

/** Constants that change with the epoch t: s and c of the torch form, 1 − β1^t and 1 − β2^t of the paper's, α of Keras. */
export type CorrectionName = 'stepSize' | 'rootCorrection' | 'firstCorrection' | 'secondCorrection' | 'alpha';

/** The constants of a configuration; 0 where its optimiser has none of the name. */
export function constantsOf({
  learningRate,
  beta1 = 0,
  beta2 = 0,
  epsilon = 0,
}: OptimizerConfig): Readonly<Record<ConstantName, number>> {
  return { learningRate, beta1, beta2, oneMinusBeta1: 1 - beta1, oneMinusBeta2: 1 - beta2, epsilon };
}

type Correction = (of: { learningRate: number; bias1: number; bias2: number }) => number;

/** The corrections of each form from bias1 = 1 − β1^t and bias2 = 1 − β2^t. */
const CORRECTIONS: Readonly<Record<FormName, Partial<Record<CorrectionName, Correction>>>> = {
  torch: {
    stepSize: ({ learningRate, bias1 }) => learningRate / bias1,
    rootCorrection: ({ bias2 }) => Math.sqrt(bias2),
  },
  paper: { firstCorrection: ({ bias1 }) => bias1, secondCorrection: ({ bias2 }) => bias2 },
  quotient: { firstCorrection: ({ bias1 }) => bias1, secondCorrection: ({ bias2 }) => bias2 },
  keras: { alpha: ({ learningRate, bias1, bias2 }) => (learningRate * Math.sqrt(bias2)) / bias1 },
};

/** The names of the corrections that an optimiser has, in the order in which `Corrections` lists their values. */
export function correctionNames({ kind, form }: Pick<OptimizerConfig, 'kind' | 'form'>): CorrectionName[] {
  return kind === 'sgd' ? [] : (Object.keys(CORRECTIONS[form]) as CorrectionName[]);
}

/** The corrections of one optimiser from epoch to epoch; cheapest when t rises by one. */
export class Corrections {
  /** Those of the epoch at hand, in the order of `correctionNames`. */
  readonly values: Float64Array;
  readonly #config: OptimizerConfig;
  readonly #formulas: readonly Correction[];
  #epoch = 0;
  /** β^t is ((β·β)·β)… in float64. */
  #power1 = 1;
  #power2 = 1;

  constructor(config: OptimizerConfig) {
    this.#config = config;
    this.#formulas = correctionNames(config).map((name) => CORRECTIONS[config.form][name] as Correction);
    this.values = new Float64Array(this.#formulas.length);
  }

  /** Sets the values for epoch t ≥ 1. */
  beginEpoch(t: number): void {
    const { learningRate, beta1 = 0, beta2 = 0 } = this.#config;
    if (t < this.#epoch) {
      this.#epoch = 0;
      this.#power1 = 1;
      this.#power2 = 1;
    }
    for (; this.#epoch < t; this.#epoch++) {
      this.#power1 *= beta1;
      this.#power2 *= beta2;
    }
    const of = { learningRate, bias1: 1 - this.#power1, bias2: 1 - this.#power2 };
    for (let i = 0; i < this.values.length; i++) this.values[i] = this.#formulas[i](of);
  }
}
