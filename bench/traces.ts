/**
 * What a trace costs: tasks of a worker, with all that they watch, digest and write, each beside the same networks
 * trained by the kernel alone at its best and by the kernel with its observers, in turn, on one thread. It tries three
 * traces: the default one, one row per epoch, and one row per epoch compressed. It reports which share of the kernel's
 * rate the observers and the trace take (bench/detectors.ts has the observers' own bounds), and how much of both is
 * processor time; the rest is the disk's. Writes bench/results/traces.json.
 *
 *     npx tsx bench/traces.ts [--rounds 9] [--quick]        (four minutes; with --quick nothing is written)
 */
import { hash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_THRESHOLDS } from '../schemas/detectors.ts';
import type { Network } from '../schemas/network.ts';
import { sweepSchema } from '../schemas/sweep.ts';
import { type CompressionName, SEGMENTED_TABLE_NAMES, type SegmentedTableName } from '../schemas/trace.ts';
import type { TaskRequest } from '../schemas/training-messages.ts';
import { Board } from '../src/group/board.ts';
import { Control } from '../src/group/control.ts';
import { sharedMemory } from '../src/group/layout.ts';
import { compileKernel } from '../src/kernel/compile.ts';
import { epochsBetweenLooks, operationsPerEpoch } from '../src/plan/cost.ts';
import { expandSweep } from '../src/plan/expand.ts';
import { groupShape, LANES_DEFAULT } from '../src/plan/pack.ts';
import { prepareCompression } from '../src/storage/tables/compression.ts';
import { initialiseGroup, kernelEngine, readState } from '../src/train/engine.ts';
import { runTask } from '../src/train/task.ts';
import { trainInChunks } from './peers/group.ts';
import { machine } from './peers/installed.ts';
import { observersOf } from './peers/observers.ts';
import { median } from './peers/problem.ts';

const RESULT = 'bench/results/traces.json';
const root = new URL('..', import.meta.url).pathname;
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, quick: { type: 'boolean', default: false } },
});
const rounds = options.quick ? 1 : Number(options.rounds);
/** Of a network: as many as those of the default sweep have. */
const EPOCHS = options.quick ? 2000 : 50_000;
const LONG_CHUNK = 1000;

interface Trace {
  readonly name: string;
  readonly every: number;
  readonly compression: CompressionName;
  /** Share of the kernel's rate that it may take; null where nothing is promised. */
  readonly costMax: number | null;
}

const TRACES: readonly Trace[] = [
  { name: 'default, every 20', every: 20, compression: 'none', costMax: 0.08 },
  { name: 'every 1', every: 1, compression: 'none', costMax: 0.25 },
  { name: 'every 1, zstd', every: 1, compression: 'zstd', costMax: null },
];
/** As many networks as a task of a run has. */
const SHAPES = [
  { name: '1-8-1 tanh, 16 samples', layers: [1, 8, 1], points: 16, networks: 48 },
  { name: '1-8-8-1 tanh, 16 samples', layers: [1, 8, 8, 1], points: 16, networks: 16 },
];

const folder = mkdtempSync(join(tmpdir(), 'gyre-traces-'));
await prepareCompression('zstd');
try {
  report(SHAPES.map(measureShape));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Seconds that something took, and those of the processor among them. */
interface Spent {
  readonly seconds: number;
  readonly processorSeconds: number;
}

function timed(work: () => void): Spent {
  const [begin, before] = [performance.now(), process.cpuUsage()];
  work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - begin) / 1000, processorSeconds: (user + system) / 1e6 };
}

/** One round of a trace. */
interface Round {
  readonly alone: Spent;
  readonly watched: Spent;
  readonly task: Spent & { readonly bytes: number };
}

/** All traces of a shape, each right after the kernel alone and the kernel with observers. */
function measureShape({ name, layers, points, networks: count }: (typeof SHAPES)[number]) {
  const networks = expandSweep(
    sweepSchema.parse({
      ...{ name: 'traces', epochs: 1, layers, data: { kind: 'sine', points } },
      ...{ optimizer: { kind: 'adam', learningRate: 0.001 }, seeds: count },
    }),
  );
  const traced = TRACES.map((): Round[] => []);
  const states = new Set<string>();
  for (let round = -1; round < rounds; round++) {
    // The round before the first warms up: code is compiled, files are made.
    for (const [i, trace] of TRACES.entries()) {
      const alone = trainByEngine(networks, { bucketEpochs: LONG_CHUNK, isWatched: false });
      const watched = trainByEngine(networks, { bucketEpochs: trace.every, isWatched: true });
      const task = trainTraced(networks, trace);
      states.add(alone.state).add(watched.state).add(task.digests);
      if (round >= 0) traced[i].push({ alone, watched, task });
    }
  }
  // The digests of all tasks agree, and the states that the engine leaves.
  if (states.size !== 2) throw new Error(`${name}: different bits: ${[...states].join(' ')}`);
  return { name, networkEpochs: EPOCHS * count, traced, bits: [...states].join(' ') };
}

function inGroups(networks: readonly Network[]): Network[][] {
  const groups: Network[][] = [];
  for (let first = 0; first < networks.length; first += LANES_DEFAULT)
    groups.push(networks.slice(first, first + LANES_DEFAULT));
  return groups;
}

/** Trains by the engine alone, or with observers that look at every chunk. */
function trainByEngine(
  networks: readonly Network[],
  { bucketEpochs, isWatched }: { bucketEpochs: number; isWatched: boolean },
): Spent & { state: string } {
  const shape = groupShape({ networks: networks.slice(0, LANES_DEFAULT), lanes: LANES_DEFAULT }, bucketEpochs);
  const kernel = compileKernel(shape);
  const memory = sharedMemory(kernel.memoryBytes);
  const states: Uint8Array[] = [];
  const spent = timed(() => {
    for (const group of inGroups(networks)) {
      const inMemory = initialiseGroup({ networks: group, shape, memory });
      const engine = kernelEngine(inMemory, kernel);
      const observers = observersOf(inMemory, { epochs: EPOCHS, emit: () => {} });
      trainInChunks(isWatched ? observers.watching(engine) : engine, shape, { firstEpoch: 1, epochs: EPOCHS });
      states.push(...group.map((_, lane) => new Uint8Array(readState(inMemory, lane).theta.buffer)));
    }
  });
  return { ...spent, state: hash('sha256', Buffer.concat(states), 'hex') };
}

function trainTraced(
  networks: readonly Network[],
  { every, compression }: Trace,
): Spent & { bytes: number; digests: string } {
  const size = { networkCount: networks.length, threadCount: 1 };
  const shape = groupShape({ networks: networks.slice(0, LANES_DEFAULT), lanes: LANES_DEFAULT }, every);
  const lookEpochs = epochsBetweenLooks(operationsPerEpoch(networks[0]), LANES_DEFAULT);
  const kernel = compileKernel(shape);
  const segment = (table: SegmentedTableName) => ({ path: join(folder, table), file: table, committedBytes: 0 });
  const segments = Object.fromEntries(SEGMENTED_TABLE_NAMES.map((table) => [table, segment(table)]));
  const request: TaskRequest = {
    groups: inGroups(networks).map((group) => ({
      ...{ networks: group, shape, kernel, lookEpochs, epoch: 0, checkpoints: [], untilEpoch: EPOCHS },
    })),
    datasets: [],
    epochs: EPOCHS,
    bucketEpochs: every,
    keepEvery: 10_000,
    detectors: DEFAULT_THRESHOLDS,
    session: 1,
    commitMs: null,
    runKey: '00000000',
    checkpointFolder: folder,
    segments: segments as TaskRequest['segments'],
    compression,
    thread: 0,
    board: { ...size, buffer: new Board(size).buffer },
    control: new Control().buffer,
    memory: sharedMemory(kernel.memoryBytes),
  };
  let digests = '';
  const spent = timed(() => {
    const outcome = runTask(request);
    if (outcome.kind !== 'trained') throw new Error(`the task has not trained: ${JSON.stringify(outcome)}`);
    digests = hash('sha256', outcome.results.digest, 'hex');
  });
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  return { ...spent, bytes, digests };
}

/** Prints the costs and what they promise, and writes them down. */
function report(shapes: readonly ReturnType<typeof measureShape>[]): void {
  const { processor, cores } = machine();
  const rows = shapes.flatMap(({ name, networkEpochs, traced }) =>
    TRACES.map((trace, i) => {
      /** Of the kernel's rate, what is lost between two sides of each round. */
      const lost = (from: keyof Round, to: keyof Round, read: (spent: Spent) => number) =>
        digits(
          median(traced[i].map((round) => read(round.alone) / read(round[from]) - read(round.alone) / read(round[to]))),
        );
      const seconds = (spent: Spent) => spent.seconds;
      const cost = lost('watched', 'task', seconds);
      return {
        shape: name,
        trace: trace.name,
        kernelRate: Math.round(networkEpochs / median(traced[i].map(({ alone }) => seconds(alone)))),
        rate: Math.round(networkEpochs / median(traced[i].map(({ task }) => seconds(task)))),
        observers: lost('alone', 'watched', seconds),
        cost,
        both: lost('alone', 'task', seconds),
        bothOfProcessor: lost('alone', 'task', ({ processorSeconds }) => processorSeconds),
        bytesANetworkEpoch: digits(median(traced[i].map(({ task }) => task.bytes)) / networkEpochs),
        met: trace.costMax === null ? null : cost <= trace.costMax,
      };
    }),
  );
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(9);
  const verdict = { true: 'met', false: 'NOT MET', null: '' };
  const lines = [
    `${processor}, Node ${process.version}, one thread`,
    '',
    `${'shape'.padEnd(26)}${'trace'.padEnd(20)}kernel alone     traced observers    trace     both  of processor`,
    ...rows.map(
      ({ shape, trace, kernelRate, rate, observers, cost, both, bothOfProcessor, met }) =>
        `${shape.padEnd(26)}${trace.padEnd(20)}${String(kernelRate).padStart(12)}${String(rate).padStart(11)} ` +
        `${[observers, cost, both].map(percent).join('')}${percent(bothOfProcessor).padStart(14)}  ` +
        `${verdict[`${met}`]}`,
    ),
    '',
    `result hash ${hash('sha256', shapes.map(({ bits }) => bits).join(' '), 'hex')}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (options.quick) return;
  const result = { command: 'npx tsx bench/traces.ts', machine: { processor, cores, node: process.version }, rows };
  writeFileSync(join(root, RESULT), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`written to ${RESULT}\n`);
}

function digits(value: number): number {
  return Number(value.toPrecision(4));
}
