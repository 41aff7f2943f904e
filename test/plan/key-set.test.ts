/**
 * The set of keys against a Set of their texts: keys with equal halves, the key of zeros, and growth.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeySet } from '../../src/plan/key-set.ts';

/** Whether each key is new, as the set says it. */
function newness(keys: readonly string[]): boolean[] {
  const set = new KeySet();
  return keys.map((key) => set.add(key));
}

/** The same by a Set of texts. */
function newnessByTexts(keys: readonly string[]): boolean[] {
  const set = new Set<string>();
  return keys.map((key) => !set.has(key) && set.add(key) !== undefined);
}

const hex = (value: number) => value.toString(16).padStart(8, '0');

describe('a key is new once', () => {
  test('also where one half, or both, are zeros or are those of another key', () => {
    const halves = ['00000000', '00000001', '80000000', 'ffffffff'];
    const keys = halves.flatMap((high) => halves.map((low) => high + low));
    expect(newness([...keys, ...keys])).toEqual([...keys.map(() => true), ...keys.map(() => false)]);
  });

  test('also where thousands of keys want the same slot', () => {
    const keys = Array.from({ length: 3000 }, (_, i) => hex(i) + hex(7));
    expect(newness([...keys, ...keys])).toEqual([...keys.map(() => true), ...keys.map(() => false)]);
  });

  test('among any keys, also after it has grown', () => {
    const half = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })).map(hex);
    const keys = fc.array(
      fc.tuple(half, half).map(([high, low]) => high + low),
      { maxLength: 2000, size: 'max' },
    );
    fc.assert(
      fc.property(keys, (list) => {
        expect(newness(list)).toEqual(newnessByTexts(list));
      }),
      { numRuns: 50 },
    );
  });
});
