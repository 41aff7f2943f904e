/**
 * The Arrow tables of a run's folder: each column with its type, unit and meaning. Writers, readers, the metadata in
 * the files and the tests read this one list. Columns whose part of Gyre is not built yet are here already and null, so
 * that programs written against a run keep working.
 */

import { AXIS_COLUMNS } from './axis-columns.ts';
import type { Precision } from './catalogue.ts';
import { type Column, column, nullable } from './columns.ts';
import { FINDINGS_TABLES, type FindingsTableName } from './findings.ts';
import { RESULT_COLUMNS } from './result-columns.ts';
import { SIGNAL_COLUMNS } from './signals.ts';

/** Version of the folder and of every table in it; raised when a reader of the old one would be misled. */
export const FORMAT_VERSION = 4;

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

/** One row per planned network. */
export const NETWORKS_TABLE: TableSpec = {
  name: 'networks',
  description: 'one row per planned network: its configuration, and its results once it is trained',
  columns: [
    column('network', 'u32', '1', 'number of the network in the plan'),
    column('key', 'utf8', '', 'first 16 hex digits of SHA-256 over all that decides its bits but the epochs'),
    ...AXIS_COLUMNS.map(({ column: axis }) => axis),
    column('seed', 'u32', '1', 'seed of the initial weights'),
    column('epochs', 'u32', 'epoch', 'epochs planned'),
    nullable('outcome', 'dictionary', '', 'whether it learned and kept it; null until trained'),
    nullable('motion', 'dictionary', '', 'how it moves in the tail; null until trained, and where non-finite'),
    ...Object.values(RESULT_COLUMNS).map(({ column: result }) => result),
    nullable('digest', 'utf8', '', 'SHA-256 over the digests of its loss blocks and its final state, 64 hex digits'),
  ],
};

/** One row per network and bucket of epochs. */
export const EPOCHS_TABLE: TableSpec = {
  name: 'epochs',
  description:
    'one row per network and bucket of epochs: the signals of its last epoch; extremes and counts of all its epochs',
  columns: [
    column('network', 'u32', '1', 'number of the network in the plan'),
    column('epoch', 'u32', 'epoch', 'last epoch of the bucket'),
    ...SIGNAL_COLUMNS,
  ],
};

/** One row per event. */
export const EVENTS_TABLE: TableSpec = {
  name: 'events',
  description: 'one row per event of a network, found at every epoch, whatever the trace keeps',
  columns: [
    column('network', 'u32', '1', 'number of the network in the plan'),
    column('kind', 'dictionary', '', 'what happened'),
    column('epoch', 'u32', 'epoch', 'first epoch of the event; of a divergence, the last epoch before it'),
    nullable('peak_epoch', 'u32', 'epoch', 'epoch of the largest loss of a spike or level shift'),
    nullable('end_epoch', 'u32', 'epoch', 'end of a spike, level shift or freeze; null where still open at the end'),
    nullable('height_decades', 'f64', 'decade', 'log10(loss_peak / loss_before)'),
    nullable('loss_before', 'f64', 'loss', 'smallest loss of the window before a spike or level shift'),
    nullable('loss_peak', 'f64', 'loss', 'largest loss of a spike or level shift'),
  ],
};

/** One row per network and block of losses. */
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

/**
 * One row per network and epoch of a replayed window. `shape` is the layers as people write them, `parameters` the
 * number of a network's parameters.
 */
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
  const vector = (column: Column): Column => ({ ...column, listSize: parameters });
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
