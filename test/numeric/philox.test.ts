/** Philox4x32-10 against the known-answer vectors that Random123 ships (kat_vectors), and the draws made from it. */
import { expect, test } from 'vitest';
import { philox4x32, uniform, uniformPair, type Words4 } from '../../src/numeric/philox.ts';

const vectors: { counter: Words4; key: [number, number]; words: Words4 }[] = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

test.each(vectors)('the block at counter $counter', ({ counter, key, words }) => {
  expect(philox4x32(counter, key)).toEqual(words);
});

test('draws depend on seed, stream, layer and index alone, and on each of them', () => {
  const base = { seed: 3, stream: 'weights', layer: 1, index: 2 } as const;
  const others = [{ seed: 4 }, { stream: 'teacher' } as const, { layer: 2 }, { index: 3 }].map((options) =>
    uniform({ ...base, ...options }),
  );
  expect(new Set([uniform(base), ...others]).size).toBe(5);
  expect(uniform(base)).toBe(uniform({ ...base }));
  expect(uniformPair(base)[0]).toBe(uniform(base));
});

test('uniform draws fill [0, 1) evenly', () => {
  const draws = Array.from({ length: 20_000 }, (_, index) => uniform({ seed: 0, stream: 'weights', layer: 0, index }));
  const bins = new Array<number>(20).fill(0);
  for (const u of draws) bins[Math.floor(u * 20)]++;
  // χ² with 19 degrees of freedom: 43.8 is its 99.9 % quantile; the draws are fixed, so this never flickers.
  expect(bins.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(43.8);
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThan(1);
});
