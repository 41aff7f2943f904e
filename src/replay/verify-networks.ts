/**
 * Verification: networks trained again from their configurations alone, as far as the run has trained them, and
 * compared with the digests that it has kept. Where one differs, it is looked at once more beside its trace, for the
 * first bucket that differs.
 */
import type { Network } from '../../schemas/network.ts';
import type { Comparison } from '../../schemas/replay-messages.ts';
import { networksById } from '../plan/shard.ts';
import type { RunRecord } from '../run/folder.ts';
import { Comparisons } from './comparisons.ts';
import { type ReplayOptions, replayPasses } from './replay-groups.ts';
import { planVerification, type ReplayPass } from './replay-plan.ts';

export interface VerifyOptions extends Pick<ReplayOptions, 'threads' | 'workerUrl'> {
  /** Told of the passes before they begin; returns what is told of network-epochs as they are done. */
  readonly begin?: (passes: readonly ReplayPass[]) => ReplayOptions['progress'];
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
  const passes = planVerification(run, networks).filter(({ lastEpoch }) => lastEpoch > 0);
  const compare = async (
    of: readonly ReplayPass[],
    buckets: ReplayOptions['buckets'],
    progress?: ReplayOptions['progress'],
  ) => {
    const comparisons = new Comparisons();
    await replayPasses(run, of, {
      ...options,
      buckets,
      ...(progress !== undefined && { progress }),
      take: (part) => comparisons.take(part.comparisons),
    });
    return comparisons;
  };
  const first = await compare(passes, 'none', begin?.(passes));
  const differing = first.all.filter(({ mismatch }) => mismatch !== null);
  if (differing.length === 0) return first.all;
  const networkOf = networksById(run.networks);
  const again = differing.map(({ network }) => networkOf.get(network) as Network);
  const closer = await compare(planVerification(run, again), 'all');
  return first.all.map((comparison) => closer.of(comparison.network) ?? comparison);
}
