/**
 * The sweep file as zod sees it: which keys exist, their types, ranges and defaults, and a sentence on each. A list where one
 * value is expected is an axis of the grid, so every axis comes out of parsing as a list. What a value means together with
 * others (crossings, sizes, duplicates) is the plan's business, not the schema's. sweep.schema.json and README's table are
 * generated from here.
 */
import { z } from 'zod';
import {
  ACTIVATIONS,
  DATASETS,
  FORMS,
  INITS,
  namesOf,
  OPTIMIZERS,
  type OptimizerOption,
  PRECISIONS,
  SUBNORMALS,
} from './catalogue.ts';
import type { DataFileContent } from './dataset.ts';

/** Limits of a sweep: what one workstation can hold, and what 32-bit ids and epochs can count. */
export const SWEEP_LIMITS = {
  /** Networks in one plan; each costs about 0.5 KB of main-thread memory. */
  networkCountMax: 1_000_000,
  epochCountMax: 2_147_483_647,
  layerCountMax: 32,
  widthMax: 4096,
  /** Parameters of one network: a group of four float64 networks then takes about 0.6 GB. */
  parameterCountMax: 4_194_304,
  pointCountMax: 1_048_576,
  /** Of one file of data. */
  dataBytesMax: 268_435_456,
  seedMax: 4_294_967_295,
  /** The largest finite float32: beyond it a constant would round to ∞. */
  magnitudeMax: 3.4028234663852886e38,
} as const;

/** Values of an optimiser's options where the sweep does not give them: those of Kingma & Ba, and of PyTorch's AdamW. */
export const OPTIMIZER_DEFAULTS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 } as const;

/** Seed of the teacher where the sweep does not give it. */
export const TEACHER_SEED_DEFAULT = 0;

/** One value, or a list of them that spans an axis; always a list after parsing. */
function axis<T extends z.ZodType>(value: T) {
  return z.union([value, z.array(value).min(1)]).transform((v) => (Array.isArray(v) ? v : [v]) as z.output<T>[]);
}

/** Stops at the first thing that is wrong with a number: one mistake, one message. */
const wholeNumber = ({ min, max }: { min: number; max: number }) =>
  z.number().min(min, { abort: true }).max(max, { abort: true }).int();
/** A −0 would not survive run.json and could change bits that the network's key does not see. */
const withoutNegativeZero = (value: number) => value + 0;
const decayRate = z.number().min(0).lt(1).overwrite(withoutNegativeZero);
const magnitude = z.number().min(0).max(SWEEP_LIMITS.magnitudeMax).overwrite(withoutNegativeZero);
const seed = wholeNumber({ min: 0, max: SWEEP_LIMITS.seedMax });

/** What a sample draws a number from, uniformly: the numbers between two, or those whose logarithms are. Both ends belong to it. */
export type Range =
  | { readonly linear: readonly [number, number]; readonly log?: never }
  | { readonly log: readonly [number, number]; readonly linear?: never };

/** A number, or the range that a sample draws it from. */
function rate<T extends z.ZodType<number, number>>(value: T) {
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

/** A key that the other kind of data block has. */
const elsewhere = z.never({ error: 'nothing beside file' }).optional();

/** A data set by its formula. */
const dataBlock = z.strictObject({
  kind: axis(z.enum(namesOf(DATASETS))).describe(`The data set. ${sentencesOf(DATASETS)}`),
  points: axis(wholeNumber({ min: 2, max: SWEEP_LIMITS.pointCountMax })).describe('Number of samples.'),
  seed: axis(seed).optional().meta({ description: 'Seed of the teacher’s parameters.', default: TEACHER_SEED_DEFAULT }),
  file: elsewhere,
});

/** Data from files: paths relative to the sweep. */
const dataFileBlock = z.strictObject({
  file: axis(z.string().regex(/./, { error: 'the name of a file' })).describe(
    'Your own data instead of a formula: a CSV or Arrow file with columns x… (inputs) and y… (outputs), relative to the sweep.',
  ),
  kind: elsewhere,
  points: elsewhere,
  seed: elsewhere,
});

const optimizerBlock = z.strictObject({
  kind: axis(z.enum(namesOf(OPTIMIZERS))).describe(`The optimizer. ${sentencesOf(OPTIMIZERS)}`),
  form: axis(z.enum(namesOf(FORMS)))
    .prefault('torch')
    .describe(`How its update is written: where the parentheses stand decides bits. ${sentencesOf(FORMS)}`),
  learningRate: rate(z.number().gt(0).max(SWEEP_LIMITS.magnitudeMax)).describe('Learning rate.'),
  beta1: rate(decayRate).optional().meta(tellOption('beta1', 'Decay rate of the first moment')),
  beta2: rate(decayRate).optional().meta(tellOption('beta2', 'Decay rate of the second moment')),
  epsilon: rate(magnitude).optional().meta(tellOption('epsilon', 'What is added to the denominator')),
  weightDecay: rate(magnitude)
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

/** Options that an optimiser of the block takes get their defaults where they are not given; others stay as they are. */
function withOptimizerDefaults(block: z.output<typeof optimizerBlock>): z.output<typeof optimizerBlock> {
  const { kind: kinds, form, learningRate } = block;
  const options = (Object.keys(OPTIMIZER_DEFAULTS) as OptimizerOption[]).flatMap((option) => {
    const isTaken = kinds.some((kind) => (OPTIMIZERS[kind].options as readonly OptimizerOption[]).includes(option));
    const values = block[option] ?? (isTaken ? [OPTIMIZER_DEFAULTS[option]] : undefined);
    return values === undefined ? [] : [[option, values]];
  });
  return { kind: kinds, form, learningRate, ...Object.fromEntries(options) };
}

const traceEpochs = z.strictObject({
  every: wholeNumber({ min: 1, max: SWEEP_LIMITS.epochCountMax })
    .prefault(20)
    .describe('Epochs a row of the table epochs, which keeps their extremes; 1 keeps every epoch.'),
});
const trace = z.strictObject({
  epochs: traceEpochs.prefault({}).describe('The table epochs.'),
  compression: z.literal('none').prefault('none').describe('Compression of the tables.'),
});

const sample = z.strictObject({
  kind: z.literal('random').describe('How configurations are chosen: each axis is drawn uniformly and by itself.'),
  count: wholeNumber({ min: 1, max: SWEEP_LIMITS.networkCountMax }).describe(
    'Number of different configurations; each is trained with every precision and seed.',
  ),
  seed: seed.prefault(0).describe('Seed of the draws.'),
});

/** The axes of a grid by their keys, in the order of the documents: what decides the networks. */
const gridShape = {
  layers: z
    .union([layers, z.array(layers).min(1)])
    .transform((v) => (Array.isArray(v[0]) ? v : [v]) as z.output<typeof layers>[])
    .describe('Units a layer: inputs, hidden layers, outputs. The output layer is linear.'),
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
  batch: axis(z.literal('full')).prefault('full').describe('Samples a step: full is all of them.'),
  precision: axis(z.enum(namesOf(PRECISIONS)))
    .prefault('float32')
    .describe('Format of every operation. Networks that differ in nothing else are twins.'),
  subnormals: axis(z.enum(namesOf(SUBNORMALS)))
    .prefault('ieee')
    .describe(`Numbers below the normal range. ${sentencesOf(SUBNORMALS)}`),
  seeds: z
    .union([wholeNumber({ min: 1, max: SWEEP_LIMITS.networkCountMax }), z.array(seed).min(1)])
    .transform((v) => (Array.isArray(v) ? v : Array.from({ length: v }, (_, i) => i)))
    .describe('Seeds of the initial weights: n means 0 … n − 1; or a list of them.'),
};

type Shape = Readonly<Record<string, z.ZodType>>;
/** The fields of a mapping, none of them needed, and the defaults only told. */
type Optional<S extends Shape> = {
  [K in keyof S]: z.ZodOptional<S[K] extends z.ZodPrefault<infer Field extends z.ZodType> ? Field : S[K]>;
};

function optional<S extends Shape>(shape: S): Optional<S> {
  const fields = Object.entries(shape).map(([key, field]) => {
    const plain = (field instanceof z.ZodPrefault ? (field.unwrap() as z.ZodType) : field).optional();
    const value = field instanceof z.ZodPrefault ? { default: field.def.defaultValue } : {};
    return [key, plain.meta({ ...field.meta(), ...value })];
  });
  return Object.fromEntries(fields) as Optional<S>;
}

const someData = z.strictObject(optional(dataBlock.shape));
const someDataFiles = z.strictObject(optional(dataFileBlock.shape));
const someOptimizer = z.strictObject(optional(optimizerBlock.shape));

/** Some keys of a grid and of its blocks, without defaults. */
const someShape = {
  ...optional(gridShape),
  data: axis(z.union([someData, someDataFiles.transform(({ file }) => ({ file, content: [] as DataFileContent[] }))]))
    .optional()
    .describe(gridShape.data.description ?? ''),
  optimizer: axis(someOptimizer)
    .optional()
    .describe(gridShape.optimizer.description ?? ''),
};
const ruleSchema = z.strictObject(someShape);

const settings = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
      error: 'a name of 1 to 64 letters, digits, ".", "_" or "-" (it names the run\'s folder)',
    })
    .describe('Name of the sweep and of its run’s folder.'),
  epochs: wholeNumber({ min: 1, max: SWEEP_LIMITS.epochCountMax }).describe('Epochs that each network is trained for.'),
};
const choices = {
  exclude: z
    .array(ruleSchema)
    .min(1)
    .optional()
    .describe('Rules for what is left out: networks that have, for every key of a rule, one of its values.'),
  trace: trace.prefault({}).describe('What is kept of the training.'),
};

/** A grid: the axes that are crossed, or drawn from. */
export const gridSchema = z.strictObject(gridShape);

/** A sweep file whose networks are a grid or a sample of one. */
export const sweepSchema = z.strictObject({
  ...settings,
  ...gridShape,
  sample: sample.optional().describe('Draws configurations instead of crossing all axes but precision and seeds.'),
  ...choices,
});

/** A sweep file with a list of networks: what stands beside the list holds for each entry that does not say otherwise. */
export const listSchema = z.strictObject({
  ...settings,
  ...someShape,
  networks: z
    .array(ruleSchema)
    .min(1)
    .describe(
      'A list of networks instead of the grid: each entry replaces keys of the sweep, and is crossed by itself.',
    ),
  sample: z.never({ error: 'nothing beside networks' }).optional(),
  ...choices,
});

/** Every key of a sweep file. */
export const fileSchema = z.strictObject({
  ...settings,
  ...someShape,
  sample: sweepSchema.shape.sample,
  networks: listSchema.shape.networks.optional().describe(listSchema.shape.networks.description ?? ''),
  ...choices,
});

/** The mappings of a sweep file by their key path, list indices left out; the file itself is ''. */
export const SWEEP_MAPPINGS: Readonly<Record<string, z.ZodObject>> = {
  '': fileSchema,
  networks: gridSchema,
  exclude: ruleSchema,
  data: dataBlock,
  optimizer: optimizerBlock,
  sample,
  trace,
  'trace.epochs': traceEpochs,
};

/** The mapping that a block under `data` or `optimizer` is meant to be; where it is `partial`, without needs and defaults. */
export function blockMappingOf(
  key: 'data' | 'optimizer',
  block: object,
  { partial }: { partial: boolean },
): z.ZodObject {
  if (key === 'optimizer') return partial ? someOptimizer : optimizerBlock;
  const isFile = Object.hasOwn(block, 'file');
  if (partial) return isFile ? someDataFiles : someData;
  return isFile ? dataFileBlock : dataBlock;
}

/** What zod says of one mistake. */
export type SweepIssue = z.core.$ZodIssue;

/** A grid as resolved: defaults filled in, every axis a list. */
export type Grid = z.output<typeof gridSchema>;
/** A rule under `exclude`: for each key that it has, the values that it means. */
export type ExcludeRule = z.output<typeof ruleSchema>;
/** How configurations are drawn. */
export type Sample = z.output<typeof sample>;

/** What a sweep has beside its networks. */
type SweepSettings = Pick<z.output<typeof sweepSchema>, 'name' | 'epochs' | 'sample' | 'exclude' | 'trace'>;

/** A sweep as resolved: its settings, and one grid or a list of them, one an entry under `networks`. */
export type Sweep = SweepSettings &
  ((Grid & { networks?: never }) | ({ networks: Grid[] } & { [Key in keyof Grid]?: never }));

/** The grids of a sweep, whose networks follow one another. */
export function gridsOf(sweep: Sweep): readonly Grid[] {
  return sweep.networks ?? [sweep];
}

/** One block under `data`, its axes as lists. */
export type DataBlock = Grid['data'][number];
/** One block under `optimizer`, its axes as lists. */
export type OptimizerBlock = Grid['optimizer'][number];
