/**
 * Plans a replay: which networks are trained again together, from which state to which epoch. A group starts from the
 * nearest kept state before its first window, and goes on to the end of a block of losses, whose digest then proves all
 * of it. Windows of one network that lie far apart are several groups where a kept state saves the way between them.
 */
import { BLOCK_EPOCHS } from '../../schemas/arithmetic.ts';
import type { Network } from '../../schemas/network.ts';
import type { EpochRange, WindowRequest } from '../../schemas/replay-messages.ts';
import { groupBy, kernelShape, LANES_DEFAULT } from '../plan/pack.ts';
import type { RunRecord } from '../run/folder.ts';
import type { Results } from '../run/results.ts';

/** Networks per group. */
export const REPLAY_LANES = LANES_DEFAULT;

/** Windows of one network, in any order. */
export interface ReplayWanted {
  readonly network: Network;
  readonly windows: readonly EpochRange[];
}

/** A state that a network can be replayed from; without a checkpoint, its initial weights. */
interface ReplayStart {
  readonly epoch: number;
  readonly checkpoint: string | null;
}

/** Networks of one kernel shape that are replayed together, one a lane. */
export interface ReplayGroup {
  readonly networks: readonly Network[];
  /** Epochs trained by the start, and the files of the checkpoints that it is made of. */
  readonly epoch: number;
  readonly checkpoints: readonly string[];
  readonly lastEpoch: number;
  readonly windows: readonly WindowRequest[];
}

/** The nearest state of a network that is no later than an epoch. */
function startOf(results: Results, network: number, epoch: number): ReplayStart {
  const kept = results.keptOf(network).findLast((at) => at.epoch <= epoch);
  return kept ?? { epoch: 0, checkpoint: null };
}

/** Epochs that a network is trained by. */
export function trainedEpochs({ results, manifest }: Pick<RunRecord, 'results' | 'manifest'>, network: number): number {
  return results.isDone(network) ? manifest.sweep.epochs : (results.progressOf(network)?.epoch ?? 0);
}

/** The groups that train networks again from their initial weights as far as the run has trained them. */
export function planVerification(run: RunRecord, networks: readonly Network[]): ReplayGroup[] {
  return groupsOf(
    run,
    networks.map((network) => ({
      network,
      start: { epoch: 0, checkpoint: null },
      lastEpoch: trainedEpochs(run, network.id),
      windows: [],
    })),
  );
}

/** A network's way from a state over some of its windows. */
interface NetworkRange {
  readonly network: Network;
  readonly start: ReplayStart;
  lastEpoch: number;
  readonly windows: WindowRequest[];
}

/** The groups of a replay, each of its windows in one of them. */
export function planReplay(run: RunRecord, wanted: readonly ReplayWanted[]): ReplayGroup[] {
  return groupsOf(
    run,
    wanted.flatMap((wanted) => rangesOf(run, wanted)),
  );
}

function groupsOf(run: RunRecord, ranges: readonly NetworkRange[]): ReplayGroup[] {
  const kinds = groupBy(ranges, ({ network, start }) => `${kernelShape(network)} from ${start.epoch}`);
  const groups = [...kinds.values()].flatMap((list) => {
    // Equally long ways share a group.
    const sorted = list.sort((a, b) => a.lastEpoch - b.lastEpoch);
    return Array.from({ length: Math.ceil(sorted.length / REPLAY_LANES) }, (_, i) =>
      groupOf(run, sorted.slice(i * REPLAY_LANES, (i + 1) * REPLAY_LANES)),
    );
  });
  return groups.sort((a, b) => a.networks[0].id - b.networks[0].id || a.epoch - b.epoch);
}

function rangesOf(run: RunRecord, { network, windows }: ReplayWanted): NetworkRange[] {
  const trained = trainedEpochs(run, network.id);
  const ranges: NetworkRange[] = [];
  for (const { first, last } of [...windows].sort((a, b) => a.first - b.first)) {
    const window = { network: network.id, first, last };
    // The row of epoch t needs the state of epoch t − 1.
    const start = startOf(run.results, network.id, Math.max(0, first - 1));
    const open = ranges.at(-1);
    if (open !== undefined && start.epoch <= open.lastEpoch) {
      open.windows.push(window);
      open.lastEpoch = Math.max(open.lastEpoch, provingEpoch(last, trained));
    } else {
      ranges.push({ network, start, lastEpoch: provingEpoch(last, trained), windows: [window] });
    }
  }
  return ranges;
}

/** The end of the block of losses that holds L_{t+1}, which is the loss at θ_t, as far as the run has trained. */
function provingEpoch(epoch: number, trained: number): number {
  if (epoch >= trained) return epoch;
  return Math.min(trained, Math.ceil((epoch + 1) / BLOCK_EPOCHS) * BLOCK_EPOCHS);
}

function groupOf({ results, manifest }: RunRecord, ranges: readonly NetworkRange[]): ReplayGroup {
  const [{ start }] = ranges;
  const lastEpoch = Math.max(...ranges.map((range) => range.lastEpoch));
  // To the last epoch the digest of the whole network can be compared, which takes those of the blocks before the
  // start.
  const isWhole = lastEpoch === manifest.sweep.epochs;
  const files = ranges.flatMap(({ network, start: { checkpoint } }) => {
    if (checkpoint === null) return [];
    const before = results.keptOf(network.id).filter(({ epoch }) => isWhole && epoch < start.epoch);
    return [...before.map((kept) => kept.checkpoint), checkpoint];
  });
  return {
    networks: ranges.map(({ network }) => network),
    epoch: start.epoch,
    checkpoints: [...new Set(files)],
    lastEpoch,
    windows: ranges.flatMap(({ windows }) => windows),
  };
}
