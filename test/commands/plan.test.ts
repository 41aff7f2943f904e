/**
 * `gyre plan`: the size of a sweep in words and as NDJSON, and all mistakes of a bad one; either way nothing is
 * written.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sweepKey } from '../../src/plan/identify.ts';
import { readSweep } from '../../src/plan/read.ts';
import { gyre, jsonLines, linesOf, newFolder, removeFolder, writeSweep } from '../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
const sweep = writeSweep(cwd, {
  layers: [
    [1, 3, 1],
    [1, 9, 1],
  ],
  epochs: 1000,
  seeds: 3,
});
const little = writeSweep(cwd, {
  name: 'little',
  data: [{ kind: 'sine', points: 4 }, { kind: 'teacher', points: 16 }, { file: 'flat.csv' }],
  optimizer: { kind: 'adam', learningRate: [0.001, 0.1] },
  seeds: 3,
});
writeFileSync(join(cwd, 'flat.csv'), 'x,y\n0,2\n1,2\n');
const key = sweepKey(readSweep(join(cwd, sweep)));
const filesBefore = readdirSync(cwd);
const expectNothingWritten = () => expect(readdirSync(cwd)).toEqual(filesBefore);

describe('a good sweep', () => {
  test('is told as networks, groups, axes, shapes with times, disk and folder', async () => {
    const { code, stdout, stderr } = await gyre(['plan', sweep], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    expect(linesOf(stdout).map((line) => line.replace(/ +/g, ' '))).toEqual([
      'tiny · 12 networks × 1,000 epochs in 4 groups',
      '',
      'layers 1-3-1 1-9-1',
      'learning_rate 0.01 0.1',
      'seeds 3',
      '',
      'shape networks groups network-epochs/s a thread time',
      expect.stringMatching(/^1-9-1 tanh 4 points adam torch float32 ieee 6 2 [\d.]+( [kMG])? \d+ s$/),
      expect.stringMatching(/^1-3-1 tanh 4 points adam torch float32 ieee 6 2 [\d.]+( [kMG])? \d+ s$/),
      '',
      // 12 networks of 50 buckets and 1 block.
      expect.stringMatching(
        new RegExp(`^about \\d+ s on \\d+ threads · about 38.7 kB on disk · traces/runs/tiny-${key}$`),
      ),
    ]);
    expectNothingWritten();
  });

  test('is a line of JSON a shape and one for the plan, whose numbers agree', async () => {
    const { code, stdout, stderr } = await gyre(['plan', sweep, '--json'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    const lines = jsonLines<Record<string, number> & { kind: string }>(stdout);
    expect(lines.map(({ kind }) => kind)).toEqual(['shape', 'shape', 'plan']);
    const [plan] = lines.slice(-1);
    expect(plan).toMatchObject({
      name: 'tiny',
      key,
      folder: join('traces', 'runs', `tiny-${key}`),
      networks: 12,
      epochs: 1000,
      groups: 4,
      diskBytes: 12 * (50 * 64 + 28),
    });
    const seconds = lines.slice(0, 2).map((shape) => {
      expect(shape).toMatchObject({ networks: 6, groups: 2 });
      expect(shape.epochsPerSecond).toBeGreaterThan(0);
      expect(shape.seconds).toBeCloseTo((6 * 1000) / shape.epochsPerSecond, 9);
      return shape.seconds;
    });
    expect(plan.seconds).toBeCloseTo((seconds[0] + seconds[1]) / plan.threads, 9);
    expectNothingWritten();
  });
});

describe('a sweep whose targets vary too little', () => {
  test('is planned with all remarks at the end and exit code 0', async () => {
    const { code, stdout, stderr } = await gyre(['plan', little], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    expect(linesOf(stdout).slice(-4)).toEqual([
      '',
      'remark: data teacher (16 points, seed 0): variance of targets 3.43e-4; one step of lr 0.1 may exceed it ' +
        '(3 networks)',
      'remark: data flat.csv: the targets do not vary, so labels use the first loss for V',
      'choose data that vary more (another seed of the teacher, larger y), or smaller learning rates',
    ]);
  });

  test('has the same remarks in JSON', async () => {
    const { stdout } = await gyre(['plan', little, '--json'], { cwd });
    expect(jsonLines(stdout).at(-1)).toMatchObject({
      kind: 'plan',
      remarks: [
        { data: { kind: 'teacher', points: 16, seed: 0 }, learningRates: [0.1, 0.1], networks: 3 },
        { data: { kind: 'file', points: 2 }, variance: 0, learningRates: null, networks: 6 },
      ],
      unjudgedDataSets: 0,
    });
  });
});

describe('a bad sweep', () => {
  const planOf = async (text: string) => {
    const file = join(cwd, '..', `bad-${process.pid}.yaml`);
    writeFileSync(file, text);
    const outcome = await gyre(['plan', file], { cwd });
    removeFolder(file);
    return { ...outcome, stderr: outcome.stderr.replaceAll(file, 'bad.yaml') };
  };

  test('is told with all its mistakes, one a line on stderr, with exit code 2', async () => {
    const text = 'name: a\nepochs: 0\nlayers: [[2, 1], [2, 1]]\nseeds: 1\nsede: 1\n';
    expect(await planOf(text)).toEqual({
      code: 2,
      stdout: '',
      stderr: [
        'gyre: bad.yaml:5: sede: unknown key (did you mean "seeds"?; known here: name, epochs, layers, ' +
          'activation, data, init, optimizer, batch, shuffle, precision, subnormals, seeds, objective, sample, ' +
          'networks, exclude, trace, detectors)',
        'gyre: bad.yaml:2: epochs: got 0, expected ≥ 1',
        'gyre: bad.yaml: data: got nothing, expected a mapping',
        'gyre: bad.yaml: optimizer: got nothing, expected a mapping',
        'gyre: bad.yaml:3: layers: got [2,1] twice, expected each value once',
        '',
      ].join('\n'),
    });
    expectNothingWritten();
  });

  test('of a thousand million networks is answered, not expanded', async () => {
    const values = (factor: number) => Array.from({ length: 1000 }, (_, i) => (i + 1) * factor).join(', ');
    const { code, stderr } = await planOf(
      `name: a\nepochs: 1\nlayers: [1, 1]\ndata: {kind: sine, points: 4}\nseeds: [${values(1)}]\n` +
        `optimizer: {kind: adam, learningRate: [${values(1e-3)}], beta1: [${values(1e-4)}]}\n`,
    );
    expect(code).toBe(2);
    expect(stderr).toContain('got a plan of 1,000,000,000 networks, expected at most 1,000,000');
  });

  test('with the same network in two blocks is refused', async () => {
    const { code, stderr } = await planOf(
      'name: a\nepochs: 1\nlayers: [1, 1]\ndata: {kind: sine, points: 4}\nseeds: 1\n' +
        'optimizer: [{kind: sgd, learningRate: 1}, {kind: sgd, learningRate: 1}]\n',
    );
    expect(code).toBe(2);
    expect(stderr).toContain('gyre: sweep "a": got networks 0 and 1 with the same configuration');
  });
});
