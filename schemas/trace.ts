/**
 * The Arrow tables of a run's folder: each column with its type, unit and meaning. Writers, readers, the metadata in the
 * files and the tests read this one list. Columns whose part of Gyre is not built yet are here already and null, so that
 * programs written against a run keep working.
 */

import type { Precision } from './catalogue.ts';
import { type Column, column, nullable } from './columns.ts';
import { FINDINGS_TABLES, type FindingsTableName } from './findings.ts';

/** Version of the folder and of every table in it; raised when a reader of the old one would be misled. */
export const FORMAT_VERSION = 3;

/** One table: a file or a folder of segments. */
export interface TableSpec {
  readonly name: TableName;
  /** Where its files stand in the run's folder, where that is not a folder of its name. */
  readonly folder?: string;
  readonly description: string;
  readonly columns: readonly Column[];
}

/** How the record batches of a run's tables are compressed. */
export const COMPRESSIONS = ['none', 'zstd'] as const;
export type CompressionName = (typeof COMPRESSIONS)[number];

/** What `gyre export` makes of a table. */
export const EXPORT_FORMATS = ['parquet', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export type TableName = 'networks' | 'epochs' | 'events' | 'blocks' | 'windows' | FindingsTableName;

/** One row a planned network. */
export const NETWORKS_TABLE: TableSpec = {
  name: 'networks',
  description: 'one row a planned network: its configuration, and its results once it is trained',
  columns: [
    column('network', 'u32', '1', 'number of the network in the plan'),
    column('key', 'utf8', '', 'first 16 hex digits of SHA-256 over all that decides its bits but the epochs'),
    nullable('layers', 'dictionary', '', 'units a layer, inputs first'),
    nullable('activation', 'dictionary', '', 'activation of the hidden layers; the output layer is linear'),
    nullable('data', 'dictionary', '', 'data set'),
    nullable('init', 'dictionary', '', 'distribution of the initial weights'),
    column('optimizer', 'dictionary', '', 'optimiser'),
    column('form', 'dictionary', '', 'form in which the update is computed'),
    column('precision', 'dictionary', '', 'floating-point format of every operation'),
    nullable('label', 'dictionary', '', 'verdict; null until trained'),
    nullable('degraded', 'bool', '', 'minimum loss of the last 10 % of epochs > 10 × minimum loss of the run'),
    nullable('shuffle', 'bool', '', 'whether mini-batches are drawn in a new order each epoch'),
    nullable('subnormals', 'dictionary', '', 'treatment of subnormal numbers'),
    nullable('points', 'u32', '1', 'samples in the data set'),
    nullable('batch', 'u32', '1', 'samples a step; equals points for full batch'),
    nullable('learning_rate', 'f64', '1', 'step size'),
    nullable('beta1', 'f64', '1', 'decay rate of the first moment an epoch'),
    nullable('beta2', 'f64', '1', 'decay rate of the second moment an epoch'),
    nullable('epsilon', 'f64', '1', 'term added to the denominator of the update'),
    nullable('weight_decay', 'f64', '1', 'decoupled weight decay'),
    column('seed', 'u32', '1', 'seed of the initial weights'),
    column('epochs', 'u32', 'epoch', 'epochs planned'),
    nullable('onset_epoch', 'u32', 'epoch', 'first epoch of the onset of fluctuation'),
    nullable(
      'diverged_epoch',
      'u32',
      'epoch',
      'last epoch with loss ≤ 10 × minimum; null unless diverged or non-finite',
    ),
    nullable('nonfinite_epoch', 'u32', 'epoch', 'first epoch with NaN or ∞ in loss, parameters or moments'),
    nullable('spike_count', 'u32', '1', 'spikes of height ≥ 4× in the last 20 % of epochs'),
    nullable('spike_interval', 'f64', 'epoch', 'median distance between their peaks'),
    nullable('spike_height', 'f64', 'decade', 'median of their heights'),
    nullable('flip_fraction', 'f64', '1', 'share of the last 20 % of epochs with update cosine < −0.5'),
    nullable('loss_first', 'f64', 'loss', 'loss at epoch 1, before the first update'),
    nullable('loss_min', 'f64', 'loss', 'smallest loss; NaN ignored'),
    nullable('loss_last', 'f64', 'loss', 'loss at the last epoch'),
    nullable('loss_min_epoch', 'u32', 'epoch', 'first epoch with the smallest loss'),
    nullable('digest', 'utf8', '', 'SHA-256 over the digests of its loss blocks and its final state, 64 hex digits'),
  ],
};

/** One row a network and bucket of epochs. */
export const EPOCHS_TABLE: TableSpec = {
  name: 'epochs',
  description:
    'one row a network and bucket of consecutive epochs; plain columns are those of the last epoch of the bucket',
  columns: [
    column('network', 'u32', '1', 'number of the network in the plan'),
    column('epoch', 'u32', 'epoch', 'last epoch of the bucket'),
    column('loss', 'f64', 'loss', 'mean squared error before the update of this epoch'),
    column('loss_min', 'f64', 'loss', 'smallest loss of the bucket; NaN if one is NaN'),
    column('loss_max', 'f64', 'loss', 'largest loss of the bucket; NaN if one is NaN'),
    column('gradient_norm', 'f32', 'loss', 'Euclidean norm of the gradient'),
    column('gradient_norm_max', 'f32', 'loss', 'its largest value in the bucket; NaN if one is NaN'),
    column('update_norm', 'f32', '1', 'Euclidean norm of the change of the parameters'),
    column('update_cosine', 'f32', '1', 'cosine between this update and the one before; NaN where a norm is 0'),
    column('update_cosine_min', 'f32', '1', 'its smallest value in the bucket; NaN ignored'),
    column('changed_parameters', 'u32', '1', 'parameters of which at least one bit changed'),
  ],
};

/** One row an event. */
export const EVENTS_TABLE: TableSpec = {
  name: 'events',
  description: 'one row an event: what happened to a network, seen at every epoch whatever the trace keeps',
  columns: [
    column('network', 'u32', '1', 'number of the network in the plan'),
    column('kind', 'dictionary', '', 'what happened'),
    column('epoch', 'u32', 'epoch', 'first epoch of the event; of a divergence, the last epoch before it'),
    nullable('peak_epoch', 'u32', 'epoch', 'epoch of the largest loss of a spike or level shift'),
    nullable(
      'end_epoch',
      'u32',
      'epoch',
      'end of a spike, level shift or stagnation; null where still open at the end',
    ),
    nullable('height_decades', 'f64', 'decade', 'log10(loss_peak / loss_before)'),
    nullable('loss_before', 'f64', 'loss', 'smallest loss of the window before a spike or level shift'),
    nullable('loss_peak', 'f64', 'loss', 'largest loss of a spike or level shift'),
  ],
};

/** One row a network and block of losses. */
export const BLOCKS_TABLE: TableSpec = {
  name: 'blocks',
  description: 'digests of the losses of each network in blocks of consecutive epochs',
  columns: [
    column('network', 'u32', '1', 'number of the network in the plan'),
    column('epoch', 'u32', 'epoch', 'last epoch of the block'),
    column('digest', 'utf8', '', 'first 16 hex digits of SHA-256 over the losses of the block, little-endian'),
  ],
};

/** The tables that workers write in segments. */
export const SEGMENTED_TABLES = { epochs: EPOCHS_TABLE, events: EVENTS_TABLE, blocks: BLOCKS_TABLE } as const;
export type SegmentedTableName = keyof typeof SEGMENTED_TABLES;
export const SEGMENTED_TABLE_NAMES = Object.keys(SEGMENTED_TABLES) as SegmentedTableName[];

/** The folder of the windows of one shape and precision in a run's folder: `windows/1-8-1-float32`. */
export const windowsFolder = (shape: string, precision: Precision): string => `windows/${shape}-${precision}`;

/** One row a network and epoch of a replayed window. `shape` is the layers as people write them; a network has so many parameters. */
export function windowsTable({
  shape,
  precision,
  parameters,
}: {
  shape: string;
  precision: Precision;
  parameters: number;
}): TableSpec {
  const type = precision === 'float32' ? 'f32' : 'f64';
  const vector = (of: Column): Column => ({ ...of, listSize: parameters });
  return {
    name: 'windows',
    folder: windowsFolder(shape, precision),
    description: `the whole state of ${shape} networks in ${precision} at every epoch of some windows, replayed`,
    columns: [
      column('network', 'u32', '1', 'number of the network in the plan'),
      column('epoch', 'u32', 'epoch', 'epoch; 0 is the state before the first update'),
      nullable('loss', 'f64', 'loss', 'mean squared error before the update of this epoch; null at epoch 0'),
      vector(
        column('theta', type, '1', 'parameters after the update: layer after layer weights by output, then biases'),
      ),
      vector(
        nullable('first_moment', type, 'loss', 'first moment after the update; null where the optimiser has none'),
      ),
      vector(
        nullable('second_moment', type, 'loss²', 'second moment after the update; null where the optimiser has none'),
      ),
      vector(nullable('gradient', type, 'loss', 'gradient as the optimiser saw it; null at epoch 0')),
    ],
  };
}

/** All tables, by name; windows stand for those of any shape and precision. */
export const TABLES: Readonly<Record<TableName, TableSpec>> = {
  networks: NETWORKS_TABLE,
  ...SEGMENTED_TABLES,
  windows: windowsTable({ shape: 'any', precision: 'float64', parameters: 1 }),
  ...FINDINGS_TABLES,
};
