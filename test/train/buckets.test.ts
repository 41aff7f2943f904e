/**
 * Buckets against a plain computation over all epochs at once: nothing between two rows is lost, NaN counts where it
 * must and nowhere else.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EXTREMES,
  type GroupShape,
  groupBytes,
  groupMemory,
  SIGNALS,
  subchunksPerChunk,
} from '../../src/group/layout.ts';
import { Extremes } from '../../src/reference/extremes.ts';
import { Bucket, BucketRows } from '../../src/train/buckets.ts';
import { LaneSignals } from '../../src/train/lane-signals.ts';

/** The signals of one epoch that buckets look at. */
interface Epoch {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly updateNorm: number;
  readonly updateCosine: number;
  readonly changedParameters: number;
}
type Row = Record<Exclude<keyof BucketRows, 'rowCount' | 'room' | 'isFull'>, number>;

const COLUMNS = Object.keys(new BucketRows(0, 2)).filter((name) => name !== 'rowCount') as (keyof Row)[];

/**
 * The rows of one network's epochs, given in chunks of some lengths, of parts where they are whole ones, to a buffer of
 * `capacity` rows.
 */
function rowsOf(
  epochs: readonly Epoch[],
  bucketEpochs: number,
  { chunks = [epochs.length], subchunkEpochs = epochs.length, capacity = 60 } = {},
): Row[] {
  const bucket = new Bucket({ network: 7, bucketEpochs, epochs: epochs.length });
  const rows = new BucketRows(capacity, bucketEpochs);
  const read: Row[] = [];
  const flush = () => {
    for (let row = 0; row < rows.rowCount; row++) {
      read.push(Object.fromEntries(COLUMNS.map((name) => [name, rows[name][row]])) as Row);
    }
    rows.rowCount = 0;
  };
  for (let first = 0, i = 0; first < epochs.length; i++) {
    const chunk = epochs.slice(first, first + chunks[i % chunks.length]);
    const signals = signalsOf(chunk, first + 1, subchunkEpochs);
    if (rows.room < bucket.rowsOf(signals)) flush();
    const expected = rows.rowCount + bucket.rowsOf(signals);
    bucket.observe(signals, rows);
    expect(rows.rowCount).toBe(expected);
    first += chunk.length;
  }
  flush();
  return read;
}

/** A chunk as an engine leaves it in the memory of a group of one lane, one part where it is not whole ones. */
function signalsOf(epochs: readonly Epoch[], firstEpoch: number, partMost: number): LaneSignals {
  const subchunkEpochs = epochs.length % partMost === 0 ? partMost : epochs.length;
  const shape: GroupShape = {
    precision: 'float64',
    layers: [1, 1],
    activation: 'tanh',
    exponent: null,
    sampleCount: 1,
    batchSize: 1,
    isShuffled: false,
    optimizer: { kind: 'sgd', form: 'torch' },
    subnormals: 'ieee',
    moments: [],
    constants: 0,
    corrections: 0,
    lanes: 1,
    chunkEpochs: epochs.length,
    subchunkEpochs,
  };
  const memory = groupMemory(shape, new SharedArrayBuffer(groupBytes(shape)));
  const subchunkCount = subchunksPerChunk(shape);
  const extremes = new Extremes();
  for (const [i, epoch] of epochs.entries()) {
    const signals = { ...epoch, nonFinite: false };
    if (i % subchunkEpochs === 0) extremes.begin();
    extremes.take(signals);
    for (const [place, name] of SIGNALS.entries()) memory.signals[place * epochs.length + i] = Number(signals[name]);
    const part = Math.floor(i / subchunkEpochs);
    for (const [place, name] of EXTREMES.entries())
      memory.extremes[place * subchunkCount + part] = extremes.values[name];
  }
  const chunk = new LaneSignals({ shape, memory, lane: 0 });
  chunk.begin({ firstEpoch, count: epochs.length });
  return chunk;
}

/** The rows by the book: buckets 1…k, k+1…2k, …, the last one to the end. */
function rowsByDefinition(epochs: readonly Epoch[], bucketEpochs: number): Row[] {
  const rows: Row[] = [];
  for (let first = 0; first < epochs.length; first += bucketEpochs) {
    const bucket = epochs.slice(first, first + bucketEpochs);
    const last = bucket[bucket.length - 1];
    const losses = bucket.map(({ loss }) => loss);
    const cosines = bucket.map(({ updateCosine }) => updateCosine).filter((cosine) => !Number.isNaN(cosine));
    rows.push({
      network: 7,
      epoch: first + bucket.length,
      loss: last.loss,
      lossMin: losses.some(Number.isNaN) ? Number.NaN : Math.min(...losses),
      lossMax: losses.some(Number.isNaN) ? Number.NaN : Math.max(...losses),
      gradientNorm: Math.fround(last.gradientNorm),
      gradientNormMax: Math.fround(Math.max(...bucket.map(({ gradientNorm }) => gradientNorm))),
      updateNorm: Math.fround(last.updateNorm),
      updateCosine: Math.fround(last.updateCosine),
      updateCosineMin: cosines.length === 0 ? Number.NaN : Math.fround(Math.min(...cosines)),
      changedParameters: last.changedParameters,
    });
  }
  return rows;
}

const norm = fc.oneof(fc.double({ min: 0 }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0, 1e300, 5e-324));
const epochArbitrary: fc.Arbitrary<Epoch> = fc.record({
  loss: norm,
  gradientNorm: norm,
  updateNorm: norm,
  updateCosine: fc.oneof(fc.double({ min: -1, max: 1 }), fc.constant(Number.NaN)),
  changedParameters: fc.integer({ min: 0, max: 1000 }),
});

test('rows are those of the definition, on any signals, in any chunks and parts, with any buffer', async () => {
  await fc.assert(
    fc.property(
      fc.array(epochArbitrary, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 25 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      fc.integer({ min: 30, max: 40 }),
      (epochs, bucketEpochs, lengths, parts, areBuckets, capacity) => {
        // Parts that are buckets, and chunks that are several of them, as in a run; or any.
        const subchunkEpochs = areBuckets ? bucketEpochs : parts;
        const chunks = areBuckets && lengths.length > 2 ? [Math.min(parts * bucketEpochs, 30)] : lengths;
        const expected = rowsByDefinition(epochs, bucketEpochs);
        expect(rowsOf(epochs, bucketEpochs, { chunks, subchunkEpochs, capacity })).toEqual(expected);
      },
    ),
    { numRuns: 600 },
  );
});

describe('a bucket', () => {
  const quiet: Epoch = { loss: 1, gradientNorm: 2, updateNorm: 3, updateCosine: 0.5, changedParameters: 10 };

  test('of one epoch is the epoch itself', () => {
    const rows = rowsOf([quiet, { ...quiet, loss: 5 }], 1);
    expect(rows.map(({ epoch, loss, lossMin, lossMax }) => [epoch, loss, lossMin, lossMax])).toEqual([
      [1, 1, 1, 1],
      [2, 5, 5, 5],
    ]);
  });

  test('that ends the run may be short, and holds the last epoch', () => {
    const epochs = Array.from({ length: 50 }, (_, i) => ({ ...quiet, loss: 100 - i }));
    const rows = rowsOf(epochs, 20);
    expect(rows.map(({ epoch }) => epoch)).toEqual([20, 40, 50]);
    expect(rows[2]).toMatchObject({ loss: 51, lossMin: 51, lossMax: 60 });
  });

  test('longer than the run is one row', () => {
    expect(rowsOf([quiet, quiet, quiet], 1000).map(({ epoch }) => epoch)).toEqual([3]);
  });

  test('shows a spike of one epoch that its last epoch knows nothing of', () => {
    const epochs = Array<Epoch>(20)
      .fill(quiet)
      .with(9, { ...quiet, loss: 1e6, gradientNorm: 1e7, updateCosine: -1 });
    const [row] = rowsOf(epochs, 20);
    expect(row).toMatchObject({ loss: 1, lossMin: 1, lossMax: 1e6, gradientNorm: 2, gradientNormMax: 1e7 });
    expect(row).toMatchObject({ updateCosine: 0.5, updateCosineMin: -1 });
  });

  test('with one NaN has NaN as extremes of the loss and as largest gradient, and the next has none', () => {
    const epochs = Array<Epoch>(4)
      .fill(quiet)
      .with(0, { ...quiet, loss: Number.NaN, gradientNorm: Number.NaN });
    const [marked, next] = rowsOf(epochs, 2);
    expect(marked).toMatchObject({ loss: 1, lossMin: Number.NaN, lossMax: Number.NaN, gradientNormMax: Number.NaN });
    expect(next).toMatchObject({ lossMin: 1, lossMax: 1, gradientNormMax: 2 });
  });

  test('ignores NaN in the smallest cosine, unless there is nothing else', () => {
    const first = { ...quiet, updateCosine: Number.NaN };
    expect(rowsOf([first, quiet, first], 3)[0]).toMatchObject({ updateCosine: Number.NaN, updateCosineMin: 0.5 });
    expect(rowsOf([first], 1)[0]).toMatchObject({ updateCosine: Number.NaN, updateCosineMin: Number.NaN });
  });
});
