/**
 * The shape of a group, which decides the layout of its memory and the code of its kernel. Main derives it once per
 * kernel from the plan. Requests to workers carry it, so that no worker derives it again.
 */
import type { ActivationName, FormName, MomentName, OptimizerName, Precision, SubnormalsName } from './catalogue.ts';

/**
 * What the networks of a group have in common, and what a kernel is made for. Everything else may differ from lane to
 * lane.
 */
export interface GroupShape {
  readonly precision: Precision;
  readonly layers: readonly number[];
  readonly activation: ActivationName;
  /**
   * The exponent of the objective of one parameter that stands in place of layers, activation and samples; null where
   * there are layers.
   */
  readonly exponent: number | null;
  readonly sampleCount: number;
  /** Samples a step; all of them where the batch is full. The last batch of an epoch may be short. */
  readonly batchSize: number;
  /** Whether each epoch has an order of its own, by the seed of each lane. */
  readonly isShuffled: boolean;
  readonly optimizer: { readonly kind: OptimizerName; readonly form: FormName };
  readonly subnormals: SubnormalsName;
  /** The moments that the optimiser keeps. */
  readonly moments: readonly MomentName[];
  /** How many constants the optimiser has that hold for all epochs, and how many that change with the epoch. */
  readonly constants: number;
  readonly corrections: number;
  readonly lanes: number;
  /** Epochs whose signals the memory holds: a whole number of subchunks. */
  readonly chunkEpochs: number;
  /** Epochs whose signals have their extremes together. */
  readonly subchunkEpochs: number;
}
