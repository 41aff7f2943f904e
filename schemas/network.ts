/**
 * One network as the plan describes it: everything that decides its bits, and nothing that does not (no names, paths, trace
 * settings or scheduling). This is the record that the plan makes, the workers train and the key is computed from.
 */
import type {
  ActivationName,
  DatasetName,
  FormName,
  InitName,
  OptimizerName,
  Precision,
  SubnormalsName,
} from './catalogue.ts';

/** A data set by its formula. */
export interface FormulaData {
  readonly kind: DatasetName;
  /** Number of samples N. */
  readonly points: number;
  /** Seed of the teacher's parameters; only with kind teacher. */
  readonly seed?: number;
}

/** A data set from a file, by its content: the numbers themselves are provided apart. */
export interface FileData {
  readonly kind: 'file';
  /** SHA-256 of the content, 64 hex digits. */
  readonly hash: string;
  /** Number of samples N. */
  readonly points: number;
  readonly seed?: never;
}

/** What a network is trained on. */
export type DataConfig = FormulaData | FileData;

/** An optimiser with its hyper-parameters; the ones it does not have are absent. */
export interface OptimizerConfig {
  readonly kind: OptimizerName;
  readonly form: FormName;
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** λ of adamw: an update first multiplies θ by 1 − learningRate·λ. */
  readonly weightDecay?: number;
}

/** All that decides a network's bits but the number of epochs. */
export interface NetworkConfig {
  /** Units a layer, inputs first: 1-8-1 is [1, 8, 1]. */
  readonly layers: readonly number[];
  readonly activation: ActivationName;
  readonly data: DataConfig;
  readonly init: InitName;
  readonly optimizer: OptimizerConfig;
  readonly batch: 'full';
  readonly precision: Precision;
  readonly subnormals: SubnormalsName;
  /** Seed of the initial weights, u32. */
  readonly seed: number;
}

/** A planned network: its configuration, its number in the plan and the key of its configuration (16 hex digits). */
export interface Network extends NetworkConfig {
  readonly id: number;
  readonly key: string;
}

/** The layers as people write them: `1-8-1`. */
export function layersLabel(layers: readonly number[]): string {
  return layers.join('-');
}

/** The number of parameters P: a weight for each pair of units in neighbouring layers and a bias for each unit. */
export function parameterCount(layers: readonly number[]): number {
  let count = 0;
  for (let layer = 1; layer < layers.length; layer++) count += (layers[layer - 1] + 1) * layers[layer];
  return count;
}
