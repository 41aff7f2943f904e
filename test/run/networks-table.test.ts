/**
 * networks.arrow opens at any moment of a run: a row a planned network from the start, null where nothing is known, and in
 * the end what the run has found.
 */
import { readFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { type LayeredNetwork, layersLabel } from '../../schemas/network.ts';
import { NETWORKS_TABLE } from '../../schemas/trace.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { readRun, runPaths } from '../../src/run/folder.ts';
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
const NOT_BUILT = ['onset_epoch', 'spike_count', 'spike_interval', 'spike_height', 'flip_fraction'];
const RESULTS = ['label', 'degraded', 'loss_first', 'loss_min', 'loss_last', 'loss_min_epoch', 'digest'];

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
    for (const name of [...RESULTS, ...NOT_BUILT, 'diverged_epoch', 'nonfinite_epoch'])
      expect(row[name], name).toBe(null);
  }

  const rows = readRows(folder);
  const { results } = readRun(folder);
  expect(rows.map(({ label }) => label)).toEqual(networks.map(({ id }) => results.labelOf(id)));
  expect(new Set(rows.map(({ label }) => label)).has('non-finite')).toBe(true);
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
    for (const name of NOT_BUILT) expect(rows[id][name], name).toBe(null);
    expect(rows[id].digest).toBe(results.digestOf(id));
    expect(rows[id].loss_last).toBe(results.lossLast[id]);
    const isLost = rows[id].label === 'non-finite';
    expect([rows[id].nonfinite_epoch === null, rows[id].diverged_epoch === null]).toEqual([!isLost, !isLost]);
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
