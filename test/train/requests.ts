/**
 * Requests to a training task for the tests: the networks of a sweep in groups, with a scratch folder, board and
 * control of their own, and the rows of an outcome read back as they will stand in the run's folder.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Table, tableFromIPC } from 'apache-arrow';
import { DEFAULT_THRESHOLDS } from '../../schemas/detectors.ts';
import type { EngineName } from '../../schemas/manifest.ts';
import type { Network } from '../../schemas/network.ts';
import type { SegmentedTableName } from '../../schemas/trace.ts';
import type { GroupRequest, TaskOutcome, TaskRequest } from '../../schemas/training-messages.ts';
import { Board } from '../../src/group/board.ts';
import { Control } from '../../src/group/control.ts';
import { groupBytes, sharedMemory } from '../../src/group/layout.ts';
import { epochsBetweenLooks, operationsPerEpoch } from '../../src/plan/cost.ts';
import { groupShape } from '../../src/plan/pack.ts';
import { segmentSchema } from '../../src/storage/tables/arrow.ts';
import { sealSegment } from '../../src/storage/tables/segments.ts';
import { kernelOf } from '../support/kernels.ts';

/** A task with what its test wants to look at. */
export interface Task {
  readonly request: TaskRequest;
  readonly board: Board;
  readonly control: Control;
}

/** A group to be trained to the last epoch of its task, unless it says otherwise. */
export type TaskGroup = Pick<GroupRequest, 'networks'> & Partial<GroupRequest> & { readonly lanes: number };

/** A group for an engine; for kernels it has lanes for whole vectors. */
function requestOf(
  { lanes, ...group }: TaskGroup,
  { engine, epochs, bucketEpochs }: { engine: EngineName; epochs: number; bucketEpochs: number },
): GroupRequest {
  const { networks } = group;
  const isKernel = engine === 'kernel';
  const shape = groupShape({ networks, lanes: isKernel ? Math.ceil(lanes / 4) * 4 : lanes }, bucketEpochs);
  return {
    shape,
    kernel: isKernel ? kernelOf(shape) : null,
    lookEpochs: epochsBetweenLooks(operationsPerEpoch(networks[0]), shape.lanes),
    ...{ epoch: 0, checkpoints: [], untilEpoch: epochs },
    ...group,
  };
}

/** A task of thread 1 of 2 that writes new segments in `folder`, for the reference where no engine is named. */
export function taskOf(options: {
  engine?: EngineName;
  groups: readonly TaskGroup[];
  folder: string;
  epochs: number;
  bucketEpochs?: number;
  keepEvery?: number;
  networkCount?: number;
}): Task {
  const { engine = 'reference', folder, epochs, bucketEpochs = 1, keepEvery = 10_000 } = options;
  const groups = options.groups.map((group) => requestOf(group, { engine, epochs, bucketEpochs }));
  const ids = groups.flatMap(({ networks }) => networks.map(({ id }) => id));
  const size = { networkCount: options.networkCount ?? Math.max(...ids) + 1, threadCount: 2 };
  const board = new Board(size);
  const control = new Control();
  const segment = (table: SegmentedTableName) => ({
    path: join(folder, `${table}.arrow`),
    file: `${table}.arrow`,
    committedBytes: 0,
  });
  const request: TaskRequest = {
    groups,
    datasets: [],
    epochs,
    bucketEpochs,
    detectors: DEFAULT_THRESHOLDS,
    keepEvery,
    runKey: '0123abcd',
    session: 1,
    checkpointFolder: folder,
    segments: { epochs: segment('epochs'), events: segment('events'), blocks: segment('blocks') },
    compression: 'none',
    commitMs: null,
    thread: 1,
    board: { ...size, buffer: board.buffer },
    control: control.buffer,
    memory: sharedMemory(Math.max(...groups.map(({ kernel, shape }) => kernel?.memoryBytes ?? groupBytes(shape)))),
  };
  return { request, board, control };
}

/** Seals a table as a commit of the outcome would, and reads it. */
export function sealedTable(outcome: TaskOutcome, { request }: Task, table: SegmentedTableName): Table {
  if (outcome.kind !== 'trained') throw new Error(`the task has not trained: ${JSON.stringify(outcome)}`);
  const commit = outcome.segments.find((segment) => segment.table === table);
  if (commit === undefined) throw new Error(`no segment of table ${table}`);
  const { path } = request.segments[table];
  sealSegment(path, segmentSchema(table, request.runKey), { committedBytes: commit.endBytes, blocks: commit.blocks });
  return tableFromIPC(readFileSync(path));
}

/** Networks in groups of `lanes`, in the order given, for the reference. */
export function groupsOf(networks: readonly Network[], lanes: number): TaskGroup[] {
  const groups: TaskGroup[] = [];
  for (let first = 0; first < networks.length; first += lanes)
    groups.push({ networks: networks.slice(first, first + lanes), lanes });
  return groups;
}
