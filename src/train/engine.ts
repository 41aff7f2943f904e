/**
 * The engines: each trains all networks of a group for a chunk of epochs, from and to the group's memory. A kernel
 * trains a vector of networks at a time, in WebAssembly or in native code; the reference engine trains one lane after
 * another with the scalar reference. The bits are the same. Lanes beyond the networks are padding; what stands in them
 * means nothing.
 */

import type { Network } from '../../schemas/network.ts';
import { EXTREME_NAMES, SIGNAL_NAMES } from '../../schemas/signals.ts';
import type { CompiledKernel, WebAssemblyKernel } from '../../schemas/training-messages.ts';
import { makeDataset } from '../data/datasets.ts';
import { initialParameter, objectiveConstants } from '../data/objectives.ts';
import { CONSTANT_NAMES, constantsOf } from '../data/optimizer-constants.ts';
import {
  type GroupMemory,
  type GroupShape,
  groupMemory,
  readLane,
  STATE_SECTIONS,
  subchunksPerChunk,
  writeLane,
} from '../group/layout.ts';
import { loadAddon } from '../kernel/native/load-addon.ts';
import { VECTOR_BYTES } from '../kernel/printers/print-wasm.ts';
import { BYTES_OF, type FloatArray, floatArray, floatView } from '../numeric/bits.ts';
import { makeEpoch, type NetworkState } from '../reference/epoch.ts';
import { Extremes } from '../reference/extremes.ts';
import { initialParameters } from '../reference/init.ts';
import { SharedCorrections } from './corrections.ts';

/**
 * Trains a group from epoch `firstEpoch` for `count` epochs, which are whole subchunks of a chunk or less than one; the
 * signals of epoch firstEpoch + i stand at index i, the extremes of each subchunk at its number.
 */
export type Engine = (chunk: { firstEpoch: number; count: number }) => void;

/** A group in a shared memory that is at least as large as its kernel or, without one, its layout needs. */
export interface GroupInMemory {
  readonly networks: readonly Network[];
  readonly shape: GroupShape;
  readonly memory: WebAssembly.Memory;
  readonly sections: GroupMemory;
}

/** What an epoch reads; everything else is written before it is read. */
const WRITTEN_AT_THE_START = [...STATE_SECTIONS, 'inputs', 'targets', 'constants', 'objective'] as const;

/** Gives a group its place in a memory: θ₀, zero moments, samples and constants. */
export function initialiseGroup(group: Omit<GroupInMemory, 'sections'>): GroupInMemory {
  const { networks, shape, memory } = group;
  const { lanes } = shape;
  const sections = groupMemory(shape, memory.buffer);
  for (const name of WRITTEN_AT_THE_START) sections[name].fill(0);
  for (const [lane, network] of networks.entries()) {
    const constants = constantsOf(network.optimizer);
    if (network.objective === undefined) {
      const { inputs, targets } = makeDataset(network.data);
      writeLane(sections.inputs, lanes, lane, inputs);
      writeLane(sections.targets, lanes, lane, targets);
      writeLane(sections.theta, lanes, lane, initialParameters(network));
    } else {
      writeLane(sections.objective, lanes, lane, Float64Array.from(objectiveConstants(network.objective)));
      writeLane(sections.theta, lanes, lane, initialParameter(network.objective));
    }
    for (const [i, name] of CONSTANT_NAMES.entries()) sections.constants[i * lanes + lane] = constants[name];
  }
  return { ...group, sections };
}

/** Room for the state of one lane, zeroed. */
export function laneState({ shape, sections }: Pick<GroupInMemory, 'shape' | 'sections'>): NetworkState {
  const roomFor = (name: (typeof STATE_SECTIONS)[number]): FloatArray =>
    floatArray(shape.precision, sections[name].length / shape.lanes);
  return {
    theta: roomFor('theta'),
    firstMoment: roomFor('firstMoment'),
    secondMoment: roomFor('secondMoment'),
    maxSecondMoment: roomFor('maxSecondMoment'),
    previousUpdate: roomFor('previousUpdate'),
  };
}

/** The state of one lane, copied: into the room for one where it is given. */
export function readState(group: GroupInMemory, lane: number, state = laneState(group)): NetworkState {
  for (const name of STATE_SECTIONS) readLane(group.sections[name], group.shape.lanes, lane, state[name]);
  return state;
}

/** Sets the state of one lane. What the state lacks is a moment that the optimiser does not keep. */
export function writeState(
  { shape, sections }: GroupInMemory,
  lane: number,
  state: Readonly<Partial<NetworkState>>,
): void {
  for (const name of STATE_SECTIONS) {
    const values = state[name];
    if (values !== undefined) writeLane(sections[name], shape.lanes, lane, values);
  }
}

/** The engine that runs a compiled kernel on a group. Groups of a task share their corrections. */
export function kernelEngine(
  { networks, shape, memory, sections }: GroupInMemory,
  kernel: CompiledKernel,
  shared = new SharedCorrections(),
): Engine {
  const lanesAVector = vectorBytesOf(kernel) / BYTES_OF[shape.precision];
  if (kernel.kind === 'webassembly') writeTable(kernel, memory, lanesAVector);

  const { train, shuffle } = kernelFunctions(kernel, memory);
  const vectors = Math.ceil(networks.length / lanesAVector);
  const corrections = shared.of(networks, shape);
  /** The first epoch of the chunk whose corrections hold for all later ones too. */
  let steadyFrom = Number.POSITIVE_INFINITY;
  return ({ firstEpoch, count }) => {
    if (firstEpoch < steadyFrom) {
      const isSteady = corrections.write(sections.corrections, firstEpoch, count);
      steadyFrom = isSteady ? firstEpoch : Number.POSITIVE_INFINITY;
    }
    if (shuffle !== null) for (const [lane, { seed }] of networks.entries()) shuffle(seed, firstEpoch, count, lane);
    const subchunks = subchunksOf(shape, count);
    train(subchunks, count / subchunks, vectors);
  };
}

/** The subchunks of a chunk of so many epochs: the kernel's loop has no room for a short one behind whole ones. */
function subchunksOf({ chunkEpochs, subchunkEpochs }: GroupShape, count: number): number {
  if (count < subchunkEpochs) return 1;
  if (count > chunkEpochs || count % subchunkEpochs !== 0)
    throw new RangeError(
      `a chunk of ${count} epochs: neither less than a subchunk of ${subchunkEpochs} ` +
        `nor whole subchunks to ${chunkEpochs}`,
    );
  return count / subchunkEpochs;
}

/** Bytes of the vectors that a kernel trains one after another. */
export const vectorBytesOf = (kernel: CompiledKernel): number =>
  kernel.kind === 'native' ? kernel.vectorBytes : VECTOR_BYTES;

/** Fills the table of constants that a module reads. */
function writeTable({ constants, tableOffset }: WebAssemblyKernel, memory: WebAssembly.Memory, lanes: number): void {
  const precision = constants instanceof Float32Array ? 'float32' : 'float64';
  const table = floatView(precision, memory.buffer, tableOffset, constants.length * lanes);
  for (let i = 0; i < table.length; i++) table[i] = constants[Math.floor(i / lanes)];
}

type TrainFunction = (subchunks: number, epochs: number, vectors: number) => void;
type ShuffleFunction = (seed: number, firstEpoch: number, epochs: number, lane: number) => void;

interface KernelFunctions {
  readonly train: TrainFunction;
  /** Null where samples keep their order. */
  readonly shuffle: ShuffleFunction | null;
}

/** The functions of kernels in a memory: groups of one shape that follow one another in a memory share theirs. */
const functionsByMemory = new WeakMap<WebAssembly.Memory, Map<CompiledKernel, KernelFunctions>>();

/** The functions of a kernel, bound to a memory. */
export function kernelFunctions(kernel: CompiledKernel, memory: WebAssembly.Memory): KernelFunctions {
  let ofMemory = functionsByMemory.get(memory);
  if (ofMemory === undefined) {
    ofMemory = new Map();
    functionsByMemory.set(memory, ofMemory);
  }
  let functions = ofMemory.get(kernel);
  if (functions === undefined) {
    const shuffle = kernel.shuffle === null ? null : exported<ShuffleFunction>(kernel.shuffle, memory);
    functions = { train: bind(kernel, memory), shuffle };
    ofMemory.set(kernel, functions);
  }
  return functions;
}

/** The function that a module exports. */
function exported<T extends TrainFunction | ShuffleFunction>(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): T {
  return new WebAssembly.Instance(module, { gyre: { memory } }).exports.train as T;
}

/** A kernel's function with the memory that it trains in. */
function bind(kernel: CompiledKernel, memory: WebAssembly.Memory): TrainFunction {
  if (kernel.kind === 'webassembly') return exported<TrainFunction>(kernel.module, memory);
  const train = loadAddon(kernel.path);
  const bytes = new Uint8Array(memory.buffer);
  return (subchunks, epochs, vectors) => train(bytes, subchunks, epochs, vectors);
}

/** The engine that runs the scalar reference on a group. */
export function referenceEngine({ networks, shape, sections }: GroupInMemory): Engine {
  const laneEngines = networks.map((network, lane) => laneEngine(network, lane, shape, sections));
  return (chunk) => {
    for (const train of laneEngines) train(chunk);
  };
}

function laneEngine(network: Network, lane: number, shape: GroupShape, memory: GroupMemory): Engine {
  const { precision, lanes, chunkEpochs } = shape;
  const subchunkCount = subchunksPerChunk(shape);
  const ownLane = (section: keyof GroupMemory) => floatArray(precision, memory[section].length / lanes);
  const samples = { inputs: ownLane('inputs'), targets: ownLane('targets') };
  readLane(memory.inputs, lanes, lane, samples.inputs);
  readLane(memory.targets, lanes, lane, samples.targets);
  const epoch = makeEpoch(network, samples);

  const state = laneState({ shape, sections: memory });
  const extremes = new Extremes();

  return ({ firstEpoch, count }) => {
    for (const name of STATE_SECTIONS) readLane(memory[name], lanes, lane, state[name]);
    const subchunks = subchunksOf(shape, count);
    const subchunkEpochs = count / subchunks;
    for (let subchunk = 0; subchunk < subchunks; subchunk++) {
      extremes.begin();
      for (let i = subchunk * subchunkEpochs; i < (subchunk + 1) * subchunkEpochs; i++) {
        const signals = epoch(state, firstEpoch + i);
        extremes.take(signals);
        for (const [index, name] of SIGNAL_NAMES.entries()) {
          memory.signals[(index * chunkEpochs + i) * lanes + lane] = Number(signals[name]);
        }
      }
      for (const [index, name] of EXTREME_NAMES.entries()) {
        memory.extremes[(index * subchunkCount + subchunk) * lanes + lane] = extremes.values[name];
      }
    }
    for (const name of STATE_SECTIONS) writeLane(memory[name], lanes, lane, state[name]);
  };
}
