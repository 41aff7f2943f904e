/**
 * The networks of a sweep file as zod sees them: the axes of a grid, its blocks, and a sentence on each key. A list
 * where one value is expected is an axis, so every axis comes out of parsing as a list. What a value means together
 * with others (crossings, sizes, duplicates) is the plan's business, not the schema's.
 */
import { z } from 'zod';
import {
  ACTIVATIONS,
  DATASETS,
  FORMS,
  INITS,
  namesOf,
  OBJECTIVES,
  OPTIMIZERS,
  type OptimizerOption,
  PRECISIONS,
  SUBNORMALS,
} from './catalogue.ts';
import type { DataFileContent } from './dataset.ts';
import { SWEEP_LIMITS } from './sweep-limits.ts';

export { SWEEP_LIMITS } from './sweep-limits.ts';

/**
 * Values of an optimiser's options where the sweep does not give them: those of Kingma & Ba, and of PyTorch's AdamW.
 */
export const OPTIMIZER_DEFAULTS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 } as const;

/** Whether mini-batches are shuffled where the sweep does not say. */
export const SHUFFLE_DEFAULT = false;

/** Seed of the teacher where the sweep does not give it. */
export const TEACHER_SEED_DEFAULT = 0;

/** One value, or a list of them that spans an axis; always a list after parsing. */
export function axis<T extends z.ZodType>(value: T) {
  return z.union([value, z.array(value).min(1)]).transform((v) => (Array.isArray(v) ? v : [v]) as z.output<T>[]);
}

/** Stops at the first thing that is wrong with a number: one mistake, one message. */
export const wholeNumber = ({ min, max }: { min: number; max: number }) =>
  z.number().min(min, { abort: true }).max(max, { abort: true }).int();
/** A −0 would not survive run.json and could change bits that the network's key does not see. */
export const withoutNegativeZero = (value: number) => value + 0;
const decayRate = z.number().min(0).lt(1).overwrite(withoutNegativeZero);
const magnitude = z.number().min(0).max(SWEEP_LIMITS.magnitudeMax).overwrite(withoutNegativeZero);
/** A seed, u32. */
export const seed = wholeNumber({ min: 0, max: SWEEP_LIMITS.seedMax });

/**
 * What a sample draws a number from, uniformly: the numbers between two, or those whose logarithms are. Both ends
 * belong to it.
 */
export type Range =
  | { readonly linear: readonly [number, number]; readonly log?: never }
  | { readonly log: readonly [number, number]; readonly linear?: never };

/** A number, or the range that a sample draws it from. */
function numberOrRange<T extends z.ZodType<number, number>>(value: T) {
  const pair = z.tuple([value, value]) as unknown as z.ZodTuple<[z.ZodNumber, z.ZodNumber]>;
  const ends = pair.refine(([low, high]) => low < high, { error: 'two numbers, the smaller first' });
  const positive = ends.refine(([low]) => low > 0, { error: 'two numbers above 0, which have logarithms' });
  const range = z.union([
    z.strictObject({ log: positive.describe('Drawn uniformly by its logarithm between the two.') }),
    z.strictObject({ linear: ends.describe('Drawn uniformly between the two.') }),
  ]);
  return axis(z.union([value, range as z.ZodType<Range, Range>]));
}

/** Units a layer, inputs first; the last layer is the (linear) output. */
const layers = z
  .array(wholeNumber({ min: 1, max: SWEEP_LIMITS.widthMax }))
  .min(2)
  .max(SWEEP_LIMITS.layerCountMax);

const batch = z.union([z.literal('full'), wholeNumber({ min: 1, max: SWEEP_LIMITS.pointCountMax })], {
  error: 'full, or a number of samples ≥ 1',
});

/** A key that the other kind of data block has. */
const elsewhere = z.never({ error: 'nothing beside file' }).optional();

/** A data set by its formula. */
export const dataBlock = z.strictObject({
  kind: axis(z.enum(namesOf(DATASETS))).describe(`The data set. ${sentencesOf(DATASETS)}`),
  points: axis(wholeNumber({ min: 2, max: SWEEP_LIMITS.pointCountMax })).describe('Number of samples.'),
  seed: axis(seed).optional().meta({ description: 'Seed of the teacher’s parameters.', default: TEACHER_SEED_DEFAULT }),
  file: elsewhere,
});

/** Data from files: paths relative to the sweep. */
export const dataFileBlock = z.strictObject({
  file: axis(z.string().regex(/^[^\0]+$/, { error: 'the name of a file' })).describe(
    'Your own data: a CSV or Arrow file with columns x… (inputs) and y… (outputs), relative to the sweep.',
  ),
  kind: elsewhere,
  points: elsewhere,
  seed: elsewhere,
});

const columnNames = z.array(z.string().min(1)).min(1);

/** What was in the files of a block when the sweep was resolved. */
export const dataContentSchema = z.array(
  z.strictObject({
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    points: wholeNumber({ min: 1, max: SWEEP_LIMITS.pointCountMax }),
    inputs: columnNames,
    outputs: columnNames,
  }),
);

/** An optimiser with its options. */
export const optimizerBlock = z.strictObject({
  kind: axis(z.enum(namesOf(OPTIMIZERS))).describe(`The optimizer. ${sentencesOf(OPTIMIZERS)}`),
  form: axis(z.enum(namesOf(FORMS)))
    .prefault('torch')
    .describe(`How its update is written: the order of operations decides bits. ${sentencesOf(FORMS)}`),
  learningRate: numberOrRange(z.number().gt(0).max(SWEEP_LIMITS.magnitudeMax)).describe('Learning rate.'),
  beta1: numberOrRange(decayRate).optional().meta(tellOption('beta1', 'Decay rate of the first moment')),
  beta2: numberOrRange(decayRate).optional().meta(tellOption('beta2', 'Decay rate of the second moment')),
  epsilon: numberOrRange(magnitude).optional().meta(tellOption('epsilon', 'What is added to the denominator')),
  weightDecay: numberOrRange(magnitude)
    .optional()
    .meta(tellOption('weightDecay', 'Decay of the weights, times the learning rate')),
});

/** `adam: Adam (Kingma & Ba 2015). sgd: …`: what a catalogue says of its entries. */
function sentencesOf(catalogue: Readonly<Record<string, { readonly description: string }>>): string {
  return Object.entries(catalogue)
    .map(([name, { description }]) => `${name}: ${description}.`)
    .join(' ');
}

/** What an optimiser's option is, who takes it, and its default. */
function tellOption(option: OptimizerOption, text: string): { description: string; default: number } {
  const takers = namesOf(OPTIMIZERS).filter((kind) =>
    (OPTIMIZERS[kind].options as readonly OptimizerOption[]).includes(option),
  );
  return { description: `${text} (${takers.join(', ')}).`, default: OPTIMIZER_DEFAULTS[option] };
}

/** A block of formulas as resolved. */
type FormulaBlock = z.output<typeof dataBlock> & { readonly content?: never };

/** A teacher without a seed gets the default one; other data sets have none. */
function withDataDefaults(block: z.output<typeof dataBlock>): FormulaBlock {
  return block.kind.includes('teacher') ? { ...block, seed: block.seed ?? [TEACHER_SEED_DEFAULT] } : block;
}

/** A block of data files as resolved. */
export interface DataFileBlock {
  /** Paths as the sweep has them. */
  readonly file: string[];
  /** What stands in each of them; nothing until they are read. */
  readonly content: DataFileContent[];
  readonly kind?: never;
  readonly points?: never;
  readonly seed?: never;
}

const withoutContent = ({ file }: z.output<typeof dataFileBlock>): DataFileBlock => ({ file, content: [] });

/**
 * Options that an optimiser of the block takes get their defaults where they are not given; others stay as they are.
 */
function withOptimizerDefaults(block: z.output<typeof optimizerBlock>): z.output<typeof optimizerBlock> {
  const { kind: kinds, form, learningRate } = block;
  const options = (Object.keys(OPTIMIZER_DEFAULTS) as OptimizerOption[]).flatMap((option) => {
    const isTaken = kinds.some((kind) => (OPTIMIZERS[kind].options as readonly OptimizerOption[]).includes(option));
    const values = block[option] ?? (isTaken ? [OPTIMIZER_DEFAULTS[option]] : undefined);
    return values === undefined ? [] : [[option, values]];
  });
  return { kind: kinds, form, learningRate, ...Object.fromEntries(options) };
}

/** Exponents are whole: powers are products, in an order that is declared. */
const OBJECTIVE_EXPONENTS = { min: 2, max: 8 };
const objectiveNumber = z.number().max(SWEEP_LIMITS.magnitudeMax).overwrite(withoutNegativeZero);

/** An objective of one parameter. */
export const objectiveBlock = z.strictObject({
  kind: axis(z.enum(namesOf(OBJECTIVES))).describe(`The objective. ${sentencesOf(OBJECTIVES)}`),
  exponent: axis(wholeNumber(OBJECTIVE_EXPONENTS)).prefault(2).describe('The exponent k.'),
  curvature: numberOrRange(objectiveNumber.gt(0)).prefault(1).describe('The curvature λ.'),
  start: numberOrRange(objectiveNumber.min(-SWEEP_LIMITS.magnitudeMax))
    .prefault(1)
    .describe('The parameter before the first epoch.'),
});

/** The axes of a grid by their keys, in the order of the documents: what decides the networks. */
export const gridShape = {
  layers: z
    .union([layers, z.array(layers).min(1)])
    .transform((v) => (Array.isArray(v[0]) ? v : [v]) as z.output<typeof layers>[])
    .describe('Units per layer: inputs, hidden layers, outputs. The output layer is linear.'),
  activation: axis(z.enum(namesOf(ACTIVATIONS)))
    .prefault('tanh')
    .describe(`Activation of the hidden layers. ${sentencesOf(ACTIVATIONS)}`),
  data: axis(z.union([dataBlock.transform(withDataDefaults), dataFileBlock.transform(withoutContent)])).describe(
    'What the networks are trained on.',
  ),
  init: axis(z.enum(namesOf(INITS)))
    .prefault('glorot-uniform')
    .describe(`Distribution of the initial weights. ${sentencesOf(INITS)}`),
  optimizer: axis(optimizerBlock.transform(withOptimizerDefaults)).describe('What updates the parameters.'),
  batch: axis(batch).prefault('full').describe('Samples per step: all of them, or this number.'),
  shuffle: axis(z.boolean())
    .optional()
    .meta({ description: 'Whether mini-batches have an order of their own in each epoch.', default: SHUFFLE_DEFAULT }),
  precision: axis(z.enum(namesOf(PRECISIONS)))
    .prefault('float32')
    .describe('Format of every operation. Networks that differ in nothing else are twins.'),
  subnormals: axis(z.enum(namesOf(SUBNORMALS)))
    .prefault('ieee')
    .describe(`Numbers below the normal range. ${sentencesOf(SUBNORMALS)}`),
  seeds: z
    .union([wholeNumber({ min: 1, max: SWEEP_LIMITS.networkCountMax }), z.array(seed).min(1)])
    .transform((v) => (Array.isArray(v) ? v : Array.from({ length: v }, (_, i) => i)))
    .describe('Seeds of the initial weights and of the orders of samples: n means 0 … n − 1; or a list of them.'),
  objective: axis(objectiveBlock).optional().describe('One parameter instead of a network: replaces layers and data.'),
};

/** A grid: the axes that are crossed, or drawn from. */
export const gridSchema = z.strictObject(gridShape);

/** What an objective stands in place of, or has no use for. */
const { layers: _l, activation: _a, data: _d, init: _i, batch: _b, shuffle: _s, ...ofAnyKind } = gridShape;
const noSeeds = z.union([z.literal(1), z.tuple([z.literal(0)])], {
  error: '1, or nothing: an objective draws nothing',
});

/** The axes of a grid of objectives; as resolved it has no values on the axes of layers. */
export const objectiveShape = {
  ...ofAnyKind,
  seeds: noSeeds
    .transform(() => [0])
    .prefault(1)
    .describe('An objective draws nothing.'),
  objective: axis(objectiveBlock).describe(gridShape.objective.description ?? ''),
};
export const objectiveGridSchema = z.strictObject(objectiveShape);

/** A grid as resolved: defaults filled in, every axis a list. */
export type Grid = z.output<typeof gridSchema>;

/** The axes that objectives do not have, as resolved. */
export const NO_LAYERS: Pick<Grid, 'layers' | 'activation' | 'data' | 'init' | 'batch'> = {
  layers: [],
  activation: [],
  data: [],
  init: [],
  batch: [],
};

/** One block under `data`, its axes as lists. */
export type DataBlock = Grid['data'][number];
/** One block under `objective`, its axes as lists. */
export type ObjectiveBlock = NonNullable<Grid['objective']>[number];
/** One block under `optimizer`, its axes as lists. */
export type OptimizerBlock = Grid['optimizer'][number];
