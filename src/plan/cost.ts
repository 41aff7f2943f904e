/**
 * The declared cost of training: an operation count from a network's shape alone, never from measurement, so that chunk
 * lengths, the order of groups and shares of work are the same on every machine.
 */
import type { EngineName } from '../../schemas/manifest.ts';
import { type NetworkConfig, parameterCount } from '../../schemas/network.ts';

/** Rough counts of arithmetic operations; only their proportions matter. */
const OPERATIONS_PER_ACTIVATION = 30;
const OPERATIONS_PER_PARAMETER_UPDATE = 30;

/** Operations of one epoch of one network: forward, backward and optimiser. */
export function operationsPerEpoch({ layers, data }: Pick<NetworkConfig, 'layers' | 'data'>): number {
  const parameters = parameterCount(layers);
  const hiddenUnits = layers.slice(1, -1).reduce((sum, size) => sum + size, 0);
  const perSample = 6 * parameters + OPERATIONS_PER_ACTIVATION * hiddenUnits;
  return data.points * perSample + OPERATIONS_PER_PARAMETER_UPDATE * parameters;
}

/** Numbers that a kernel keeps for one network, with room to spare: θ, up to three moments, update and gradient, samples, activations, slopes and deltas. */
export function numbersInMemory(layers: readonly number[], points: number): number {
  const units = layers.slice(1).reduce((sum, size) => sum + size, 0);
  return 6 * parameterCount(layers) + points * (layers[0] + layers[layers.length - 1] + 3 * units);
}

/** Operations of a group between two looks at the control words: 20 to 100 ms of the reference, a millisecond of a kernel. */
const OPERATIONS_BETWEEN_LOOKS = 2 ** 24;

/** Operations of one task: a third of a second to a second of a core. */
export const OPERATIONS_PER_TASK: Readonly<Record<EngineName, number>> = { kernel: 2 ** 33, reference: 2 ** 28 };

/** No more than these, so that the signals of a chunk stay small beside the state. */
const EPOCHS_BETWEEN_LOOKS_MAX = 1000;

/** Epochs that a group of `lanes` networks, each of so many operations an epoch, is trained for between two looks. */
export function epochsBetweenLooks(operations: number, lanes: number): number {
  const epochs = Math.floor(OPERATIONS_BETWEEN_LOOKS / (operations * lanes));
  return Math.max(1, Math.min(EPOCHS_BETWEEN_LOOKS_MAX, epochs));
}
