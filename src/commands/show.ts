/**
 * `gyre show`: the summary of a run, and its networks one by one, filtered and sorted.
 */
import type { MotionName, OutcomeName } from '../../schemas/catalogue.ts';
import { isDiverged } from '../../schemas/labels.ts';
import type { Network, NetworkConfig } from '../../schemas/network.ts';
import { NETWORKS_TABLE } from '../../schemas/trace.ts';
import { columns, count, magnitude } from '../display/format.ts';
import { type SummaryInput, summaryLines } from '../display/run-summary.ts';
import { type RunRecord, readRun, runState } from '../run/folder.ts';
import { networkRows } from '../run/networks-table.ts';
import { cellOf } from '../storage/tables/arrow.ts';
import { findRun } from './find-run.ts';
import { printJson, printLine } from './output.ts';

export interface ShowOptions {
  /** `diverged` stands for all outcomes that count as divergence. */
  readonly outcome?: OutcomeName | 'diverged' | undefined;
  readonly motion?: MotionName | undefined;
  readonly sort?: string;
  readonly json?: boolean;
}

type Cell = string | number | boolean | null;
type Row = Readonly<Record<string, Cell>>;

/** The columns that a person wants to see first; --json and networks.arrow have all of them. */
const SHOWN_COLUMNS = [
  'network',
  'outcome',
  'motion',
  'objective',
  'exponent',
  'curvature',
  'start',
  'layers',
  'activation',
  'data',
  'data_seed',
  'data_hash',
  'optimizer',
  'learning_rate',
  'beta1',
  'beta2',
  'epsilon',
  'precision',
  'seed',
  'target_variance',
  'loss_first',
  'loss_min',
  'loss_end',
  'lost_decades',
  'tail_range_decades',
  'excursion',
  'onset_epoch',
  'spike_count',
  'tail_spike_count',
  'spike_interval',
  'spike_height',
  'flip_fraction',
  'diverged_epoch',
  'nonfinite_epoch',
  'replay',
];

/**
 * Epochs on either side of what happened to a network that are offered for replay; twice as many where nothing did, at
 * the end.
 */
const OFFERED_EPOCHS = 200;
/** Columns above 0 only where a network has events. */
const EVENT_COLUMNS = ['onset_epoch', 'spike_count', 'diverged_epoch', 'nonfinite_epoch'];

/** Columns that are shown rounded; a hyper-parameter stands as it was written. */
const MEASURED_COLUMNS = new Set([
  'target_variance',
  'loss_first',
  'loss_min',
  'loss_end',
  'lost_decades',
  'tail_range_decades',
  'excursion',
  'spike_interval',
  'spike_height',
  'flip_fraction',
]);

/** Shows a run. Returns the exit code. */
export function showCommand(name: string, { outcome, motion, sort = 'network', json }: ShowOptions): number {
  const columnNames = NETWORKS_TABLE.columns.map((column) => column.name);
  const record = readRun(findRun(name));
  const values = networkRows(record.networks, record.results, record.manifest.sweep.epochs);
  const rows: Row[] = record.networks.map((_, i) => {
    const row = Object.fromEntries(columnNames.map((column) => [column, cellOf(values[column], i)]));
    return { ...row, replay: replayOptionsOf(row) };
  });
  const selected = rows.filter((row) => isWanted(row, outcome, motion)).sort((a, b) => compare(a[sort], b[sort]));
  if (json === true) {
    for (const row of selected)
      printJson({
        ...row,
        replay: `npx gyre replay ${record.folder} ${row.replay}`,
        configuration: configurationOf(record.state.plan.all[row.network as number]),
      });
    return 0;
  }
  for (const line of summaryLines(summaryInput(record, runState(record)))) printLine(line);
  printLine('');
  for (const line of networkLines(selected)) printLine(line);
  const notes = [
    ...(selected.length > 0
      ? [`npx gyre replay ${record.folder}, with what stands under replay, gives every epoch of a network`]
      : []),
    ...(outcome !== undefined || motion !== undefined
      ? [`${count(selected.length)} of ${count(rows.length)} networks`]
      : []),
  ];
  for (const note of notes) for (const line of ['', note]) printLine(line);
  return 0;
}

function isWanted(row: Row, outcome: ShowOptions['outcome'], motion: ShowOptions['motion']): boolean {
  const own = row.outcome as OutcomeName | null;
  const isOutcome = outcome === 'diverged' ? own !== null && isDiverged(own) : outcome === undefined || own === outcome;
  return isOutcome && (motion === undefined || row.motion === motion);
}

/** The options of the replay of a network that shows what happened to it. */
function replayOptionsOf(row: Row): string {
  const { network, epochs } = row;
  if (EVENT_COLUMNS.some((column) => Number(row[column]) > 0))
    return `--network ${network} --around-events ${Math.min(OFFERED_EPOCHS, Number(epochs))}`;
  return `--network ${network} --epochs ${Math.max(0, Number(epochs) - 2 * OFFERED_EPOCHS)}..${epochs}`;
}

/** What the key of a network is made of, besides the version of the arithmetic. */
function configurationOf({ id: _id, key: _key, ...configuration }: Network): NetworkConfig {
  return configuration;
}

/** What the summary needs to know of a run. */
export function summaryInput(record: RunRecord, state: SummaryInput['state']): SummaryInput {
  const { manifest, networks, results, folder } = record;
  return {
    name: manifest.name,
    shard: manifest.shard ?? null,
    folder,
    epochs: manifest.sweep.epochs,
    networks,
    labelsOf: (id) => results.labelsOf(id),
    labels: results.labelCounts(),
    subnormalCount: results.subnormalCount,
    state,
    elapsedMs: record.state.elapsedMs,
    traceBytes: record.state.segments.committedBytes,
    fingerprint: results.fingerprint(networks),
  };
}

/** A table of the shown columns, those that are null for every network left out. */
function networkLines(rows: readonly Row[]): string[] {
  const shown = SHOWN_COLUMNS.filter((column) => rows.some((row) => row[column] !== null));
  const isNumber = (column: string) => rows.some((row) => typeof row[column] === 'number');
  const text = (column: string, cell: Cell) => {
    if (cell === null) return '–';
    return typeof cell === 'number' && MEASURED_COLUMNS.has(column) ? magnitude(cell) : String(cell);
  };
  return columns(
    [shown, ...rows.map((row) => shown.map((column) => text(column, row[column])))],
    shown.map((column) => (isNumber(column) ? 'right' : 'left')),
  );
}

/** Numbers by size, names by alphabet, NaN and null last. */
function compare(a: Cell, b: Cell): number {
  const isMissing = (cell: Cell) => cell === null || (typeof cell === 'number' && Number.isNaN(cell));
  if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b));
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en');
}
