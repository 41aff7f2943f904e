/**
 * The layers of a shape as a kernel sees them: where their parameters stand in θ, and the sections of scratch that a
 * pass over a batch of samples leaves its results in.
 */
import type { GroupShape } from '../../group/layout.ts';
import { Section } from '../tree/code.ts';
import { Index } from '../tree/tree.ts';
import { ACTIVATIONS, type Activation } from './activations.ts';

export const THETA = new Section('theta');
/** ∂L/∂θ, `[parameter]`. */
export const GRADIENT = new Section('gradient');

/** The samples of one step. */
export interface Batch {
  /** Where the first of them stands among the samples in memory. */
  readonly first: Index;
  readonly count: number;
}

/** One dense layer, its place in θ and its scratch. */
export interface Layer {
  readonly number: number;
  readonly inputCount: number;
  readonly outputCount: number;
  /** Index in θ of the weights, `[output][input]`. */
  readonly weights: number;
  /** Index in θ of the biases, `[output]`. */
  readonly biases: number;
  /** What the layer reads, `[sample][input]`: the data or the batch's activations below. */
  readonly below: Section;
  /** f(z), `[sample][output]`. */
  readonly activations: Section;
  /** f′(z) where the activation keeps it, `[sample][output]`. */
  readonly slopes: Section;
  /** ∂L/∂z, `[sample][output]`. */
  readonly deltas: Section;
}

/** The layers of a shape, first hidden layer first. */
export function layersOf({ layers: sizes, isShuffled }: GroupShape): Layer[] {
  const layers: Layer[] = [];
  let offset = 0;
  for (let number = 1; number < sizes.length; number++) {
    const inputCount = sizes[number - 1];
    const outputCount = sizes[number];
    layers.push({
      number,
      inputCount,
      outputCount,
      weights: offset,
      biases: offset + inputCount * outputCount,
      below: number === 1 ? new Section(isShuffled ? 'shuffledInputs' : 'inputs') : layers[number - 2].activations,
      activations: new Section(`activations${number}`),
      slopes: new Section(`slopes${number}`),
      deltas: new Section(`deltas${number}`),
    });
    offset += (inputCount + 1) * outputCount;
  }
  return layers;
}

/** What the last layer is compared with, `[sample][output]`. */
export function targetsOf({ isShuffled }: GroupShape): Section {
  return new Section(isShuffled ? 'shuffledTargets' : 'targets');
}

/** Where what a layer reads of a batch begins: the data hold more than the batch, the activations below do not. */
export function firstBelow({ number }: Layer, { first }: Batch): Index {
  return number === 1 ? first : new Index(0);
}

/** The activation of a layer: the last one is linear. */
export function activationOf({ layers, activation }: GroupShape, { number }: Layer): Activation {
  return ACTIVATIONS[number === layers.length - 1 ? 'identity' : activation];
}
