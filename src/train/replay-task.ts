/**
 * The worker's side of replay: trains networks again from a state that is known, keeps their whole state at every epoch
 * of the windows that are asked for, and compares the losses and buckets on the way with what the run has kept. Outside
 * of windows the kernel runs whole chunks; within, one epoch a call, since it leaves the state and the gradient of its
 * last epoch only. Whatever wants windows in a thread of its own calls `replayRange` there.
 */
import { RunError } from '../../schemas/problems.ts';
import type { ReplayedRange, ReplayOutcome, ReplayRequest, ReplayState } from '../../schemas/replay-messages.ts';
import { provideDataset } from '../data/datasets.ts';
import { floatView } from '../numeric/bits.ts';
import { networksAt, readCheckpoints } from '../storage/checkpoints/checkpoints.ts';
import { SharedCorrections } from './corrections.ts';
import { initialiseGroup, kernelEngine, readState, writeState } from './engine.ts';
import { ReplayedLane } from './replayed-lane.ts';

/** A task of a replay thread. */
export function runReplay(request: ReplayRequest): ReplayOutcome {
  try {
    return replayRange(request);
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return { kind: 'storage-failed', problem: error.problem };
  }
}

/**
 * Replays a range of a group: all its windows, in memory, and what to go on from.
 *
 * @throws RunError where a checkpoint cannot be read.
 */
function replayRange(request: ReplayRequest): ReplayedRange {
  const { networks, shape, kernel, memory, untilEpoch, windows } = request;
  for (const { hash, dataset } of request.datasets) provideDataset(hash, dataset);
  const group = initialiseGroup({ networks, shape, memory });
  const gradient = floatView(shape.precision, memory.buffer, kernel.gradientOffset, group.sections.theta.length);
  const states = startStates(request);
  for (const [lane, state] of states.entries()) writeState(group, lane, state);
  const lanes = networks.map(
    (network, lane) => new ReplayedLane({ network, lane, group, gradient, request, state: states[lane] ?? null }),
  );
  const train = kernelEngine(group, kernel, new SharedCorrections(0));

  let { epoch } = request;
  if (epoch === 0) for (const lane of lanes) lane.keep(0);
  while (epoch < untilEpoch) {
    let last = Math.min(epoch + shape.chunkEpochs, untilEpoch);
    for (const lane of lanes) last = Math.min(last, lane.nextLook(epoch));
    const chunk = { firstEpoch: epoch + 1, count: last - epoch };
    train(chunk);
    epoch = last;
    for (const lane of lanes) lane.take(chunk);
  }
  return {
    kind: 'replayed',
    windows: windows.map((window) => lanes[networks.findIndex(({ id }) => id === window.network)].windowOf(window)),
    states: lanes.map((lane, i) => ({ ...readState(group, i), ...lane.seen() })),
    comparisons: lanes.map((lane, i) => lane.comparison(readState(group, i))),
  };
}

/** The state that each network starts from; none where all start from their initial weights. */
function startStates({ networks, epoch, states, checkpoints, runKey }: ReplayRequest): readonly ReplayState[] {
  if (epoch === 0) return [];
  const known = new Map(states.map((state) => [state.network, state]));
  const read = checkpoints.flatMap((path) => readCheckpoints(path, runKey));
  for (const [id, state] of networksAt(read, epoch)) known.set(id, state);
  return networks.map(({ id }) => {
    const own = known.get(id);
    if (own === undefined) throw new Error(`no state of network ${id} at epoch ${epoch} (${checkpoints.join(', ')})`);
    return own;
  });
}
