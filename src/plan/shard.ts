/**
 * Shares a plan out among shards: by the declared operation count and the plan alone, so that every machine comes to
 * the same shards without asking another. A network keeps the id that it has in the full plan.
 */
import { hash } from 'node:crypto';
import type { Network } from '../../schemas/network.ts';
import { UsageError } from '../../schemas/problems.ts';
import type { Shard } from '../../schemas/shard.ts';
import { operationsPerEpoch } from './cost.ts';
import { groupBy, kernelShape } from './pack.ts';

/** To share out takes time for each shape and shard: seconds for so many. */
const SHARES_MAX = 100_000_000;

/**
 * The networks of one shard, ids ascending. Every shard gets an equal share of the networks of each shape, neighbours
 * in the plan, so that what the count of operations misjudges it misjudges for all alike, and vectors are filled. The
 * networks of a shape that are left over go one each to the shards with the fewest operations so far, the costliest
 * shapes first: no two shards differ by more than one network of the costliest shape.
 */
export function shardNetworks(networks: readonly Network[], { index, count }: Shard): Network[] {
  const shapes = Array.from(groupBy(networks, kernelShape).values(), (list) => ({
    list,
    operations: operationsPerEpoch(list[0]),
  }));
  if (shapes.length * count > SHARES_MAX) {
    throw new UsageError({
      where: `shard ${index}/${count}`,
      got: `${shapes.length} shapes of networks, each shared out among ${count} shards`,
      expected: `at most ${SHARES_MAX.toLocaleString('en')} shares together`,
      remedy: 'fewer shards, or fewer shapes in the sweep',
    });
  }
  shapes.sort((a, b) => b.operations - a.operations); // stable: equal ones in the order of the plan
  const operationsOf = new Float64Array(count);
  const own = shapes.flatMap(({ list, operations }) => {
    const share = Math.floor(list.length / count);
    const sizes = new Uint32Array(count).fill(share);
    const byLoad = Array.from(sizes.keys()).sort((a, b) => operationsOf[a] - operationsOf[b] || a - b);
    for (const shard of byLoad.slice(0, list.length % count)) sizes[shard]++;
    for (let shard = 0; shard < count; shard++) operationsOf[shard] += sizes[shard] * operations;
    const first = sizes.subarray(0, index - 1).reduce((sum, size) => sum + size, 0);
    return list.slice(first, first + sizes[index - 1]);
  });
  return own.sort((a, b) => a.id - b.id);
}

/**
 * First 16 hex digits of SHA-256 over the ids of a shard's networks (u32, little-endian): a shard is read only as it
 * was made.
 */
export function membersHash(networks: readonly Network[]): string {
  const ids = Buffer.alloc(4 * networks.length);
  for (const [i, { id }] of networks.entries()) ids.writeUInt32LE(id, 4 * i);
  return hash('sha256', ids, 'hex').slice(0, 16);
}
