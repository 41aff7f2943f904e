/**
 * The memory of a group: one shared memory that holds the state, the samples and the signals of up to `lanes` networks
 * of one shape. The lane runs fastest, so that a SIMD vector is one load; a section starts on a cache line.
 *
 *     byte 0
 *     ├ theta           [parameter][lane]
 *     ├ firstMoment     [parameter][lane]      nothing where the optimiser keeps no such moment
 *     ├ secondMoment    [parameter][lane]
 *     ├ maxSecondMoment [parameter][lane]
 *     ├ previousUpdate  [parameter][lane]
 *     ├ inputs          [sample][input][lane]
 *     ├ targets         [sample][output][lane]
 *     ├ constants       [constant][lane]           hyper-parameters
 *     ├ corrections     [correction][step of the chunk][lane]
 *     ├ signals         [signal][epoch of the chunk][lane]        in the order of schemas/signals.ts
 *     ├ extremes        [extreme][subchunk of the chunk][lane]    of the signals over each subchunk
 *     ├ shuffledInputs  [epoch of the chunk][sample][input][lane]    in the epoch's order, unless that is theirs
 *     ├ shuffledTargets [epoch of the chunk][sample][output][lane]
 *     └ objective       [constant][lane]           nothing where there are layers
 *
 * All numbers are in the group's precision. This file knows where things stand and nothing of what they mean.
 */
import { MOMENT_NAMES, type MomentName } from '../../schemas/catalogue.ts';
import type { GroupShape } from '../../schemas/group-shape.ts';
import { parameterCount } from '../../schemas/network.ts';
import { EXTREMES, SIGNAL_NAMES } from '../../schemas/signals.ts';
import { BYTES_OF, type FloatArray, floatView } from '../numeric/bits.ts';

export type { GroupShape } from '../../schemas/group-shape.ts';

/** Parameters of each network. */
export function parametersOf({ layers, exponent }: Pick<GroupShape, 'layers' | 'exponent'>): number {
  return exponent === null ? parameterCount(layers) : 1;
}

/** Steps of the optimiser in an epoch. */
export function stepsPerEpoch({ sampleCount, batchSize }: Pick<GroupShape, 'sampleCount' | 'batchSize'>): number {
  return Math.ceil(sampleCount / batchSize);
}

/** Subchunks whose extremes the memory holds. */
export function subchunksPerChunk({
  chunkEpochs,
  subchunkEpochs,
}: Pick<GroupShape, 'chunkEpochs' | 'subchunkEpochs'>): number {
  return chunkEpochs / subchunkEpochs;
}

/** The longest chunk of at most `epochs` epochs: whole subchunks, or less than one. */
export function chunkWithin(
  { chunkEpochs, subchunkEpochs }: Pick<GroupShape, 'chunkEpochs' | 'subchunkEpochs'>,
  epochs: number,
) {
  return epochs < subchunkEpochs ? epochs : Math.min(chunkEpochs, epochs - (epochs % subchunkEpochs));
}

/** The sections that the state of a network stands in: all that training hands on from one epoch to the next. */
export const STATE_SECTIONS = ['theta', ...MOMENT_NAMES, 'previousUpdate'] as const;

const SECTIONS = [
  ...STATE_SECTIONS,
  'inputs',
  'targets',
  'constants',
  'corrections',
  'signals',
  'extremes',
  'shuffledInputs',
  'shuffledTargets',
  'objective',
] as const;
export type SectionName = (typeof SECTIONS)[number];

/** The sections of a group's memory as arrays, in the order and shape drawn above. */
export type GroupMemory = Readonly<Record<SectionName, FloatArray>>;

/** Constants that an objective has. */
const OBJECTIVE_CONSTANTS = 2;

const CACHE_LINE_BYTES = 64;
/** A page of WebAssembly memory. */
const PAGE_BYTES = 65_536;

/** Numbers in each section, of all lanes together. */
function sectionLengths(shape: GroupShape): Record<SectionName, number> {
  const { layers, exponent, sampleCount, moments, lanes, chunkEpochs } = shape;
  const parameters = parametersOf(shape) * lanes;
  const [inputCount, outputCount] = exponent === null ? [layers[0], layers[layers.length - 1]] : [0, 0];
  const inputs = sampleCount * inputCount * lanes;
  const targets = sampleCount * outputCount * lanes;
  // An even number: two are shuffled at a time.
  const shuffledEpochs = shape.isShuffled ? chunkEpochs + (chunkEpochs % 2) : 0;
  const kept = (moment: MomentName) => (moments.includes(moment) ? parameters : 0);
  return {
    theta: parameters,
    firstMoment: kept('firstMoment'),
    secondMoment: kept('secondMoment'),
    maxSecondMoment: kept('maxSecondMoment'),
    previousUpdate: parameters,
    inputs,
    targets,
    constants: shape.constants * lanes,
    corrections: shape.corrections * chunkEpochs * stepsPerEpoch(shape) * lanes,
    signals: SIGNAL_NAMES.length * chunkEpochs * lanes,
    extremes: EXTREMES.length * subchunksPerChunk(shape) * lanes,
    shuffledInputs: shuffledEpochs * inputs,
    shuffledTargets: shuffledEpochs * targets,
    objective: exponent === null ? 0 : OBJECTIVE_CONSTANTS * lanes,
  };
}

const alignUp = (bytes: number): number => Math.ceil(bytes / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;

/**
 * Where sections of the given numbers of `bytes` begin, one after another from `start` on, and where the last one ends.
 */
export function placeSections<Name extends string>(
  sections: readonly (readonly [name: Name, bytes: number])[],
  start = 0,
): { readonly offsets: Readonly<Record<Name, number>>; readonly end: number } {
  let end = start;
  const offsets = sections.map(([name, bytes]) => {
    const offset = end;
    end += alignUp(bytes);
    return [name, offset] as const;
  });
  return { offsets: Object.fromEntries(offsets) as Record<Name, number>, end };
}

/** Where the sections of a group's memory begin, in bytes, and where the last one ends. */
export function groupOffsets(shape: GroupShape) {
  const lengths = sectionLengths(shape);
  return placeSections(SECTIONS.map((name) => [name, lengths[name] * BYTES_OF[shape.precision]] as const));
}

/** Bytes of a group's memory. */
export function groupBytes(shape: GroupShape): number {
  return groupOffsets(shape).end;
}

/** A shared memory of at least `bytes`, as a WebAssembly kernel can use it. */
export function sharedMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Pages of address space that a memory may grow to, as a multiple of those that it has, at least, and at most. */
const GROWTH = 4;
const GROWTH_PAGES = { min: 256, max: 65_536 };

/** What the types of Node.js leave out. */
type GrowableMemory = WebAssembly.Memory & { grow(pages: number): number };

/** A memory of at least `bytes`: the one given, grown in place where it has the room, or else a new one. */
export function grownMemory(memory: WebAssembly.Memory | null, bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  if (memory !== null) {
    const missing = pages - memory.buffer.byteLength / PAGE_BYTES;
    if (missing <= 0) return memory;
    try {
      (memory as GrowableMemory).grow(missing);
      return memory;
    } catch {} // Beyond its maximum, or there is no memory left: a new one says so.
  }
  const maximum = Math.min(Math.max(GROWTH * pages, GROWTH_PAGES.min), GROWTH_PAGES.max);
  return new WebAssembly.Memory({ initial: pages, maximum, shared: true });
}

/** Views of the last group in a memory: of many short networks, groups of one shape follow one another. */
const lastViews = new WeakMap<SharedArrayBuffer, { readonly shape: GroupShape; readonly views: GroupMemory }>();

/** Views of the sections; the buffer may be larger than the group needs. */
export function groupMemory(shape: GroupShape, buffer: SharedArrayBuffer): GroupMemory {
  const last = lastViews.get(buffer);
  if (last?.shape === shape) return last.views;
  const views = sectionViews(shape, buffer);
  lastViews.set(buffer, { shape, views });
  return views;
}

function sectionViews(shape: GroupShape, buffer: SharedArrayBuffer): GroupMemory {
  const lengths = sectionLengths(shape);
  const { offsets } = groupOffsets(shape);
  const views = SECTIONS.map(
    (name) => [name, floatView(shape.precision, buffer, offsets[name], lengths[name])] as const,
  );
  return Object.fromEntries(views) as GroupMemory;
}

/** Copies one lane out of a section: `target[at + i] = section[i·lanes + lane]`. */
export function readLane(section: FloatArray, lanes: number, lane: number, target: FloatArray, at = 0): void {
  for (let from = lane, to = at; from < section.length; from += lanes, to++) target[to] = section[from];
}

/** Copies numbers into one lane of a section, from its first number on. */
export function writeLane(section: FloatArray, lanes: number, lane: number, source: FloatArray): void {
  for (let i = 0, to = lane; i < source.length; i++, to += lanes) section[to] = source[i];
}
