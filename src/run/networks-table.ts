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
import { NETWORKS_TABLE } from '../../schemas/trace.ts';
import { type ColumnValues, type Dictionaries, type TableValues, tableFile } from '../storage/arrow.ts';
import { writeFileAtomically } from '../storage/files.ts';
import type { Results } from './results.ts';

/** Writes the table of a plan and its results. */
export function writeNetworksTable(of: {
  path: string;
  runKey: string;
  networks: readonly Network[];
  results: Results;
  epochs: number;
}): void {
  const { path, runKey, networks, results, epochs } = of;
  const rows = networkRows(networks, results, epochs);
  const dictionaries = networkDictionaries(networks);
  writeFileAtomically(
    path,
    tableFile({ table: NETWORKS_TABLE, runKey, rows, rowCount: networks.length, dictionaries }),
  );
}

/** Every name that can stand in a dictionary column, so that files of one sweep have the same dictionaries. */
function networkDictionaries(networks: readonly Network[]): Dictionaries {
  return {
    layers: [...new Set(networks.map(({ layers }) => layersLabel(layers)))],
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

/** The columns of the table, `[network]`. */
export function networkRows(networks: readonly Network[], results: Results, epochs: number): TableValues {
  const names = (of: (network: Network) => string | null): ColumnValues => ({ values: networks.map(of) });
  // Not TypedArray.from, which goes through an iterator and takes several times as long.
  const counts = (of: (network: Network) => number): ColumnValues => {
    const values = new Uint32Array(networks.length);
    for (let i = 0; i < values.length; i++) values[i] = of(networks[i]);
    return { values };
  };
  const numbers = (of: (network: Network) => number | undefined): ColumnValues => {
    const values = new Float64Array(networks.length);
    const valid = new Uint8Array(networks.length);
    for (let i = 0; i < values.length; i++) {
      const value = of(networks[i]);
      values[i] = value ?? 0;
      valid[i] = Number(value !== undefined);
    }
    return { values, valid };
  };
  const done = new Uint8Array(networks.length);
  for (const [i, { id }] of networks.entries()) done[i] = Number(results.isDone(id));
  const measured = (values: Float64Array): ColumnValues => ({ values, valid: done });
  // 0 stands for null: epochs count from 1.
  const epochOrNull = (values: Uint32Array): ColumnValues => ({
    values,
    valid: Uint8Array.from(values, (epoch) => Number(epoch > 0)),
  });
  const notBuiltCounts: ColumnValues = {
    values: new Uint32Array(networks.length),
    valid: new Uint8Array(networks.length),
  };
  const notBuiltNumbers: ColumnValues = {
    values: new Float64Array(networks.length),
    valid: new Uint8Array(networks.length),
  };
  return {
    network: counts(({ id }) => id),
    key: names(({ key }) => key),
    layers: names(({ layers }) => layersLabel(layers)),
    activation: names(({ activation }) => activation),
    data: names(({ data }) => data.kind),
    init: names(({ init }) => init),
    optimizer: names(({ optimizer }) => optimizer.kind),
    form: names(({ optimizer }) => optimizer.form),
    precision: names(({ precision }) => precision),
    label: names(({ id }) => results.labelOf(id)),
    degraded: { values: networks.map(({ id }) => (results.isDone(id) ? results.degraded[id] === 1 : null)) },
    shuffle: { values: networks.map(() => false) },
    subnormals: names(({ subnormals }) => subnormals),
    points: counts(({ data }) => data.points),
    batch: counts(({ data }) => data.points),
    learning_rate: numbers(({ optimizer }) => optimizer.learningRate),
    beta1: numbers(({ optimizer }) => optimizer.beta1),
    beta2: numbers(({ optimizer }) => optimizer.beta2),
    epsilon: numbers(({ optimizer }) => optimizer.epsilon),
    weight_decay: numbers(({ optimizer }) => optimizer.weightDecay),
    seed: counts(({ seed }) => seed),
    epochs: counts(() => epochs),
    onset_epoch: notBuiltCounts,
    diverged_epoch: epochOrNull(results.divergedEpoch),
    nonfinite_epoch: epochOrNull(results.nonFiniteEpoch),
    spike_count: notBuiltCounts,
    spike_interval: notBuiltNumbers,
    spike_height: notBuiltNumbers,
    flip_fraction: notBuiltNumbers,
    loss_first: measured(results.lossFirst),
    loss_min: measured(results.lossMin),
    loss_last: measured(results.lossLast),
    loss_min_epoch: epochOrNull(results.lossMinEpoch),
    digest: names(({ id }) => results.digestOf(id)),
  };
}
