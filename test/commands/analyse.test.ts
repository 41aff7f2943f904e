/**
 * `gyre analyse` as a user meets it: tables that do not depend on threads, a summary, and words where there is nothing
 * to analyse.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Table, tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OUTCOME_NAMES, type OutcomeName } from '../../schemas/catalogue.ts';
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

const TABLES = ['spirals', 'relaxation', 'curvature', 'twins', 'survival'] as const;

let folder: string;
beforeAll(async () => {
  folder = await folderOf(writeSweep(cwd, { ...SPIKING, precision: ['float32', 'float64'] }));
});

const bytesOf = (name: string) => readFileSync(join(cwd, folder, `${name}.arrow`));
const read = (name: string): Table => tableFromIPC(bytesOf(name));
type Row = Record<string, number | string | boolean | null>;
const rowsOf = (name: string) => read(name).toArray() as Row[];
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
    expect(stdout).toMatch(
      /^spirals: windows of 62 epochs; brackets hold 95 % intervals over networks\nprecision {2}beta1 {2}beta2 {2}wind/,
    );
    expect(stdout).toMatch(/\ncurvature: upward crossings/);
    expect(linesOf(stdout)).toContain(`${join(folder, 'twins.arrow')}  ${2 * TWIN_LABELS.length} rows`);
    const lines = jsonLines((await call('analyse', folder, '--spikes', '4', '--json')).stdout);
    expect(lines.filter(({ kind }) => kind === 'table')).toHaveLength(TABLES.length);
    expect(lines.at(-1)).toMatchObject({ kind: 'run', spikingNetworks: 8, analysedNetworks: 4, spikesAnalysed: 4 });
    const curvature = lines.find(({ kind }) => kind === 'curvature');
    expect(curvature).toMatchObject({ precision: 'float32', beta1: 0.9, networks: 1 });
    expect(Object.keys(curvature?.delay as object)).toEqual(['value', 'lower', 'upper']);
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
    // Networks without spikes have survived them.
    const survival = tableFromIPC(readFileSync(join(cwd, quiet, 'survival.arrow'))).toArray() as Row[];
    const spikes = survival.filter(({ event, axis }) => event === 'first-spike' && axis === 'all');
    expect(spikes.map((row) => [row.epoch === 0, row.survival])).toEqual([
      [true, 1],
      [false, 1],
    ]);
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
      expect([row.pairs, row.replayed_pairs, row.parted_pairs]).toEqual([2, 2, 2]);
      expect(row.separation_epoch).toBeGreaterThan(100);
      expect(row.separation_epoch).toBeLessThan(12_000);
      const isOutcome = (label: unknown) => OUTCOME_NAMES.includes(label as OutcomeName);
      const own = twins.filter(({ network, label }) => network === row.network && isOutcome(label));
      const total = (column: string) => own.reduce((sum, cells) => sum + Number(cells[column]), 0);
      expect([total('count_float32'), total('count_float64')]).toEqual([2, 2]);
      // Two pairs have a ratio, and say nothing certain.
      expect([row.margin, row.verdict, row.interval_pairs, row.interval_ratio_lower]).toEqual([
        0.1,
        'undecided',
        2,
        null,
      ]);
      expect(row.interval_ratio).toBeGreaterThan(0.2);
      expect(row.interval_ratio).toBeLessThan(1.5);
      expect(TWIN_VERDICTS).toContain(row.verdict);
    }
  });
});

describe('the survival of a run', () => {
  test('has a curve for each event, axis and value, from 1 at epoch 0 to the share without the event', () => {
    const rows = rowsOf('survival');
    const networks = rowsOf('networks');
    expect([...new Set(rows.map(({ axis }) => axis))]).toEqual(['all', 'beta1', 'precision']);
    const curve = rows.filter(({ event, axis, value }) => event === 'onset' && axis === 'beta1' && value === '0.9');
    const own = networks.filter(({ beta1 }) => beta1 === 0.9);
    expect(own).toHaveLength(4);
    expect(curve[0]).toMatchObject({ epoch: 0, at_risk: 4, events: 0, survival: 1, lower: 1, upper: 1 });
    expect(curve.reduce((sum, { events }) => sum + Number(events), 0)).toBe(
      own.filter(({ onset_epoch }) => onset_epoch !== null).length,
    );
    for (const { epoch, survival, at_risk } of curve) {
      const without = own.filter(({ onset_epoch }) => onset_epoch === null || Number(onset_epoch) > Number(epoch));
      expect(survival).toBeCloseTo(without.length / 4, 12);
      const before = own.filter(({ onset_epoch }) => onset_epoch === null || Number(onset_epoch) >= Number(epoch));
      expect(at_risk).toBe(before.length);
    }
    const diverged = rows.filter(({ event, axis }) => event === 'divergence' && axis === 'all');
    expect(diverged.at(-1)).toMatchObject({ epoch: 12_000, survival: 1, at_risk: 8 });
  });

  test('is shown by one axis where it is asked for, and twins with another margin', async () => {
    const { stdout } = await call('analyse', folder, '--spikes', '4', '--by', 'beta1', '--margin', '99');
    expect(stdout).toMatch(/\n +0\.9 +unstable +2 +100\.0 % \[34\.2, 100\.0\] .* points +alike within 99 points\n/);
    expect(stdout).toMatch(/\n +spike interval +2 +0\.\d{3} +undecided\n/);
    expect(rowsOf('twins').every(({ margin }) => margin === 0.99)).toBe(true);
    expect(stdout).toMatch(/\naxis +value +networks +onset +first spike +divergence\nall +8 /);
    expect(stdout).toMatch(/\nbeta1 +0\.9 +4 .* +— \(0 of 4\)\n +0\.8 +4 .*\n +log-rank p .* –\n/);
    expect([...new Set(rowsOf('survival').map(({ axis }) => axis))]).toEqual(['all', 'beta1']);
  });

  test('is refused by an axis on which networks are equal, before anything is replayed', async () => {
    const { code, stderr } = await call('analyse', folder, '--by', 'epsilon');
    expect([code, stderr]).toEqual([
      2,
      'gyre: --by: got "epsilon", on which all networks are equal, expected one of beta1, precision\n',
    ]);
    expect((await call('analyse', folder, '--by', 'beta')).stderr).toContain('(did you mean "beta1"?)');
  });
});
