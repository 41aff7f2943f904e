/** Rounding, canonical NaN and hexadecimal bits. */
import { expect, test } from 'vitest';
import { bytesOf, canonicaliseNaNs, floatArray, hexOf, isSubnormal } from '../../src/numeric/bits.ts';
import { roundingTo } from '../../src/numeric/rounding.ts';

test('rounding to float32 is that of the hardware, to float64 the identity', () => {
  const single = roundingTo('float32');
  const double = roundingTo('float64');
  for (const x of [0.1, 1 + 2 ** -24, 1 + 3 * 2 ** -24, 2 ** -149, 2 ** -150, 3.5e38, -0, Number.NaN]) {
    expect(single(x)).toBe(Math.fround(x));
    expect(double(x)).toBe(x);
  }
  expect(single(0.1)).not.toBe(0.1);
});

test('every NaN becomes the canonical one, and nothing else changes', () => {
  const single = new Float32Array(4);
  new Uint32Array(single.buffer).set([0xffc00001, 0x7f800001, 0x80000000, 0x7f800000]);
  canonicaliseNaNs(single);
  expect([...new Uint32Array(single.buffer)]).toEqual([0x7fc00000, 0x7fc00000, 0x80000000, 0x7f800000]);

  const double = new Float64Array(3);
  new BigUint64Array(double.buffer).set([0xfff8dead00000001n, 0x8000000000000000n, 0x0000000000000001n]);
  canonicaliseNaNs(double);
  expect([...new BigUint64Array(double.buffer)]).toEqual([0x7ff8000000000000n, 0x8000000000000000n, 1n]);
});

test.each(['float32', 'float64'] as const)('one NaN in %s is found at any place, among infinities too', (precision) => {
  const nan = precision === 'float32' ? [0xffc00001] : [1, 0xfff8dead];
  const canonical = precision === 'float32' ? '7fc00000' : '7ff8000000000000';
  for (const others of [
    [1, 2],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [1.5e308, 1.5e308],
  ]) {
    for (let place = 0; place < 19; place++) {
      const values = floatArray(precision, 19).map((_, i) => others[i % 2]);
      const expected = Array.from(values, (value) => hexOf(value, precision)).with(place, canonical);
      new Uint32Array(values.buffer).set(nan, place * nan.length);
      canonicaliseNaNs(values);
      const words = new Uint32Array(values.buffer);
      const found: (number | bigint)[] = precision === 'float32' ? [...words] : [...new BigUint64Array(values.buffer)];
      expect(found.map((bits) => bits.toString(16).padStart(canonical.length, '0'))).toEqual(expected);
    }
  }
});

test('a view into a larger buffer is canonicalised in its own place', () => {
  const whole = new Float32Array(5).fill(Number.NaN);
  new Uint32Array(whole.buffer).fill(0xffc00001);
  canonicaliseNaNs(whole.subarray(2, 4));
  expect([...new Uint32Array(whole.buffer)]).toEqual([0xffc00001, 0xffc00001, 0x7fc00000, 0x7fc00000, 0xffc00001]);
});

test('bytes are the raw little-endian ones, hexadecimal digits read from the top', () => {
  const one = floatArray('float32', 1).fill(1);
  expect([...bytesOf(one)]).toEqual([0, 0, 0x80, 0x3f]);
  expect(hexOf(1, 'float32')).toBe('3f800000');
  expect(hexOf(-0, 'float64')).toBe('8000000000000000');
  expect(hexOf(2 ** -149, 'float32')).toBe('00000001');
});

test('subnormal is what stands below the normal range of its precision and is not 0', () => {
  const below = [2 ** -127, -(2 ** -149), 2 ** -126 * (1 - 2 ** -23)];
  expect(below.map((x) => isSubnormal(x, 'float32'))).toEqual([true, true, true]);
  expect(below.map((x) => isSubnormal(x, 'float64'))).toEqual([false, false, false]);
  expect([2 ** -1074, -(2 ** -1023)].map((x) => isSubnormal(x, 'float64'))).toEqual([true, true]);
  for (const x of [0, -0, Number.NaN, Number.POSITIVE_INFINITY, 1]) expect(isSubnormal(x, 'float32')).toBe(false);
  expect([isSubnormal(2 ** -126, 'float32'), isSubnormal(-(2 ** -1022), 'float64')]).toEqual([false, false]);
});
