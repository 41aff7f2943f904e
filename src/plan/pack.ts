/**
 * Packs networks into groups: networks of one kernel shape that share a kernel call, one a lane. Packing is scheduling only
 * and never changes a bit of any network.
 */
import { OPTIMIZERS } from '../../schemas/catalogue.ts';
import type { EngineName } from '../../schemas/manifest.ts';
import { layersLabel, type Network } from '../../schemas/network.ts';
import { CONSTANT_NAMES, correctionNames } from '../data/optimizer-constants.ts';
import type { GroupShape } from '../group/layout.ts';
import { epochsBetweenLooks, epochsOfChunk, OPERATIONS_PER_TASK, operationsPerEpoch } from './cost.ts';

/** Networks of one shape that are trained together. */
export interface Group {
  /** Text that names the kernel shape; groups with equal text can run the same kernel. */
  readonly shape: string;
  /** Between 1 and `lanes`; lanes beyond are padding. */
  readonly networks: readonly Network[];
  readonly lanes: number;
  /** Epochs that its networks are trained by now. */
  readonly epoch: number;
}

/** Lanes of a group: the four float32 numbers of a 128-bit vector. */
export const LANES_DEFAULT = 4;

/** How many epochs networks have to train, and how many of them they have. */
interface Progress {
  readonly epochs: number;
  readonly epochOf: (id: number) => number;
}
const NOT_BEGUN: Progress = { epochs: 1, epochOf: () => 0 };

/** What a kernel is made for. Hyper-parameters, data values and seeds are data, not shape. */
export function kernelShape({ layers, activation, data, optimizer, precision, subnormals }: Network): string {
  const { kind, form } = optimizer;
  return [layersLabel(layers), activation, `${data.points} points`, kind, form, precision, subnormals].join(' ');
}

/**
 * Groups of at most `lanes` networks of one shape that are trained equally far, the most work first: the last tasks of a run are
 * then its shortest, and no thread idles long at the end. Networks of one shape keep their order.
 */
export function packGroups(
  networks: readonly Network[],
  lanes: number = LANES_DEFAULT,
  { epochs, epochOf }: Progress = NOT_BEGUN,
): Group[] {
  const kinds = [...groupBy(networks, (network) => `${kernelShape(network)} from ${epochOf(network.id)}`)];
  const lists = kinds.map(([, list]) => {
    const epoch = epochOf(list[0].id);
    return { list, shape: kernelShape(list[0]), epoch, operations: operationsPerEpoch(list[0]) * (epochs - epoch) };
  });
  lists.sort((a, b) => b.operations - a.operations);
  const groups: Group[] = [];
  for (const { list, shape, epoch } of lists) {
    for (let first = 0; first < list.length; first += lanes) {
      groups.push({ shape, networks: list.slice(first, first + lanes), lanes, epoch });
    }
  }
  return groups;
}

/** Items by key, keys in the order of their first item. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** What a group's networks have in common, given the epochs a bucket of the trace. */
export function groupShape({ networks, lanes }: Pick<Group, 'networks' | 'lanes'>, bucketEpochs: number): GroupShape {
  const { precision, layers, activation, data, optimizer, subnormals } = networks[0];
  const { kind, form } = optimizer;
  return {
    precision,
    layers,
    activation,
    sampleCount: data.points,
    optimizer: { kind, form },
    subnormals,
    moments: OPTIMIZERS[kind].moments,
    constants: CONSTANT_NAMES.length,
    corrections: correctionNames(optimizer).length,
    lanes,
    chunkEpochs: epochsOfChunk(bucketEpochs, epochsBetweenLooks(operationsPerEpoch(networks[0]), lanes)),
  };
}

/** Operations until a group's last epoch. */
function operationsLeft({ networks, epoch }: Group, epochs: number): number {
  return networks.length * (epochs - epoch) * operationsPerEpoch(networks[0]);
}

/**
 * Joins consecutive groups into tasks of about a second of work: enough to make the cost of a commit small beside it. A group of more work is a
 * task of its own, to be trained slice by slice.
 */
export function packTasks(groups: readonly Group[], of: { epochs: number; engine: EngineName }): Group[][] {
  const tasks: Group[][] = [];
  let operations = Number.POSITIVE_INFINITY;
  for (const group of groups) {
    if (operations >= OPERATIONS_PER_TASK[of.engine]) {
      tasks.push([]);
      operations = 0;
    }
    tasks[tasks.length - 1].push(group);
    operations += operationsLeft(group, of.epochs);
  }
  return tasks;
}

/** The epoch to which the next task trains a group: of the equal slices of about a second that its epochs are cut into, the first one's end. */
export function sliceEnd(group: Group, of: { epochs: number; engine: EngineName }): number {
  const slices = Math.max(1, Math.round(operationsLeft(group, of.epochs) / OPERATIONS_PER_TASK[of.engine]));
  return group.epoch + Math.ceil((of.epochs - group.epoch) / slices);
}
