/**
 * The memory of a group: one SharedArrayBuffer that holds the state, the samples and the signals of up to `lanes` networks of
 * one shape. The lane runs fastest, so that a SIMD vector is one load; a section starts on a cache line.
 *
 *     byte 0
 *     ├ theta           [parameter][lane]
 *     ├ firstMoment     [parameter][lane]      nothing where the optimiser keeps no such moment
 *     ├ secondMoment    [parameter][lane]
 *     ├ previousUpdate  [parameter][lane]
 *     ├ inputs          [sample][input][lane]
 *     ├ targets         [sample][output][lane]
 *     └ signals         [signal][epoch of the chunk][lane]
 *
 * All numbers are in the group's precision. This file knows where things stand and nothing of what they mean.
 */
import { parameterCount } from '../../schemas/network.ts';
import { BYTES_OF, type FloatArray, floatView } from '../numeric/bits.ts';
import type { Precision } from '../numeric/rounding.ts';

/** What the size of a group's memory depends on. */
export interface GroupShape {
  readonly precision: Precision;
  readonly layers: readonly number[];
  readonly sampleCount: number;
  /** How many moment vectors the optimiser keeps. */
  readonly moments: 0 | 1 | 2;
  readonly lanes: number;
  /** Epochs whose signals the memory holds. */
  readonly chunkEpochs: number;
}

/** The per-epoch scalars of a network in the order of the `signals` section; counts and flags are stored as numbers too. */
export const SIGNALS = [
  'loss',
  'gradientNorm',
  'updateNorm',
  'updateCosine',
  'changedParameters',
  'nonFinite',
] as const;
export type SignalName = (typeof SIGNALS)[number];

const SECTIONS = ['theta', 'firstMoment', 'secondMoment', 'previousUpdate', 'inputs', 'targets', 'signals'] as const;
type SectionName = (typeof SECTIONS)[number];

/** The sections of a group's memory as arrays, in the order and shape drawn above. */
export type GroupMemory = Readonly<Record<SectionName, FloatArray>>;

const CACHE_LINE_BYTES = 64;

/** Numbers in each section, of all lanes together. */
function sectionLengths(shape: GroupShape): Record<SectionName, number> {
  const { layers, sampleCount, moments, lanes, chunkEpochs } = shape;
  const parameters = parameterCount(layers) * lanes;
  return {
    theta: parameters,
    firstMoment: moments >= 1 ? parameters : 0,
    secondMoment: moments >= 2 ? parameters : 0,
    previousUpdate: parameters,
    inputs: sampleCount * layers[0] * lanes,
    targets: sampleCount * layers[layers.length - 1] * lanes,
    signals: SIGNALS.length * chunkEpochs * lanes,
  };
}

const alignUp = (bytes: number): number => Math.ceil(bytes / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;

/** Bytes of a group's memory. */
export function groupBytes(shape: GroupShape): number {
  const lengths = sectionLengths(shape);
  return SECTIONS.reduce((sum, name) => sum + alignUp(lengths[name] * BYTES_OF[shape.precision]), 0);
}

/** Views of the sections; the buffer may be larger than the group needs. */
export function groupMemory(shape: GroupShape, buffer: SharedArrayBuffer): GroupMemory {
  const lengths = sectionLengths(shape);
  let offsetBytes = 0;
  const views = SECTIONS.map((name) => {
    const view = floatView(shape.precision, buffer, offsetBytes, lengths[name]);
    offsetBytes += alignUp(view.byteLength);
    return [name, view] as const;
  });
  return Object.fromEntries(views) as GroupMemory;
}

/** Copies one lane out of a section: `target[i] = section[i·lanes + lane]`, from number `first` of the lane on. */
export function readLane(section: FloatArray, lanes: number, lane: number, target: FloatArray, first = 0): void {
  for (let i = 0, from = first * lanes + lane; i < target.length; i++, from += lanes) target[i] = section[from];
}

/** Copies numbers into one lane of a section, from number `first` of the lane on. */
export function writeLane(section: FloatArray, lanes: number, lane: number, source: FloatArray, first = 0): void {
  for (let i = 0, to = first * lanes + lane; i < source.length; i++, to += lanes) section[to] = source[i];
}
