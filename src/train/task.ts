/**
 * A worker's task: trains its groups chunk by chunk and, after each chunk, feeds observers, buckets, digests and the board and
 * looks at the control words. Rows go to the segments as they fill up; what is appended counts only if main commits the
 * outcome. The arithmetic never sees the clock.
 */
import { BLOCK_EPOCHS } from '../../schemas/arithmetic.ts';
import type { NetworkResults, SegmentCommit } from '../../schemas/journal.ts';
import type { GroupRequest, TaskOutcome, TaskRequest } from '../../schemas/messages.ts';
import { type Network, parameterCount } from '../../schemas/network.ts';
import { RunError } from '../../schemas/problems.ts';
import { makeDataset } from '../data/datasets.ts';
import { Observer, type Verdict } from '../detect/observer.ts';
import { Board } from '../group/board.ts';
import { Control } from '../group/control.ts';
import { type GroupMemory, type GroupShape, readLane } from '../group/layout.ts';
import { type FloatArray, floatArray, isSubnormal } from '../numeric/bits.ts';
import type { Precision } from '../numeric/rounding.ts';
import { epochsBetweenLooks, operationsPerEpoch } from '../plan/cost.ts';
import { groupShape } from '../plan/pack.ts';
import { Bucket } from './buckets.ts';
import { DigestBuilder } from './digest.ts';
import { initialiseGroup, kernelEngine, referenceEngine } from './engine.ts';
import { LaneSignals } from './lane-signals.ts';
import { TraceWriter } from './trace-writer.ts';

/** Trains a task's groups to their last epoch, or until a stop is requested. */
export function runTask(request: TaskRequest): TaskOutcome {
  const board = new Board(request.board, request.board.buffer);
  const control = new Control(request.control);
  const finished: FinishedNetwork[] = [];
  let trace: TraceWriter | undefined;
  try {
    trace = new TraceWriter(request);
    const around = { board, control, trace, openBlocks: openBlocks() };
    for (const group of request.groups) {
      board.setThread(request.thread, group.networks[0].id);
      const networks = trainGroup(group, request, around);
      if (networks === null) {
        for (const { id } of request.groups.flatMap((g) => g.networks))
          board.setNetwork(id, { epochs: 0, label: null });
        trace.abandon();
        return { kind: 'stopped' };
      }
      finished.push(...networks);
    }
    const segments: SegmentCommit[] = trace.finish();
    return { kind: 'trained', results: resultColumns(finished), segments };
  } catch (error) {
    trace?.abandon();
    if (!(error instanceof RunError)) throw error;
    const { where, got, remedy = '' } = error.problem;
    return { kind: 'storage-failed', where, got, remedy };
  } finally {
    board.setThread(request.thread, null);
  }
}

interface FinishedNetwork {
  readonly id: number;
  readonly verdict: Verdict;
  readonly digest: Uint8Array;
  readonly hasSubnormalMoments: boolean;
}

interface Surroundings {
  readonly board: Board;
  readonly control: Control;
  readonly trace: TraceWriter;
  readonly openBlocks: (precision: Precision, lane: number) => FloatArray;
}

/** Room for the open block of losses of each lane, used by one group after another. */
function openBlocks(): Surroundings['openBlocks'] {
  const arrays = new Map<string, FloatArray>();
  return (precision, lane) => {
    const name = `${precision} ${lane}`;
    const array = arrays.get(name) ?? floatArray(precision, BLOCK_EPOCHS);
    arrays.set(name, array);
    return array;
  };
}

/** Trains one group to its last epoch; null where a stop was requested before. */
function trainGroup(group: GroupRequest, request: TaskRequest, around: Surroundings): FinishedNetwork[] | null {
  const { board, control, trace } = around;
  const { epochs, bucketEpochs } = request;
  const shape = groupShape(group, bucketEpochs);
  const inMemory = { networks: group.networks, shape, memory: request.memory };
  const memory = initialiseGroup(inMemory);
  const train = group.kernel === null ? referenceEngine(inMemory) : kernelEngine(inMemory, group.kernel);
  const lanes = group.networks.map((network, lane) => {
    const signals = new LaneSignals({ shape, memory, lane });
    return watch(network, { signals, openBlock: around.openBlocks(shape.precision, lane), request });
  });
  const lookEpochs = epochsBetweenLooks(operationsPerEpoch(group.networks[0]), group.lanes);

  let nextLook = 1;
  for (let firstEpoch = 1; firstEpoch <= epochs; ) {
    if (firstEpoch >= nextLook) {
      if (control.stopRequested) return null;
      nextLook = firstEpoch + lookEpochs;
    }
    const chunk = { firstEpoch, count: chunkLength(firstEpoch, shape, request) };
    train(chunk);
    firstEpoch += chunk.count;
    for (const { id, signals, observer, bucket, digest } of lanes) {
      signals.begin(chunk);
      observer.observe(signals);
      trace.epochs(bucket, signals);
      trace.blocks(id, digest.losses(signals));
      if (firstEpoch >= nextLook || firstEpoch > epochs)
        board.setNetwork(id, { epochs: firstEpoch - 1, label: observer.provisionalLabel() });
    }
  }
  return lanes.map(({ id, observer, digest }, lane) => {
    const state = finalState(shape, memory, lane);
    const { lastBlock, digest: bytes } = digest.finish(state);
    trace.blocks(id, lastBlock === null ? [] : [lastBlock]);
    const verdict = observer.verdict();
    board.setNetwork(id, { epochs, label: verdict.label });
    const moments = state.subarray(parameterCount(shape.layers));
    const hasSubnormalMoments = moments.some((x) => isSubnormal(x, shape.precision));
    return { id, verdict, digest: bytes, hasSubnormalMoments };
  });
}

/** Epochs of the chunk that begins at an epoch: not beyond its bucket, nor beyond the run. */
function chunkLength(firstEpoch: number, { chunkEpochs }: GroupShape, { epochs, bucketEpochs }: TaskRequest): number {
  const bucketEnd = Math.ceil(firstEpoch / bucketEpochs) * bucketEpochs;
  return Math.min(chunkEpochs, bucketEnd - firstEpoch + 1, epochs - firstEpoch + 1);
}

/** One network's signals and everything that watches them while it trains. */
function watch(network: Network, of: { signals: LaneSignals; openBlock: FloatArray; request: TaskRequest }) {
  const { signals, openBlock, request } = of;
  const { epochs, bucketEpochs } = request;
  const { targetVariance } = makeDataset(network.data);
  return {
    id: network.id,
    signals,
    observer: new Observer({ epochs, targetVariance }),
    bucket: new Bucket({ network: network.id, bucketEpochs, epochs }),
    digest: new DigestBuilder(openBlock),
  };
}

/** θ and then the moments that exist, of one lane. */
function finalState({ layers, precision, moments, lanes }: GroupShape, memory: GroupMemory, lane: number): FloatArray {
  const count = parameterCount(layers);
  const state = floatArray(precision, count * (1 + moments));
  for (const [i, section] of [memory.theta, memory.firstMoment, memory.secondMoment].slice(0, 1 + moments).entries()) {
    readLane(section, lanes, lane, state.subarray(i * count, (i + 1) * count));
  }
  return state;
}

function resultColumns(networks: readonly FinishedNetwork[]): NetworkResults {
  const verdicts = networks.map(({ verdict }) => verdict);
  const epochsOf = (of: (verdict: Verdict) => number | null) =>
    Uint32Array.from(verdicts, (verdict) => of(verdict) ?? 0);
  return {
    network: Uint32Array.from(networks, ({ id }) => id),
    label: verdicts.map(({ label }) => label),
    degraded: Uint8Array.from(verdicts, ({ degraded }) => Number(degraded)),
    subnormal: Uint8Array.from(networks, ({ hasSubnormalMoments }) => Number(hasSubnormalMoments)),
    divergedEpoch: epochsOf((verdict) => verdict.divergedEpoch),
    nonFiniteEpoch: epochsOf((verdict) => verdict.nonFiniteEpoch),
    lossMinEpoch: epochsOf((verdict) => verdict.lossMinEpoch),
    lossFirst: Float64Array.from(verdicts, ({ lossFirst }) => lossFirst),
    lossMin: Float64Array.from(verdicts, ({ lossMin }) => lossMin),
    lossLast: Float64Array.from(verdicts, ({ lossLast }) => lossLast),
    digest: Buffer.concat(networks.map(({ digest }) => digest)),
  };
}
