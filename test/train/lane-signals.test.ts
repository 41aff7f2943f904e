/**
 * Reading a lane's signals: each signal from its own place, for as many epochs as the chunk has.
 */
import { expect, test } from 'vitest';
import { type GroupShape, groupBytes, groupMemory, SIGNALS } from '../../src/group/layout.ts';
import { LaneReader } from '../../src/train/lane-signals.ts';

const shape: GroupShape = {
  precision: 'float64',
  layers: [1, 2, 1],
  sampleCount: 3,
  moments: 2,
  lanes: 3,
  chunkEpochs: 5,
};

/** A number that tells signal, epoch of the chunk and lane. */
const mark = (signal: number, epoch: number, lane: number) => 100 * signal + 10 * epoch + lane;

function markedMemory() {
  const memory = groupMemory(shape, new SharedArrayBuffer(groupBytes(shape)));
  for (const section of Object.values(memory)) section.fill(-1);
  // [signal][epoch of the chunk][lane]
  memory.signals.set(
    SIGNALS.flatMap((_, signal) =>
      [0, 1, 2, 3, 4].flatMap((epoch) => [0, 1, 2].map((lane) => mark(signal, epoch, lane))),
    ),
  );
  return memory;
}

test('a lane has its own signals, epoch by epoch', () => {
  const reader = new LaneReader(shape, markedMemory());
  for (const lane of [0, 1, 2]) {
    const signals = reader.read(lane, { firstEpoch: 11, count: 5 });
    expect([signals.firstEpoch, signals.count]).toEqual([11, 5]);
    for (const [index, name] of SIGNALS.entries()) {
      expect([...signals[name]], name).toEqual([0, 1, 2, 3, 4].map((epoch) => mark(index, epoch, lane)));
    }
  }
});

test('a short chunk reads no epoch beyond its end', () => {
  const reader = new LaneReader(shape, markedMemory());
  reader.read(0, { firstEpoch: 1, count: 5 });
  const { loss, nonFinite, count } = reader.read(2, { firstEpoch: 6, count: 2 });
  expect(count).toBe(2);
  expect([...loss.subarray(0, 2)]).toEqual([mark(0, 0, 2), mark(0, 1, 2)]);
  expect([...nonFinite]).toEqual([mark(5, 0, 2), mark(5, 1, 2), mark(5, 2, 0), mark(5, 3, 0), mark(5, 4, 0)]);
});
