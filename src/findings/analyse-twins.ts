/**
 * The twins of a run: networks that differ in nothing but their precision, compared setting by setting. Labels,
 * intervals and heights are those that the run has found; only for the epoch at which twins part are some pairs
 * replayed side by side, from their common beginning.
 */
import { type FindingsRow, TWIN_LABELS, UNSTABLE } from '../../schemas/findings.ts';
import { type Network, parametersOf } from '../../schemas/network.ts';
import type { EpochRange, StateWindow } from '../../schemas/replay-messages.ts';
import { evenlySpread } from '../analysis/sites.ts';
import { type Estimate, fisherExact, medianOf, proportion } from '../analysis/statistics.ts';
import {
  compareTwins,
  isUnstable,
  type Replicate,
  separationRow,
  type TwinComparison,
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

/** One setting and its networks that are done. */
export interface TwinSetting {
  readonly float32: readonly Network[];
  readonly float64: readonly Network[];
}

/** A setting with what came of it. */
export interface ComparedSetting extends TwinComparison {
  readonly network: Network;
  readonly pairs: number;
  /** Epochs at which pairs parted, of those that did. */
  readonly separations: readonly number[];
}

export interface TwinFindings {
  readonly settings: readonly ComparedSetting[];
  readonly rows: readonly FindingsRow[];
}

type Pair = readonly [float32: Network, float64: Network];

/** The settings of a run that have networks in both precisions, in the order of the plan. */
export function twinSettings({ networks, results }: Pick<RunRecord, 'networks' | 'results'>): TwinSetting[] {
  const done = networks.filter(({ id }) => results.isDone(id));
  const settings = groupBy(done, ({ id: _id, key: _key, seed: _seed, precision: _precision, ...rest }) =>
    JSON.stringify(rest),
  );
  return [...settings.values()]
    .map((own) => ({
      float32: own.filter(({ precision }) => precision === 'float32'),
      float64: own.filter(({ precision }) => precision === 'float64'),
    }))
    .filter(({ float32, float64 }) => float32.length > 0 && float64.length > 0);
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
  options: Pick<AnalyseOptions, 'threads' | 'replayWorkerUrl'>,
): Promise<TwinFindings> {
  const pairsOf = choosePairs(settings);
  const separated = await separations(run, pairsOf.flat(), options);
  const compared = settings.map((setting, i): ComparedSetting => {
    const [network] = setting.float32;
    const replicates = [setting.float32, setting.float64].map((list) =>
      list.map((network) => replicateOf(run, network)),
    );
    return {
      network,
      ...compareTwins(replicates[0], replicates[1], network.id),
      pairs: pairsOf[i].length,
      separations: pairsOf[i].flatMap(([twin]) => separated.get(twin.id) ?? []),
    };
  });
  return { settings: compared, rows: compared.flatMap((comparison, i) => settingRows(run, settings[i], comparison)) };
}

function replicateOf({ results }: RunRecord, { id }: Network): Replicate {
  const orNull = (value: number) => (Number.isNaN(value) ? null : value);
  return {
    isUnstable: isUnstable(results.labelsOf(id)),
    spikeInterval: orNull(results.columns.spikeInterval[id]),
    spikeHeight: orNull(results.columns.spikeHeight[id]),
  };
}

/** `[setting][pair]`: evenly spread settings where there are too many, and their first pairs. */
function choosePairs(settings: readonly TwinSetting[]): Pair[][] {
  const each = Math.max(1, Math.min(PAIRS_A_SETTING, Math.floor(PAIRS_MAX / settings.length)));
  const chosen = new Set(evenlySpread(settings.length, PAIRS_MAX));
  return settings.map(({ float32, float64 }, i) => {
    if (!chosen.has(i)) return [];
    const twinOf = new Map(float64.map((network) => [network.seed, network]));
    const pairs = float32.flatMap((network): Pair[] => {
      const twin = twinOf.get(network.seed);
      return twin === undefined ? [] : [[network, twin]];
    });
    return pairs.slice(0, each);
  });
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

function settingRows({ results }: RunRecord, setting: TwinSetting, comparison: ComparedSetting): FindingsRow[] {
  const counts = (list: readonly Network[], label: string) =>
    list.filter(({ id }) => {
      const own = results.labelsOf(id);
      return label === UNSTABLE ? isUnstable(own) : own?.outcome === label || own?.motion === label;
    }).length;
  const [n32, n64] = [setting.float32.length, setting.float64.length];
  return TWIN_LABELS.map((label) => {
    const [in32, in64] = [counts(setting.float32, label), counts(setting.float64, label)];
    return {
      network: comparison.network.id,
      label,
      count_float32: in32,
      count_float64: in64,
      networks_float32: n32,
      networks_float64: n64,
      ...estimateCells('share_float32', proportion(in32, n32)),
      ...estimateCells('share_float64', proportion(in64, n64)),
      p_value: fisherExact([in32, n32], [in64, n64]),
      ...estimateCells('interval_ratio', comparison.intervalRatio),
      ...estimateCells('height_ratio', comparison.heightRatio),
      pairs: comparison.pairs,
      pairs_parted: comparison.separations.length,
      separation_epoch: medianOf(comparison.separations),
      verdict: comparison.verdict,
    };
  });
}

const estimateCells = (name: string, { value, low, high }: Estimate): FindingsRow => ({
  [name]: value,
  [`${name}_low`]: low,
  [`${name}_high`]: high,
});
