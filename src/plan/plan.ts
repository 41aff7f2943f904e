/**
 * A plan: everything that follows from a sweep, or from a shard of it, before anything is trained. It is made once;
 * commands, runs and sessions take it in place of its pieces. It holds lists of networks and adds nothing per network.
 */
import type { Network } from '../../schemas/network.ts';
import type { Shard } from '../../schemas/shard.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { expandSweep } from './expand.ts';
import { sweepDifferences, sweepHash, sweepKey } from './identify.ts';
import { shardNetworks } from './shard.ts';

export class Plan {
  readonly sweep: Sweep;
  /** The part to train; null for the whole sweep. */
  readonly shard: Shard | null;
  /** The networks of the whole sweep, `[id]`. */
  readonly all: readonly Network[];
  #networks: readonly Network[] | null = null;

  /**
   * @param known a plan whose networks this one shares if the sweeps are alike: to expand a million takes seconds.
   * @throws UsageError where the sweep cannot be expanded.
   */
  constructor(sweep: Sweep, shard: Shard | null = null, known: Plan | null = null) {
    this.sweep = sweep;
    this.shard = shard;
    this.all = known !== null && isAlike(known.sweep, sweep) ? known.all : expandSweep(sweep);
  }

  /**
   * The networks of the shard, ids ascending; none if there are more shards than networks.
   *
   * @throws UsageError where there are too many shapes and shards to share the networks out.
   */
  get networks(): readonly Network[] {
    const { shard, all } = this;
    if (shard === null) return all;
    // No shard is empty, and to share networks out takes time and memory per shard.
    this.#networks ??= shard.count > all.length ? [] : shardNetworks(all, shard);
    return this.#networks;
  }

  /** First 8 hex digits of the hash of what decides networks, events and labels; see `sweepKey`. */
  get key(): string {
    return sweepKey(this.sweep);
  }

  /** The hash of the whole sweep, 64 hex digits. */
  get hash(): string {
    return sweepHash(this.sweep);
  }
}

/** Whether two sweeps differ in nothing but name, epochs and paths of data files, which decide no network. */
function isAlike(known: Sweep, sweep: Sweep): boolean {
  return sweepDifferences({ ...known, epochs: sweep.epochs }, sweep).length === 0;
}
