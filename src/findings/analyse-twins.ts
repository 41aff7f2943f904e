/**
 * The twins of a run: networks that differ in nothing but their precision, compared pair by pair and judged setting by
 * setting. Labels, intervals and heights are those that the run has found; only for the epoch at which twins part are
 * some pairs replayed side by side, from their common beginning.
 */
import { type FindingsRow, TWIN_LABELS, UNSTABLE } from '../../schemas/findings.ts';
import { type Network, parametersOf } from '../../schemas/network.ts';
import type { EpochRange, StateWindow } from '../../schemas/replay-messages.ts';
import { evenlySpread } from '../analysis/sites.ts';
import { type Estimate, medianOf } from '../analysis/statistics.ts';
import {
  compareShares,
  compareTwins,
  isUnstable,
  type RatioComparison,
  separationRow,
  type Twin,
  type TwinComparison,
  type TwinPair,
} from '../analysis/twin-statistics.ts';
import { BYTES_OF } from '../numeric/bits.ts';
import { groupBy } from '../plan/pack.ts';
import { Comparisons } from '../replay/comparisons.ts';
import { replayGroups } from '../replay/replay-groups.ts';
import { planReplay } from '../replay/replay-plan.ts';
import type { RunRecord } from '../run/folder.ts';
import type { AnalyseOptions } from './analyse-spikes.ts';

/** ‖θ32 − θ64‖ / ‖θ64‖ beyond which twins have parted: four digits above the rounding of float32. */
const SEPARATION = 1e-3;
/** Pairs that are replayed: of a setting, and altogether. */
const PAIRS_A_SETTING = 4;
const PAIRS_MAX = 32;
/** Twins are replayed as far as this, and those that have not parted by then again four times as far. */
const FIRST_STEP_EPOCHS = 1000;
const STEP_FACTOR = 4;
/** Bytes of the parameters of the pairs that are replayed at a time. */
const BATCH_BYTES_MAX = 64 * 1024 * 1024;

type Pair = readonly [float32: Network, float64: Network];

/** The pairs of one setting whose members are both done, in the order of the plan; at least one. */
export type TwinSetting = readonly Pair[];

/** A setting with what came of it. */
export interface ComparedSetting extends TwinComparison {
  readonly network: Network;
  readonly replayedPairs: number;
  /** Epochs at which pairs parted, of those that did. */
  readonly separations: readonly number[];
}

export interface TwinFindings {
  readonly settings: readonly ComparedSetting[];
  readonly rows: readonly FindingsRow[];
}

/** How twins are compared. */
export interface TwinOptions extends Pick<AnalyseOptions, 'threads' | 'replayWorkerUrl'> {
  /** The largest difference that counts as alike, as a share. */
  readonly margin: number;
}

/** The settings of a run that have pairs, in the order of the plan. */
export function twinSettings({ networks, results }: Pick<RunRecord, 'networks' | 'results'>): TwinSetting[] {
  const done = networks.filter(({ id }) => results.isDone(id));
  const settings = groupBy(done, ({ id: _id, key: _key, seed: _seed, precision: _precision, ...rest }) =>
    JSON.stringify(rest),
  );
  return [...settings.values()].map(pairsIn).filter(({ length }) => length > 0);
}

/** Networks of one setting that have a seed in common. */
function pairsIn(networks: readonly Network[]): Pair[] {
  const twinOf = new Map(networks.flatMap((own) => (own.precision === 'float64' ? [[own.seed, own]] : [])));
  return networks.flatMap((network): Pair[] => {
    const twin = network.precision === 'float32' ? twinOf.get(network.seed) : undefined;
    return twin === undefined ? [] : [[network, twin]];
  });
}

/**
 * The comparison of a run's twins.
 *
 * @throws RunError where a table of the run cannot be read, a replayed network is not what the run has kept, or a
 *   thread is lost.
 */
export async function analyseTwins(
  run: RunRecord,
  settings: readonly TwinSetting[],
  options: TwinOptions,
): Promise<TwinFindings> {
  const chosen = choosePairs(settings);
  const separated = await separations(run, chosen.flat(), options);
  const compared = settings.map((setting, i): ComparedSetting => {
    const pairs = setting.map((pair) => twinPair(run, pair));
    return {
      network: setting[0][0],
      ...compareTwins(pairs, options.margin),
      replayedPairs: chosen[i].length,
      separations: chosen[i].flatMap(([twin]) => separated.get(twin.id) ?? []),
    };
  });
  return { settings: compared, rows: compared.flatMap((comparison, i) => settingRows(run, settings[i], comparison)) };
}

function twinPair({ results }: Pick<RunRecord, 'results'>, [float32, float64]: Pair): TwinPair {
  const orNull = (value: number) => (Number.isNaN(value) ? null : value);
  const twinOf = ({ id }: Network): Twin => ({
    labels: results.labelsOf(id),
    spikeInterval: orNull(results.columns.spikeInterval[id]),
    spikeHeight: orNull(results.columns.spikeHeight[id]),
  });
  return { float32: twinOf(float32), float64: twinOf(float64) };
}

/** `[setting][pair]`: evenly spread settings where there are too many, and their first pairs. */
function choosePairs(settings: readonly TwinSetting[]): Pair[][] {
  const each = Math.max(1, Math.min(PAIRS_A_SETTING, Math.floor(PAIRS_MAX / settings.length)));
  const chosen = new Set(evenlySpread(settings.length, PAIRS_MAX));
  return settings.map((pairs, i) => (chosen.has(i) ? pairs.slice(0, each) : []));
}

/** The epochs at which pairs part, by the id of the twin in float32; those that do not are left out. */
async function separations(
  run: RunRecord,
  pairs: readonly Pair[],
  options: Pick<AnalyseOptions, 'threads' | 'replayWorkerUrl'>,
): Promise<Map<number, number>> {
  const { epochs } = run.manifest.sweep;
  const found = new Map<number, number>();
  let together = [...pairs];
  let first = 1;
  while (together.length > 0 && first <= epochs) {
    const last = Math.min(epochs, Math.max(FIRST_STEP_EPOCHS, STEP_FACTOR * (first - 1)));
    for (const batch of batches(together, last - first + 1)) {
      const theta = await replayedThetas(run, batch, { first, last }, options);
      for (const [twin, other] of batch) {
        const row = separationRow(theta(twin), theta(other), { parameterCount: parametersOf(twin), limit: SEPARATION });
        if (row !== null) found.set(twin.id, first + row);
      }
    }
    together = together.filter(([twin]) => !found.has(twin.id));
    first = last + 1;
  }
  return found;
}

/** Pairs whose parameters of so many epochs fit into memory together; at least one. */
function batches(pairs: readonly Pair[], epochs: number): Pair[][] {
  const bytes = (networks: readonly Network[]) =>
    networks.reduce((sum, network) => sum + epochs * parametersOf(network) * BYTES_OF[network.precision], 0);
  const all: Pair[][] = [];
  for (const pair of pairs) {
    const open = all.at(-1);
    if (open !== undefined && bytes([...open.flat(), ...pair]) <= BATCH_BYTES_MAX) open.push(pair);
    else all.push([pair]);
  }
  return all;
}

/** θ of the networks of pairs at consecutive epochs, `[epoch][parameter]`. */
async function replayedThetas(
  run: RunRecord,
  pairs: readonly Pair[],
  range: EpochRange,
  { threads, replayWorkerUrl }: Pick<AnalyseOptions, 'threads' | 'replayWorkerUrl'>,
): Promise<(network: Network) => Float64Array> {
  const networks = [...pairs.flat()].sort((a, b) => a.id - b.id);
  const rows = range.last - range.first + 1;
  const thetas = new Map(networks.map((network) => [network.id, new Float64Array(rows * parametersOf(network))]));
  const comparisons = new Comparisons();
  const groups = planReplay(
    run,
    networks.map((network) => ({ network, windows: [range] })),
  );
  const take = ({ network, first, theta, loss }: StateWindow) =>
    thetas.get(network)?.set(theta, (first - range.first) * (theta.length / loss.length));
  await replayGroups(run, groups, {
    threads,
    workerUrl: replayWorkerUrl,
    buckets: 'none',
    take: (range) => {
      comparisons.take(range.comparisons);
      comparisons.refuseMismatch(run.folder);
      for (const window of range.windows) take(window);
    },
  });
  return ({ id }) => thetas.get(id) as Float64Array;
}

function settingRows(run: RunRecord, setting: TwinSetting, comparison: ComparedSetting): FindingsRow[] {
  const pairs = setting.map((pair) => twinPair(run, pair));
  return TWIN_LABELS.map((label) => {
    const holds = ({ labels }: Twin) =>
      label === UNSTABLE ? isUnstable(labels) : labels?.outcome === label || labels?.motion === label;
    const shares = compareShares(pairs, holds, comparison.margin);
    return {
      network: comparison.network.id,
      label,
      pairs: comparison.pairs,
      count_float32: shares.count32,
      count_float64: shares.count64,
      only_float32: shares.only32,
      only_float64: shares.only64,
      ...estimateCells('share_float32', shares.float32),
      ...estimateCells('share_float64', shares.float64),
      ...estimateCells('share_difference', shares.difference),
      p_value: shares.pValue,
      share_verdict: shares.verdict,
      ...ratioCells('interval', comparison.interval),
      ...ratioCells('height', comparison.height),
      replayed_pairs: comparison.replayedPairs,
      parted_pairs: comparison.separations.length,
      separation_epoch: medianOf(comparison.separations),
      margin: comparison.margin,
      verdict: comparison.verdict,
    };
  });
}

const ratioCells = (name: string, { pairs, ratio, verdict }: RatioComparison): FindingsRow => ({
  [`${name}_pairs`]: pairs,
  ...estimateCells(`${name}_ratio`, ratio),
  [`${name}_verdict`]: verdict,
});

const estimateCells = (name: string, { value, lower, upper }: Estimate): FindingsRow => ({
  [name]: value,
  [`${name}_lower`]: lower,
  [`${name}_upper`]: upper,
});
