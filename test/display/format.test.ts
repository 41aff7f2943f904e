/**
 * Numbers as people read them, at the values where the way of writing changes.
 */
import { describe, expect, test } from 'vitest';
import { bytes, clock, columns, count, duration, magnitude, percent, scaled } from '../../src/display/format.ts';

test.each([
  [0, '0'],
  [999, '999'],
  [1234567, '1,234,567'],
  [2.5, '3'],
])('count %d is %s', (value, text) => {
  expect(count(value)).toBe(text);
});

test.each([
  [0, '0', '0 B'],
  [7, '7', '7 B'],
  [37.25, '37.3', '37.3 B'],
  [999, '999', '999 B'],
  [999.5, '1.00 k', '1.00 kB'],
  [1000, '1.00 k', '1.00 kB'],
  [9996, '10.0 k', '10.0 kB'],
  [99_949, '99.9 k', '99.9 kB'],
  [99_950, '100 k', '100 kB'],
  [512_000, '512 k', '512 kB'],
  [999_499, '999 k', '999 kB'],
  [999_500, '1.00 M', '1.00 MB'],
  [5_912_345, '5.91 M', '5.91 MB'],
  [1.44e9, '1.44 G', '1.44 GB'],
  [1e13, '10000 G', '10000 GB'],
])('%d scaled is %s, in bytes %s', (value, text, bytesText) => {
  expect(scaled(value)).toBe(text);
  expect(bytes(value)).toBe(bytesText);
});

test.each([
  [0, 1, '0.0 %'],
  [1, 3, '33.3 %'],
  [0.37512, 1, '37.5 %'],
  [1620, 1620, '100.0 %'],
  [3, 0, '–'],
])('%d of %d is %s', (part, whole, text) => {
  expect(percent(part, whole)).toBe(text);
});

test.each([
  [0, '00:00:00', '0 s'],
  [999, '00:00:00', '1 s'],
  [59_499, '00:00:59', '59 s'],
  [59_500, '00:00:59', '1 min 00 s'],
  [200_000, '00:03:20', '3 min 20 s'],
  [3_599_499, '00:59:59', '59 min 59 s'],
  [3_600_000, '01:00:00', '1 h 00 min'],
  [7_500_000, '02:05:00', '2 h 05 min'],
  [172_799_000, '47:59:59', '47 h 59 min'],
  [172_800_000, '48:00:00', '2 d 0 h'],
  [360_000_000, '100:00:00', '4 d 4 h'],
])('%d ms is %s on a clock and %s as a duration', (ms, clockText, durationText) => {
  expect(clock(ms)).toBe(clockText);
  expect(duration(ms)).toBe(durationText);
});

test.each([
  [0, '0'],
  [0.012345, '0.01235'],
  [1, '1'],
  [1234.56, '1235'],
  [9999, '9999'],
  [10_000, '1e4'],
  [0.001, '0.001'],
  [0.0009999, '1e-3'],
  [0.00012345, '1.23e-4'],
  [1.5e-8, '1.50e-8'],
  [1e-8, '1e-8'],
  [1e30, '1e30'],
  [5e-324, '5e-324'],
  [-0.5, '-0.5'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
])('magnitude %d is %s', (value, text) => {
  expect(magnitude(value)).toBe(text);
});

describe('columns', () => {
  test('put numbers to the right and text to the left, two spaces apart, none at the end of a line', () => {
    const rows = [
      ['label', 'networks', 'what'],
      ['other', '4', ''],
      ['non-finite', '1,200', 'NaN'],
    ];
    expect(columns(rows, ['left', 'right', 'left'])).toEqual([
      'label       networks  what',
      'other              4',
      'non-finite     1,200  NaN',
    ]);
  });

  test('of no rows are no lines', () => {
    expect(columns([], ['left'])).toEqual([]);
  });
});
