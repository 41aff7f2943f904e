/**
 * Reading a lane's signals where they stand: each signal and each extreme from its own place, in the lane that is asked
 * for.
 */
import { expect, test } from 'vitest';
import { COUNTS, EXTREME_NAMES, EXTREMES, SIGNAL_NAMES } from '../../schemas/signals.ts';
import { type GroupShape, groupBytes, groupMemory } from '../../src/group/layout.ts';
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
  chunkEpochs: 6,
  subchunkEpochs: 2,
};
const EPOCHS = [0, 1, 2, 3, 4, 5];
const PARTS = [0, 1, 2];
const LANES = [0, 1, 2];

/** A number that tells signal, epoch of the chunk and lane. */
const mark = (signal: number, epoch: number, lane: number) => 100 * signal + 10 * epoch + lane;

const markOfExtreme = (extreme: number, subchunk: number, lane: number) => 1000 + 100 * extreme + 10 * subchunk + lane;

function markedMemory() {
  const memory = groupMemory(shape, new SharedArrayBuffer(groupBytes(shape)));
  for (const section of Object.values(memory)) section.fill(-1);
  // [signal][epoch of the chunk][lane]
  memory.signals.set(
    SIGNAL_NAMES.flatMap((_, signal) => EPOCHS.flatMap((epoch) => LANES.map((lane) => mark(signal, epoch, lane)))),
  );
  // [extreme][subchunk of the chunk][lane]
  memory.extremes.set(
    EXTREME_NAMES.flatMap((_, extreme) =>
      PARTS.flatMap((subchunk) => LANES.map((lane) => markOfExtreme(extreme, subchunk, lane))),
    ),
  );
  return memory;
}

test('a lane has its own signals, epoch by epoch, and the extremes of all its subchunks', () => {
  const memory = markedMemory();
  for (const lane of LANES) {
    const signals = new LaneSignals({ shape, memory, lane });
    signals.begin({ firstEpoch: 11, count: 6 });
    expect([signals.firstEpoch, signals.count, signals.lastEpoch, signals.subchunkCount]).toEqual([11, 6, 16, 3]);
    for (const [place, name] of SIGNAL_NAMES.entries()) {
      expect(EPOCHS.map((epoch) => signals[name](epoch))).toEqual(EPOCHS.map((epoch) => mark(place, epoch, lane)));
    }
    for (const [place, { name, end }] of EXTREMES.entries()) {
      const [first, , last] = PARTS.map((subchunk) => markOfExtreme(place, subchunk, lane));
      expect(signals[name], name).toBe(end === 'min' ? first : last);
    }
  }
});

test('a subchunk has its epochs and its extremes', () => {
  const signals = new LaneSignals({ shape, memory: markedMemory(), lane: 1 });
  signals.begin({ firstEpoch: 11, count: 6 });
  for (const number of PARTS) {
    const subchunk = signals.subchunk(number);
    const first = 2 * number;
    expect([subchunk.firstEpoch, subchunk.count, subchunk.lastEpoch, subchunk.subchunkCount]).toEqual([
      11 + first,
      2,
      12 + first,
      1,
    ]);
    for (const [place, name] of SIGNAL_NAMES.entries())
      expect([subchunk[name](0), subchunk[name](1)]).toEqual([mark(place, first, 1), mark(place, first + 1, 1)]);
    for (const [place, name] of EXTREME_NAMES.entries())
      expect(subchunk[name], name).toBe(markOfExtreme(place, number, 1));
    const losses = new Float64Array(2);
    subchunk.copyLosses(losses, { at: 0, first: 0, count: 2 });
    expect([...losses]).toEqual([mark(0, first, 1), mark(0, first + 1, 1)]);
  }
});

test('a chunk of one subchunk, whole or not, is that subchunk', () => {
  const signals = new LaneSignals({ shape, memory: markedMemory(), lane: 1 });
  for (const count of [1, 2]) {
    signals.begin({ firstEpoch: 11, count });
    expect(signals.subchunkCount).toBe(1);
    expect(signals.subchunk(0)).toBe(signals);
    for (const [place, name] of EXTREME_NAMES.entries()) expect(signals[name], name).toBe(markOfExtreme(place, 0, 1));
  }
});

test('of the extremes of subchunks NaN is passed over, in whatever subchunk it is', () => {
  for (const place of PARTS) {
    const memory = markedMemory();
    const values = [1, 2].toSpliced(place, 0, Number.NaN);
    for (const [extreme, { none }] of EXTREMES.entries())
      for (const subchunk of PARTS)
        memory.extremes[(extreme * 3 + subchunk) * 3] = Number.isNaN(none) ? values[subchunk] : subchunk;
    const signals = new LaneSignals({ shape, memory, lane: 0 });
    signals.begin({ firstEpoch: 1, count: 6 });
    for (const { name, end, none } of EXTREMES)
      expect(signals[name], name).toBe(Number.isNaN(none) ? { min: 1, max: 2 }[end] : 2);
  }
});

test('NaN and infinite losses are counted, over the chunk, a subchunk, any of their epochs and each bucket', () => {
  const memory = markedMemory();
  const losses = [Number.NaN, 1, Number.POSITIVE_INFINITY, Number.NaN, 2, Number.NaN];
  for (const [epoch, loss] of losses.entries()) memory.signals[epoch * 3 + 1] = loss;
  const signals = new LaneSignals({ shape, memory, lane: 1 });
  signals.begin({ firstEpoch: 1, count: 6 });
  const [nan, infinite] = [
    COUNTS.findIndex(({ name }) => name === 'lossNan'),
    COUNTS.findIndex(({ name }) => name === 'lossInfinite'),
  ];
  expect([signals.lossNan, signals.lossInfinite]).toEqual([3, 1]);
  expect(PARTS.map((number) => signals.subchunk(number).lossNan)).toEqual([1, 1, 1]);
  expect(PARTS.map((number) => signals.subchunk(number).lossInfinite)).toEqual([0, 1, 0]);
  expect([signals.countIn(nan, 1, 3), signals.countIn(infinite, 3, 3)]).toEqual([1, 0]);
  const rows = new Uint32Array(4).fill(7);
  signals.copyCounts(3, nan, rows, 1);
  expect([...rows]).toEqual([7, 1, 2, 7]);
  memory.extremes.fill(0);
  signals.begin({ firstEpoch: 7, count: 6 });
  signals.copyCounts(3, nan, rows, 1);
  expect([...rows, signals.lossNan]).toEqual([7, 0, 0, 7, 0]);
});

test('no subchunk with a cosine, no smallest cosine', () => {
  const memory = markedMemory();
  memory.extremes.fill(Number.NaN);
  const signals = new LaneSignals({ shape, memory, lane: 0 });
  signals.begin({ firstEpoch: 1, count: 6 });
  expect(signals.updateCosineMin).toBeNaN();
});

test('last epochs of buckets and extremes of subchunks are copied to rows, and their surroundings stay', () => {
  const signals = new LaneSignals({ shape, memory: markedMemory(), lane: 2 });
  signals.begin({ firstEpoch: 1, count: 6 });
  for (const Numbers of [Float64Array, Float32Array, Uint32Array]) {
    for (const place of SIGNAL_NAMES.keys()) {
      const rows = new Numbers(5).fill(7);
      signals.copyLastOfEach(2, place, rows, 1);
      expect([...rows]).toEqual([7, ...[1, 3, 5].map((epoch) => mark(place, epoch, 2)), 7]);
      signals.copyLastOfEach(3, place, rows, 0);
      expect([...rows]).toEqual([mark(place, 2, 2), mark(place, 5, 2), mark(place, 3, 2), mark(place, 5, 2), 7]);
    }
    for (const place of EXTREMES.keys()) {
      const rows = new Numbers(5).fill(7);
      signals.copyExtremes(2, place, rows, 1);
      expect([...rows]).toEqual([7, ...PARTS.map((subchunk) => markOfExtreme(place, subchunk, 2)), 7]);
      // Buckets that are no subchunks: from the signals.
      signals.copyExtremes(3, place, rows, 0);
      const { signal, end } = EXTREMES[place];
      const epochs = end === 'min' ? [0, 3] : [2, 5];
      const expected = epochs.map((epoch) => mark(SIGNAL_NAMES.indexOf(signal), epoch, 2));
      expect([...rows.slice(0, 2)]).toEqual(expected);
    }
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
  signals.begin({ firstEpoch: 1, count: 6 });
  memory.signals[1] = 0.5;
  memory.extremes[1] = 0.25;
  signals.begin({ firstEpoch: 7, count: 2 });
  expect([signals.loss(0), signals.lossMin, signals.lastEpoch]).toEqual([0.5, 0.25, 8]);
});
