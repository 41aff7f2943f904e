/**
 * The digest against its definition, written down with node:crypto alone: SHA-256 over the digests of the blocks of
 * 1000 losses and over the final state, raw little-endian bytes, every NaN canonical.
 */
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BLOCK_EPOCHS } from '../../schemas/arithmetic.ts';
import { type FloatArray, floatArray } from '../../src/numeric/bits.ts';
import type { Precision } from '../../src/numeric/rounding.ts';
import { DigestBuilder } from '../../src/train/digest.ts';

/** Little-endian bytes of numbers that may have been NaN of any payload. */
function littleEndian(values: FloatArray): Buffer {
  const width = values.BYTES_PER_ELEMENT;
  const bytes = Buffer.alloc(values.length * width);
  for (const [i, value] of values.entries()) {
    if (Number.isNaN(value)) bytes.write(width === 4 ? '0000c07f' : '000000000000f87f', i * width, 'hex');
    else if (width === 4) bytes.writeFloatLE(value, i * width);
    else bytes.writeDoubleLE(value, i * width);
  }
  return bytes;
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The digest of a network and of its blocks, by the book. */
function digestByDefinition(losses: FloatArray, state: readonly FloatArray[]) {
  const blocks: { epoch: number; digest: Buffer }[] = [];
  for (let first = 0; first < losses.length; first += 1000) {
    const block = losses.subarray(first, first + 1000);
    blocks.push({ epoch: first + block.length, digest: sha256(littleEndian(block)) });
  }
  const digest = sha256(...blocks.map((block) => block.digest), ...state.map(littleEndian));
  const shortBlocks = blocks.map((block) => ({
    epoch: block.epoch,
    digest: block.digest.subarray(0, 8).toString('hex'),
  }));
  return { digest: digest.toString('hex'), blocks: shortBlocks };
}

/**
 * The same from the builder, given the losses in chunks of some lengths; its arrays are used again, as a worker's are.
 */
function digestInChunks(
  precision: Precision,
  losses: FloatArray,
  state: readonly FloatArray[],
  chunks: readonly number[],
) {
  const builder = new DigestBuilder(floatArray(precision, BLOCK_EPOCHS));
  const arena = floatArray(precision, 5000);
  const blocks = [];
  for (let first = 0, i = 0; first < losses.length; i++) {
    const part = losses.subarray(first, first + chunks[i % chunks.length]);
    arena.fill(-1).set(part);
    blocks.push(
      ...builder.losses({
        count: part.length,
        copyLosses: (target, { at, first: from, count }) => target.set(arena.subarray(from, from + count), at),
      }),
    );
    first += part.length;
  }
  const { lastBlock, digest } = builder.finish(state.map((values) => values.slice()));
  if (lastBlock !== null) blocks.push(lastBlock);
  return { digest: Buffer.from(digest).toString('hex'), blocks };
}

/** Losses that differ from each other and hold every kind of number. */
function lossesOf(precision: Precision, count: number): FloatArray {
  const special = [Number.NaN, Number.POSITIVE_INFINITY, -0, 2 ** -149, 5e-324, 1 / 3];
  return floatArray(precision, count).map((_, i) => (i % 7 < special.length ? special[i % 7] : i / 3));
}

describe.each(['float32', 'float64'] as const)('the digest of a %s network', (precision) => {
  const theta = floatArray(precision, 10).map((_, i) => 1 / (i - 3.5));
  const firstMoment = floatArray(precision, 10).map((_, i) => (i === 4 ? Number.NaN : -i));
  const secondMoment = floatArray(precision, 10).map((_, i) => i * i);
  const state = [theta, firstMoment, secondMoment];

  test.each([1, 999, 1000, 1001, 2000, 2345])(
    'over %i epochs is that of the definition, in chunks of any length',
    async (epochs) => {
      const losses = lossesOf(precision, epochs);
      const expected = digestByDefinition(losses, state);
      expect(expected.blocks).toHaveLength(Math.ceil(epochs / 1000));
      await fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 }), (chunks) => {
          expect(digestInChunks(precision, losses, state, chunks)).toEqual(expected);
        }),
        { numRuns: 20 },
      );
    },
  );

  test('leaves out the moments that an optimiser does not keep', () => {
    const losses = lossesOf(precision, 1500);
    const expected = digestByDefinition(losses, [theta]);
    expect(digestInChunks(precision, losses, [theta], [1500])).toEqual(expected);
    const allMoments = digestByDefinition(losses, state);
    expect(expected.digest).not.toBe(allMoments.digest);
    expect(expected.blocks).toEqual(allMoments.blocks);
  });

  test('is the same for every payload and sign of NaN, and another for −0 than for 0', () => {
    const withPayload = (hex: string) => {
      const values = floatArray(precision, 3);
      Buffer.from(values.buffer).write(hex, values.BYTES_PER_ELEMENT, 'hex');
      expect(values[1]).toBeNaN();
      return values;
    };
    const payloads =
      precision === 'float32'
        ? ['0000c07f', '0100c0ff', '010080ff']
        : ['000000000000f87f', '01000000000cf8ff', '010000000000f0ff'];
    const digests = payloads.map((hex) => {
      const values = withPayload(hex);
      return digestInChunks(precision, values, [values], [3]).digest;
    });
    expect(new Set(digests).size).toBe(1);

    const zero = floatArray(precision, 1);
    const minusZero = floatArray(precision, 1).fill(-0);
    const one = floatArray(precision, 1).fill(1);
    expect(digestInChunks(precision, one, [minusZero], [1]).digest).not.toBe(
      digestInChunks(precision, one, [zero], [1]).digest,
    );
    expect(digestInChunks(precision, minusZero, [one], [1]).digest).not.toBe(
      digestInChunks(precision, zero, [one], [1]).digest,
    );
  });
});

test('equal numbers in another precision have another digest', () => {
  const digest = (precision: Precision) =>
    digestInChunks(precision, floatArray(precision, 5).fill(0.5), [floatArray(precision, 2).fill(0.25)], [5]).digest;
  expect(digest('float32')).not.toBe(digest('float64'));
});
