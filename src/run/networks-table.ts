/**
 * networks.arrow: one row a planned network, with whatever is known of it by now. Rewritten as a whole, atomically, so
 * that it opens at any moment of a run.
 */
import { AXIS_COLUMNS, type AxisColumn } from '../../schemas/axis-columns.ts';
import { MOTION_NAMES, OUTCOME_NAMES } from '../../schemas/catalogue.ts';
import type { ColumnType } from '../../schemas/columns.ts';
import type { Network } from '../../schemas/network.ts';
import { RESULT_COLUMNS, RESULT_NAMES, type ResultName } from '../../schemas/result-columns.ts';
import { type CompressionName, NETWORKS_TABLE } from '../../schemas/trace.ts';
import { writeFileAtomically } from '../storage/files.ts';
import { type ColumnValues, type Dictionaries, type TableValues, tableFile } from '../storage/tables/arrow.ts';
import type { Results } from './results.ts';

/** A plan, and what is known of it. */
export interface NetworksTable {
  readonly runKey: string;
  readonly networks: readonly Network[];
  readonly results: Results;
  readonly epochs: number;
  readonly compression: CompressionName;
}

/** Writes the table of a plan and its results. */
export function writeNetworksTable({ path, ...table }: NetworksTable & { readonly path: string }): void {
  writeFileAtomically(path, networksTableFile(table));
}

/** The bytes of the table: equal results have equal bytes. */
export function networksTableFile({ runKey, networks, results, epochs, compression }: NetworksTable): Uint8Array {
  const rows = networkRows(networks, results, epochs);
  const dictionaries = networkDictionaries(networks);
  return tableFile({ table: NETWORKS_TABLE, runKey, rows, rowCount: networks.length, dictionaries, compression });
}

/** Every name that can stand in a dictionary column, so that the files of one run have the same dictionaries. */
function networkDictionaries(networks: readonly Network[]): Dictionaries {
  const axes = AXIS_COLUMNS.filter(({ column }) => column.type === 'dictionary').map(({ column, valueFor, names }) => {
    const occurring = () => [...new Set(networks.map(valueFor))].filter((value) => typeof value === 'string');
    return [column.name, names ?? occurring()] as const;
  });
  return { ...Object.fromEntries(axes), outcome: OUTCOME_NAMES, motion: MOTION_NAMES };
}

/** The columns of the table, a row for each of `networks`. */
export function networkRows(networks: readonly Network[], results: Results, epochs: number): TableValues {
  const axes = AXIS_COLUMNS.map(({ column, valueFor }) => [column.name, axisValues(networks, column.type, valueFor)]);
  const resultsOf = resultValues(networks, results);
  return {
    network: { values: counts(networks, ({ id }) => id) },
    key: { values: networks.map(({ key }) => key) },
    ...Object.fromEntries(axes),
    seed: { values: counts(networks, ({ seed }) => seed) },
    epochs: { values: new Uint32Array(networks.length).fill(epochs) },
    outcome: { values: networks.map(({ id }) => results.labelsOf(id)?.outcome ?? null) },
    motion: { values: networks.map(({ id }) => results.labelsOf(id)?.motion ?? null) },
    ...Object.fromEntries(RESULT_NAMES.map((name) => [RESULT_COLUMNS[name].column.name, resultsOf(name)])),
    digest: { values: networks.map(({ id }) => results.digestOf(id)) },
  };
}

/** Not Uint32Array.from, which goes through an iterator and takes several times as long. */
function counts(networks: readonly Network[], countOf: (network: Network) => number): Uint32Array {
  const values = new Uint32Array(networks.length);
  for (let i = 0; i < values.length; i++) values[i] = countOf(networks[i]);
  return values;
}

/** The values of an axis; undefined is null. */
function axisValues(networks: readonly Network[], type: ColumnType, valueFor: AxisColumn['valueFor']): ColumnValues {
  if (type === 'dictionary' || type === 'utf8')
    return { values: networks.map((network) => (valueFor(network) as string | undefined) ?? null) };
  if (type === 'bool') return { values: networks.map((network) => (valueFor(network) as boolean | undefined) ?? null) };
  const values = type === 'u32' ? new Uint32Array(networks.length) : new Float64Array(networks.length);
  const valid = new Uint8Array(networks.length);
  for (let i = 0; i < values.length; i++) {
    const value = valueFor(networks[i]);
    values[i] = Number(value ?? 0);
    valid[i] = Number(value !== undefined);
  }
  return { values, valid };
}

/** The values of a result by its name. Results stand at the ids of the full plan: of a shard, not at its rows. */
function resultValues(networks: readonly Network[], results: Results): (name: ResultName) => ColumnValues {
  const done = new Uint8Array(networks.length);
  for (const [i, { id }] of networks.entries()) done[i] = Number(results.isDone(id));
  const isById = networks.length === results.networkCount && networks.every(({ id }, row) => id === row);
  return (name) => {
    const byId = results.columns[name];
    const { kind } = RESULT_COLUMNS[name];
    if (kind === 'flag') return { values: networks.map(({ id }, row) => (done[row] === 1 ? byId[id] === 1 : null)) };
    const values = (isById ? byId : byId.slice(0, networks.length)) as Uint32Array | Float64Array;
    if (!isById) for (const [row, { id }] of networks.entries()) values[row] = byId[id];
    if (kind === 'count' || kind === 'number') return { values, valid: done };
    const valid = new Uint8Array(values.length);
    for (let row = 0; row < values.length; row++)
      valid[row] = Number(kind === 'epoch' ? values[row] > 0 : !Number.isNaN(values[row]));
    return { values, valid };
  };
}
