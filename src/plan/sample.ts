/**
 * Draws configurations from a grid instead of crossing its axes. Draw n of an axis is a pure function of the sample's
 * seed, n and the axis, so that anyone can do it again (docs/ARITHMETIC.md), and a larger sample begins with the
 * smaller one. Knows which configurations are drawn, and nothing of precisions and seeds, which stay crossed.
 */
import { OPTIMIZERS, type OptimizerOption } from '../../schemas/catalogue.ts';
import type { DataConfig, LayeredConfig, Objective, ObjectiveConfig, OptimizerConfig } from '../../schemas/network.ts';
import { UsageError } from '../../schemas/problems.ts';
import {
  type DataBlock,
  type Grid,
  type ObjectiveBlock,
  OPTIMIZER_DEFAULTS,
  type OptimizerBlock,
  type Range,
  type Sample,
  SHUFFLE_DEFAULT,
  TEACHER_SEED_DEFAULT,
} from '../../schemas/sweep.ts';
import { elementaryOf, log } from '../numeric/elementary.ts';
import { uniformPair } from '../numeric/philox.ts';

/** The number of each axis in the counter of a draw. Stated in docs/ARITHMETIC.md: new axes get new numbers. */
const SAMPLE_AXES = {
  layers: 0,
  activation: 1,
  data: 2,
  'data.kind': 3,
  'data.points': 4,
  'data.seed': 5,
  init: 6,
  optimizer: 7,
  'optimizer.kind': 8,
  'optimizer.form': 9,
  'optimizer.learningRate': 10,
  'optimizer.beta1': 11,
  'optimizer.beta2': 12,
  'optimizer.epsilon': 13,
  batch: 14,
  subnormals: 15,
  'optimizer.weightDecay': 16,
  shuffle: 17,
  objective: 18,
  'objective.kind': 19,
  'objective.exponent': 20,
  'objective.curvature': 21,
  'objective.start': 22,
} as const satisfies Readonly<Record<`optimizer.${OptimizerOption}`, number>> & Readonly<Record<string, number>>;

/** All of a network's configuration that is drawn. */
export type Drawn = Omit<LayeredConfig, 'precision' | 'seed'> | Omit<ObjectiveConfig, 'precision' | 'seed'>;

/**
 * Draws that may be repetitions or excluded: of all, so many for each configuration that is asked for; in a row, for
 * each that there is. Some more for small samples.
 */
const DRAWS_PER_CONFIGURATION = 4;
const DRAWS_MORE = 100;

/**
 * Different configurations drawn from a grid, in the order of their draws: repetitions are drawn again, and so is what
 * `isWelcome` turns down.
 *
 * @throws UsageError where too few of the draws are new.
 */
export function drawSample(
  grid: Grid,
  { sample, isWelcome }: { sample: Sample; isWelcome: (drawn: Drawn) => boolean },
): Drawn[] {
  const drawn = new Map<string, Drawn>();
  const drawCountMax = (configurations: number) => DRAWS_PER_CONFIGURATION * configurations + DRAWS_MORE;
  for (let number = 0, inRow = 0; drawn.size < sample.count; number++) {
    if (number === drawCountMax(sample.count) || inRow === drawCountMax(drawn.size)) {
      throw new UsageError({
        where: 'sample.count',
        got: `${drawn.size} different configurations in ${number} draws`,
        expected: `${sample.count}`,
        remedy: 'a smaller count, longer axes or ranges; or the whole grid, without sample',
      });
    }
    const configuration = drawConfiguration(grid, (axis, items) => draw({ seed: sample.seed, number, axis }, items));
    const identity = JSON.stringify(configuration);
    const isNew = !drawn.has(identity) && isWelcome(configuration);
    if (isNew) drawn.set(identity, configuration);
    inRow = isNew ? 0 : inRow + 1;
  }
  return [...drawn.values()];
}

type AxisName = keyof typeof SAMPLE_AXES;

/** One of an axis's items, or a number from the range that it is. */
type Draw = <T>(axis: AxisName, items: readonly T[]) => Exclude<T, Range>;

function drawConfiguration(grid: Grid, from: Draw): Drawn {
  const optimizer = drawOptimizer(from('optimizer', grid.optimizer), from);
  const subnormals = from('subnormals', grid.subnormals);
  if (grid.objective !== undefined)
    return { objective: drawObjective(from('objective', grid.objective), from), optimizer, subnormals };
  const batch = from('batch', grid.batch);
  return {
    layers: from('layers', grid.layers),
    activation: from('activation', grid.activation),
    data: drawData(from('data', grid.data), from),
    init: from('init', grid.init),
    optimizer,
    batch,
    ...(batch !== 'full' && { shuffle: from('shuffle', grid.shuffle ?? [SHUFFLE_DEFAULT]) }),
    subnormals,
  };
}

function drawObjective({ kind, exponent, curvature, start }: ObjectiveBlock, from: Draw): Objective {
  return {
    kind: from('objective.kind', kind),
    exponent: from('objective.exponent', exponent),
    curvature: from('objective.curvature', curvature),
    start: from('objective.start', start),
  };
}

function drawData(block: DataBlock, from: Draw): DataConfig {
  if (block.file !== undefined) {
    const { hash, points } = from('data.kind', block.content);
    return { kind: 'file', hash, points };
  }
  const kind = from('data.kind', block.kind);
  const points = from('data.points', block.points);
  return kind === 'teacher'
    ? { kind, points, seed: from('data.seed', block.seed ?? [TEACHER_SEED_DEFAULT]) }
    : { kind, points };
}

function drawOptimizer(block: OptimizerBlock, from: Draw): OptimizerConfig {
  const kind = from('optimizer.kind', block.kind);
  const form = from('optimizer.form', block.form);
  const learningRate = from('optimizer.learningRate', block.learningRate);
  const options: readonly OptimizerOption[] = OPTIMIZERS[kind].options;
  const values = options.map((option) => [
    option,
    from(`optimizer.${option}`, block[option] ?? [OPTIMIZER_DEFAULTS[option]]),
  ]);
  return { kind, form, learningRate, ...Object.fromEntries(values) };
}

/**
 * ⌊u·n⌋ is the place of the item among the axis's n, and the second uniform of the same draw the place within a range:
 * a + (b − a)·u′, or exp(log a + (log b − log a)·u′), neither of them outside [a, b]. In float64, and not rounded
 * further.
 */
function draw<T>(options: { seed: number; number: number; axis: AxisName }, items: readonly T[]): Exclude<T, Range> {
  const [place, within] = uniformPair({
    seed: options.seed,
    stream: 'sample',
    layer: SAMPLE_AXES[options.axis],
    index: options.number,
  });
  const item = items[Math.floor(place * items.length)];
  return (isRange(item) ? numberFrom(item, within) : item) as Exclude<T, Range>;
}

const { exp } = elementaryOf('float64');

function numberFrom({ linear, log: logarithmic }: Range, within: number): number {
  if (linear !== undefined) return between(linear, linear[0] + (linear[1] - linear[0]) * within);
  const [low, high] = [log(logarithmic[0]), log(logarithmic[1])];
  return between(logarithmic, exp(low + (high - low) * within));
}

/** The ends are exact, also where exp(log a) is not. */
function between([low, high]: readonly [number, number], value: number): number {
  return Math.min(Math.max(value, low), high);
}

/** Whether an item of an axis is a range. */
export function isRange(item: unknown): item is Range {
  return typeof item === 'object' && item !== null && ('linear' in item || 'log' in item);
}
