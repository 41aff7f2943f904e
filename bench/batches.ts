/**
 * What mini-batches cost: shuffled batches of a quarter of the samples against full batches of the same networks, both
 * by the engine of a run, in turn over several rounds. An epoch of mini-batches has more updates and thus more
 * operations, so what is compared is operations a second: additions, subtractions, multiplications, divisions and
 * square roots of the kernel's program, counted in its tree for one network and epoch. Comparisons, selections and bits
 * count nothing, and neither do the shuffling and the bias corrections, whose time does count. Writes
 * bench/results/batches.json.
 *
 *     npx tsx bench/batches.ts [--rounds 15] [--quick]
 *
 * Half a minute. With other rounds, or --quick (a try whether the bench works), nothing is written.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LayeredConfig, LayeredNetwork } from '../schemas/network.ts';
import { sharedMemory } from '../src/group/layout.ts';
import { compileKernel } from '../src/kernel/compile.ts';
import { programOf } from '../src/kernel/network/program.ts';
import type { Operation, Statement, Vector } from '../src/kernel/tree/tree.ts';
import { bytesOf } from '../src/numeric/bits.ts';
import { groupShape, LANES_DEFAULT } from '../src/plan/pack.ts';
import { initialiseGroup, kernelEngine } from '../src/train/engine.ts';
import { trainInChunks } from './peers/group.ts';
import { machine } from './peers/installed.ts';
import { median, networkOf, PROBLEMS } from './peers/problem.ts';
import { type Spread, spreadOf } from './peers/spread.ts';

const RESULT = 'bench/results/batches.json';
const root = new URL('..', import.meta.url).pathname;
const ROUNDS = 15;
const BUCKET_EPOCHS = 20;
const SHARE_MIN = 0.8;
/** Operations of one measurement, about 50 ms. */
const OPERATIONS = 1e9;
/** Those that are counted. */
const COUNTED: readonly Operation[] = ['add', 'subtract', 'multiply', 'divide', 'squareRoot'];

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: String(ROUNDS) }, quick: { type: 'boolean', default: false } },
});
const rounds = options.quick ? 1 : Number(options.rounds);
const hash = createHash('sha256');

interface Row {
  readonly shape: string;
  readonly samples: number;
  readonly batch: number;
  /** Of one network and epoch. */
  readonly fullOperations: number;
  readonly batchOperations: number;
  /** Network-epochs a second, medians. */
  readonly fullRate: number;
  readonly batchRate: number;
  /** Operations a second of mini-batches, of full batches as 1; median of the rounds. */
  readonly share: number;
  readonly spread: Spread;
}

const ONE_INPUT = PROBLEMS.filter(({ layers }) => layers[0] === 1);
report(ONE_INPUT.slice(0, options.quick ? 1 : undefined).map(measure));

/** Trains full and mini-batches in turn. */
function measure(problem: (typeof PROBLEMS)[number]): Row {
  const { name, points } = problem;
  const batch = points / 4;
  const [full, mini] = [trainer(problem, { batch: 'full' }), trainer(problem, { batch, shuffle: true })];
  for (const { train } of [full, mini]) train();
  const seconds = Array.from({ length: rounds }, () => [full.train(), mini.train()]);
  for (const { train } of [full, mini]) train(hash);
  const rate = ({ epochs }: Trainer, i: number) =>
    (LANES_DEFAULT * epochs) / median(seconds.map((options) => options[i]));
  const work = ({ epochs, operations }: Trainer) => epochs * operations;
  const shares = seconds.map(([ofFull, ofMini]) => digits(work(mini) / ofMini / (work(full) / ofFull)));
  return {
    ...{ shape: name, samples: points, batch },
    ...{ fullOperations: full.operations, batchOperations: mini.operations },
    ...{ fullRate: Math.round(rate(full, 0)), batchRate: Math.round(rate(mini, 1)) },
    ...{ share: median(shares), spread: spreadOf(shares, digits) },
  };
}

interface Trainer {
  readonly operations: number;
  readonly epochs: number;
  /** Trains from the start and returns the seconds. */
  readonly train: (digest?: ReturnType<typeof createHash>) => number;
}

function trainer(problem: (typeof PROBLEMS)[number], batches: Pick<LayeredConfig, 'batch' | 'shuffle'>): Trainer {
  const networks = Array.from(
    { length: LANES_DEFAULT },
    (_, seed): LayeredNetwork => ({ ...networkOf(problem, seed), ...batches }),
  );
  const shape = groupShape({ networks, lanes: LANES_DEFAULT }, BUCKET_EPOCHS);
  const kernel = compileKernel(shape);
  const inMemory = initialiseGroup({ networks, shape, memory: sharedMemory(kernel.memoryBytes) });
  const engine = kernelEngine(inMemory, kernel);
  const operations = operationsOfEpoch(programOf(shape).tree);
  const epochs = options.quick ? 200 : Math.round(OPERATIONS / (operations * LANES_DEFAULT));
  const train = (digest?: ReturnType<typeof createHash>): number => {
    const { sections } = initialiseGroup(inMemory);
    const begin = performance.now();
    trainInChunks(engine, shape, { firstEpoch: 1, epochs });
    const seconds = (performance.now() - begin) / 1000;
    digest?.update(bytesOf(sections.theta));
    return seconds;
  };
  return { operations, epochs, train };
}

/** The operations in the loop over epochs, of one pass. */
function operationsOfEpoch(tree: readonly Statement[]): number {
  return operationsIn(loopOfCall(loopOfCall(tree, 'subchunks'), 'epochs'));
}

/** The body of the loop whose length a call says. */
function loopOfCall(block: readonly Statement[], count: string): readonly Statement[] {
  for (const statement of block) if (statement.kind === 'loop' && statement.count === count) return statement.body;
  throw new Error(`no loop over ${count}`);
}

function operationsIn(block: readonly Statement[]): number {
  return block.reduce((sum, statement) => {
    if (statement.kind === 'loop') return sum + Number(statement.count) * operationsIn(statement.body);
    return statement.kind === 'note' ? sum : sum + operationsOf(statement.value);
  }, 0);
}

function operationsOf(vector: Vector): number {
  if (vector.kind !== 'apply') return 0;
  const own = COUNTED.includes(vector.operation) ? 1 : 0;
  return vector.operands.reduce((sum, operand) => sum + operationsOf(operand), own);
}

function report(rows: readonly Row[]): void {
  const { processor, cores } = machine();
  const result = {
    command: 'npx tsx bench/batches.ts',
    machine: { processor, cores, node: process.version },
    run:
      `${LANES_DEFAULT} networks, adam torch, float32; batches of a quarter of the samples, shuffled; ` +
      `medians of ${rounds} rounds`,
    shareMin: SHARE_MIN,
    holds: rows.every(({ share }) => share >= SHARE_MIN),
    rows,
    resultHash: hash.digest('hex'),
  };
  const number = (value: number) => value.toLocaleString('en').padStart(14);
  const lines = [
    `${result.run}; ${processor}, Node ${process.version}`,
    '',
    '           samples  batch     full, epochs/s  batches, epochs/s  operations/s of full = 1',
    ...rows.map(
      ({ shape, samples, batch, fullRate, batchRate, share }) =>
        shape.padEnd(12) +
        `${String(samples).padStart(6)}${String(batch).padStart(7)}${number(fullRate).padStart(19)}` +
        `${number(batchRate).padStart(19)}${share.toFixed(3).padStart(26)}`,
    ),
    '',
    `operations a second of at least ${SHARE_MIN} of full batches: ${result.holds ? 'yes' : 'NO'}`,
    `result hash ${result.resultHash}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (!options.quick && rounds === ROUNDS) {
    writeFileSync(join(root, RESULT), `${JSON.stringify(result, null, 2)}\n`);
    process.stdout.write(`written to ${RESULT}\n`);
  }
}

function digits(value: number): number {
  return Number(value.toPrecision(4));
}
