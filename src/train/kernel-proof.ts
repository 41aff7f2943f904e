/**
 * The proof of a kernel: it trains a group of awkward networks for some epochs and must leave the bits that the
 * WebAssembly kernel of the same shape leaves. A compiler may fuse, reorder or flush operations whatever it is told,
 * and the numbers are where that shows. The proof is no more than a test, but every lane holds another kind of numbers,
 * and each kind is sensitive to other liberties. It takes a few milliseconds; of shapes whose epochs take longer, it
 * trains as few of them as it can.
 */

import type { Network } from '../../schemas/network.ts';
import { EXTREME_NAMES, SIGNAL_NAMES } from '../../schemas/signals.ts';
import type { CompiledKernel, WebAssemblyKernel } from '../../schemas/training-messages.ts';
import { objectiveConstants } from '../data/objectives.ts';
import { CONSTANT_NAMES, constantsOf } from '../data/optimizer-constants.ts';
import {
  chunkWithin,
  type GroupMemory,
  type GroupShape,
  groupMemory,
  type SectionName,
  STATE_SECTIONS,
  sharedMemory,
  subchunksPerChunk,
} from '../group/layout.ts';
import { type FloatArray, hexOf } from '../numeric/bits.ts';
import { floatModeFault } from '../numeric/float-mode.ts';
import { AWKWARD_LANES, type AwkwardLane, Draws } from './awkward-lanes.ts';
import { type Engine, kernelEngine } from './engine.ts';

/** What a kernel does, and what it should do. */
export interface KernelFault {
  readonly got: string;
  readonly expected: string;
}

/**
 * Declared operations of one proof, all lanes together: some milliseconds in WebAssembly that has just been compiled.
 */
const OPERATIONS = 2 ** 25;
/** Enough for two subchunks of the default trace and a short one. */
const EPOCHS_MAX = 48;

/** A kernel and what it is measured by. */
export interface ProofCase {
  /** Any network of the shape: its hyper-parameters and numbers are replaced. */
  readonly network: Network;
  /** Declared operations of one epoch of that network. */
  readonly operations: number;
  readonly shape: GroupShape;
  readonly kernel: CompiledKernel;
  readonly reference: WebAssemblyKernel;
}

/** The first fault of a kernel, or null where it has proven itself. */
export function kernelFault({ network, operations, shape, kernel, reference }: ProofCase): KernelFault | null {
  const { rounds, epochs } = proofSize(operations, shape);
  const memory = sharedMemory(Math.max(kernel.memoryBytes, reference.memoryBytes));
  for (let round = 0; round < rounds; round++) {
    const lanes = Array.from(
      { length: shape.lanes },
      (_, lane) => AWKWARD_LANES[(round * shape.lanes + lane) % AWKWARD_LANES.length],
    );
    const group = { lanes, networks: lanes.map((lane, i) => awkwardNetwork(network, lane, i)), shape, memory, round };
    const expected = train(group, reference, epochs);
    const found = train(group, kernel, epochs);
    const mode = floatModeFault();
    if (mode !== null)
      return { got: `a kernel after which ${mode}`, expected: 'a kernel that leaves the mode of the processor alone' };
    for (const [i, chunk] of expected.entries()) {
      const fault = firstDifference(shape, chunk, found[i]);
      if (fault !== null) return fault;
    }
  }
  return null;
}

/**
 * So many groups of lanes as there are kinds for, each for so many epochs; fewer where epochs are long, and at least
 * one of either.
 */
export function proofSize(
  operationsPerEpoch: number,
  { lanes }: Pick<GroupShape, 'lanes'>,
): { rounds: number; epochs: number } {
  const operations = operationsPerEpoch * lanes;
  const allRounds = Math.ceil(AWKWARD_LANES.length / lanes);
  const rounds = Math.max(1, Math.min(allRounds, Math.floor((8 * OPERATIONS) / operations)));
  return { rounds, epochs: Math.max(1, Math.min(EPOCHS_MAX, Math.floor(OPERATIONS / (operations * rounds)))) };
}

/** The network of a lane, with hyper-parameters where its optimiser has them and an order of samples of its own. */
function awkwardNetwork(network: Network, { hyperParameters }: AwkwardLane, lane: number): Network {
  const { optimizer } = network;
  const own = Object.entries(hyperParameters).filter(([name]) => name in optimizer);
  return { ...network, optimizer: { ...optimizer, ...Object.fromEntries(own) }, seed: lane };
}

interface AwkwardGroup {
  readonly lanes: readonly AwkwardLane[];
  readonly networks: readonly Network[];
  readonly shape: GroupShape;
  readonly memory: WebAssembly.Memory;
  readonly round: number;
}

/** What an engine has left after a chunk. */
interface TrainedChunk {
  readonly firstEpoch: number;
  readonly count: number;
  readonly left: ReadonlyMap<SectionName, FloatArray>;
}

const COMPARED: readonly SectionName[] = ['signals', 'extremes', ...STATE_SECTIONS];

/** Trains a group from its start, chunk by chunk: a single epoch, then whole subchunks, then what is left. */
function train(group: AwkwardGroup, kernel: CompiledKernel, epochs: number): TrainedChunk[] {
  const { networks, shape, memory } = group;
  const sections = groupMemory(shape, memory.buffer);
  begin(group, sections);
  const engine: Engine = kernelEngine({ networks, shape, memory, sections }, kernel);
  const chunks: TrainedChunk[] = [];
  for (let firstEpoch = 1, count = 1; firstEpoch <= epochs; firstEpoch += count) {
    count = firstEpoch === 1 ? 1 : chunkWithin(shape, epochs - firstEpoch + 1);
    engine({ firstEpoch, count });
    chunks.push({ firstEpoch, count, left: new Map(COMPARED.map((name) => [name, sections[name].slice()])) });
  }
  return chunks;
}

/** Writes the numbers of every lane; the same ones each time. */
function begin({ lanes, networks, shape, memory, round }: AwkwardGroup, sections: GroupMemory): void {
  new Uint8Array(memory.buffer).fill(0);
  const laneCount = shape.lanes;
  for (const [lane, { numbers }] of lanes.entries()) {
    const draws = new Draws(1 + round * laneCount + lane, shape.precision);
    for (const [name, number] of Object.entries(numbers) as [keyof AwkwardLane['numbers'], typeof numbers.theta][]) {
      const section = sections[name];
      for (let i = 0, at = lane; at < section.length; i++, at += laneCount) section[at] = number(draws, i);
    }
    const constants = constantsOf(networks[lane].optimizer);
    for (const [i, name] of CONSTANT_NAMES.entries()) sections.constants[i * laneCount + lane] = constants[name];
    const { objective } = networks[lane];
    if (objective === undefined) continue;
    const own = objectiveConstants({ ...objective, curvature: 0.3 + lane });
    for (const [i, value] of own.entries()) sections.objective[i * laneCount + lane] = value;
  }
}

/** The first number that differs after a chunk; one NaN for all. Of signals and extremes, those of the chunk alone. */
function firstDifference(shape: GroupShape, expected: TrainedChunk, found: TrainedChunk): KernelFault | null {
  const { lanes, precision } = shape;
  for (const name of COMPARED) {
    const [should, is] = [expected.left.get(name), found.left.get(name)];
    if (should === undefined || is === undefined) throw new Error(`no section ${name}`);
    for (let at = 0; at < should.length; at++) {
      // Takes all NaN as one and tells −0 from +0.
      if (Object.is(is[at], should[at])) continue;
      const what = placeText(shape, expected, name, Math.floor(at / lanes));
      if (what === null) continue;
      const bits = (value: number) => hexOf(Number.isNaN(value) ? Number.NaN : value, precision);
      const got = `a kernel that trains other bits: in ${what}, lane ${at % lanes} of ${lanes}, ${bits(is[at])}`;
      return { got, expected: `${bits(should[at])}, as in WebAssembly` };
    }
  }
  return null;
}

/** What stands at an index of a section, in words; null where the chunk has not written it. */
function placeText(shape: GroupShape, chunk: TrainedChunk, name: SectionName, index: number): string | null {
  const { chunkEpochs, subchunkEpochs } = shape;
  const { firstEpoch, count } = chunk;
  if (name === 'signals') {
    const i = index % chunkEpochs;
    return i < count ? `signal ${SIGNAL_NAMES[Math.floor(index / chunkEpochs)]} of epoch ${firstEpoch + i}` : null;
  }
  if (name === 'extremes') {
    const subchunks = subchunksPerChunk(shape);
    const [subchunk, own] = [index % subchunks, Math.min(subchunkEpochs, count)];
    if (subchunk >= count / own) return null;
    return `extreme ${EXTREME_NAMES[Math.floor(index / subchunks)]} of epochs from ${firstEpoch + subchunk * own} on`;
  }
  return `number ${index} of ${name} after epoch ${firstEpoch + count - 1}`;
}
