/**
 * The sweep file as zod sees it: which keys exist, their types, ranges and defaults. A list where one value is expected is
 * an axis of the grid, so every axis comes out of parsing as a list. What a value means together with others (crossings,
 * sizes, duplicates) is the plan's business, not the schema's.
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

/** Units a layer, inputs first; the last layer is the (linear) output. */
const layers = z
  .array(wholeNumber({ min: 1, max: SWEEP_LIMITS.widthMax }))
  .min(2)
  .max(SWEEP_LIMITS.layerCountMax);

/** A key that the other kind of data block has. */
const elsewhere = z.never().optional();

/** A data set by its formula. */
const dataBlock = z.strictObject({
  kind: axis(z.enum(namesOf(DATASETS))),
  points: axis(wholeNumber({ min: 2, max: SWEEP_LIMITS.pointCountMax })),
  seed: axis(seed).optional(),
  file: elsewhere,
});

/** Data from files: paths relative to the sweep. */
const dataFileBlock = z.strictObject({
  file: axis(z.string().regex(/./, { error: 'the name of a file' })),
  kind: elsewhere,
  points: elsewhere,
  seed: elsewhere,
});

const optimizerBlock = z.strictObject({
  kind: axis(z.enum(namesOf(OPTIMIZERS))),
  form: axis(z.enum(namesOf(FORMS))).default(['torch']),
  learningRate: axis(z.number().gt(0).max(SWEEP_LIMITS.magnitudeMax)),
  beta1: axis(decayRate).optional(),
  beta2: axis(decayRate).optional(),
  epsilon: axis(magnitude).optional(),
  weightDecay: axis(magnitude).optional(),
});

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

const traceEpochs = z.strictObject({ every: wholeNumber({ min: 1, max: SWEEP_LIMITS.epochCountMax }).default(20) });
const traceCheckpoints = z.strictObject({
  every: wholeNumber({ min: 1, max: SWEEP_LIMITS.epochCountMax }).default(10_000),
});
const trace = z.strictObject({
  epochs: traceEpochs.prefault({}),
  checkpoints: traceCheckpoints.prefault({}),
  compression: z.literal('none').default('none'),
});

/** The sweep file. */
export const sweepSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    error: 'a name of 1 to 64 letters, digits, ".", "_" or "-" (it names the run\'s folder)',
  }),
  epochs: wholeNumber({ min: 1, max: SWEEP_LIMITS.epochCountMax }),
  layers: z
    .union([layers, z.array(layers).min(1)])
    .transform((v) => (Array.isArray(v[0]) ? v : [v]) as z.output<typeof layers>[]),
  activation: axis(z.enum(namesOf(ACTIVATIONS))).default(['tanh']),
  data: axis(z.union([dataBlock.transform(withDataDefaults), dataFileBlock.transform(withoutContent)])),
  init: axis(z.enum(namesOf(INITS))).default(['glorot-uniform']),
  optimizer: axis(optimizerBlock.transform(withOptimizerDefaults)),
  batch: axis(z.literal('full')).default(['full']),
  precision: axis(z.enum(namesOf(PRECISIONS))).default(['float32']),
  subnormals: axis(z.enum(namesOf(SUBNORMALS))).default(['ieee']),
  seeds: z
    .union([wholeNumber({ min: 1, max: SWEEP_LIMITS.networkCountMax }), z.array(seed).min(1)])
    .transform((v) => (Array.isArray(v) ? v : Array.from({ length: v }, (_, i) => i))),
  trace: trace.prefault({}),
});

/** The mappings of a sweep file by their key path, list indices left out; the file itself is ''. */
export const SWEEP_MAPPINGS: Readonly<Record<string, z.ZodObject>> = {
  '': sweepSchema,
  data: dataBlock,
  optimizer: optimizerBlock,
  trace,
  'trace.epochs': traceEpochs,
  'trace.checkpoints': traceCheckpoints,
};

/** The mapping that a block under `data` is meant to be. */
export function dataMappingOf(block: object): z.ZodObject {
  return Object.hasOwn(block, 'file') ? dataFileBlock : dataBlock;
}

/** What zod says of one mistake. */
export type SweepIssue = z.core.$ZodIssue;

/** A sweep as resolved: defaults filled in, every axis a list. */
export type Sweep = z.output<typeof sweepSchema>;
/** One block under `data`, its axes as lists. */
export type DataBlock = Sweep['data'][number];
/** One block under `optimizer`, its axes as lists. */
export type OptimizerBlock = Sweep['optimizer'][number];
