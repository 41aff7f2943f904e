/**
 * The checks of a sweep that need more than one key: crossings that do not exist, options that nothing takes, values
 * given twice, sizes. Works on whatever keys could be parsed, so that all mistakes of a file come out together.
 */
import { OPTIMIZERS, type OptimizerName, type OptimizerOption } from '../../schemas/catalogue.ts';
import type { ThresholdName, Thresholds } from '../../schemas/detectors.ts';
import { parameterCount } from '../../schemas/network.ts';
import type { Problem } from '../../schemas/problems.ts';
import {
  type DataBlock,
  type Grid,
  type ObjectiveBlock,
  OPTIMIZER_DEFAULTS,
  type OptimizerBlock,
  type Sample,
  SWEEP_LIMITS,
} from '../../schemas/sweep.ts';
import { GROUP_BYTES_MAX, numbersInMemory } from './cost.ts';
import { LANES_DEFAULT } from './pack.ts';

/** A problem at a key path of the sweep. */
export type Finding = Omit<Problem, 'where'> & {
  readonly path: readonly PropertyKey[];
  /** A place within the file that the key names. */
  readonly within?: string;
};

/** The keys of one grid, and of its blocks, that could be parsed. */
export type ParsedSweep = Partial<Omit<Grid, 'data' | 'objective' | 'optimizer'>> & {
  readonly data?: readonly Partial<DataBlock>[];
  readonly objective?: readonly Partial<ObjectiveBlock>[] | undefined;
  readonly optimizer?: readonly Partial<OptimizerBlock>[];
  readonly sample?: Sample | undefined;
};

/**
 * Everything that is wrong with the parsed keys of one grid; empty where all is well. `isSampled`: whether there is a
 * sample to draw from ranges.
 */
export function checkSweep(sweep: ParsedSweep, { isSampled }: { isSampled: boolean }): Finding[] {
  const { layers = [], data = [], objective = [], optimizer = [] } = sweep;
  const axes = ['layers', 'activation', 'init', 'batch', 'shuffle', 'precision', 'subnormals', 'seeds'] as const;
  return [
    ...axes.flatMap((axis) => repeats(sweep[axis] ?? [], [axis])),
    ...layers.flatMap((sizes, i) => checkLayers(sizes, data, ['layers', i])),
    ...data.flatMap((block, i) => checkData(block, ['data', i])),
    ...objective.flatMap((block, i) => repeatsOfBlock(block, ['objective', i])),
    ...optimizer.flatMap((block, i) => checkOptimizer(block, ['optimizer', i])),
    ...(isSampled ? [] : objective.flatMap((block, i) => rangesOf(block, ['objective', i]))),
    ...(isSampled ? [] : optimizer.flatMap((block, i) => rangesOf(block, ['optimizer', i]))),
    ...checkBatches(sweep),
    ...checkMemory(sweep),
  ];
}

/** The numbers of samples of all data sets that could be read. */
function pointCounts(data: readonly Partial<DataBlock>[]): number[] {
  return data.flatMap((block) => block.points ?? block.content?.map((content) => content.points) ?? []);
}

/** All batches cross all data sets, so each must be smaller than all. */
function checkBatches({ batch = [], shuffle, data = [] }: ParsedSweep): Finding[] {
  const fewest = Math.min(...pointCounts(data));
  const findings = batch.flatMap((size, i): Finding[] => {
    if (size === 'full' || size < fewest) return [];
    const got = `${size} samples a step of ${fewest} points`;
    return [{ path: ['batch', i], got, expected: `fewer than ${fewest}`, remedy: 'write full for all of them' }];
  });
  if (shuffle !== undefined && batch.length > 0 && batch.every((size) => size === 'full')) {
    const got = 'shuffle for full batches';
    findings.push({ path: ['shuffle'], got, expected: 'nothing: a full batch has no order to change' });
  }
  return findings;
}

/** Thresholds that must go together: what begins above must end below, and within its time. */
export function checkThresholds(detectors: Thresholds | undefined): Finding[] {
  if (detectors === undefined) return [];
  const atMost = (name: ThresholdName, limit: ThresholdName): Finding[] =>
    detectors[name] <= detectors[limit]
      ? []
      : [
          {
            path: ['detectors', name],
            got: String(detectors[name]),
            expected: `at most ${limit}, which is ${detectors[limit]}`,
          },
        ];
  return [
    ...atMost('spikeFall', 'spikeRise'),
    ...atMost('spikeStart', 'spikeLookback'),
    ...atMost('spikeFallEpochs', 'levelShiftEpochs'),
  ];
}

/** Bytes of one number of a group: up to float64, in as many lanes as a group has. */
const GROUP_NUMBER_BYTES = 8 * LANES_DEFAULT;

/** Each shape of the grid must fit into the memory of a kernel. */
function checkMemory({ layers = [], data = [], batch = ['full'] }: ParsedSweep): Finding[] {
  const points = Math.max(0, ...pointCounts(data));
  return layers.flatMap((sizes, i) => {
    const bytes = Math.max(...batch.map((size) => numbersInMemory(sizes, points, size))) * GROUP_NUMBER_BYTES;
    if (bytes <= GROUP_BYTES_MAX) return [];
    return {
      path: ['layers', i],
      got: `${sizes.join('-')} on ${points.toLocaleString('en')} points, ${(bytes / 2 ** 30).toFixed(1)} GiB a group`,
      expected: 'at most 4 GiB',
      remedy: 'fewer points, or narrower layers',
    };
  });
}

/** A range is no value: somebody must draw from it. */
function rangesOf(block: Readonly<Record<string, unknown>>, path: readonly PropertyKey[]): Finding[] {
  return Object.entries(block).flatMap(([key, values]) => {
    const range = Array.isArray(values) ? values.find((value) => typeof value === 'object') : undefined;
    if (range === undefined) return [];
    return {
      path: [...path, key],
      got: `the range ${JSON.stringify(range)}`,
      expected: 'numbers',
      remedy: 'a sample draws from ranges: add sample: { kind: random, count: 100 }',
    };
  });
}

/** Whether a plan of so many networks is one. */
export function checkCount(networks: number): Finding[] {
  if (networks <= SWEEP_LIMITS.networkCountMax) return [];
  return [
    {
      path: [],
      got: `a plan of ${networks.toLocaleString('en')} networks`,
      expected: `at most ${SWEEP_LIMITS.networkCountMax.toLocaleString('en')}`,
      remedy: 'shorten an axis, or split the sweep over several files',
    },
  ];
}

/** Each rule is asked about each network: more take hours before the first network is trained. */
const RULE_TESTS_MAX = 1e9;

/** Whether so many rules can be asked about so many networks. */
export function checkRules(rules: number, networks: number): Finding[] {
  if (rules * networks <= RULE_TESTS_MAX) return [];
  return [
    {
      path: ['exclude'],
      got: `${rules.toLocaleString('en')} rules for ${networks.toLocaleString('en')} networks`,
      expected: `at most ${RULE_TESTS_MAX.toLocaleString('en')} pairs of a rule and a network`,
      remedy: 'join rules: the values of a key may be a list',
    },
  ];
}

/**
 * How many networks the grid has: the product over its axes, where an option multiplies only those that take it; a
 * sample has so many instead of the axes that it draws from. An axis that could not be parsed counts once. What is
 * excluded is counted too.
 */
export function networkCount(sweep: ParsedSweep): number {
  const length = (list: readonly unknown[] | undefined) => list?.length ?? 1;
  if (sweep.sample !== undefined) return sweep.sample.count * length(sweep.precision) * length(sweep.seeds);
  const data = sweep.data?.reduce((sum, block) => sum + dataCount(block), 0) ?? 1;
  const optimizers = sweep.optimizer?.reduce((sum, block) => sum + optimizerCount(block), 0) ?? 1;
  const updates = optimizers * length(sweep.subnormals) * length(sweep.precision) * length(sweep.seeds);
  if (sweep.objective !== undefined)
    return updates * sweep.objective.reduce((sum, block) => sum + objectiveCount(block), 0);
  return updates * length(sweep.layers) * length(sweep.activation) * data * length(sweep.init) * batchCount(sweep);
}

function objectiveCount(block: Partial<ObjectiveBlock>): number {
  return Object.values(block).reduce((product, values) => product * values.length, 1);
}

function batchCount({ batch, shuffle }: ParsedSweep): number {
  return batch?.reduce<number>((sum, size) => sum + (size === 'full' ? 1 : (shuffle?.length ?? 1)), 0) ?? 1;
}

function dataCount({ kind, points, seed, file }: Partial<DataBlock>): number {
  if (file !== undefined) return file.length;
  const kinds = kind?.reduce((sum, name) => sum + (name === 'teacher' ? (seed?.length ?? 1) : 1), 0) ?? 1;
  return kinds * (points?.length ?? 1);
}

function optimizerCount(block: Partial<OptimizerBlock>): number {
  const ofKind = (kind: OptimizerName): number => {
    const options: readonly OptimizerOption[] = OPTIMIZERS[kind].options;
    return options.reduce((product, option) => product * (block[option]?.length ?? 1), 1);
  };
  const kinds = block.kind?.reduce((sum, kind) => sum + ofKind(kind), 0) ?? 1;
  return kinds * (block.form?.length ?? 1) * (block.learningRate?.length ?? 1);
}

function checkLayers(
  sizes: readonly number[],
  data: readonly Partial<DataBlock>[],
  path: readonly PropertyKey[],
): Finding[] {
  const got = sizes.join('-');
  const findings = dataShapes(data).flatMap((shape) => checkFit(sizes, shape, path));
  const count = parameterCount(sizes);
  if (count > SWEEP_LIMITS.parameterCountMax) {
    findings.push({
      path,
      got: `${got} with ${count.toLocaleString('en')} parameters`,
      expected: `at most ${SWEEP_LIMITS.parameterCountMax.toLocaleString('en')}`,
    });
  }
  return findings;
}

/** How many inputs and outputs a data set has, and what to call it. */
interface DataShape {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

const FORMULA_SHAPE: DataShape = { name: 'the data set', inputs: 1, outputs: 1 };

/**
 * The different shapes of a sweep's data sets, each by the first that has it; none of a block that could not be read.
 */
function dataShapes(blocks: readonly Partial<DataBlock>[]): DataShape[] {
  const shapes = blocks.flatMap(({ kind, points, file = [], content = [] }) => [
    ...(kind !== undefined || points !== undefined ? [FORMULA_SHAPE] : []),
    ...content.map(({ inputs, outputs }, i) => ({ name: file[i], inputs: inputs.length, outputs: outputs.length })),
  ]);
  const firstOf = new Map<string, DataShape>();
  for (const shape of shapes) {
    const key = `${shape.inputs} ${shape.outputs}`;
    if (!firstOf.has(key)) firstOf.set(key, shape);
  }
  return [...firstOf.values()];
}

/** All data sets cross all layers, so each must have the inputs and outputs of all. */
function checkFit(sizes: readonly number[], shape: DataShape, path: readonly PropertyKey[]): Finding[] {
  const [inputs, outputs] = [sizes[0], sizes[sizes.length - 1]];
  const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}, as ${shape.name} has`;
  const findings: Finding[] = [];
  const got = sizes.join('-');
  if (inputs !== shape.inputs) {
    const remedy = `write [${shape.inputs}, …, ${outputs}]`;
    findings.push({ path, got, expected: counted(shape.inputs, 'input'), remedy });
  }
  if (outputs !== shape.outputs) {
    const remedy = `write [${inputs}, …, ${shape.outputs}]`;
    findings.push({ path, got, expected: counted(shape.outputs, 'output'), remedy });
  }
  return findings;
}

function checkData(block: Partial<DataBlock>, path: readonly PropertyKey[]): Finding[] {
  const { content: _content, ...axes } = block;
  const findings = [...repeatsOfBlock(axes, path), ...equalFiles(block, path)];
  const { kind: kinds, seed } = block;
  if (seed !== undefined && kinds !== undefined && !kinds.includes('teacher')) {
    findings.push({
      path: [...path, 'seed'],
      got: `a seed for ${kinds.join(', ')}`,
      expected: 'no seed: only the teacher is drawn',
    });
  }
  return findings;
}

/** Files of different names that hold the same. */
function equalFiles(
  { file: files = [], content: contents = [] }: Partial<DataBlock>,
  path: readonly PropertyKey[],
): Finding[] {
  const firstOf = new Map<string, string>();
  return contents.flatMap(({ hash }, i) => {
    const first = firstOf.get(hash) ?? files[i];
    firstOf.set(hash, first);
    if (first === files[i]) return [];
    const got = `${first} and ${files[i]} with the same content`;
    return [{ path: [...path, 'file'], got, expected: 'each data set once' }];
  });
}

function checkOptimizer(block: Partial<OptimizerBlock>, path: readonly PropertyKey[]): Finding[] {
  const findings = repeatsOfBlock(block, path);
  const { kind: kinds, form = [] } = block;
  if (kinds === undefined) return findings;
  for (const kind of kinds) {
    const forms: readonly string[] = OPTIMIZERS[kind].forms;
    for (const name of form.filter((candidate) => !forms.includes(candidate))) {
      findings.push({
        path: [...path, 'form'],
        got: `${kind} × ${name}, a crossing that does not exist`,
        expected: `for ${kind} one of ${forms.join(', ')}`,
        remedy: 'give optimizers with different forms as a list of blocks',
      });
    }
  }
  for (const option of Object.keys(OPTIMIZER_DEFAULTS) as OptimizerOption[]) {
    const takesIt = (kind: OptimizerName) => (OPTIMIZERS[kind].options as readonly OptimizerOption[]).includes(option);
    if (block[option] !== undefined && !kinds.some(takesIt)) {
      findings.push({
        path: [...path, option],
        got: `${option} for ${kinds.join(', ')}`,
        expected: 'no such option there',
      });
    }
  }
  return findings;
}

function repeatsOfBlock(block: Readonly<Record<string, unknown>>, path: readonly PropertyKey[]): Finding[] {
  return Object.entries(block).flatMap(([key, values]) =>
    Array.isArray(values) ? repeats(values, [...path, key]) : [],
  );
}

/** A value that stands twice on an axis would train the same network twice. */
function repeats(values: readonly unknown[], path: readonly PropertyKey[]): Finding[] {
  if (isAscending(values)) return [];
  const seen = new Set<number | string>();
  const repeated = new Set<number | string>();
  for (const value of values) {
    const identity = typeof value === 'number' ? value : JSON.stringify(value);
    if (seen.has(identity)) repeated.add(identity);
    seen.add(identity);
  }
  return [...repeated].map((identity) => ({ path, got: `${identity} twice`, expected: 'each value once' }));
}

/** Numbers that ascend are different ones. So are a million seeds by default, which a Set would take a second for. */
function isAscending(values: readonly unknown[]): boolean {
  return values.every((value, i) => typeof value === 'number' && (i === 0 || (values[i - 1] as number) < value));
}
