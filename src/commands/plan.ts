/**
 * `gyre plan`: what a sweep would be: networks, groups, time and disk. Times one chunk of each shape on this machine
 * and writes nothing.
 */
import { BLOCK_EPOCHS } from '../../schemas/arithmetic.ts';
import { OPTIMIZERS } from '../../schemas/catalogue.ts';
import type { DataFileContent } from '../../schemas/dataset.ts';
import { type Network, parameterCount } from '../../schemas/network.ts';
import { gridsOf, type Sweep } from '../../schemas/sweep.ts';
import { EPOCHS_TABLE } from '../../schemas/trace.ts';
import { bytes, columns, count, duration, scaled } from '../display/format.ts';
import { remarkLines } from '../display/plan-remarks.ts';
import { sharedMemory } from '../group/layout.ts';
import { compileKernel } from '../kernel/compile.ts';
import { BYTES_OF } from '../numeric/bits.ts';
import { axesOf, inRanges, seedCount } from '../plan/axes.ts';
import { operationsPerEpoch } from '../plan/cost.ts';
import { type Group, groupBy, groupShape, packGroups } from '../plan/pack.ts';
import { Plan } from '../plan/plan.ts';
import { readSweep } from '../plan/read.ts';
import { varianceRemarks } from '../plan/remarks.ts';
import { defaultThreads } from '../pool/thread-count.ts';
import { defaultRunFolder } from '../run/folder.ts';
import { initialiseGroup, kernelEngine } from '../train/engine.ts';
import { printJson, printLine } from './output.ts';

/** Time that all measurements together may take. */
const MEASURE_MS_MAX = 2000;
/** Bytes of a row on disk: the widths of the columns, each of 4 bytes or 8. */
const EPOCH_ROW_BYTES = EPOCHS_TABLE.columns.reduce((sum, { type }) => sum + (type === 'f64' ? 8 : 4), 0);
const BLOCK_ROW_BYTES = 28;
/** Bytes of a kept checkpoint on disk beside the state: what was seen of the network, and names. */
const KEPT_BYTES = 2000;
const DIGEST_BYTES = 32;

interface ShapePlan {
  readonly shape: string;
  readonly networks: number;
  readonly groups: number;
  readonly epochsPerSecond: number;
  readonly seconds: number;
}

/** Prints the plan of a sweep. Returns the exit code. */
export function planCommand(sweepFile: string, { json }: { json?: boolean }): number {
  const plan = new Plan(readSweep(sweepFile));
  const { sweep, key, networks } = plan;
  const groups = packGroups(networks);
  const threads = defaultThreads();
  const shapes = measureShapes(groups, sweep);
  const seconds = shapes.reduce((sum, shape) => sum + shape.seconds, 0) / threads;
  // Networks of one group take the same room.
  const diskBytes = groups.reduce(
    (sum, group) => sum + group.networks.length * networkBytes(group.networks[0], sweep),
    0,
  );
  const estimate = {
    name: sweep.name,
    key,
    folder: defaultRunFolder(plan),
    networks: networks.length,
    epochs: sweep.epochs,
    groups: groups.length,
    threads,
    seconds,
    diskBytes,
    dataFiles: dataFiles(sweep),
    ...varianceRemarks(networks),
  };
  if (json === true) {
    for (const shape of shapes) printJson({ kind: 'shape', ...shape });
    printJson({ kind: 'plan', ...estimate });
    return 0;
  }
  const rows = shapes.map(({ shape, ...counts }) => [
    shape,
    count(counts.networks),
    count(counts.groups),
    scaled(counts.epochsPerSecond),
    duration((counts.seconds * 1000) / threads),
  ]);
  const head = ['shape', 'networks', 'groups', 'network-epochs/s a thread', 'time'];
  const size = `${count(estimate.networks)} networks × ${count(estimate.epochs)} epochs`;
  printLine(`${estimate.name} · ${size} in ${count(estimate.groups)} groups`);
  printLine('');
  for (const axis of axesOf(networks).map(inRanges))
    printLine(`${axis.name.padEnd(14)} ${axis.values.map((value) => value ?? '–').join('  ')}`);
  printLine(`${'seeds'.padEnd(14)} ${seedCount(networks)}`);
  printLine('');
  for (const { file, hash, points, inputs, outputs } of estimate.dataFiles) {
    const columnNames = `${inputs.join(' ')} → ${outputs.join(' ')}`;
    printLine(`${file}: ${count(points)} points, ${columnNames}, hash ${hash.slice(0, 8)}`);
  }
  if (estimate.dataFiles.length > 0) printLine('');
  for (const line of columns([head, ...rows], ['left', 'right', 'right', 'right', 'right'])) printLine(line);
  printLine('');
  printLine(
    `about ${duration(seconds * 1000)} on ${threads} threads · about ${bytes(diskBytes)} on disk · ${estimate.folder}`,
  );
  const fileOf = new Map(estimate.dataFiles.map(({ hash, file }) => [hash, file]));
  const remarks = remarkLines(estimate, (hash) => fileOf.get(hash) ?? hash);
  for (const line of remarks.length > 0 ? ['', ...remarks] : []) printLine(line);
  return 0;
}

/** The data files of a sweep with what stands in them, each once. */
function dataFiles(sweep: Sweep): ({ file: string } & DataFileContent)[] {
  const blocks = gridsOf(sweep).flatMap(({ data }) => data);
  const files = blocks.flatMap(({ file = [], content = [] }) =>
    content.map((group, i) => ({ file: file[i], ...group })),
  );
  return [...new Map(files.map((group) => [group.file, group])).values()];
}

/** Bytes of one network's rows in epochs and blocks, and of its kept checkpoints. */
function networkBytes({ layers, optimizer, precision }: Network, { epochs, trace }: Sweep): number {
  const rowBytes =
    Math.ceil(epochs / trace.epochs.every) * EPOCH_ROW_BYTES + Math.ceil(epochs / BLOCK_EPOCHS) * BLOCK_ROW_BYTES;
  const kept = Math.ceil(epochs / trace.checkpoints.every) - 1;
  const parameters = layers === undefined ? 1 : parameterCount(layers);
  // θ, the update before and the moments.
  const stateBytes = (2 + OPTIMIZERS[optimizer.kind].moments.length) * parameters * BYTES_OF[precision];
  const blocksBetween = Math.ceil(trace.checkpoints.every / BLOCK_EPOCHS);
  return rowBytes + kept * (stateBytes + KEPT_BYTES + DIGEST_BYTES * blocksBetween);
}

/** Plans by shape. Where there are too many shapes to time each, the others are judged by their operations. */
function measureShapes(groups: readonly Group[], { epochs, trace }: Sweep): ShapePlan[] {
  const ofShape = groupBy(groups, ({ shape }) => shape);
  const shareMs = Math.min(100, MEASURE_MS_MAX / ofShape.size);
  const deadlineMs = performance.now() + MEASURE_MS_MAX;
  let operationsPerSecond = 0;
  return [...ofShape].map(([shape, list]) => {
    const [network] = list[0].networks;
    const operations = operationsPerEpoch(network);
    if (performance.now() < deadlineMs)
      operationsPerSecond = operations * measureRate(list[0], { bucketEpochs: trace.epochs.every, shareMs });
    const networks = list.reduce((sum, group) => sum + group.networks.length, 0);
    const epochsPerSecond = operationsPerSecond / operations;
    return { shape, networks, groups: list.length, epochsPerSecond, seconds: (networks * epochs) / epochsPerSecond };
  });
}

/** Network-epochs a second of a group on this thread, measured for about `shareMs` after as long a warm-up. */
function measureRate({ networks, lanes }: Group, options: { bucketEpochs: number; shareMs: number }): number {
  const { bucketEpochs, shareMs } = options;
  const shape = groupShape({ networks, lanes }, bucketEpochs);
  const kernel = compileKernel(shape);
  const train = kernelEngine(initialiseGroup({ networks, shape, memory: sharedMemory(kernel.memoryBytes) }), kernel);
  const epochsWithin = (ms: number, firstEpoch: number): { epochs: number; elapsedMs: number } => {
    const startMs = performance.now();
    let epochs = 0;
    do {
      train({ firstEpoch: firstEpoch + epochs, count: shape.chunkEpochs });
      epochs += shape.chunkEpochs;
    } while (performance.now() - startMs < ms);
    return { epochs, elapsedMs: performance.now() - startMs };
  };
  const warmUp = epochsWithin(shareMs / 2, 1);
  const measured = epochsWithin(shareMs / 2, 1 + warmUp.epochs);
  return (measured.epochs * networks.length * 1000) / measured.elapsedMs;
}
