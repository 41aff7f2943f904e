/**
 * A shard: which part of a plan a run trains, where the plan is shared out among several machines or folders.
 */

/** Part `index` of `count`, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** A shard as people write it: `2/4`. */
export function shardText({ index, count }: Shard): string {
  return `${index}/${count}`;
}
