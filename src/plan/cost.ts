/**
 * The declared cost of training: an operation count from a network's shape alone, never from measurement, so that chunk
 * lengths, the order of groups and shares of work are the same on every machine.
 */
import type { EngineName } from '../../schemas/manifest.ts';
import { type LayeredConfig, type ObjectiveConfig, parameterCount } from '../../schemas/network.ts';

/** Rough counts of arithmetic operations; only their proportions matter. */
const OPERATIONS_PER_ACTIVATION = 30;
const OPERATIONS_PER_PARAMETER_UPDATE = 30;

const OPERATIONS_PER_SHUFFLED_SAMPLE = 60;

/** Operations of one epoch of one network: forward, backward and optimiser. */
export function operationsPerEpoch(
  network: Pick<LayeredConfig, 'layers' | 'data' | 'batch' | 'shuffle'> | ObjectiveConfig,
): number {
  if (network.layers === undefined) return OPERATIONS_PER_PARAMETER_UPDATE + network.objective.exponent;
  const { layers, data, batch, shuffle } = network;
  const parameters = parameterCount(layers);
  const hiddenUnits = layers.slice(1, -1).reduce((sum, size) => sum + size, 0);
  const shuffling = shuffle === true ? OPERATIONS_PER_SHUFFLED_SAMPLE : 0;
  const perSample = 6 * parameters + OPERATIONS_PER_ACTIVATION * hiddenUnits + shuffling;
  const steps = batch === 'full' ? 1 : Math.ceil(data.points / batch);
  return data.points * perSample + steps * OPERATIONS_PER_PARAMETER_UPDATE * parameters;
}

/**
 * Numbers that a kernel keeps for one network, with room to spare: θ, up to three moments, update and gradient,
 * samples, activations, slopes and deltas; of mini-batches also θ before the epoch, and of two epochs the samples in
 * their orders and the corrections of their steps.
 */
export function numbersInMemory(layers: readonly number[], points: number, batch: LayeredConfig['batch']): number {
  const units = layers.slice(1).reduce((sum, size) => sum + size, 0);
  const ofSample = layers[0] + layers[layers.length - 1];
  if (batch === 'full') return 6 * parameterCount(layers) + points * (ofSample + 3 * units);
  return 7 * parameterCount(layers) + points * 3 * ofSample + batch * 3 * units + 4 * Math.ceil(points / batch);
}

/** Numbers of shuffled samples that a group keeps at a time: they should stay in the second-level cache. */
const SHUFFLED_NUMBERS_MAX = 2 ** 15;

/** Epochs whose shuffled samples a group of `lanes` networks keeps: two at least, since two are shuffled at a time. */
export function shuffledEpochsMax({ layers, data }: Pick<LayeredConfig, 'layers' | 'data'>, lanes: number): number {
  const numbers = data.points * (layers[0] + layers[layers.length - 1]) * lanes;
  return Math.max(2, Math.floor(SHUFFLED_NUMBERS_MAX / numbers));
}

/** What WebAssembly addresses, less room for signals and constants: no group may take more. */
export const GROUP_BYTES_MAX = 2 ** 32 - 2 ** 20;

/**
 * Operations of a group between two looks at the control words: 20 to 100 ms of the reference, a millisecond of a
 * kernel.
 */
const OPERATIONS_BETWEEN_LOOKS = 2 ** 24;

/** Operations of one task: half a second to a second of a core. */
export const OPERATIONS_PER_TASK: Readonly<Record<EngineName, number>> = {
  kernel: 2 ** 34,
  native: 2 ** 35,
  reference: 2 ** 28,
};

/** No more than these, so that the signals of a chunk stay small beside the state. */
const EPOCHS_BETWEEN_LOOKS_MAX = 1000;

/**
 * A bucket of at least so many epochs is a part of a chunk, since the kernel has the extremes of a part in its
 * registers. Several shorter ones share a part, and their extremes are taken from the signals.
 */
const BUCKET_EPOCHS_OF_PART = 8;
/** Epochs of a part of short buckets, at least. */
const EPOCHS_OF_SHARED_PART = 16;
/** Epochs of a chunk of several parts, at most: the signals of four lanes then fit into the first-level cache. */
const EPOCHS_OF_SUBCHUNKS_MAX = 256;

/**
 * Epochs of chunks and of their parts for the trace's buckets, where a group is trained for at most `epochsMax` at a
 * time.
 */
export function chunksOf(bucketEpochs: number, epochsMax: number): { chunkEpochs: number; subchunkEpochs: number } {
  const sharing = bucketEpochs < BUCKET_EPOCHS_OF_PART ? Math.ceil(EPOCHS_OF_SHARED_PART / bucketEpochs) : 1;
  const subchunkEpochs = Math.min(sharing * bucketEpochs, epochsMax);
  const parts = Math.max(1, Math.floor(Math.min(EPOCHS_OF_SUBCHUNKS_MAX, epochsMax) / subchunkEpochs));
  return { chunkEpochs: parts * subchunkEpochs, subchunkEpochs };
}

/** Epochs that a group of `lanes` networks, each of so many operations an epoch, is trained for between two looks. */
export function epochsBetweenLooks(operations: number, lanes: number): number {
  const epochs = Math.floor(OPERATIONS_BETWEEN_LOOKS / (operations * lanes));
  return Math.max(1, Math.min(EPOCHS_BETWEEN_LOOKS_MAX, epochs));
}
