/**
 * Packs networks into groups: networks of one kernel shape that share a kernel call, one a lane. Packing is scheduling
 * only and never changes a bit of any network.
 */
import { OPTIMIZERS } from '../../schemas/catalogue.ts';
import type { EngineName } from '../../schemas/manifest.ts';
import { layersLabel, type Network } from '../../schemas/network.ts';
import { CONSTANT_NAMES, correctionNames } from '../data/optimizer-constants.ts';
import type { GroupShape } from '../group/layout.ts';
import { BYTES_OF } from '../numeric/bits.ts';
import type { Precision } from '../numeric/rounding.ts';
import {
  chunksOf,
  epochsBetweenLooks,
  GROUP_BYTES_MAX,
  numbersInMemory,
  OPERATIONS_PER_TASK,
  operationsPerEpoch,
  shuffledEpochsMax,
} from './cost.ts';

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

/** The numbers of lanes that groups may have, ascending. */
export type LaneChoice = Readonly<Record<Precision, readonly number[]>>;

/** Lanes for an engine that has vectors of 16 bytes and of twice as many up to the widest: a group is one vector. */
export function lanesOfVectors(vectorBytesMax: number): LaneChoice {
  const widths = [16, 32, 64].filter((bytes) => bytes <= vectorBytesMax);
  const lanes = (precision: Precision) => widths.map((bytes) => bytes / BYTES_OF[precision]);
  return { float32: lanes('float32'), float64: lanes('float64') };
}

/** How many epochs networks have to train, and how many of them they have. */
interface Progress {
  readonly epochs: number;
  readonly epochOf: (id: number) => number;
}
const NOT_BEGUN: Progress = { epochs: 1, epochOf: () => 0 };

/** What a kernel is made for. Hyper-parameters, data values and seeds are data, not shape. */
export function kernelShape(network: Network): string {
  if (lastShaped === null || !isOfShape(network, lastShaped.network)) {
    const { optimizer, precision, subnormals } = network;
    const { kind, form } = optimizer;
    lastShaped = { network, shape: [...lossShape(network), kind, form, precision, subnormals].join(' ') };
  }
  return lastShaped.shape;
}

/** Most networks share all of that with the one before: of a million, a text each takes seconds. */
let lastShaped: { readonly network: Network; readonly shape: string } | null = null;

/** Whether two networks surely have the same shape; equal members that are not shared do not count. */
function isOfShape(a: Network, b: Network): boolean {
  for (const name of SHAPE_MEMBERS) if (a[name] !== b[name]) return false;
  return a.optimizer.kind === b.optimizer.kind && a.optimizer.form === b.optimizer.form;
}

const SHAPE_MEMBERS = [
  'precision',
  'subnormals',
  'layers',
  'activation',
  'data',
  'batch',
  'shuffle',
  'objective',
] as const;

/** What a kernel is made for of what its networks minimise. */
function lossShape(network: Network): string[] {
  if (network.objective !== undefined) return [network.objective.kind, String(network.objective.exponent)];
  const { layers, activation, data, batch, shuffle } = network;
  const order = shuffle === true ? ['shuffled'] : [];
  const batches = batch === 'full' ? [] : [`by ${batch}`, ...order];
  return [layersLabel(layers), activation, `${data.points} points`, ...batches];
}

/**
 * Groups of the widest lanes with which every thread has one, or else of the narrowest: a vector of half the lanes
 * takes more than half the time, but an idle thread does nothing at all.
 */
export function packGroupsForThreads(
  networks: readonly Network[],
  { lanes, threads, ...progress }: Progress & { readonly lanes: LaneChoice; readonly threads: number },
): Group[] {
  const groups = packGroups(networks, lanes, progress);
  if (groups.length >= threads || lanes.float32.length === 1) return groups;
  const narrower = { float32: lanes.float32.slice(0, -1), float64: lanes.float64.slice(0, -1) };
  return packGroupsForThreads(networks, { ...progress, lanes: narrower, threads });
}

/**
 * Groups of networks of one shape that are trained equally far, the most work first: the last tasks of a run are then
 * its shortest, and no thread idles long at the end. Networks of one shape keep their order. They fill groups of the
 * most lanes; those that are left have the fewest lanes that hold them all.
 */
export function packGroups(
  networks: readonly Network[],
  lanes: number | LaneChoice = LANES_DEFAULT,
  { epochs, epochOf }: Progress = NOT_BEGUN,
): Group[] {
  const kinds = [...groupBy(networks, progressKey(epochOf))];
  const lists = kinds.map(([, list]) => {
    const epoch = epochOf(list[0].id);
    return { list, shape: kernelShape(list[0]), epoch, operations: operationsPerEpoch(list[0]) * (epochs - epoch) };
  });
  lists.sort((a, b) => b.operations - a.operations);
  const groups: Group[] = [];
  for (const { list, shape, epoch } of lists) {
    const choice = typeof lanes === 'number' ? [lanes] : lanesThatFit(list[0], lanes);
    const most = choice[choice.length - 1];
    for (let first = 0; first < list.length; first += most) {
      const own = list.slice(first, first + most);
      groups.push({ shape, networks: own, lanes: choice.find((count) => count >= own.length) ?? most, epoch });
    }
  }
  return groups;
}

/** The text of a network's shape and epoch, the same one as long as both stay the same. */
function progressKey(epochOf: Progress['epochOf']): (network: Network) => string {
  let [lastShape, lastEpoch, text] = ['', -1, ''];
  return (network) => {
    const [shape, epoch] = [kernelShape(network), epochOf(network.id)];
    if (shape !== lastShape || epoch !== lastEpoch) {
      [lastShape, lastEpoch] = [shape, epoch];
      text = `${shape} from ${epoch}`;
    }
    return text;
  };
}

/** The choice for networks of a shape; of very large ones, no more lanes than there is memory for. */
function lanesThatFit({ layers, data, batch, precision }: Network, lanes: LaneChoice): readonly number[] {
  if (layers === undefined) return lanes[precision];
  const laneBytes = numbersInMemory(layers, data.points, batch) * BYTES_OF[precision];
  return lanes[precision].filter((count, i) => i === 0 || count * laneBytes <= GROUP_BYTES_MAX);
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
  const [network] = networks;
  const { precision, optimizer, subnormals } = network;
  const { kind, form } = optimizer;
  const betweenLooks = epochsBetweenLooks(operationsPerEpoch(network), lanes);
  const epochsMax = network.shuffle === true ? Math.min(betweenLooks, shuffledEpochsMax(network, lanes)) : betweenLooks;
  return {
    ...lossLayout(network),
    precision,
    optimizer: { kind, form },
    subnormals,
    moments: OPTIMIZERS[kind].moments,
    constants: CONSTANT_NAMES.length,
    corrections: correctionNames(optimizer).length,
    lanes,
    ...chunksOf(bucketEpochs, epochsMax),
  };
}

/** What a group's memory holds of what its networks minimise. An objective counts as one sample. */
function lossLayout(
  network: Network,
): Pick<GroupShape, 'layers' | 'activation' | 'exponent' | 'sampleCount' | 'batchSize' | 'isShuffled'> {
  if (network.objective !== undefined) {
    const { exponent } = network.objective;
    return { layers: [], activation: 'identity', exponent, sampleCount: 1, batchSize: 1, isShuffled: false };
  }
  const { layers, activation, data, batch, shuffle } = network;
  const sampleCount = data.points;
  const batchSize = batch === 'full' ? sampleCount : batch;
  return { layers, activation, exponent: null, sampleCount, batchSize, isShuffled: shuffle === true };
}

/** Operations until a group's last epoch. */
function operationsLeft({ networks, epoch }: Group, epochs: number): number {
  return networks.length * (epochs - epoch) * operationsPerEpoch(networks[0]);
}

/** The last tasks of several threads are no smaller than this part of one: commits must stay cheap beside them. */
const TASK_PARTS_MAX = 8;

/**
 * Joins consecutive groups into tasks of about a second of work: enough to make the cost of a commit small beside it. A
 * group of more work is a task of its own, to be trained slice by slice. Where several threads take the tasks, those at
 * the end are smaller, each half of a thread's share of what is left, so that no thread waits long for the last one
 * (factoring: Hummel, Schonberg and Flynn, CACM 35(8), 1992).
 */
export function packTasks(
  groups: readonly Group[],
  { epochs, engine, threads = 1 }: { epochs: number; engine: EngineName; threads?: number },
): Group[][] {
  const most = OPERATIONS_PER_TASK[engine];
  const tasks: Group[][] = [];
  let left = groups.reduce((sum, group) => sum + operationsLeft(group, epochs), 0);
  let [operations, enough] = [0, 0];
  for (const group of groups) {
    if (operations >= enough) {
      tasks.push([]);
      operations = 0;
      enough = threads === 1 ? most : Math.max(most / TASK_PARTS_MAX, Math.min(most, left / (2 * threads)));
    }
    tasks[tasks.length - 1].push(group);
    const own = operationsLeft(group, epochs);
    operations += own;
    left -= own;
  }
  return tasks;
}

/**
 * The epoch to which the next task trains a group: of the equal slices of about a second that its epochs are cut into,
 * the first one's end.
 */
export function taskEndEpoch(group: Group, limits: { epochs: number; engine: EngineName }): number {
  const tasks = Math.max(1, Math.round(operationsLeft(group, limits.epochs) / OPERATIONS_PER_TASK[limits.engine]));
  return group.epoch + Math.ceil((limits.epochs - group.epoch) / tasks);
}
