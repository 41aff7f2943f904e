/**
 * A worker's task: trains its groups chunk by chunk and, after each chunk, feeds what watches the networks and, now and
 * then, the board, and looks at the control words. Rows go to the segments as they fill up; what is appended counts
 * only if main commits the outcome. The arithmetic never sees the clock.
 */
import { join } from 'node:path';
import { BLOCK_EPOCHS } from '../../schemas/arithmetic.ts';
import { MOMENT_NAMES } from '../../schemas/catalogue.ts';
import type { NetworkCheckpoint } from '../../schemas/checkpoint.ts';
import type { KeptNetworks, NetworkResults, UnfinishedNetworks } from '../../schemas/journal.ts';
import { RunError } from '../../schemas/problems.ts';
import { resultArrays } from '../../schemas/result-columns.ts';
import { FORMAT_VERSION } from '../../schemas/trace.ts';
import type { GroupRequest, TaskOutcome, TaskRequest } from '../../schemas/training-messages.ts';
import { provideDataset } from '../data/datasets.ts';
import type { Readings } from '../detect/observer.ts';
import { Board } from '../group/board.ts';
import { Control } from '../group/control.ts';
import { chunkWithin, type GroupShape } from '../group/layout.ts';
import { floatArray, isSubnormal } from '../numeric/bits.ts';
import type { Precision } from '../numeric/rounding.ts';
import { networksAt, readCheckpoints, writeCheckpoint } from '../storage/checkpoints/checkpoints.ts';
import { SharedCorrections } from './corrections.ts';
import {
  type GroupInMemory,
  initialiseGroup,
  kernelEngine,
  laneState,
  readState,
  referenceEngine,
  writeState,
} from './engine.ts';
import { KeptCheckpoints } from './kept-checkpoints.ts';
import { LaneSignals } from './lane-signals.ts';
import { type LossRoom, Watch } from './lane-watch.ts';
import { TraceWriter } from './trace-writer.ts';

/**
 * Looks at the control words for each time that the board is told of a group. Those of a kernel are a millisecond
 * apart: a label costs as much as many epochs, and nobody asks for it so often.
 */
const LOOKS_PER_REPORT = { kernel: 16, reference: 1 };

/**
 * Trains a task's groups as far as it says, or until a stop is requested, or until it is due, which is asked between
 * chunks. Whenever it ends, a chunk at least has been trained, unless a stop was requested before.
 */
export function runTask(request: TaskRequest, isDue: () => boolean = () => false): TaskOutcome {
  for (const { hash, dataset } of request.datasets) provideDataset(hash, dataset);
  const board = new Board(request.board, request.board.buffer);
  const control = new Control(request.control);
  const finished: FinishedNetwork[] = [];
  let unfinished: TrainedGroup | null = null;
  const kept = new KeptCheckpoints(request);
  let trace: TraceWriter | undefined;
  try {
    trace = new TraceWriter(request);
    const context = {
      ...{ board, control, trace, kept, room: lossRoom(request.detectors.spikeLookback) },
      ...{ corrections: new SharedCorrections(), isDue },
    };
    for (const group of request.groups) {
      if (finished.length > 0 && isDue()) break;
      board.setThread(request.thread, group.networks[0].id);
      const trained = trainGroup(group, request, context);
      if (trained.epoch < request.epochs) {
        if (trained.epoch > group.epoch) unfinished = trained;
        break;
      }
      finished.push(...finishGroup(trained, context));
    }
    if (finished.length === 0 && unfinished === null) {
      trace.abandon();
      return { kind: 'stopped' };
    }
    const segments = trace.finish();
    const keptNetworks = kept.finish();
    return {
      kind: 'trained',
      results: resultColumns(finished),
      unfinished: unfinished === null ? null : leaveGroup(unfinished, request, keptNetworks),
      kept: keptNetworks,
      segments,
      events: trace.eventDigest,
    };
  } catch (error) {
    trace?.abandon();
    kept.abandon();
    if (!(error instanceof RunError)) throw error;
    return { kind: 'storage-failed', problem: error.problem };
  } finally {
    board.setThread(request.thread, null);
  }
}

interface TaskContext {
  readonly board: Board;
  readonly control: Control;
  readonly trace: TraceWriter;
  readonly kept: KeptCheckpoints;
  readonly room: (precision: Precision, lane: number) => LossRoom;
  readonly corrections: SharedCorrections;
  readonly isDue: () => boolean;
}

/** Room for the losses of each lane, used by one group after another. */
function lossRoom(windowEpochs: number): TaskContext['room'] {
  const rooms = new Map<string, LossRoom>();
  return (precision, lane) => {
    const name = `${precision} ${lane}`;
    const room = rooms.get(name) ?? {
      openBlock: floatArray(precision, BLOCK_EPOCHS),
      window: floatArray(precision, windowEpochs),
    };
    rooms.set(name, room);
    return room;
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
function trainGroup(group: GroupRequest, request: TaskRequest, context: TaskContext): TrainedGroup {
  const { board, control, trace, kept } = context;
  const { epochs, bucketEpochs, keepEvery, detectors: thresholds, memory } = request;
  const { networks, shape, lookEpochs, untilEpoch } = group;
  const inMemory = initialiseGroup({ networks, shape, memory });
  const watches = networks.map((network, lane) => {
    const signals = new LaneSignals({ shape, memory: inMemory.sections, lane });
    const room = context.room(shape.precision, lane);
    return new Watch({ network, signals, room, trace, epochs, bucketEpochs, thresholds });
  });
  if (group.epoch > 0) restore(group, request, { inMemory, watches });
  const train =
    group.kernel === null ? referenceEngine(inMemory) : kernelEngine(inMemory, group.kernel, context.corrections);
  const reportEpochs = lookEpochs * LOOKS_PER_REPORT[group.kernel === null ? 'reference' : 'kernel'];

  let epoch = group.epoch;
  let nextLook = epoch;
  let nextTelling = epoch + reportEpochs;
  while (epoch < untilEpoch) {
    if (epoch >= nextLook) {
      control.waitWhilePaused();
      if (control.stopRequested || (epoch > group.epoch && context.isDue())) break;
      nextLook = epoch + lookEpochs;
    }
    const chunk = { firstEpoch: epoch + 1, count: chunkLength(epoch, { shape, untilEpoch, bucketEpochs, keepEvery }) };
    train(chunk);
    epoch += chunk.count;
    for (const watch of watches) watch.take(chunk);
    if (epoch >= nextTelling) {
      tellBoard(board, watches, epoch);
      nextTelling = epoch + reportEpochs;
    }
    if (kept.isDue(epoch)) kept.append(epoch, networkCheckpoints({ inMemory, watches }, kept.firstBlock(epoch)));
  }
  // What networks have come to at their last epoch is told with their results.
  if (epoch < epochs) tellBoard(board, watches, epoch);
  return { inMemory, watches, epoch };
}

function tellBoard(board: Board, watches: readonly Watch[], epoch: number): void {
  for (const { id, observer } of watches) board.setNetwork(id, { epochs: epoch, labels: observer.provisionalLabels() });
}

/**
 * Epochs of the chunk that follows an epoch: not beyond an epoch that is kept, nor beyond the last one that is asked
 * for. A chunk of several subchunks begins with a subchunk, and a bucket longer than a subchunk is a chunk of its own,
 * or several.
 */
function chunkLength(
  epoch: number,
  options: { shape: GroupShape; untilEpoch: number; bucketEpochs: number; keepEvery: number },
): number {
  const { shape, untilEpoch, bucketEpochs, keepEvery } = options;
  const longest = Math.max(bucketEpochs, shape.subchunkEpochs);
  const begun = epoch % longest;
  const left = begun > 0 || bucketEpochs > shape.subchunkEpochs ? longest - begun : Number.POSITIVE_INFINITY;
  const keptLeft = keepEvery - (epoch % keepEvery);
  return chunkWithin(shape, Math.min(left, keptLeft, untilEpoch - epoch));
}

/** Sets the state of a group, and what has been seen of it, to those of the checkpoints of its networks. */
function restore(group: GroupRequest, request: TaskRequest, options: Omit<TrainedGroup, 'epoch'>): void {
  const checkpoints = [...new Set(group.checkpoints)].flatMap((file) =>
    readCheckpoints(join(request.checkpointFolder, file), request.runKey),
  );
  const networks = networksAt(checkpoints, group.epoch);
  for (const [lane, watch] of options.watches.entries()) {
    const own = networks.get(watch.id);
    if (own === undefined) throw new Error(`no checkpoint of network ${watch.id} in ${group.checkpoints.join(', ')}`);
    if (own.firstBlock > 0) throw new Error(`network ${watch.id}: no digests of its first ${own.firstBlock} blocks`);
    writeState(options.inMemory, lane, own);
    watch.restore(group.epoch, own);
  }
}

/** Writes a checkpoint of a group that has epochs to go, unless its last epoch is kept anyway. */
function leaveGroup(
  group: TrainedGroup,
  { checkpointFolder, runKey, session }: TaskRequest,
  kept: readonly KeptNetworks[],
): UnfinishedNetworks {
  const { watches, epoch } = group;
  const network = Uint32Array.from(watches, ({ id }) => id);
  const own = kept.find((file) => file.epoch === epoch && file.network.includes(network[0]));
  if (own !== undefined) return { network, epoch, checkpoint: own.checkpoint };
  const networks = networkCheckpoints(group, 0);
  const record = { kind: 'checkpoint', formatVersion: FORMAT_VERSION, runKey, epoch, networks } as const;
  return { network, epoch, checkpoint: writeCheckpoint(checkpointFolder, session, record) };
}

/** What each network of a group takes along. */
function networkCheckpoints(
  { inMemory, watches }: Omit<TrainedGroup, 'epoch'>,
  firstBlock: number,
): NetworkCheckpoint[] {
  return watches.map((watch, lane) => ({
    network: watch.id,
    ...readState(inMemory, lane),
    ...watch.seen(firstBlock),
  }));
}

interface FinishedNetwork {
  readonly id: number;
  readonly readings: Readings;
  readonly digest: Uint8Array;
  readonly hasSubnormalMoments: boolean;
}

/** The results of a group that is trained to its last epoch. */
function finishGroup({ inMemory, watches, epoch }: TrainedGroup, { board, trace }: TaskContext): FinishedNetwork[] {
  const { precision } = inMemory.shape;
  const state = laneState(inMemory);
  return watches.map(({ id, observer, digest }, lane) => {
    readState(inMemory, lane, state);
    const moments = MOMENT_NAMES.map((name) => state[name]);
    const { lastBlock, digest: bytes } = digest.finish([state.theta, ...moments]);
    trace.blocks(id, lastBlock === null ? [] : [lastBlock]);
    const readings = observer.readings();
    for (const event of observer.lastEvents(readings)) trace.event(id, event);
    board.setNetwork(id, { epochs: epoch, labels: readings });
    const hasSubnormalMoments = moments.some((moment) => moment.some((x) => isSubnormal(x, precision)));
    return { id, readings, digest: bytes, hasSubnormalMoments };
  });
}

function resultColumns(networks: readonly FinishedNetwork[]): NetworkResults {
  return {
    network: Uint32Array.from(networks, ({ id }) => id),
    outcome: networks.map(({ readings }) => readings.outcome),
    motion: networks.map(({ readings }) => readings.motion),
    ...resultArrays(networks.length, (name, row) => {
      const { readings, hasSubnormalMoments } = networks[row];
      return name === 'subnormal' ? hasSubnormalMoments : readings[name];
    }),
    digest: Buffer.concat(networks.map(({ digest }) => digest)),
  };
}
