/**
 * Verification: networks trained again from their configurations alone, as far as the run has trained them, and
 * compared with the digests that it has kept. Where one differs, it is looked at once more beside its trace, for the
 * first bucket that differs.
 */
import type { Network } from '../../schemas/network.ts';
import type { Comparison } from '../../schemas/replay-messages.ts';
import type { RunRecord } from '../run/folder.ts';
import { Comparisons } from './comparisons.ts';
import { type ReplayOptions, replayGroups } from './replay-groups.ts';
import { planVerification, type ReplayGroup } from './replay-plan.ts';

export interface VerifyOptions extends Pick<ReplayOptions, 'threads' | 'workerUrl'> {
  /** Told of the groups before they begin; returns what is told of network-epochs as they are done. */
  readonly begin?: (groups: readonly ReplayGroup[]) => ReplayOptions['progress'];
}

/**
 * How networks compare with the run, in the order of their ids; those that are not begun are left out.
 *
 * @throws RunError where a table of the run cannot be read.
 */
export async function verifyNetworks(
  run: RunRecord,
  networks: readonly Network[],
  { begin, ...options }: VerifyOptions,
): Promise<readonly Comparison[]> {
  const groups = planVerification(run, networks).filter(({ lastEpoch }) => lastEpoch > 0);
  const compare = async (
    groups: readonly ReplayGroup[],
    buckets: ReplayOptions['buckets'],
    progress?: ReplayOptions['progress'],
  ) => {
    const comparisons = new Comparisons();
    await replayGroups(run, groups, {
      ...options,
      buckets,
      ...(progress !== undefined && { progress }),
      take: (range) => comparisons.take(range.comparisons),
    });
    return comparisons;
  };
  const first = await compare(groups, 'none', begin?.(groups));
  const differing = first.all.filter(({ mismatch }) => mismatch !== null);
  if (differing.length === 0) return first.all;
  const again = differing.map(({ network }) => run.state.plan.all[network]);
  const closer = await compare(planVerification(run, again), 'all');
  return first.all.map((comparison) => closer.of(comparison.network) ?? comparison);
}
