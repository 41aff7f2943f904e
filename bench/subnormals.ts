/**
 * What subnormal numbers cost the kernels of this machine: networks whose gradients are 0 and whose moments stand at 4
 * times the smallest subnormal, where rounding holds them for good, against healthy ones of the same shape, in both
 * modes and precisions. In the mode `flush` the first epoch sets such moments to 0. Writes
 * bench/results/subnormals.json.
 *
 *     npx tsx bench/subnormals.ts [--rounds 15] [--quick]
 *
 * Half a minute. With other rounds, or --quick (a try whether the bench works), nothing is written.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SubnormalsName } from '../schemas/catalogue.ts';
import { type Network, parameterCount } from '../schemas/network.ts';
import { type GroupMemory, sharedMemory } from '../src/group/layout.ts';
import { compileKernel } from '../src/kernel/compile.ts';
import { bytesOf } from '../src/numeric/bits.ts';
import type { Precision } from '../src/numeric/rounding.ts';
import { groupShape, LANES_DEFAULT } from '../src/plan/pack.ts';
import { initialiseGroup, kernelEngine } from '../src/train/engine.ts';
import { trainInChunks } from './peers/group.ts';
import { machine } from './peers/installed.ts';
import { median, networkOf } from './peers/problem.ts';
import { type Spread, spreadOf } from './peers/spread.ts';

const RESULT = 'bench/results/subnormals.json';
const root = new URL('..', import.meta.url).pathname;
const ROUNDS = 15;
const BUCKET_EPOCHS = 20;
const LAYERS = [1, 8, 1];
/** 0.9 of it rounds up to it again, and so does 0.999 of it. */
const STUCK: Readonly<Record<Precision, number>> = { float32: 4 * 2 ** -149, float64: 4 * 2 ** -1074 };
const STATES = ['healthy', 'subnormal'] as const;
type State = (typeof STATES)[number];

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: String(ROUNDS) }, quick: { type: 'boolean', default: false } },
});
const rounds = options.quick ? 1 : Number(options.rounds);
/** About 50 ms each. */
const epochs = options.quick ? 200 : 40_000;

const hash = createHash('sha256');
const rows = (['relu', 'tanh'] as const).flatMap((activation) =>
  (['float32', 'float64'] as const).flatMap((precision) =>
    (['ieee', 'flush'] as const).map((subnormals) => measure({ activation, precision, subnormals })),
  ),
);
report();

interface Configuration {
  readonly activation: 'relu' | 'tanh';
  readonly precision: Precision;
  readonly subnormals: SubnormalsName;
}

interface Row extends Configuration {
  /** Network-epochs a second, medians. */
  readonly healthyRate: number;
  readonly subnormalRate: number;
  /** How many times as long an epoch takes; median of the rounds. */
  readonly slowDown: number;
  readonly spread: Spread;
}

/** Trains both states in turn. */
function measure(configuration: Configuration): Row {
  const trainers = STATES.map((state) => trainer(configuration, state));
  for (const train of trainers) train();
  const seconds = Array.from({ length: rounds }, () => trainers.map((train) => train()));
  for (const train of trainers) train(hash);
  const rate = (state: number) => (LANES_DEFAULT * epochs) / median(seconds.map((times) => times[state]));
  const slowDowns = seconds.map(([healthy, subnormal]) => digits(subnormal / healthy));
  return {
    ...configuration,
    healthyRate: Math.round(rate(0)),
    subnormalRate: Math.round(rate(1)),
    slowDown: median(slowDowns),
    spread: spreadOf(slowDowns, digits),
  };
}

/** A group in a state, as a function that trains it from there on and returns the seconds. */
function trainer({ activation, precision, subnormals }: Configuration, state: State) {
  const problem = { layers: LAYERS, activation, points: 16 };
  const networks = Array.from(
    { length: LANES_DEFAULT },
    (_, seed): Network => ({ ...networkOf(problem, seed), precision, subnormals }),
  );
  const shape = groupShape({ networks, lanes: LANES_DEFAULT }, BUCKET_EPOCHS);
  const kernel = compileKernel(shape);
  const inMemory = initialiseGroup({ networks, shape, memory: sharedMemory(kernel.memoryBytes) });
  const engine = kernelEngine(inMemory, kernel);
  return (digest?: ReturnType<typeof createHash>): number => {
    const { sections } = initialiseGroup(inMemory);
    if (state === 'subnormal') makeSubnormal(sections, precision);
    const begin = performance.now();
    trainInChunks(engine, shape, { firstEpoch: 1, epochs });
    const seconds = (performance.now() - begin) / 1000;
    if (state === 'subnormal') check(sections, subnormals === 'flush' ? 0 : STUCK[precision]);
    for (const values of [sections.theta, sections.firstMoment, sections.secondMoment]) digest?.update(bytesOf(values));
    return seconds;
  };
}

/**
 * All hidden units far below 0, which kills those of relu and saturates those of tanh; outputs and targets 0, so that
 * every error and with it every gradient is 0; moments stuck.
 */
function makeSubnormal({ theta, targets, firstMoment, secondMoment }: GroupMemory, precision: Precision): void {
  const [, hidden] = LAYERS;
  theta.fill(0);
  theta.fill(-100, hidden * LANES_DEFAULT, 2 * hidden * LANES_DEFAULT); // the biases of the hidden layer
  targets.fill(0);
  firstMoment.fill(STUCK[precision]);
  secondMoment.fill(STUCK[precision]);
}

/** Throws where the moments are others than they should have become. */
function check({ firstMoment, secondMoment }: GroupMemory, expected: number): void {
  const count = parameterCount(LAYERS) * LANES_DEFAULT;
  for (const moments of [firstMoment, secondMoment])
    if (moments.length !== count || moments.some((value) => value !== expected))
      throw new Error(`a moment of ${moments.find((value) => value !== expected)} instead of ${expected}`);
}

function report(): void {
  const { processor, cores } = machine();
  const result = {
    command: 'npx tsx bench/subnormals.ts',
    machine: { processor, cores, node: process.version },
    run: `${LANES_DEFAULT} networks ${LAYERS.join('-')}, 16 samples × ${epochs} epochs; medians of ${rounds} rounds`,
    rows,
    resultHash: hash.digest('hex'),
  };
  const number = (value: number) => value.toLocaleString('en').padStart(12);
  const lines = [
    `${result.run}; ${processor}, Node ${process.version}`,
    '',
    '                           healthy   subnormal   slow-down',
    ...rows.map(
      ({ activation, precision, subnormals, healthyRate, subnormalRate, slowDown }: Row) =>
        `${activation} ${precision} ${subnormals}`.padEnd(22) +
        `${number(healthyRate)}${number(subnormalRate)}${slowDown.toFixed(2).padStart(12)}`,
    ),
    '',
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
