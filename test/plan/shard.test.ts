/**
 * Shards of a plan: every network in one of them, equal shares of the declared operations, the same on every machine.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Network } from '../../schemas/network.ts';
import { operationsPerEpoch } from '../../src/plan/cost.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { kernelShape } from '../../src/plan/pack.ts';
import { membersHash, shardNetworks } from '../../src/plan/shard.ts';
import { sweepOf } from '../support/runs.ts';

const plan = expandSweep(
  sweepOf({
    layers: [
      [1, 3, 1],
      [1, 32, 1],
      [1, 8, 8, 1],
    ],
    activation: ['relu', 'tanh'],
    precision: ['float32', 'float64'],
    seeds: 7,
  }),
);
const shardsOf = (networks: readonly Network[], count: number) =>
  Array.from({ length: count }, (_, i) => shardNetworks(networks, { index: i + 1, count }));
const operations = (networks: readonly Network[]) =>
  networks.reduce((sum, network) => sum + operationsPerEpoch(network), 0);

describe('the shards of a plan', () => {
  test('have every network once, ids ascending, and differ by at most one network of the costliest shape', async () => {
    await fc.assert(
      fc.property(fc.integer({ min: 1, max: plan.length }), fc.integer({ min: 1, max: 100 }), (length, count) => {
        const networks = plan.slice(0, length);
        const shards = shardsOf(networks, count);
        for (const ids of shards.map((shard) => shard.map(({ id }) => id)))
          expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        expect(shards.flat().sort((a, b) => a.id - b.id)).toEqual(networks);
        const loads = shards.map(operations);
        const costliest = Math.max(...networks.map(operationsPerEpoch));
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(costliest);
      }),
      { numRuns: 30 },
    );
  });

  test('have equal shares of every shape, so that a cost that is judged wrongly is so for all alike', () => {
    const shapes = new Set(plan.map(kernelShape));
    expect(shapes.size).toBe(12);
    for (const shard of shardsOf(plan, 3))
      for (const shape of shapes) {
        const share = shard.filter((network) => kernelShape(network) === shape).length;
        expect([2, 3]).toContain(share);
      }
  });

  test('are these, on every machine and in every version that reads the folders of this one', () => {
    const ids = shardsOf(plan.slice(0, 20), 3).map((shard) => shard.map(({ id }) => id));
    expect(ids).toEqual([
      [0, 1, 2, 7, 8, 14, 15],
      [3, 4, 9, 10, 11, 16, 17],
      [5, 6, 12, 13, 18, 19],
    ]);
    expect(membersHash(shardNetworks(plan, { index: 2, count: 3 }))).toBe('40d53ca7b2fd3a21');
  });
});
