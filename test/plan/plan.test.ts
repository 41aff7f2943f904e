/** A plan: what it says of a whole sweep and of a shard, and which networks two plans share. */
import { describe, expect, test } from 'vitest';
import { expandSweep } from '../../src/plan/expand.ts';
import { sweepHash, sweepKey } from '../../src/plan/identify.ts';
import { Plan } from '../../src/plan/plan.ts';
import { shardNetworks } from '../../src/plan/shard.ts';
import { sweepOf } from '../support/runs.ts';

const sweep = sweepOf({ precision: ['float32', 'float64'], seeds: 5 });
const whole = new Plan(sweep);

test('of a whole sweep, it has all networks, the key and the hash', () => {
  expect(whole.all).toEqual(expandSweep(sweep));
  expect(whole.networks).toBe(whole.all);
  expect([whole.key, whole.hash]).toEqual([sweepKey(sweep), sweepHash(sweep)]);
});

describe('of a shard', () => {
  test('it has the networks of the shard beside all others', () => {
    const shard = { index: 2, count: 3 };
    const plan = new Plan(sweep, shard);
    expect(plan.networks).toEqual(shardNetworks(whole.all, shard));
    expect(plan.networks.every((network) => network === plan.all[network.id])).toBe(true);
    expect(plan.networks).toBe(plan.networks);
  });

  test('it has no networks where there are more shards than networks', () => {
    expect(new Plan(sweep, { index: 1, count: 11 }).networks).toEqual([]);
  });
});

describe('a known plan', () => {
  test('shares its networks with a plan of the same sweep, whatever its name, epochs and shard', () => {
    const longer = { ...sweep, name: 'longer', epochs: 100 };
    expect(new Plan(longer, { index: 1, count: 2 }, whole).all).toBe(whole.all);
  });

  test('shares nothing with a plan of another sweep', () => {
    const other = sweepOf({ seeds: 5 });
    expect(new Plan(other, null, whole).all).toEqual(expandSweep(other));
  });
});
