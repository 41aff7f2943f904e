/**
 * The memory of a group: sections that never overlap and start on a cache line, and lanes that are read and written
 * without touching their neighbours.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MOMENT_NAMES } from '../../schemas/catalogue.ts';
import { EXTREME_NAMES, SIGNAL_NAMES } from '../../schemas/signals.ts';
import { chunkWithin, type GroupShape, groupBytes, groupMemory, readLane, writeLane } from '../../src/group/layout.ts';
import { floatArray } from '../../src/numeric/bits.ts';

/** What the kernel's maker wants to know of a shape and the layout does not. */
const KERNEL_KEYS = {
  exponent: null,
  activation: 'tanh',
  optimizer: { kind: 'adam', form: 'torch' },
  subnormals: 'ieee',
} as const;

const shapeArbitrary: fc.Arbitrary<GroupShape> = fc
  .record({
    exponent: fc.constant(KERNEL_KEYS.exponent),
    activation: fc.constant(KERNEL_KEYS.activation),
    optimizer: fc.constant(KERNEL_KEYS.optimizer),
    subnormals: fc.constant(KERNEL_KEYS.subnormals),
    precision: fc.constantFrom('float32' as const, 'float64' as const),
    layers: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }),
    sampleCount: fc.integer({ min: 1, max: 33 }),
    batchSize: fc.integer({ min: 1, max: 33 }),
    isShuffled: fc.boolean(),
    moments: fc.subarray([...MOMENT_NAMES]),
    constants: fc.integer({ min: 0, max: 6 }),
    corrections: fc.integer({ min: 0, max: 2 }),
    lanes: fc.constantFrom(1, 3, 4, 7, 16),
    subchunkEpochs: fc.integer({ min: 1, max: 20 }),
    parts: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ parts, ...shape }) => ({ ...shape, chunkEpochs: parts * shape.subchunkEpochs }));

describe("a group's memory", () => {
  test('has sections that start on cache lines, do not overlap and fill the bytes it asks for', async () => {
    await fc.assert(
      fc.property(shapeArbitrary, (shape) => {
        const bytes = groupBytes(shape);
        const sections = Object.values(groupMemory(shape, new SharedArrayBuffer(bytes)));
        let endBytes = 0;
        for (const { byteOffset, byteLength } of sections) {
          expect(byteOffset % 64).toBe(0);
          expect(byteOffset).toBeGreaterThanOrEqual(endBytes);
          expect(byteOffset - endBytes).toBeLessThan(64);
          endBytes = byteOffset + byteLength;
        }
        expect(bytes).toBeGreaterThanOrEqual(endBytes);
        expect(bytes - endBytes).toBeLessThan(64);
      }),
    );
  });

  test('has room for every lane of θ, of the moments that exist, of samples, constants and signals', () => {
    const shape: GroupShape = {
      ...KERNEL_KEYS,
      precision: 'float32',
      layers: [2, 3, 5],
      sampleCount: 7,
      batchSize: 3,
      isShuffled: true,
      moments: ['firstMoment', 'maxSecondMoment'],
      constants: 3,
      corrections: 2,
      lanes: 4,
      chunkEpochs: 12,
      subchunkEpochs: 4,
    };
    const memory = groupMemory(shape, new SharedArrayBuffer(groupBytes(shape)));
    const parameters = (2 + 1) * 3 + (3 + 1) * 5;
    expect(Object.fromEntries(Object.entries(memory).map(([name, { length }]) => [name, length / 4]))).toEqual({
      theta: parameters,
      firstMoment: parameters,
      secondMoment: 0,
      maxSecondMoment: parameters,
      previousUpdate: parameters,
      inputs: 7 * 2,
      targets: 7 * 5,
      constants: 3,
      // Batches of 3, 3 and 1.
      corrections: 2 * 12 * 3,
      signals: SIGNAL_NAMES.length * 12,
      extremes: EXTREME_NAMES.length * 3,
      shuffledInputs: 12 * 7 * 2,
      shuffledTargets: 12 * 7 * 5,
      objective: 0,
    });
  });

  test('fits into a larger buffer, left by a larger group, at the same places', () => {
    const shape: GroupShape = {
      ...KERNEL_KEYS,
      precision: 'float64',
      layers: [1, 3, 1],
      sampleCount: 4,
      batchSize: 4,
      isShuffled: false,
      moments: ['firstMoment', 'secondMoment'],
      constants: 6,
      corrections: 2,
      lanes: 3,
      chunkEpochs: 5,
      subchunkEpochs: 5,
    };
    const offsets = (bytes: number) =>
      Object.values(groupMemory(shape, new SharedArrayBuffer(bytes))).map(({ byteOffset, length }) => [
        byteOffset,
        length,
      ]);
    expect(offsets(groupBytes(shape) + 4096)).toEqual(offsets(groupBytes(shape)));
  });
});

test.each([
  ['whole parts', 100, 80],
  ['no more than the memory holds', 1000, 80],
  ['whole parts of what is left', 75, 60],
  ['one part', 20, 20],
  ['less than a part', 19, 19],
  ['one epoch', 1, 1],
])('a chunk is %s', (_, epochs, count) => {
  expect(chunkWithin({ chunkEpochs: 80, subchunkEpochs: 20 }, epochs)).toBe(count);
});

describe.each([1, 3, 4, 16])('one of %i lanes', (lanes) => {
  test('gives back what was written to it, bit for bit, and leaves the others alone', () => {
    for (const precision of ['float32', 'float64'] as const) {
      const section = floatArray(precision, 5 * lanes).map((_, i) => -1 - i);
      const before = section.slice();
      const values = floatArray(precision, 5);
      values.set([-0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** -149, 1 / 3]);
      for (const lane of [0, lanes - 1]) {
        writeLane(section, lanes, lane, values);
        const read = floatArray(precision, 5);
        readLane(section, lanes, lane, read);
        expect(read).toEqual(values);
        for (let i = 0; i < section.length; i++) {
          if (i % lanes !== 0 && i % lanes !== lanes - 1) expect(section[i]).toBe(before[i]);
        }
      }
      for (let i = 0; i < 5; i++) expect(section[i * lanes]).toBe(values[i]);
    }
  });

  test('is read to any place, and written in part', () => {
    const section = floatArray('float64', 3 * lanes);
    for (let lane = 0; lane < lanes; lane++) writeLane(section, lanes, lane, Float64Array.of(lane + 0.25, lane + 0.5));
    for (let lane = 0; lane < lanes; lane++) {
      const read = floatArray('float64', 6).fill(-1);
      readLane(section, lanes, lane, read, 2);
      expect([...read]).toEqual([-1, -1, lane + 0.25, lane + 0.5, 0, -1]);
    }
  });
});
