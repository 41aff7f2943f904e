/**
 * How replayed networks compare with their run, gathered from the ranges of their groups, and in words.
 */
import { RunError } from '../../schemas/problems.ts';
import type { Comparison, Mismatch } from '../../schemas/replay-messages.ts';

/** Comparisons by network. */
export class Comparisons {
  readonly #byNetwork = new Map<number, Comparison>();

  /** Takes those of a range; ranges of a group come in their order. */
  take(comparisons: readonly Comparison[]): void {
    for (const now of comparisons) {
      const before = this.#byNetwork.get(now.network);
      this.#byNetwork.set(now.network, before === undefined ? now : joined(before, now));
    }
  }

  of(network: number): Comparison | undefined {
    return this.#byNetwork.get(network);
  }

  get all(): readonly Comparison[] {
    return [...this.#byNetwork.values()].sort((a, b) => a.network - b.network);
  }

  /**
   * @throws RunError where a network is not what the run has kept.
   */
  refuseMismatch(folder: string): void {
    const differing = this.all.find(({ mismatch }) => mismatch !== null);
    if (differing?.mismatch == null) return;
    throw new RunError({
      where: `${folder}: network ${differing.network}`,
      got: mismatchText(differing.mismatch),
      expected: 'the bits that the run has kept',
      remedy: 'its tables are damaged, or its processor or Gyre was: gyre verify --all says which networks differ',
    });
  }
}

function joined(before: Comparison, now: Comparison): Comparison {
  return {
    network: now.network,
    blocks: before.blocks + now.blocks,
    buckets: before.buckets + now.buckets,
    provenEpoch: Math.max(before.provenEpoch, now.provenEpoch),
    digest: now.digest ?? before.digest,
    mismatch: joinedMismatch(before.mismatch, now.mismatch),
  };
}

function joinedMismatch(before: Mismatch | null, now: Mismatch | null): Mismatch | null {
  if (before === null || now === null) return before ?? now;
  return {
    block: before.block ?? now.block,
    bucket: before.bucket ?? now.bucket,
    isStateOnly: false,
  };
}

/** What differs, in words: `other losses in epochs 1001 to 2000, first in …`. */
export function mismatchText({ block, bucket, isStateOnly }: Mismatch): string {
  const ranges: string[] = [];
  if (block !== null) ranges.push(`other losses in the block of epochs ${block.first} to ${block.last}`);
  if (bucket !== null) {
    const { first, last, column, found, kept } = bucket;
    const epochs = first === last ? `of epoch ${last}` : `of epochs ${first} to ${last}`;
    ranges.push(`another ${column} in the bucket ${epochs}: ${found}, where the trace has ${kept}`);
  }
  if (isStateOnly) ranges.push('every loss, but another state at the last epoch');
  return ranges.join('; ');
}
