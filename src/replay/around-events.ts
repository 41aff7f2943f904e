/**
 * Which epochs stand around the events of networks: those that are replayed where a user asks for what happened instead
 * of for epochs.
 */
import type { NetworkEvent } from '../../schemas/events.ts';
import type { Network } from '../../schemas/network.ts';
import type { EpochRange } from '../../schemas/replay-messages.ts';
import type { RunRecord } from '../run/folder.ts';
import { prepareCompression } from '../storage/tables/compression.ts';
import type { ReplayWanted } from './replay-plan.ts';
import { TraceReader } from './trace-reader.ts';
import { mergedRanges } from './windows.ts';

/**
 * The windows of `around` epochs on either side of each committed event of some networks, ascending and apart from each
 * other; none where a network has no events.
 *
 * @throws RunError where a segment is gone or damaged.
 */
export async function windowsAroundEvents(
  run: RunRecord,
  networks: readonly Network[],
  around: number,
): Promise<ReplayWanted[]> {
  const { trace: kept, epochs } = run.manifest.sweep;
  await prepareCompression(kept.compression);
  const trace = new TraceReader(run);
  return networks.map((network) => {
    const events = trace.events({ network: network.id, first: 0, last: Number.POSITIVE_INFINITY });
    return { network, windows: aroundEvents(events, { around, epochs }) };
  });
}

/** The epochs of a run of so many `epochs` that are no more than `around` epochs away from one of the events. */
export function aroundEvents(
  events: readonly NetworkEvent[],
  { around, epochs }: { around: number; epochs: number },
): EpochRange[] {
  const windows = events.flatMap(epochsOf).map(({ first, last }) => ({
    first: Math.max(1, first - around),
    last: Math.min(epochs, last + around),
  }));
  return mergedRanges(windows);
}

/**
 * From the first epoch of an event to its end; of one that is open to its peak. Of a freeze, in which nothing changes,
 * both ends alone.
 */
function epochsOf({ kind, epoch, endEpoch, spike }: NetworkEvent): EpochRange[] {
  const last = endEpoch ?? spike?.peakEpoch ?? epoch;
  if (kind !== 'freeze') return [{ first: epoch, last }];
  return [epoch, last].map((end) => ({ first: end, last: end }));
}
