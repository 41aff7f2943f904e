/**
 * The signals of one lane of a group over one chunk, copied out of the group's memory into arrays of their own, where
 * observers, buckets and digests read them.
 */
import { type GroupMemory, type GroupShape, readLane, SIGNALS, type SignalName } from '../group/layout.ts';
import { type FloatArray, floatArray } from '../numeric/bits.ts';

/** The signals of `count` consecutive epochs from `firstEpoch` on, each `[epoch of the chunk]`. */
export type LaneSignals = Readonly<Record<SignalName, FloatArray>> & {
  readonly firstEpoch: number;
  readonly count: number;
};

/** Reads lanes into one set of arrays, which the next call overwrites. */
export class LaneReader {
  readonly #shape: GroupShape;
  readonly #memory: GroupMemory;
  readonly #arrays: Readonly<Record<SignalName, FloatArray>>;

  constructor(shape: GroupShape, memory: GroupMemory) {
    this.#shape = shape;
    this.#memory = memory;
    const arrays = SIGNALS.map((name) => [name, floatArray(shape.precision, shape.chunkEpochs)] as const);
    this.#arrays = Object.fromEntries(arrays) as Record<SignalName, FloatArray>;
  }

  /** The signals of a lane in the chunk at hand. */
  read(lane: number, { firstEpoch, count }: { firstEpoch: number; count: number }): LaneSignals {
    const { lanes, chunkEpochs } = this.#shape;
    for (const [index, name] of SIGNALS.entries()) {
      readLane(this.#memory.signals, lanes, lane, this.#arrays[name].subarray(0, count), index * chunkEpochs);
    }
    return { ...this.#arrays, firstEpoch, count };
  }
}
