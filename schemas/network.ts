/**
 * One network as the plan describes it: everything that decides its bits, and nothing that does not (no names, paths,
 * trace settings or scheduling). This is the record that the plan makes, the workers train and the key is computed
 * from.
 */
import type {
  ActivationName,
  DatasetName,
  FormName,
  InitName,
  ObjectiveName,
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
interface FileData {
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

/** λ|x|^k/k of one parameter x. */
export interface Objective {
  readonly kind: ObjectiveName;
  /** k, a whole number. */
  readonly exponent: number;
  /** λ > 0. */
  readonly curvature: number;
  /** x before the first epoch. */
  readonly start: number;
}

/** What every network has. */
interface TrainedConfig {
  readonly optimizer: OptimizerConfig;
  readonly precision: Precision;
  readonly subnormals: SubnormalsName;
  /** Seed of the initial weights and of the orders of samples, u32; 0 where nothing is drawn. */
  readonly seed: number;
}

/** A network of layers that is trained on data. */
export interface LayeredConfig extends TrainedConfig {
  /** Units a layer, inputs first: 1-8-1 is [1, 8, 1]. */
  readonly layers: readonly number[];
  readonly activation: ActivationName;
  readonly data: DataConfig;
  readonly init: InitName;
  /** Samples a step: all, or fewer than there are. */
  readonly batch: 'full' | number;
  /** Whether each epoch has an order of its own; only where the batch is a number. */
  readonly shuffle?: boolean;
  readonly objective?: never;
}

/** One parameter under an objective: an optimiser by itself. */
export interface ObjectiveConfig extends TrainedConfig {
  readonly objective: Objective;
  readonly layers?: never;
  readonly activation?: never;
  readonly data?: never;
  readonly init?: never;
  readonly batch?: never;
  readonly shuffle?: never;
}

/** All that decides a network's bits but the number of epochs. */
export type NetworkConfig = LayeredConfig | ObjectiveConfig;

/** A planned network: its configuration, its number in the plan and the key of its configuration (16 hex digits). */
export type Network = NetworkConfig & {
  readonly id: number;
  readonly key: string;
};

/** A planned network that has layers. */
export type LayeredNetwork = LayeredConfig & Pick<Network, 'id' | 'key'>;

/** The layers as people write them: `1-8-1`. */
export function layersLabel(layers: readonly number[]): string {
  let label = labelOf.get(layers);
  if (label === undefined) {
    label = layers.join('-');
    labelOf.set(layers, label);
  }
  return label;
}

/** The networks of a sweep share their lists of layers, which nobody changes. */
const labelOf = new WeakMap<readonly number[], string>();

/** What a network is, in a few words. */
export function networkTitle({ objective, layers, activation, precision }: NetworkConfig): string {
  const what =
    objective === undefined ? `${layersLabel(layers)} ${activation}` : `${objective.kind} ${objective.exponent}`;
  return `${what} ${precision}`;
}

/** The shape of a network's windows: its layers, or the kind of its objective. */
export function shapeLabel({ objective, layers }: NetworkConfig): string {
  return objective === undefined ? layersLabel(layers) : objective.kind;
}

/** The number of parameters of any network. */
export function parametersOf({ objective, layers }: NetworkConfig): number {
  return objective === undefined ? parameterCount(layers) : 1;
}

/** The number of parameters P: a weight for each pair of units in neighbouring layers and a bias for each unit. */
export function parameterCount(layers: readonly number[]): number {
  let count = 0;
  for (let layer = 1; layer < layers.length; layer++) count += (layers[layer - 1] + 1) * layers[layer];
  return count;
}
