/**
 * What watching every epoch costs: networks trained by the kernel in the chunks of a run, with and without the
 * observers that look for events and labels, in turn, slice by slice, in one process. The cost is the time that
 * observers add, as a share of the kernel's; that a network's life has calm and spiking stretches is why it is measured
 * over 50,000 epochs of networks that spike. Writes bench/results/detectors.json.
 *
 *     npx tsx bench/detectors.ts [--rounds 7] [--quick]        (a minute; with --quick nothing is written)
 */
import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { NetworkEvent } from '../schemas/events.ts';
import { sweepSchema } from '../schemas/sweep.ts';
import { sharedMemory } from '../src/group/layout.ts';
import { compileKernel } from '../src/kernel/compile.ts';
import { expandSweep } from '../src/plan/expand.ts';
import { groupShape, LANES_DEFAULT } from '../src/plan/pack.ts';
import { initialiseGroup, kernelEngine } from '../src/train/engine.ts';
import { trainInChunks } from './peers/group.ts';
import { machine } from './peers/installed.ts';
import { observersOf } from './peers/observers.ts';
import { median } from './peers/problem.ts';

const RESULT = 'bench/results/detectors.json';
const root = new URL('..', import.meta.url).pathname;
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, quick: { type: 'boolean', default: false } },
});
const rounds = options.quick ? 1 : Number(options.rounds);
const epochs = options.quick ? 2000 : 50_000;
/** Epochs a bucket of the default trace, which is a part of a chunk. */
const BUCKET_EPOCHS = 20;
/** Epochs that one side trains before it is the other's turn: some milliseconds. */
const SLICE_EPOCHS = 1000;

const SHAPES = [
  { name: '1-8-8-1 tanh, 32 samples', layers: [1, 8, 8, 1], points: 32, costMax: 0.05 },
  { name: '1-8-1 tanh, 16 samples', layers: [1, 8, 1], points: 16, costMax: 0.1 },
];

interface Round {
  readonly alone: number;
  readonly watched: number;
}

report(SHAPES.map(measure));

/** Seconds of each round, with and without observers, and what was seen. */
function measure({ name, layers, points, costMax }: (typeof SHAPES)[number]) {
  const sweep = sweepSchema.parse({
    ...{ name: 'bench', epochs, layers, data: { kind: 'sine', points } },
    ...{ optimizer: { kind: 'adam', learningRate: 0.01, beta2: 0.999 }, seeds: LANES_DEFAULT },
  });
  const networks = expandSweep(sweep);
  const shape = groupShape({ networks, lanes: LANES_DEFAULT }, BUCKET_EPOCHS);
  const kernel = compileKernel(shape);
  const seen: string[] = [];

  const sides = { alone: trainer(false), watched: trainer(true) };
  /** In turn, a slice each, so that both meet the same disturbances. */
  const round = (): Round => {
    const [alone, watched] = [sides.alone(), sides.watched()];
    const spent = { alone: 0, watched: 0 };
    for (let firstEpoch = 1; firstEpoch <= epochs; firstEpoch += SLICE_EPOCHS) {
      spent.alone += alone.train(firstEpoch);
      spent.watched += watched.train(firstEpoch);
    }
    seen.push(watched.seen());
    return spent;
  };

  /** What begins a round of one side; its state is the same at each beginning. */
  function trainer(isWatched: boolean) {
    const memory = sharedMemory(kernel.memoryBytes);
    return () => {
      const group = initialiseGroup({ networks, shape, memory });
      const alone = kernelEngine(group, kernel);
      const events: NetworkEvent[] = [];
      const observers = observersOf(group, { epochs, emit: (event) => events.push(event) });
      const engine = isWatched ? observers.watching(alone) : alone;
      /** Seconds of a slice. */
      const train = (firstEpoch: number): number => {
        const begin = performance.now();
        trainInChunks(engine, shape, { firstEpoch, epochs: SLICE_EPOCHS });
        return (performance.now() - begin) / 1000;
      };
      return { train, seen: () => JSON.stringify([events, observers.readings()]) };
    };
  }

  round(); // the engine has swapped in its best code by then
  seen.length = 0;
  const measured = Array.from({ length: rounds }, round);
  if (new Set(seen).size !== 1) throw new Error(`${name}: not the same events in every round`);
  const cost = median(measured.map(({ alone, watched }) => watched / alone - 1));
  const eventCount = (JSON.parse(seen[0])[0] as unknown[]).length;
  return { name, costMax, cost, met: cost <= costMax, eventCount, measured, seen: seen[0] };
}

function report(shapes: readonly ReturnType<typeof measure>[]): void {
  const { processor, cores } = machine();
  const digits = (value: number) => Number(value.toPrecision(4));
  const result = {
    command: 'npx tsx bench/detectors.ts',
    machine: { processor, cores, node: process.version },
    run: `${LANES_DEFAULT} networks × ${epochs} epochs a round, parts of ${BUCKET_EPOCHS}`,
    shapes: shapes.map(({ name, cost, costMax, met, eventCount, measured }) => ({
      name,
      events: eventCount,
      cost: digits(cost),
      costMax,
      met,
      rounds: measured.map(({ alone, watched }) => ({ alone: digits(alone), watched: digits(watched) })),
    })),
    resultHash: hash('sha256', shapes.map(({ seen }) => seen).join('\n')),
  };
  const lines = [
    `${result.run}; ${processor}, Node ${process.version}`,
    ...shapes.map(
      ({ name, cost, costMax, met, eventCount }) =>
        `${met ? 'met    ' : 'NOT MET'} ${name}: observers cost ${(100 * cost).toFixed(1)} % of the kernel, ` +
        `at most ${100 * costMax} % (${eventCount} events)`,
    ),
    `result hash ${result.resultHash}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (options.quick) return;
  writeFileSync(join(root, RESULT), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`written to ${RESULT}\n`);
}
