/**
 * networks.arrow: one row a planned network, with whatever is known of it by now. Rewritten as a whole, atomically, so that
 * it opens at any moment of a run.
 */
import {
  ACTIVATIONS,
  DATASETS,
  FORMS,
  INITS,
  LABEL_NAMES,
  namesOf,
  OPTIMIZERS,
  PRECISIONS,
  SUBNORMALS,
} from '../../schemas/catalogue.ts';
import { layersLabel, type Network } from '../../schemas/network.ts';
import { type CompressionName, NETWORKS_TABLE } from '../../schemas/trace.ts';
import { type ColumnValues, type Dictionaries, type TableValues, tableFile } from '../storage/arrow.ts';
import { writeFileAtomically } from '../storage/files.ts';
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

/** Every name that can stand in a dictionary column, so that files of one sweep have the same dictionaries. */
function networkDictionaries(networks: readonly Network[]): Dictionaries {
  return {
    layers: [...new Set(networks.flatMap(({ layers }) => (layers === undefined ? [] : [layersLabel(layers)])))],
    activation: namesOf(ACTIVATIONS),
    data: [...namesOf(DATASETS), 'file'],
    init: namesOf(INITS),
    optimizer: namesOf(OPTIMIZERS),
    form: namesOf(FORMS),
    precision: namesOf(PRECISIONS),
    label: LABEL_NAMES,
    subnormals: namesOf(SUBNORMALS),
  };
}

/** The columns of the table, a row for each of `networks`. */
export function networkRows(networks: readonly Network[], results: Results, epochs: number): TableValues {
  const names = (of: (network: Network) => string | null): ColumnValues => ({ values: networks.map(of) });
  // Not TypedArray.from, which goes through an iterator and takes several times as long.
  const counts = (of: (network: Network) => number): ColumnValues => {
    const values = new Uint32Array(networks.length);
    for (let i = 0; i < values.length; i++) values[i] = of(networks[i]);
    return { values };
  };
  const orNull = <Values extends Float64Array | Uint32Array>(
    values: Values,
    of: (network: Network) => number | undefined,
  ) => {
    const valid = new Uint8Array(networks.length);
    for (let i = 0; i < values.length; i++) {
      const value = of(networks[i]);
      values[i] = value ?? 0;
      valid[i] = Number(value !== undefined);
    }
    return { values, valid };
  };
  const countsOrNull = (of: (network: Network) => number | undefined): ColumnValues =>
    orNull(new Uint32Array(networks.length), of);
  const numbers = (of: (network: Network) => number | undefined): ColumnValues =>
    orNull(new Float64Array(networks.length), of);
  const done = new Uint8Array(networks.length);
  for (const [i, { id }] of networks.entries()) done[i] = Number(results.isDone(id));
  const isById = networks.length === results.networkCount && networks.every(({ id }, row) => id === row);
  /** Results stand at the ids of the full plan: of a shard, not at its rows. */
  const ofRows = <Values extends Float64Array | Uint32Array>(byId: Values): Values => {
    if (isById) return byId;
    const values = byId.slice(0, networks.length) as Values;
    for (const [i, { id }] of networks.entries()) values[i] = byId[id];
    return values;
  };
  const measured = (byId: Float64Array): ColumnValues => ({ values: ofRows(byId), valid: done });
  const whereValid = (byId: Float64Array | Uint32Array, isValid: (value: number) => boolean): ColumnValues => {
    const values = ofRows(byId);
    const valid = new Uint8Array(values.length);
    for (let i = 0; i < values.length; i++) valid[i] = Number(isValid(values[i]));
    return { values, valid };
  };
  // 0 stands for null: epochs count from 1.
  const epochOrNull = (byId: Uint32Array) => whereValid(byId, (epoch) => epoch > 0);
  // NaN stands for null: no interval and no height is one.
  const numberOrNull = (byId: Float64Array) => whereValid(byId, (value) => !Number.isNaN(value));
  return {
    network: counts(({ id }) => id),
    key: names(({ key }) => key),
    layers: names(({ layers }) => (layers === undefined ? null : layersLabel(layers))),
    activation: names(({ activation }) => activation ?? null),
    data: names(({ data }) => data?.kind ?? null),
    init: names(({ init }) => init ?? null),
    optimizer: names(({ optimizer }) => optimizer.kind),
    form: names(({ optimizer }) => optimizer.form),
    precision: names(({ precision }) => precision),
    label: names(({ id }) => results.labelOf(id)),
    degraded: { values: networks.map(({ id }) => (results.isDone(id) ? results.degraded[id] === 1 : null)) },
    shuffle: { values: networks.map(({ objective, shuffle = false }) => (objective === undefined ? shuffle : null)) },
    subnormals: names(({ subnormals }) => subnormals),
    points: countsOrNull(({ data }) => data?.points),
    batch: countsOrNull(({ batch, data }) => (batch === 'full' ? data.points : batch)),
    learning_rate: numbers(({ optimizer }) => optimizer.learningRate),
    beta1: numbers(({ optimizer }) => optimizer.beta1),
    beta2: numbers(({ optimizer }) => optimizer.beta2),
    epsilon: numbers(({ optimizer }) => optimizer.epsilon),
    weight_decay: numbers(({ optimizer }) => optimizer.weightDecay),
    seed: counts(({ seed }) => seed),
    epochs: counts(() => epochs),
    onset_epoch: epochOrNull(results.onsetEpoch),
    diverged_epoch: epochOrNull(results.divergedEpoch),
    nonfinite_epoch: epochOrNull(results.nonFiniteEpoch),
    spike_count: { values: ofRows(results.spikeCount), valid: done },
    spike_interval: numberOrNull(results.spikeInterval),
    spike_height: numberOrNull(results.spikeHeight),
    flip_fraction: measured(results.flipFraction),
    loss_first: measured(results.lossFirst),
    loss_min: measured(results.lossMin),
    loss_last: measured(results.lossLast),
    loss_min_epoch: epochOrNull(results.lossMinEpoch),
    digest: names(({ id }) => results.digestOf(id)),
  };
}
