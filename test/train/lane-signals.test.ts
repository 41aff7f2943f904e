/**
 * Reading a lane's signals where they stand: each signal and each extreme from its own place, in the lane that is asked
 * for.
 */
import { expect, test } from 'vitest';
import {
  EXTREMES,
  type ExtremeName,
  type GroupShape,
  groupBytes,
  groupMemory,
  SIGNALS,
} from '../../src/group/layout.ts';
import { BucketRows } from '../../src/train/buckets.ts';
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
    SIGNALS.flatMap((_, signal) => EPOCHS.flatMap((epoch) => LANES.map((lane) => mark(signal, epoch, lane)))),
  );
  // [extreme][subchunk of the chunk][lane]
  memory.extremes.set(
    EXTREMES.flatMap((_, extreme) =>
      PARTS.flatMap((subchunk) => LANES.map((lane) => markOfExtreme(extreme, subchunk, lane))),
    ),
  );
  return memory;
}

/** Whether an extreme is a smallest number. */
const isMinimum = (name: ExtremeName) => name.endsWith('Min');

test('a lane has its own signals, epoch by epoch, and the extremes of all its subchunks', () => {
  const memory = markedMemory();
  for (const lane of LANES) {
    const signals = new LaneSignals({ shape, memory, lane });
    signals.begin({ firstEpoch: 11, count: 6 });
    expect([signals.firstEpoch, signals.count, signals.lastEpoch, signals.subchunkCount]).toEqual([11, 6, 16, 3]);
    for (const [place, name] of SIGNALS.entries()) {
      expect(EPOCHS.map((epoch) => signals[name](epoch))).toEqual(EPOCHS.map((epoch) => mark(place, epoch, lane)));
    }
    for (const [place, name] of EXTREMES.entries()) {
      const [first, , last] = PARTS.map((subchunk) => markOfExtreme(place, subchunk, lane));
      expect(signals[name], name).toBe(isMinimum(name) ? first : last);
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
    for (const [place, name] of SIGNALS.entries())
      expect([subchunk[name](0), subchunk[name](1)]).toEqual([mark(place, first, 1), mark(place, first + 1, 1)]);
    for (const [place, name] of EXTREMES.entries()) expect(subchunk[name], name).toBe(markOfExtreme(place, number, 1));
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
    for (const [place, name] of EXTREMES.entries()) expect(signals[name], name).toBe(markOfExtreme(place, 0, 1));
  }
});

test.each([
  [
    'NaN in a loss or a norm marks the chunk',
    Number.NaN,
    [1, 2],
    { lossMin: Number.NaN, lossMax: Number.NaN, gradientNormMax: Number.NaN },
  ],
  ['NaN in a cosine is passed over', Number.NaN, [1, 2], { updateCosineMin: 1 }],
])('of the extremes of subchunks, %s, in whatever subchunk it is', (_, marked, [a, b], expected) => {
  for (const place of PARTS) {
    const memory = markedMemory();
    const values = [a, b].toSpliced(place, 0, marked);
    for (const extreme of EXTREMES.keys())
      for (const subchunk of PARTS) memory.extremes[(extreme * 3 + subchunk) * 3] = values[subchunk];
    const signals = new LaneSignals({ shape, memory, lane: 0 });
    signals.begin({ firstEpoch: 1, count: 6 });
    expect(signals).toMatchObject(expected);
  }
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
  const rows = new BucketRows(5, 2);
  for (const column of Object.values(rows)) if (typeof column !== 'number') column.fill(7);
  signals.copyLastOfEach(2, rows, 1);
  signals.copyExtremes(rows, 1);
  const places = { loss: 0, gradientNorm: 1, updateNorm: 2, updateCosine: 3, changedParameters: 4 };
  for (const [name, place] of Object.entries(places))
    expect([...rows[name as keyof typeof places]], name).toEqual([
      7,
      ...[1, 3, 5].map((epoch) => mark(place, epoch, 2)),
      7,
    ]);
  for (const name of ['lossMin', 'lossMax', 'gradientNormMax', 'updateCosineMin'] as const) {
    const place = EXTREMES.indexOf(name);
    expect([...rows[name]], name).toEqual([7, ...PARTS.map((subchunk) => markOfExtreme(place, subchunk, 2)), 7]);
  }
  signals.copyLastOfEach(3, rows, 0);
  expect([...rows.loss]).toEqual([mark(0, 2, 2), mark(0, 5, 2), mark(0, 3, 2), mark(0, 5, 2), 7]);
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
