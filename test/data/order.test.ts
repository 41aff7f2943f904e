/** The orders of samples: permutations, each as likely as another, and the ones that docs/ARITHMETIC.md defines. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeSampleOrder } from '../../src/data/order.ts';

/** What an order held before must not matter. */
function orderOf(count: number, options: { seed: number; epoch: number }): number[] {
  const order = new Uint32Array(count).fill(9);
  writeSampleOrder(order, options);
  return [...order];
}

test('every order has each sample once', async () => {
  const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  await fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), u32, u32, (count, seed, epoch) => {
      expect(orderOf(count, { seed, epoch }).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    }),
  );
});

test('all 24 orders of four samples are about equally frequent', () => {
  const counts = new Map<string, number>();
  for (let epoch = 1; epoch <= 12_000; epoch++) {
    const order = orderOf(4, { seed: 5, epoch }).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(24);
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
  // 23 degrees of freedom: beyond this once in ten thousand.
  expect(chiSquare).toBeLessThan(54.9);
});

test('seeds and epochs have orders of their own, and of fewer samples not the same ones', () => {
  const orders = [
    orderOf(12, { seed: 0, epoch: 1 }),
    orderOf(12, { seed: 0, epoch: 2 }),
    orderOf(12, { seed: 1, epoch: 1 }),
    orderOf(11, { seed: 0, epoch: 1 }),
  ];
  expect(new Set(orders.map(String)).size).toBe(4);
});

test('the documented example is what the code does', () => {
  const page = readFileSync(new URL('../../docs/ARITHMETIC.md', import.meta.url), 'utf8');
  const example = /seed 7 meets ten samples in the order ([\d ]+) in epoch 1 and ([\d ]+) in epoch 2/.exec(page);
  expect(example?.slice(1)).toEqual([1, 2].map((epoch) => orderOf(10, { seed: 7, epoch }).join(' ')));
});
