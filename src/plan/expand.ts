/**
 * Expands a sweep into its networks, in one documented order: nested loops over layers, activation, data (blocks, then
 * kind, points, seed, or the files), init, optimizer (blocks, then kind, form, learningRate, beta1, beta2, epsilon,
 * weightDecay), batch, shuffle, subnormals, precision and seeds, the last one fastest. Axes keep the order of the file.
 * Objectives (blocks, then kind, exponent, curvature, start) stand in place of all that comes before the optimizer. In
 * a sample its configurations take the place of the axes before precision; entries under networks follow one another. A
 * network's id is its place among those that are not excluded.
 */
import { OPTIMIZERS, type OptimizerOption } from '../../schemas/catalogue.ts';
import type {
  DataConfig,
  LayeredConfig,
  Network,
  NetworkConfig,
  Objective,
  OptimizerConfig,
} from '../../schemas/network.ts';
import { cappedProblems, type Problem, UsageError } from '../../schemas/problems.ts';
import {
  type DataBlock,
  type Grid,
  gridsOf,
  type ObjectiveBlock,
  OPTIMIZER_DEFAULTS,
  type OptimizerBlock,
  type Range,
  type Sample,
  SHUFFLE_DEFAULT,
  type Sweep,
} from '../../schemas/sweep.ts';
import { type Exclusion, exclusionBy } from './exclude.ts';
import { describeValue } from './explain.ts';
import { networkKey } from './identify.ts';
import { KeySet } from './key-set.ts';
import { type Drawn, drawSample, isRange } from './sample.ts';

/**
 * The networks of a sweep, `networks[id]`.
 *
 * @throws UsageError where two blocks or entries describe the same network, a sample cannot be drawn, or rules exclude
 *   nothing or everything.
 */
export function expandSweep(sweep: Sweep): Network[] {
  const networks: Network[] = [];
  const known = new KeySet();
  const exclusion = exclusionBy(sweep.exclude ?? []);
  for (const planned of configurations(sweep, exclusion)) {
    const id = networks.length;
    const key = networkKey(planned);
    if (!known.add(key)) {
      const earlier = networks.findIndex((network) => network.key === key);
      throw new UsageError(repetition(sweep, { earlier, id, config: planned }));
    }
    planned.id = id;
    planned.key = key;
    networks.push(planned);
  }
  checkExclusion(sweep, { exclusion, count: networks.length });
  return networks;
}

function repetition(
  { name, networks }: Sweep,
  { earlier, id, config: planned }: { earlier: number; id: number; config: Planned },
): Problem {
  const { id: _id, key: _key, ...config } = planned;
  return {
    where: `sweep "${name}"`,
    got: `networks ${earlier} and ${id} with the same configuration ${JSON.stringify(config)}`,
    expected: 'each network once',
    remedy:
      networks === undefined
        ? 'remove the overlap between the blocks under data or optimizer'
        : 'remove the overlap between the entries under networks',
  };
}

/** A rule that excludes nothing is a mistake; in a sample it may be chance. */
function checkExclusion(sweep: Sweep, { exclusion, count }: { exclusion: Exclusion; count: number }): void {
  const unused = sweep.sample === undefined ? exclusion.unused() : [];
  const problems = unused.map((i) => ({
    where: `sweep "${sweep.name}": exclude[${i}]`,
    got: `a rule that matches no network: ${describeValue(sweep.exclude?.[i])}`,
    expected: 'values that some network of the sweep has together',
  }));
  if (problems.length > 0) throw new UsageError(cappedProblems(problems, `sweep "${sweep.name}": exclude`));
  if (count > 0) return;
  const remedy = 'rules name what is left out: add keys to them, or take them away';
  throw new UsageError({
    where: `sweep "${sweep.name}": exclude`,
    got: 'every network',
    expected: 'networks that remain',
    remedy,
  });
}

/**
 * A network that has no number and no key yet. It gets both in place: of a million networks, one object each instead of
 * two is a hundred megabytes.
 */
type Planned = NetworkConfig & { id: number; key: string };

/** The configurations of a sweep without what it excludes. */
function* configurations(sweep: Sweep, exclusion: Exclusion): Generator<Planned> {
  for (const grid of gridsOf(sweep))
    for (const drawn of sweep.sample === undefined ? crossed(grid) : sampled(grid, sweep.sample, exclusion))
      for (const config of replicates(drawn, grid)) if (!exclusion.excludes(config)) yield config;
}

function* crossed(grid: Grid): Generator<Drawn> {
  const dataSets = grid.data.flatMap(dataConfigs);
  const optimizers = grid.optimizer.flatMap(optimizerConfigs);
  const batches = batchConfigs(grid);
  for (const objective of (grid.objective ?? []).flatMap(objectiveConfigs))
    for (const optimizer of optimizers)
      for (const subnormals of grid.subnormals) yield { objective, optimizer, subnormals };
  for (const layers of grid.layers)
    for (const activation of grid.activation)
      for (const data of dataSets)
        for (const init of grid.init)
          for (const optimizer of optimizers)
            for (const batch of batches)
              for (const subnormals of grid.subnormals)
                yield { layers, activation, data, init, optimizer, ...batch, subnormals };
}

/** Draws again where nothing of a configuration would remain. */
function sampled(grid: Grid, sample: Sample, exclusion: Exclusion): Drawn[] {
  const isWelcome = (drawn: Drawn) => {
    for (const config of replicates(drawn, grid)) if (!exclusion.excludes(config)) return true;
    return false;
  };
  return drawSample(grid, { sample, isWelcome });
}

/** A configuration with each precision and seed. */
function* replicates(drawn: Drawn, { precision: precisions, seeds }: Grid): Generator<Planned> {
  const planned = plannerOf(drawn);
  for (const precision of precisions) for (const seed of seeds) yield planned(precision, seed);
}

/** Members are written out: a spread moves them in one by one, which of a million networks takes seconds. */
function plannerOf(drawn: Drawn): (precision: Planned['precision'], seed: number) => Planned {
  const { optimizer, subnormals } = drawn;
  const [id, key] = [-1, ''];
  if (drawn.objective !== undefined) {
    const { objective } = drawn;
    return (precision, seed) => ({ id, key, precision, seed, objective, optimizer, subnormals });
  }
  const { layers, activation, data, init, batch, shuffle } = drawn;
  if (shuffle === undefined)
    return (precision, seed) => ({
      id,
      key,
      precision,
      seed,
      layers,
      activation,
      data,
      init,
      optimizer,
      batch,
      subnormals,
    });
  return (precision, seed) => ({
    id,
    key,
    precision,
    seed,
    layers,
    activation,
    data,
    init,
    optimizer,
    batch,
    shuffle,
    subnormals,
  });
}

function objectiveConfigs({
  kind: kinds,
  exponent: exponents,
  curvature: curvatures,
  start: starts,
}: ObjectiveBlock): Objective[] {
  return kinds.flatMap((kind) =>
    exponents.flatMap((exponent) =>
      numbers(curvatures).flatMap((curvature) =>
        numbers(starts).map((start) => ({ kind, exponent, curvature, start })),
      ),
    ),
  );
}

type BatchConfig = Pick<LayeredConfig, 'batch' | 'shuffle'>;

/** There is nothing to shuffle in a full batch, so it is one value on both axes together. */
function batchConfigs({ batch: sizes, shuffle: orders = [SHUFFLE_DEFAULT] }: Grid): BatchConfig[] {
  return sizes.flatMap((batch): BatchConfig[] =>
    batch === 'full' ? [{ batch }] : orders.map((shuffle) => ({ batch, shuffle })),
  );
}

function dataConfigs(block: DataBlock): DataConfig[] {
  if (block.file !== undefined) {
    const { file, content } = block;
    if (content.length !== file.length) throw new Error(`the data of ${file.join(', ')} have not been read`);
    return content.map(({ hash, points }) => ({ kind: 'file', hash, points }));
  }
  const { kind: kinds, points: sizes, seed: seeds = [0] } = block;
  return kinds.flatMap((kind) =>
    sizes.flatMap((points): DataConfig[] =>
      kind === 'teacher' ? seeds.map((seed) => ({ kind, points, seed })) : [{ kind, points }],
    ),
  );
}

/** An option that an optimiser does not take spans no axis for it. */
function optimizerConfigs(block: OptimizerBlock): OptimizerConfig[] {
  return block.kind.flatMap((kind) => {
    const options: readonly OptimizerOption[] = OPTIMIZERS[kind].options;
    let configs: OptimizerConfig[] = block.form.flatMap((form) =>
      numbers(block.learningRate).map((learningRate) => ({ kind, form, learningRate })),
    );
    for (const option of options) {
      const values = numbers(block[option] ?? [OPTIMIZER_DEFAULTS[option]]);
      configs = configs.flatMap((config) => values.map((value) => ({ ...config, [option]: value })));
    }
    return configs;
  });
}

/** The values of an axis that nothing is drawn from. */
function numbers(values: readonly (number | Range)[]): number[] {
  return values.map((value) => {
    if (isRange(value)) throw new Error(`the range ${JSON.stringify(value)} in a grid`);
    return value;
  });
}
