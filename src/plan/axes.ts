/**
 * The axes of a plan: the ways in which its networks differ, named as the columns of networks.arrow. Seeds are no axis here:
 * they are the replicates that the others are compared over.
 */
import { layersLabel, type Network } from '../../schemas/network.ts';

/** One axis: its name and the value of a network on it, undefined where it does not apply. */
export interface Axis {
  readonly name: string;
  readonly valueFor: (network: Network) => string | number | undefined;
  /** The values that occur, in the order of the plan. */
  readonly values: readonly (string | number | undefined)[];
}

const AXIS_VALUES: Readonly<Record<string, Axis['valueFor']>> = {
  layers: ({ layers }) => layersLabel(layers),
  activation: ({ activation }) => activation,
  data: ({ data }) => data.kind,
  points: ({ data }) => data.points,
  data_seed: ({ data }) => data.seed,
  data_hash: ({ data }) => (data.kind === 'file' ? data.hash.slice(0, 8) : undefined),
  init: ({ init }) => init,
  optimizer: ({ optimizer }) => optimizer.kind,
  form: ({ optimizer }) => optimizer.form,
  learning_rate: ({ optimizer }) => optimizer.learningRate,
  beta1: ({ optimizer }) => optimizer.beta1,
  beta2: ({ optimizer }) => optimizer.beta2,
  epsilon: ({ optimizer }) => optimizer.epsilon,
  weight_decay: ({ optimizer }) => optimizer.weightDecay,
  subnormals: ({ subnormals }) => subnormals,
  precision: ({ precision }) => precision,
};

/** The axes on which the networks of a plan take more than one value. */
export function axesOf(networks: readonly Network[]): Axis[] {
  return Object.entries(AXIS_VALUES)
    .map(([name, valueFor]) => ({ name, valueFor, values: [...new Set(networks.map(valueFor))] }))
    .filter(({ values }) => values.filter((value) => value !== undefined).length > 1);
}
