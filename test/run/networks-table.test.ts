/**
 * networks.arrow opens at any moment of a run: a row a planned network from the start, null where nothing is known, and
 * in the end what the run has found.
 */
import { readFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { AXIS_COLUMNS } from '../../schemas/axis-columns.ts';
import { type LayeredNetwork, layersLabel, type Network } from '../../schemas/network.ts';
import { NETWORKS_TABLE } from '../../schemas/trace.ts';
import { axesOf } from '../../src/plan/axes.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { parseSweep } from '../../src/plan/read.ts';
import { readRun, runPaths } from '../../src/run/folder.ts';
import { networkRows } from '../../src/run/networks-table.ts';
import { Results } from '../../src/run/results.ts';
import { execute, scratchFolder, sweepOf } from '../support/runs.ts';

/** For the reference two tasks, so that the table can be read between them, with one network that overflows. */
const sweep = sweepOf({
  epochs: 1400,
  layers: [
    [1, 16, 1],
    [1, 3, 1],
  ],
  activation: 'relu',
  data: { kind: 'sine', points: 64 },
  optimizer: [
    { kind: 'adamw', learningRate: 0.01, beta2: 0.99, weightDecay: 0.1 },
    { kind: 'sgd', learningRate: 1e4 },
  ],
  batch: ['full', 48],
  shuffle: true,
  seeds: 2,
});
const networks = expandSweep(sweep) as LayeredNetwork[];

const NEVER_NULL = ['network', 'key', 'optimizer', 'form', 'precision', 'seed', 'epochs'];
/** Null where nothing of the kind has happened. */
const FINDINGS = [
  ...['motion', 'loss_end', 'lost_decades', 'tail_range_decades', 'excursion', 'onset_epoch'],
  ...['spike_interval', 'spike_height', 'diverged_epoch', 'nonfinite_epoch'],
];
const RESULTS = [
  'outcome',
  'target_variance',
  'subnormal_moments',
  'spike_count',
  'tail_spike_count',
  'flip_fraction',
  'loss_first',
  'loss_min',
  'loss_last',
  'loss_min_epoch',
  'digest',
];

const readRows = (folder: string) => {
  const table = tableFromIPC(readFileSync(runPaths(folder).networks));
  expect(table.schema.fields.map(({ name }) => name)).toEqual(NETWORKS_TABLE.columns.map(({ name }) => name));
  return table.toArray().map((row) => row?.toJSON() as Record<string, unknown>);
};

test('the table has a row a planned network while the run goes on, and its results once it is over', async () => {
  const folder = scratchFolder();
  const atProgress: Record<string, unknown>[][] = [];
  const { ending } = await execute({
    sweep,
    folder,
    engine: 'reference',
    onNotice: ({ kind }) => {
      if (kind === 'progress' && atProgress.length === 0) atProgress.push(readRows(folder));
    },
  });
  expect(ending).toBe('done');

  const [before] = atProgress;
  expect(before).toHaveLength(networks.length);
  for (const row of before) {
    for (const name of NEVER_NULL) expect(row[name], name).not.toBe(null);
    for (const name of [...RESULTS, ...FINDINGS]) expect(row[name], name).toBe(null);
  }

  const rows = readRows(folder);
  const { results } = readRun(folder);
  expect(rows.map(({ outcome, motion }) => ({ outcome, motion }))).toEqual(
    networks.map(({ id }) => results.labelsOf(id)),
  );
  expect(new Set(rows.map(({ outcome }) => outcome)).has('non-finite')).toBe(true);
  for (const [id, { key, layers, activation, data, init, optimizer, precision, seed, batch }] of networks.entries()) {
    expect(rows[id]).toMatchObject({
      network: id,
      key,
      layers: layersLabel(layers),
      activation,
      data: data.kind,
      init,
    });
    expect(rows[id]).toMatchObject({ optimizer: optimizer.kind, form: optimizer.form, precision, seed, epochs: 1400 });
    expect(rows[id]).toMatchObject({ points: 64, subnormals: 'ieee' });
    expect([rows[id].batch, rows[id].shuffle]).toEqual(batch === 'full' ? [64, false] : [48, true]);
    expect(rows[id].learning_rate).toBe(optimizer.learningRate);
    expect([rows[id].beta1, rows[id].beta2, rows[id].epsilon, rows[id].weight_decay]).toEqual(
      optimizer.kind === 'adamw' ? [0.9, 0.99, 1e-8, 0.1] : [null, null, null, null],
    );
    for (const name of RESULTS) expect(rows[id][name], name).not.toBe(null);
    expect(rows[id].digest).toBe(results.digestOf(id));
    expect(rows[id].loss_last).toBe(results.columns.lossLast[id]);
    const isLost = rows[id].outcome === 'non-finite';
    expect(rows[id].nonfinite_epoch !== null).toBe(isLost);
    // A network that was never trained has no epoch at which it was so last.
    if (!isLost) expect(rows[id].diverged_epoch).toBe(null);
  }
});

test('a run that is stopped leaves the results of its committed networks and nulls for the others', async () => {
  const folder = scratchFolder();
  await execute({
    sweep,
    folder,
    engine: 'reference',
    onNotice: ({ kind }, stop) => {
      if (kind === 'committed') stop.abort();
    },
  });
  const { results } = readRun(folder);
  expect(results.doneCount).toBeGreaterThan(0);
  expect(results.doneCount).toBeLessThan(networks.length);
  for (const [id, row] of readRows(folder).entries()) {
    for (const name of RESULTS) expect(row[name] !== null, name).toBe(results.isDone(id));
  }
});

/** Two networks that differ on one axis alone, for each axis. */
const PAIRS: Readonly<Record<string, () => readonly Network[]>> = (() => {
  const planned = (keys: object) => () => expandSweep(sweepOf({ seeds: 1, ...keys }));
  const adam = { kind: 'adam', learningRate: 0.01 };
  const power = { kind: 'power', exponent: 2, curvature: 1, start: 1 };
  const objective = (keys: object) => () => objectiveNetworks({ ...power, ...keys });
  const files = () => {
    const [network] = expandSweep(sweepOf({ seeds: 1 })) as LayeredNetwork[];
    return ['a', 'b'].map((digit) => ({
      ...network,
      data: { kind: 'file' as const, hash: digit.repeat(64), points: 9 },
    }));
  };
  const mixed = () => [planned({})()[0], objective({})()[0]];
  return {
    objective: mixed,
    exponent: objective({ exponent: [2, 4] }),
    curvature: objective({ curvature: [1, 3] }),
    start: objective({ start: [1, 2] }),
    layers: planned({
      layers: [
        [1, 3, 1],
        [1, 4, 1],
      ],
    }),
    activation: planned({ activation: ['tanh', 'relu'] }),
    data: planned({ data: { kind: ['sine', 'polynomial'], points: 8 } }),
    points: planned({ data: { kind: 'sine', points: [8, 9] } }),
    data_seed: planned({ data: { kind: 'teacher', points: 8, seed: [1, 2] } }),
    data_hash: files,
    init: planned({ init: ['glorot-uniform', 'he-uniform'] }),
    optimizer: planned({ optimizer: { kind: ['adam', 'amsgrad'], learningRate: 0.01 } }),
    form: planned({ optimizer: { ...adam, form: ['torch', 'keras'] } }),
    learning_rate: planned({ optimizer: { ...adam, learningRate: [0.1, 0.2] } }),
    beta1: planned({ optimizer: { ...adam, beta1: [0.5, 0.9] } }),
    beta2: planned({ optimizer: { ...adam, beta2: [0.5, 0.9] } }),
    epsilon: planned({ optimizer: { ...adam, epsilon: [1e-8, 1e-7] } }),
    weight_decay: planned({ optimizer: { ...adam, kind: 'adamw', weightDecay: [0.1, 0.2] } }),
    batch: planned({ batch: [2, 3] }),
    shuffle: planned({ batch: 2, shuffle: [true, false] }),
    subnormals: planned({ subnormals: ['ieee', 'flush'] }),
    precision: planned({ precision: ['float32', 'float64'] }),
  };
})();

function objectiveNetworks(objective: object): readonly Network[] {
  const optimizer = { kind: 'adam', learningRate: 0.01 };
  return expandSweep(parseSweep(JSON.stringify({ name: 'one', epochs: 10, objective, optimizer }), 'one.yaml'));
}

test('the table has a column for everything but seeds in which two networks of a sweep may differ', () => {
  expect(Object.keys(PAIRS)).toEqual(AXIS_COLUMNS.map(({ column }) => column.name));
  for (const [axis, pair] of Object.entries(PAIRS)) {
    const two = pair();
    expect([axis, two.length]).toEqual([axis, 2]);
    expect([axis, axesOf(two).map(({ name }) => name)]).toEqual([axis, axis === 'objective' ? [] : [axis]]);
    const { values, valid } = networkRows(two, new Results(2), 10)[axis];
    const cells = [0, 1].map((row) => (valid?.[row] === 0 ? null : values[row]));
    expect(cells[0], axis).not.toEqual(cells[1]);
  }
});
