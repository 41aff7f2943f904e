/**
 * `gyre analyse` as a user meets it: tables that do not depend on threads, a summary, and words where there is nothing
 * to analyse.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Table, tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FINDINGS_TABLES, TWIN_LABELS, TWIN_VERDICTS } from '../../schemas/findings.ts';
import { gyre, jsonLines, linesOf, newFolder, removeFolder, writeSweep } from '../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
const call = (...args: string[]) => gyre(args, { cwd });
const folderOf = async (sweep: string, ...options: string[]) =>
  String(jsonLines((await call('run', sweep, '--json', ...options)).stdout)[0].folder);

const SPIKING = {
  epochs: 12_000,
  layers: [1, 8, 1],
  data: { kind: 'sine', points: 16 },
  optimizer: { kind: 'adam', learningRate: 0.01, beta1: [0.9, 0.8] },
  seeds: 2,
} as const;

const TABLES = ['spirals', 'relaxation', 'curvature', 'twins'] as const;

let folder: string;
beforeAll(async () => {
  folder = await folderOf(writeSweep(cwd, { ...SPIKING, precision: ['float32', 'float64'] }));
});

const bytesOf = (name: string) => readFileSync(join(cwd, folder, `${name}.arrow`));
const read = (name: string): Table => tableFromIPC(bytesOf(name));
const rowsOf = (name: string) => read(name).toArray() as Record<string, number | string | boolean | null>[];
const said = (stderr: string) => linesOf(stderr).filter((line) => line !== '' && !line.startsWith('replayed '));

describe('the findings of a run that spikes', () => {
  test('are the same bytes for one thread and for two', async () => {
    const one = await call('analyse', folder, '--spikes', '16', '--threads', '1', '--json');
    expect([one.code, said(one.stderr)]).toEqual([0, []]);
    const before = TABLES.map(bytesOf);
    const two = await call('analyse', '--spikes', '16', '--threads', '2', '--json');
    expect(two).toMatchObject({ code: 0, stdout: one.stdout });
    expect(TABLES.map(bytesOf)).toEqual(before);
  });

  test('have a row a window, a spike and a random epoch, with every column described', () => {
    for (const name of TABLES) {
      const { fields, metadata } = read(name).schema;
      expect(fields.map((field) => field.name)).toEqual(FINDINGS_TABLES[name].columns.map((column) => column.name));
      for (const field of fields) expect([...field.metadata.keys()]).toEqual(['unit', 'description']);
      expect(metadata.get('recipe.pandas')).toBe(`pandas.read_feather('${name}.arrow')`);
    }
    expect(rowsOf('relaxation')).toHaveLength(16);
    const spirals = rowsOf('spirals');
    const count = (kind: string) => spirals.filter((row) => row.kind === kind).length;
    expect([count('rise'), count('relaxation'), count('random')]).toEqual([16, 16, 16]);
    expect(count('null') % 4).toBe(0);
    const curvature = rowsOf('curvature');
    expect(curvature.filter(({ kind }) => kind === 'spike')).toHaveLength(16);
    expect(curvature.filter(({ kind }) => kind === 'random')).toHaveLength(16);
  });

  test('are what theory says: relaxations twist and damp, the loss falls at −ln beta1, a crossing comes before', () => {
    const relaxations = rowsOf('spirals').filter(({ kind }) => kind === 'relaxation');
    expect(relaxations.filter(({ damped }) => damped === true).length).toBeGreaterThanOrEqual(13);
    const rises = rowsOf('spirals').filter(({ kind }) => kind === 'rise');
    expect(rises.filter(({ twisted }) => twisted === true).length).toBeLessThanOrEqual(1);
    // A spike of little height has no rate.
    const ratios = rowsOf('relaxation')
      .filter(({ loss_rate }) => loss_rate !== null)
      .map(({ loss_rate, loss_theory }) => Number(loss_rate) / Number(loss_theory))
      .sort((a, b) => a - b);
    expect(ratios.length).toBeGreaterThanOrEqual(5);
    const middle = ratios[Math.floor(ratios.length / 2)];
    expect(middle).toBeGreaterThan(0.85);
    expect(middle).toBeLessThan(1.15);
    for (const row of rowsOf('curvature').filter(({ crossing_epoch }) => crossing_epoch !== null)) {
      expect(Number(row.crossing_epoch) + Number(row.delay)).toBe(row.epoch);
      expect(Number(row.sharpness_max)).toBeGreaterThanOrEqual(Number(row.threshold));
      expect(row.crossings).toBeGreaterThanOrEqual(Number(row.crossings_followed));
    }
    const before = rowsOf('curvature').filter(
      ({ kind, crossing_epoch }) => kind === 'spike' && crossing_epoch !== null,
    );
    expect(before.length).toBeGreaterThanOrEqual(15);
  });

  test('are printed as tables, or a line of JSON a setting and question', async () => {
    const { code, stdout, stderr } = await call('analyse', folder, '--spikes', '4');
    expect([code, said(stderr)]).toEqual([0, ['looked at 4 spikes of 4 of 8 networks with spikes']]);
    expect(stdout).toMatch(/^spirals: windows of 62 epochs\nprecision {2}beta1 {2}beta2 {2}window/);
    expect(stdout).toMatch(/\ncurvature: upward crossings/);
    expect(linesOf(stdout).at(-1)).toBe(`${join(folder, 'twins.arrow')}  16 rows`);
    const lines = jsonLines((await call('analyse', folder, '--spikes', '4', '--json')).stdout);
    expect(lines.filter(({ kind }) => kind === 'table')).toHaveLength(4);
    expect(lines.at(-1)).toMatchObject({ kind: 'run', spikingNetworks: 8, analysedNetworks: 4, spikesAnalysed: 4 });
    expect(lines.find(({ kind }) => kind === 'curvature')).toMatchObject({ precision: 'float32', beta1: 0.9 });
  });
});

describe('a run that analysis has nothing for', () => {
  test('has empty tables where no network has spikes', async () => {
    const quiet = await folderOf(writeSweep(cwd, { name: 'quiet' }));
    const { code, stderr } = await call('analyse', quiet);
    expect([code, said(stderr)]).toEqual([
      0,
      ['no network has spikes: there is nothing to look at, and the tables have no rows'],
    ]);
    expect(tableFromIPC(readFileSync(join(cwd, quiet, 'spirals.arrow'))).numRows).toBe(0);
    expect(existsSync(join(cwd, quiet, 'twins.arrow'))).toBe(false);
  });

  test('is told which networks theory does not speak of', async () => {
    const optimizer = { kind: 'amsgrad', learningRate: 0.1 };
    const sweep = writeSweep(cwd, { ...SPIKING, name: 'others', epochs: 3000, optimizer, seeds: 4 });
    const { code, stderr } = await call('analyse', await folderOf(sweep));
    expect(code).toBe(0);
    expect(said(stderr)[0]).toMatch(
      new RegExp(
        '^looked at 0 spikes of 0 of 0 networks with spikes; \\d more have spikes, ' +
          'but are no networks of layers under full-batch Adam$',
      ),
    );
  });

  test('is ended by a signal at once where it follows a run, and leaves no table', async () => {
    const sweep = writeSweep(cwd, { ...SPIKING, name: 'followed', seeds: 8 });
    let sending: NodeJS.Timeout | undefined;
    const { code, stdout } = await gyre(['run', sweep, '--plain', '--analyse'], {
      cwd,
      // Again and again: one that comes with the last lines of the run is still its own.
      onStdout: (text, child) => {
        if (text.includes('fingerprint')) sending ??= setInterval(() => child.kill('SIGINT'), 100);
      },
    });
    clearInterval(sending);
    expect(code).toBe(null);
    const followed = /traces\/runs\/followed-\w+/.exec(stdout)?.[0] ?? '';
    expect(existsSync(join(cwd, followed, 'networks.arrow'))).toBe(true);
    for (const name of TABLES) expect(existsSync(join(cwd, followed, `${name}.arrow`))).toBe(false);
  });

  test('is refused with all that is wrong', async () => {
    const { code, stderr } = await call('analyse', folder, '--spikes', '0', '--threads', 'x');
    expect(code).toBe(2);
    expect(linesOf(stderr)).toEqual([
      'gyre: --spikes: got "0", expected a whole number from 1 to 1000000',
      'gyre: --threads: got "x", expected a whole number from 1 to 1024',
    ]);
  });
});

describe('the twins of a run', () => {
  test('have a row a setting and label, with a verdict for the setting, and part at an epoch', () => {
    const twins = rowsOf('twins');
    expect(twins).toHaveLength(2 * TWIN_LABELS.length);
    const unstable = twins.filter(({ label }) => label === 'unstable');
    expect(unstable.map(({ network }) => network)).toEqual([0, 4]);
    for (const row of unstable) {
      expect([row.networks_float32, row.networks_float64, row.pairs]).toEqual([2, 2, 2]);
      expect(row.pairs_parted).toBe(2);
      expect(row.separation_epoch).toBeGreaterThan(100);
      expect(row.separation_epoch).toBeLessThan(12_000);
      const own = twins.filter(({ network, label }) => network === row.network && label !== 'unstable');
      const total = (column: string) => own.reduce((sum, cells) => sum + Number(cells[column]), 0);
      expect([total('count_float32'), total('count_float64')]).toEqual([2, 2]);
      expect(TWIN_VERDICTS).toContain(row.verdict);
    }
  });
});
