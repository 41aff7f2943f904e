/**
 * The sweep file as zod sees it: its settings, its networks as a grid, a sample of one or a list, and rules for what is
 * left out. sweep.schema.json and README's table are generated from here.
 */
import { z } from 'zod';
import type { DataFileContent } from './dataset.ts';
import { THRESHOLD_NAMES, THRESHOLDS, type ThresholdName } from './detectors.ts';
import {
  axis,
  dataBlock,
  dataFileBlock,
  type Grid,
  gridSchema,
  gridShape,
  objectiveBlock,
  objectiveShape,
  optimizerBlock,
  SWEEP_LIMITS,
  seed,
  wholeNumber,
  withoutNegativeZero,
} from './sweep-grid.ts';
import { COMPRESSIONS } from './trace.ts';

export {
  type DataBlock,
  type Grid,
  gridSchema,
  NO_LAYERS,
  type ObjectiveBlock,
  OPTIMIZER_DEFAULTS,
  type OptimizerBlock,
  objectiveGridSchema,
  type Range,
  SHUFFLE_DEFAULT,
  SWEEP_LIMITS,
  TEACHER_SEED_DEFAULT,
} from './sweep-grid.ts';

const traceEpochs = z.strictObject({
  every: wholeNumber({ min: 1, max: SWEEP_LIMITS.epochCountMax })
    .prefault(20)
    .describe('Epochs per row of the table epochs, which keeps their extremes; 1 keeps every epoch.'),
});
const traceCheckpoints = z.strictObject({
  every: wholeNumber({ min: 1, max: SWEEP_LIMITS.epochCountMax })
    .prefault(10_000)
    .describe('Epochs between the kept states of a network, from which replay and extension start.'),
});
const trace = z.strictObject({
  epochs: traceEpochs.prefault({}).describe('The table epochs.'),
  checkpoints: traceCheckpoints.prefault({}).describe('The states that are kept.'),
  compression: z.enum(COMPRESSIONS).prefault('none').describe('Compression of the record batches of all tables.'),
});

const sample = z.strictObject({
  kind: z.literal('random').describe('How configurations are chosen: each axis is drawn uniformly and by itself.'),
  count: wholeNumber({ min: 1, max: SWEEP_LIMITS.networkCountMax }).describe(
    'Number of different configurations; each is trained with every precision and seed.',
  ),
  seed: seed.prefault(0).describe('Seed of the draws.'),
});

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
const someObjective = z.strictObject(optional(objectiveBlock.shape));

/** Some keys of a grid and of its blocks, without defaults. */
const someShape = {
  ...optional(gridShape),
  data: axis(z.union([someData, someDataFiles.transform(({ file }) => ({ file, content: [] as DataFileContent[] }))]))
    .optional()
    .describe(gridShape.data.description ?? ''),
  optimizer: axis(someOptimizer)
    .optional()
    .describe(gridShape.optimizer.description ?? ''),
  objective: axis(someObjective)
    .optional()
    .describe(gridShape.objective.description ?? ''),
};
/** A rule under `exclude`. */
export const ruleSchema = z.strictObject(someShape);

const settings = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
      error: 'a name of 1 to 64 letters, digits, ".", "_" or "-" (it names the run\'s folder)',
    })
    .describe('Name of the sweep and of its run’s folder.'),
  epochs: wholeNumber({ min: 1, max: SWEEP_LIMITS.epochCountMax }).describe('Epochs that each network is trained for.'),
};
/** A threshold with its limits and its default. */
function threshold(name: ThresholdName): z.ZodPrefault<z.ZodNumber> {
  const { value, min, max, isWhole, meaning } = THRESHOLDS[name];
  const range = isWhole ? wholeNumber({ min, max }) : z.number().min(min).max(max).overwrite(withoutNegativeZero);
  return range.prefault(value).describe(`${meaning[0].toUpperCase()}${meaning.slice(1)}.`);
}

/** Thresholds of events and labels. */
const detectors = z.strictObject(
  Object.fromEntries(THRESHOLD_NAMES.map((name) => [name, threshold(name)])) as Record<
    ThresholdName,
    ReturnType<typeof threshold>
  >,
);

const choices = {
  exclude: z
    .array(ruleSchema)
    .min(1)
    .optional()
    .describe('Rules for what is left out: networks that have, for every key of a rule, one of its values.'),
  trace: trace.prefault({}).describe('What is kept of the training.'),
  detectors: detectors.prefault({}).describe('Thresholds of events and labels.'),
};

/** A sweep file whose networks are a grid or a sample of one. */
export const sweepSchema = z.strictObject({
  ...settings,
  ...gridShape,
  sample: sample.optional().describe('Draws configurations instead of crossing all axes but precision and seeds.'),
  ...choices,
});

/** A sweep file of objectives, or of a sample of them. */
export const objectiveSweepSchema = z.strictObject({
  ...settings,
  ...objectiveShape,
  sample: sweepSchema.shape.sample,
  ...choices,
});

/**
 * A sweep file with a list of networks: what stands beside the list holds for each entry that does not say otherwise.
 */
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

/** What stands beside a list of networks once that is resolved. */
export const settingsSchema = z.strictObject({ ...settings, trace: choices.trace, detectors: choices.detectors });

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
  objective: objectiveBlock,
  optimizer: optimizerBlock,
  sample,
  trace,
  'trace.epochs': traceEpochs,
  'trace.checkpoints': traceCheckpoints,
  detectors,
};

/** The keys of a grid that hold blocks. */
export const BLOCK_KEYS = ['data', 'optimizer', 'objective'] as const;
export type BlockKey = (typeof BLOCK_KEYS)[number];

/** The mapping that a block is meant to be; where it is `partial`, without needs and defaults. */
export function blockMappingOf(key: BlockKey, block: object, { partial }: { partial: boolean }): z.ZodObject {
  if (key === 'optimizer') return partial ? someOptimizer : optimizerBlock;
  if (key === 'objective') return partial ? someObjective : objectiveBlock;
  const isFile = Object.hasOwn(block, 'file');
  if (partial) return isFile ? someDataFiles : someData;
  return isFile ? dataFileBlock : dataBlock;
}

/** What zod says of one mistake. */
export type SweepIssue = z.core.$ZodIssue;

/** A rule under `exclude`: for each key that it has, the values that it means. */
export type ExcludeRule = z.output<typeof ruleSchema>;
/** How configurations are drawn. */
export type Sample = z.output<typeof sample>;

/** What a sweep has beside its networks. */
type SweepSettings = Pick<
  z.output<typeof sweepSchema>,
  'name' | 'epochs' | 'sample' | 'exclude' | 'trace' | 'detectors'
>;

/** A sweep as resolved: its settings, and one grid or a list of them, one an entry under `networks`. */
export type Sweep = SweepSettings &
  ((Grid & { networks?: never }) | ({ networks: Grid[] } & { [Key in keyof Grid]?: never }));

/** The grids of a sweep, whose networks follow one another. */
export function gridsOf(sweep: Sweep): readonly Grid[] {
  return sweep.networks ?? [sweep];
}
