/**
 * A worker's task: trains its groups chunk by chunk and, after each chunk, feeds what watches the networks and the board and
 * looks at the control words. Rows go to the segments as they fill up; what is appended counts only if main commits the
 * outcome. The arithmetic never sees the clock.
 */
import { join } from 'node:path';
import { BLOCK_EPOCHS } from '../../schemas/arithmetic.ts';
import { MOMENT_NAMES } from '../../schemas/catalogue.ts';
import type { NetworkResults, UnfinishedNetworks } from '../../schemas/journal.ts';
import type { CompiledKernel, GroupRequest, TaskOutcome, TaskRequest } from '../../schemas/messages.ts';
import { RunError } from '../../schemas/problems.ts';
import { FORMAT_VERSION } from '../../schemas/trace.ts';
import { provideDataset } from '../data/datasets.ts';
import type { Verdict } from '../detect/observer.ts';
import { Board } from '../group/board.ts';
import { Control } from '../group/control.ts';
import type { GroupShape } from '../group/layout.ts';
import { type FloatArray, floatArray, isSubnormal } from '../numeric/bits.ts';
import type { Precision } from '../numeric/rounding.ts';
import { epochsBetweenLooks, operationsPerEpoch } from '../plan/cost.ts';
import { groupShape } from '../plan/pack.ts';
import { readCheckpoint, writeCheckpoint } from '../storage/checkpoints.ts';
import { SharedCorrections } from './corrections.ts';
import { type GroupInMemory, initialiseGroup, kernelEngine, readState, referenceEngine, writeState } from './engine.ts';
import { LaneSignals } from './lane-signals.ts';
import { TraceWriter } from './trace-writer.ts';
import { Watch } from './watch.ts';

/** Trains a task's groups as far as it says, or until a stop is requested. */
export function runTask(request: TaskRequest): TaskOutcome {
  for (const { hash, dataset } of request.datasets) provideDataset(hash, dataset);
  const board = new Board(request.board, request.board.buffer);
  const control = new Control(request.control);
  const finished: FinishedNetwork[] = [];
  let unfinished: TrainedGroup | null = null;
  let trace: TraceWriter | undefined;
  try {
    trace = new TraceWriter(request);
    const around = {
      ...{ board, control, trace, openBlocks: openBlocks() },
      ...{ corrections: new SharedCorrections(), shapeOf: shapesOfKernels(request.bucketEpochs) },
    };
    for (const group of request.groups) {
      board.setThread(request.thread, group.networks[0].id);
      const trained = trainGroup(group, request, around);
      if (trained.epoch < request.epochs) {
        if (trained.epoch > group.epoch) unfinished = trained;
        break;
      }
      finished.push(...finishGroup(trained, around));
    }
    if (finished.length === 0 && unfinished === null) {
      trace.abandon();
      return { kind: 'stopped' };
    }
    const segments = trace.finish();
    return {
      kind: 'trained',
      results: resultColumns(finished),
      unfinished: unfinished === null ? null : leaveGroup(unfinished, request),
      segments,
    };
  } catch (error) {
    trace?.abandon();
    if (!(error instanceof RunError)) throw error;
    return { kind: 'storage-failed', problem: error.problem };
  } finally {
    board.setThread(request.thread, null);
  }
}

interface Surroundings {
  readonly board: Board;
  readonly control: Control;
  readonly trace: TraceWriter;
  readonly openBlocks: (precision: Precision, lane: number) => FloatArray;
  readonly corrections: SharedCorrections;
  readonly shapeOf: (group: GroupRequest) => GroupShape;
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

/** Shapes of groups, one for each kernel, since it is made for it. */
function shapesOfKernels(bucketEpochs: number): Surroundings['shapeOf'] {
  const shapes = new Map<CompiledKernel, GroupShape>();
  return (group) => {
    const shape = (group.kernel && shapes.get(group.kernel)) ?? groupShape(group, bucketEpochs);
    if (group.kernel !== null) shapes.set(group.kernel, shape);
    return shape;
  };
}

/** A group that is trained for the time being, still in memory. */
interface TrainedGroup {
  readonly inMemory: GroupInMemory;
  readonly watches: readonly Watch[];
  /** Epochs trained. */
  readonly epoch: number;
}

/** Trains one group to the epoch that its request says, or to the look at which a stop was requested. */
function trainGroup(group: GroupRequest, request: TaskRequest, around: Surroundings): TrainedGroup {
  const { board, control, trace } = around;
  const { epochs, bucketEpochs, memory } = request;
  const { networks, lanes, untilEpoch } = group;
  const shape = around.shapeOf(group);
  const inMemory = initialiseGroup({ networks, shape, memory });
  const watches = networks.map((network, lane) => {
    const signals = new LaneSignals({ shape, memory: inMemory.sections, lane });
    const openBlock = around.openBlocks(shape.precision, lane);
    return new Watch({ network, signals, openBlock, trace, epochs, bucketEpochs });
  });
  if (group.epoch > 0) goOn(group, request, { inMemory, watches });
  const train =
    group.kernel === null ? referenceEngine(inMemory) : kernelEngine(inMemory, group.kernel, around.corrections);
  const lookEpochs = epochsBetweenLooks(operationsPerEpoch(networks[0]), lanes);

  let epoch = group.epoch;
  let nextLook = epoch;
  while (epoch < untilEpoch) {
    if (epoch >= nextLook) {
      if (control.stopRequested) break;
      nextLook = epoch + lookEpochs;
    }
    const chunk = { firstEpoch: epoch + 1, count: chunkLength(epoch, { shape, untilEpoch, bucketEpochs }) };
    train(chunk);
    epoch += chunk.count;
    for (const watch of watches) {
      watch.take(chunk);
      if (epoch >= nextLook || epoch === untilEpoch)
        board.setNetwork(watch.id, { epochs: epoch, label: watch.observer.provisionalLabel() });
    }
  }
  return { inMemory, watches, epoch };
}

/** Epochs of the chunk that follows an epoch: not beyond its bucket, unless buckets are shorter than chunks, nor beyond the last one that is asked for. */
function chunkLength(epoch: number, of: { shape: GroupShape; untilEpoch: number; bucketEpochs: number }): number {
  const { shape, untilEpoch, bucketEpochs } = of;
  const bucketLeft = bucketEpochs < shape.chunkEpochs ? shape.chunkEpochs : bucketEpochs - (epoch % bucketEpochs);
  return Math.min(shape.chunkEpochs, bucketLeft, untilEpoch - epoch);
}

/** Sets the state of a group, and what has been seen of it, to those of the checkpoints of its networks. */
function goOn(group: GroupRequest, request: TaskRequest, of: Omit<TrainedGroup, 'epoch'>): void {
  const networks = [...new Set(group.checkpoints)].flatMap(
    (file) => readCheckpoint(join(request.checkpointFolder, file), request.runKey).networks,
  );
  for (const [lane, watch] of of.watches.entries()) {
    const own = networks.find(({ network }) => network === watch.id);
    if (own === undefined) throw new Error(`no checkpoint of network ${watch.id} in ${group.checkpoints.join(', ')}`);
    writeState(of.inMemory, lane, own);
    watch.goOn(group.epoch, own);
  }
}

/** Writes a checkpoint of a group that has epochs to go. */
function leaveGroup({ inMemory, watches, epoch }: TrainedGroup, request: TaskRequest): UnfinishedNetworks {
  const { checkpointFolder, runKey } = request;
  const networks = watches.map((watch, lane) => ({
    network: watch.id,
    ...readState(inMemory, lane),
    ...watch.seen(),
  }));
  const record = { kind: 'checkpoint', formatVersion: FORMAT_VERSION, runKey, epoch, networks } as const;
  return {
    network: Uint32Array.from(watches, ({ id }) => id),
    epoch,
    checkpoint: writeCheckpoint(checkpointFolder, record),
  };
}

interface FinishedNetwork {
  readonly id: number;
  readonly verdict: Verdict;
  readonly digest: Uint8Array;
  readonly hasSubnormalMoments: boolean;
}

/** The results of a group that is trained to its last epoch. */
function finishGroup({ inMemory, watches, epoch }: TrainedGroup, { board, trace }: Surroundings): FinishedNetwork[] {
  const { precision } = inMemory.shape;
  return watches.map(({ id, observer, digest }, lane) => {
    const state = readState(inMemory, lane);
    const moments = MOMENT_NAMES.map((name) => state[name]);
    const { lastBlock, digest: bytes } = digest.finish([state.theta, ...moments]);
    trace.blocks(id, lastBlock === null ? [] : [lastBlock]);
    const verdict = observer.verdict();
    board.setNetwork(id, { epochs: epoch, label: verdict.label });
    const hasSubnormalMoments = moments.some((moment) => moment.some((x) => isSubnormal(x, precision)));
    return { id, verdict, digest: bytes, hasSubnormalMoments };
  });
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
