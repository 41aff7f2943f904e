/**
 * Bits of floating-point numbers: arrays by precision, canonical NaN, and hexadecimal text for messages. Payloads of
 * NaN are not deterministic across engines, so bits are compared, stored and hashed only after every NaN is made
 * canonical.
 */
import type { Precision } from './rounding.ts';

/** Numbers in a network's precision. */
export type FloatArray = Float32Array | Float64Array;

/** Bytes of one number. */
export const BYTES_OF: Readonly<Record<Precision, number>> = { float32: 4, float64: 8 };

/** A zeroed array of `length` numbers. */
export function floatArray(precision: Precision, length: number): FloatArray {
  return precision === 'float32' ? new Float32Array(length) : new Float64Array(length);
}

/** A view of `length` numbers at `byteOffset` of a buffer. */
export function floatView(
  precision: Precision,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): FloatArray {
  return precision === 'float32'
    ? new Float32Array(buffer, byteOffset, length)
    : new Float64Array(buffer, byteOffset, length);
}

/** The smallest numbers with a full significand. */
const NORMAL_MIN: Readonly<Record<Precision, number>> = { float32: 2 ** -126, float64: 2 ** -1022 };

/** Whether a number stands below the normal range of a precision without being 0. */
export function isSubnormal(x: number, precision: Precision): boolean {
  return x !== 0 && Math.abs(x) < NORMAL_MIN[precision];
}

/** Replaces every NaN of `values` by the quiet NaN with sign and payload zero (0x7fc00000, 0x7ff8000000000000). */
export function canonicaliseNaNs(values: FloatArray): void {
  const v = values;
  const { length } = v;
  const wholeEights = length - (length % 8);
  for (let i = 0; i < wholeEights; i += 8) {
    // NaN where one of eight is, and where infinities of either sign meet: half the time of looking at each.
    const sum = v[i] + v[i + 1] + (v[i + 2] + v[i + 3]) + (v[i + 4] + v[i + 5] + (v[i + 6] + v[i + 7]));
    if (Number.isNaN(sum)) canonicaliseEach(v, i, i + 8);
  }
  canonicaliseEach(v, wholeEights, length);
}

function canonicaliseEach(values: FloatArray, first: number, end: number): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.byteLength / 4);
  for (let i = first; i < end; i++) {
    if (!Number.isNaN(values[i])) continue;
    if (values instanceof Float32Array) {
      words[i] = 0x7fc00000;
    } else {
      words[2 * i] = 0;
      words[2 * i + 1] = 0x7ff80000;
    }
  }
}

/** The raw little-endian bytes of an array, without copying. */
export function bytesOf(values: FloatArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The bits of a number as hexadecimal digits, most significant first: 8 for float32, 16 for float64. */
export function hexOf(value: number, precision: Precision): string {
  const view = new DataView(new ArrayBuffer(8));
  if (precision === 'float32') {
    view.setFloat32(0, value);
    return view.getUint32(0).toString(16).padStart(8, '0');
  }
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}
