/**
 * Reading a lane's signals where they stand: each signal and each extreme from its own place, in the lane that is asked for.
 */
import { expect, test } from 'vitest';
import { EXTREMES, type GroupShape, groupBytes, groupMemory, SIGNALS } from '../../src/group/layout.ts';
import { LaneSignals } from '../../src/train/lane-signals.ts';

const shape: GroupShape = {
  precision: 'float64',
  layers: [1, 2, 1],
  activation: 'tanh',
  exponent: null,
  optimizer: { kind: 'adam', form: 'torch' },
  subnormals: 'ieee',
  sampleCount: 3,
  batchSize: 3,
  isShuffled: false,
  moments: ['firstMoment', 'secondMoment'],
  constants: 6,
  corrections: 2,
  lanes: 3,
  chunkEpochs: 5,
};

/** A number that tells signal, epoch of the chunk and lane. */
const mark = (signal: number, epoch: number, lane: number) => 100 * signal + 10 * epoch + lane;

const markOfExtreme = (extreme: number, lane: number) => 1000 + 10 * extreme + lane;

function markedMemory() {
  const memory = groupMemory(shape, new SharedArrayBuffer(groupBytes(shape)));
  for (const section of Object.values(memory)) section.fill(-1);
  // [signal][epoch of the chunk][lane]
  memory.signals.set(
    SIGNALS.flatMap((_, signal) =>
      [0, 1, 2, 3, 4].flatMap((epoch) => [0, 1, 2].map((lane) => mark(signal, epoch, lane))),
    ),
  );
  // [extreme][lane]
  memory.extremes.set(EXTREMES.flatMap((_, extreme) => [0, 1, 2].map((lane) => markOfExtreme(extreme, lane))));
  return memory;
}

test('a lane has its own signals, epoch by epoch, and its own extremes', () => {
  const memory = markedMemory();
  for (const lane of [0, 1, 2]) {
    const signals = new LaneSignals({ shape, memory, lane });
    signals.begin({ firstEpoch: 11, count: 5 });
    expect([signals.firstEpoch, signals.count, signals.lastEpoch]).toEqual([11, 5, 15]);
    for (const [place, name] of SIGNALS.entries()) {
      const read = [0, 1, 2, 3, 4].map((epoch) => signals[name](epoch));
      expect(read, name).toEqual([0, 1, 2, 3, 4].map((epoch) => mark(place, epoch, lane)));
    }
    for (const [place, name] of EXTREMES.entries()) expect(signals[name], name).toBe(markOfExtreme(place, lane));
  }
});

test('losses are copied from any epoch of the chunk on to any place, and what is around them stays', () => {
  const signals = new LaneSignals({ shape, memory: markedMemory(), lane: 2 });
  const target = new Float64Array(6).fill(-7);
  signals.copyLosses(target, { at: 1, first: 2, count: 3 });
  expect([...target]).toEqual([-7, mark(0, 2, 2), mark(0, 3, 2), mark(0, 4, 2), -7, -7]);
});

test('a new chunk shows what stands in the memory by then', () => {
  const memory = markedMemory();
  const signals = new LaneSignals({ shape, memory, lane: 1 });
  signals.begin({ firstEpoch: 1, count: 5 });
  memory.signals[1] = 0.5;
  memory.extremes[1] = 0.25;
  signals.begin({ firstEpoch: 6, count: 2 });
  expect([signals.loss(0), signals.lossMin, signals.lastEpoch]).toEqual([0.5, 0.25, 7]);
});
