/**
 * Runs on data files: the same bits whatever the kind of file, the engine and the threads; the copy that the folder
 * keeps; and that a run goes on with the data it began with and no other.
 */
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { UsageError } from '../../schemas/problems.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { makeDataset } from '../../src/data/datasets.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { Plan } from '../../src/plan/plan.ts';
import { readSweep } from '../../src/plan/read.ts';
import { readRun } from '../../src/run/folder.ts';
import { openRun } from '../../src/run/open-run.ts';
import { execute, rowTexts, runBits, scratchFolder } from '../support/runs.ts';

const KEYS = {
  name: 'own',
  epochs: 120,
  layers: [2, 3, 2],
  activation: ['tanh', 'relu'],
  optimizer: { kind: 'adam', learningRate: [0.01, 0.1] },
  precision: ['float32', 'float64'],
  seeds: 2,
  trace: { epochs: { every: 7 } },
};

/** Columns of numbers that float32 does not have, and a row more than fills vectors. */
const COLUMNS = {
  x1: [0.1, 0.7, -0.3, 1e-3, 2],
  y1: [1.1, -0.2, 0.3, 1 / 3, 0],
  x2: [5, -0.1, 0.2, 1e-40, -0],
  y2: [0.9, 0.8, 0.1, 2 / 3, -1],
};

const csvOf = (columns: Readonly<Record<string, ArrayLike<number>>>) => {
  const text = (value: number) => (Object.is(value, -0) ? '-0' : String(value));
  const rows = Array.from(Object.values(columns)[0], (_, row) =>
    Object.values(columns).map((values) => text(values[row])),
  );
  return [Object.keys(columns), ...rows].map((cells) => `${cells.join(',')}\n`).join('');
};

/** A sweep read from a file in `folder`. */
function sweepIn(folder: string, keys: Readonly<Record<string, unknown>>): Sweep {
  writeFileSync(join(folder, 'a.yaml'), stringify({ ...KEYS, ...keys }));
  return readSweep(join(folder, 'a.yaml'));
}

/** The sweep of {@link KEYS} on a CSV file with {@link COLUMNS}. */
function csvSweep(folder: string, keys: Readonly<Record<string, unknown>> = {}): Sweep {
  writeFileSync(join(folder, 'points.csv'), csvOf(COLUMNS));
  return sweepIn(folder, { data: { file: 'points.csv' }, ...keys });
}

describe('the bits of a run on a data file', () => {
  test('are the same from CSV and Arrow, from kernels and the reference, on one thread and several', async () => {
    const folder = scratchFolder();
    const sweep = csvSweep(folder);
    writeFileSync(
      join(folder, 'points.arrow'),
      tableToIPC(
        tableFromArrays(
          Object.fromEntries(Object.entries(COLUMNS).map(([name, numbers]) => [name, Float64Array.from(numbers)])),
        ),
        'file',
      ),
    );
    const arrowSweep = sweepIn(folder, { data: { file: 'points.arrow' } });
    const bitsOf = async (name: string, options: Omit<Parameters<typeof execute>[0], 'folder'>) => {
      const { ending } = await execute({ folder: join(folder, name), ...options });
      expect(ending).toBe('done');
      return runBits(join(folder, name));
    };
    const bits = await bitsOf('csv', { sweep });
    expect(bits.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(await bitsOf('arrow', { sweep: arrowSweep, threads: 2 })).toEqual(bits);
    expect(await bitsOf('reference', { sweep, engine: 'reference' })).toEqual(bits);
  });

  test('are those of the formula whose float32 numbers the file has', async () => {
    const folder = scratchFolder();
    const { inputs, targets } = makeDataset({ kind: 'sine', points: 16 });
    writeFileSync(join(folder, 'sine.csv'), csvOf({ x: inputs, y: targets }));
    const ofFile = sweepIn(folder, { layers: [1, 3, 1], data: { file: 'sine.csv' } });
    const ofFormula = sweepIn(folder, { layers: [1, 3, 1], data: { kind: 'sine', points: 16 } });
    for (const [name, sweep] of Object.entries({ ofFile, ofFormula }))
      await execute({ sweep, folder: join(folder, name) });
    const [file, formula] = ['ofFile', 'ofFormula'].map((name) => readRun(join(folder, name)));
    expect(rowTexts(file.folder, 'epochs')).toEqual(rowTexts(formula.folder, 'epochs'));
    for (const { id } of formula.networks) {
      expect(file.results.digestOf(id)).toBe(formula.results.digestOf(id));
      expect(file.results.labelsOf(id)).toEqual(formula.results.labelsOf(id));
    }
    expect(file.networks[0].key).not.toBe(formula.networks[0].key);
  });

  test('are kept apart where networks of one group are trained on different files', async () => {
    const folder = scratchFolder();
    const reversed = Object.fromEntries(Object.entries(COLUMNS).map(([name, numbers]) => [name, numbers.toReversed()]));
    writeFileSync(join(folder, 'other.csv'), csvOf(reversed));
    const both = csvSweep(folder, { data: { file: ['points.csv', 'other.csv'] }, activation: 'tanh', seeds: 1 });
    await execute({ sweep: both, folder: join(folder, 'both'), threads: 2 });
    const { networks, results } = readRun(join(folder, 'both'));
    for (const file of ['points.csv', 'other.csv']) {
      const one = sweepIn(folder, { data: { file }, activation: 'tanh', seeds: 1 });
      await execute({ sweep: one, folder: join(folder, file, '..', `run-${file}`) });
      const alone = readRun(join(folder, `run-${file}`));
      for (const { id, key } of alone.networks) {
        const same = networks.find((network) => network.key === key);
        expect(alone.results.digestOf(id)).toBe(results.digestOf(same?.id ?? -1));
      }
    }
  });
});

describe('the folder of a run on a data file', () => {
  test('keeps a copy that a sweep may name, with the same networks', async () => {
    const folder = scratchFolder();
    const sweep = csvSweep(folder);
    await execute({ sweep, folder: join(folder, 'run') });
    const [copy, ...others] = readdirSync(join(folder, 'run', 'data'));
    expect(others).toEqual([]);
    expect(sweep.data?.[0].content?.[0].hash.slice(0, 16)).toBe(copy.replace('.arrow', ''));
    rmSync(join(folder, 'points.csv'));
    const ofCopy = sweepIn(folder, { data: { file: `run/data/${copy}` } });
    expect(expandSweep(ofCopy).map(({ key }) => key)).toEqual(expandSweep(sweep).map(({ key }) => key));
  });

  test('says that the data are of a file, and how many points they have', async () => {
    const folder = scratchFolder();
    await execute({ sweep: csvSweep(folder), folder: join(folder, 'run') });
    const table = tableFromIPC(readFileSync(join(folder, 'run', 'networks.arrow')));
    const [{ data, points, batch }] = table.toArray().map((row) => row.toJSON());
    expect({ data, points, batch }).toEqual({ data: 'file', points: 5, batch: 5 });
  });

  test('is read without the file', async () => {
    const folder = scratchFolder();
    await execute({ sweep: csvSweep(folder), folder: join(folder, 'run') });
    rmSync(join(folder, 'points.csv'));
    const { networks, results, manifest } = readRun(join(folder, 'run'));
    expect(results.fingerprint(networks)).toBe(runBits(join(folder, 'run')).fingerprint);
    expect(manifest.sweep.data?.[0].file).toEqual(['points.csv']);
  });
});

describe('a run that is continued', () => {
  /** Epochs enough for several slices of the reference. */
  const long = { epochs: 60_000, activation: 'tanh', seeds: 1, trace: { epochs: { every: 1000 } } };

  test('goes on with the same data, from a file of another name too, and makes a lost copy again', async () => {
    const folder = scratchFolder();
    const sweep = csvSweep(folder, long);
    await execute({ sweep, folder: join(folder, 'undisturbed') });
    const first = await execute({
      sweep,
      folder: join(folder, 'run'),
      engine: 'reference',
      onNotice: (notice, stop) => notice.kind === 'progress' && notice.epochsTrained > 0 && stop.abort(),
    });
    expect(first.ending).toBe('stopped');
    rmSync(join(folder, 'run', 'data'), { recursive: true });
    copyFileSync(join(folder, 'points.csv'), join(folder, 'renamed.csv'));
    const renamed = sweepIn(folder, { ...long, data: { file: 'renamed.csv' } });
    const { ending } = await execute({ sweep: renamed, folder: join(folder, 'run') });
    expect(ending).toBe('done');
    expect(runBits(join(folder, 'run'))).toEqual(runBits(join(folder, 'undisturbed')));
    expect(readdirSync(join(folder, 'run', 'data'))).toEqual(readdirSync(join(folder, 'undisturbed', 'data')));
  });

  test('is refused where the file has changed since, with what is different', async () => {
    const folder = scratchFolder();
    const sweep = csvSweep(folder);
    await execute({ sweep, folder: join(folder, 'run') });
    const problemsWith = (columns: typeof COLUMNS) => {
      writeFileSync(join(folder, 'points.csv'), csvOf(columns));
      const changed = sweepIn(folder, { data: { file: 'points.csv' } });
      try {
        openRun({ plan: new Plan(changed), folder: join(folder, 'run') });
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        return error.message.replaceAll(/"[0-9a-f]{64}"/g, 'HASH').split('\n');
      }
      return ['no problem'];
    };
    const end = 'as in the run "own" that the folder holds';
    const remedy = 'choose another folder with --out, or run the sweep that the folder holds';
    const hash = `${folder}/run: data[0].file[0].hash: got HASH in the sweep, expected HASH, ${end} (${remedy})`;
    expect(problemsWith({ ...COLUMNS, x1: [0.1, 0.7, -0.3, 1e-3, 3] })).toEqual([hash]);
    const shorter = Object.fromEntries(Object.entries(COLUMNS).map(([name, numbers]) => [name, numbers.slice(1)]));
    expect(problemsWith(shorter as typeof COLUMNS)).toEqual([
      hash,
      `${folder}/run: data[0].file[0].points: got 4 in the sweep, expected 5, ${end} (${remedy})`,
    ]);
  });
});
