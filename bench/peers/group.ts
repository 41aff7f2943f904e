/**
 * A problem in a group's memory, as a run has it: the compiled kernel, the image that training starts from, and the
 * corrections of all epochs. From these the kernel alone can be called, in WebAssembly or, compiled from the same tree,
 * in C.
 */

import type { CompiledKernel } from '../../schemas/training-messages.ts';
import {
  chunkWithin,
  type GroupShape,
  groupMemory,
  groupOffsets,
  sharedMemory,
  writeLane,
} from '../../src/group/layout.ts';
import { compileKernel } from '../../src/kernel/compile.ts';
import { BYTES_OF, floatArray } from '../../src/numeric/bits.ts';
import { groupShape } from '../../src/plan/pack.ts';
import { type Engine, initialiseGroup, kernelEngine, kernelFunctions, vectorBytesOf } from '../../src/train/engine.ts';
import { networkOf, type Problem, samplesOf, type Trainee } from './problem.ts';

/** Epochs a bucket of the trace, as a sweep has them that does not say. */
const BUCKET_EPOCHS = 20;

/** Networks 0 … lanes − 1 of a problem in memory. */
export interface BenchGroup {
  readonly shape: GroupShape;
  readonly memory: WebAssembly.Memory;
  /** Bytes of the memory before epoch 1, tables of the kernel included. */
  readonly image: Uint8Array;
  /** The engine of a run: corrections, then the kernel. */
  readonly engine: Engine;
  /** The kernel's function alone. */
  readonly kernel: (parts: number, epochs: number, vectors: number) => void;
  readonly vectors: number;
  reset(): void;
  /** The losses of all lanes at the i-th epoch of the last chunk. */
  losses(i: number): number[];
}

const networksOf = (problem: Problem, lanes: number) =>
  Array.from({ length: lanes }, (_, seed) => networkOf(problem, seed));

/** The shape of a problem's networks in so many lanes. */
export function benchShape(problem: Problem, lanes: number): GroupShape {
  return groupShape({ networks: networksOf(problem, lanes), lanes }, BUCKET_EPOCHS);
}

/** A problem in so many lanes with its kernel, in WebAssembly where none is given. */
export function benchGroup(problem: Problem, lanes: number, kernel?: CompiledKernel): BenchGroup {
  const networks = networksOf(problem, lanes);
  const shape = benchShape(problem, lanes);
  const compiled = kernel ?? compileKernel(shape);
  const memory = sharedMemory(compiled.memoryBytes);
  const inMemory = initialiseGroup({ networks, shape, memory });
  const { sections } = inMemory;
  const { inputs, targets } = samplesOf(problem);
  for (let lane = 0; lane < lanes; lane++) {
    writeLane(sections.inputs, lanes, lane, inputs);
    writeLane(sections.targets, lanes, lane, targets);
  }
  const engine = kernelEngine(inMemory, compiled);
  const bytes = new Uint8Array(memory.buffer, 0, compiled.memoryBytes);
  const image = bytes.slice();
  return {
    shape,
    memory,
    image,
    engine,
    kernel: kernelFunctions(compiled, memory).train,
    vectors: (lanes * BYTES_OF[shape.precision]) / vectorBytesOf(compiled),
    reset: () => bytes.set(image),
    losses: (i) => Array.from(sections.signals.subarray(i * lanes, (i + 1) * lanes)),
  };
}

/**
 * What training a group to its last epoch leaves: the losses of every epoch and lane, and the corrections that all
 * epochs needed.
 */
export interface Course {
  readonly losses: readonly (readonly number[])[];
  /** `[correction][epoch][lane]` over all epochs, where a group's memory has those of one chunk. */
  readonly corrections: Float32Array | Float64Array;
  readonly correctionCount: number;
}

/** Trains a group to its last epoch by the engine. */
export function trainThrough(group: BenchGroup, epochs: number): Course {
  const { shape, memory, engine } = group;
  const { lanes, chunkEpochs } = shape;
  const section = groupMemory(shape, memory.buffer).corrections;
  const correctionCount = section.length / (chunkEpochs * lanes);
  const corrections = floatArray(shape.precision, correctionCount * epochs * lanes);
  const losses: number[][] = [];
  group.reset();
  for (let done = 0, count = 0; done < epochs; done += count) {
    count = chunkWithin(shape, epochs - done);
    engine({ firstEpoch: done + 1, count });
    for (let row = 0; row < correctionCount; row++) {
      const from = row * chunkEpochs * lanes;
      corrections.set(section.subarray(from, from + count * lanes), (row * epochs + done) * lanes);
    }
    for (let i = 0; i < count; i++) losses.push(group.losses(i));
  }
  return { losses, corrections, correctionCount };
}

/** Calls the kernel alone in chunks as a run does, with the corrections of a course. */
export function kernelTrainee(group: BenchGroup, { corrections, correctionCount }: Course): Trainee {
  const { shape, memory, kernel, vectors } = group;
  const { lanes, chunkEpochs } = shape;
  const section = groupMemory(shape, memory.buffer).corrections;
  const epochs = corrections.length / (correctionCount * lanes);
  /**
   * By a loop: what a typed array has for it takes a microsecond where the target is shared, which is seen in a chunk
   * of thirty.
   */
  const place = (done: number, count: number): void => {
    for (let row = 0; row < correctionCount; row++) {
      const from = (row * epochs + done) * lanes;
      const to = row * chunkEpochs * lanes;
      for (let i = 0; i < count * lanes; i++) section[to + i] = corrections[from + i];
    }
  };
  return {
    networks: lanes,
    reset: group.reset,
    train: (firstEpoch, count) => {
      const end = firstEpoch - 1 + count;
      let last = 0;
      for (let done = firstEpoch - 1; done < end; done += last) {
        last = chunkWithin(shape, end - done);
        place(done, last);
        const parts = Math.ceil(last / shape.subchunkEpochs);
        kernel(parts, last / parts, vectors);
      }
      return group.losses(last - 1);
    },
  };
}

/** Trains `epochs` epochs from `firstEpoch` on in chunks as long as a run's; returns how long the last one was. */
export function trainInChunks(
  engine: Engine,
  shape: GroupShape,
  options: { firstEpoch: number; epochs: number },
): number {
  const end = options.firstEpoch + options.epochs;
  let count = 0;
  for (let { firstEpoch } = options; firstEpoch < end; firstEpoch += count) {
    count = chunkWithin(shape, end - firstEpoch);
    engine({ firstEpoch, count });
  }
  return count;
}

/** Trains by the engine of a run: what a worker does but for looking at the results. */
export function engineTrainee(group: BenchGroup): Trainee {
  const { shape, engine } = group;
  return {
    networks: shape.lanes,
    reset: group.reset,
    train: (firstEpoch, epochs) => group.losses(trainInChunks(engine, shape, { firstEpoch, epochs }) - 1),
  };
}

/** Where sections that a driver of the kernel needs to know begin, in bytes. */
export function sectionOffsets(shape: GroupShape): { corrections: number; signals: number } {
  const { corrections, signals } = groupOffsets(shape).offsets;
  return { corrections, signals };
}
