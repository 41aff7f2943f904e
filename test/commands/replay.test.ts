/**
 * `gyre replay` and `gyre verify` as a user meets them: which files there are afterwards, what is said of them, and
 * what is refused.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Table, tableFromIPC, type Vector } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gyre, jsonLines, linesOf, newFolder, removeFolder, writeSweep } from '../support/cli.ts';
import { execute, sweepOf } from '../support/runs.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
const call = (...args: string[]) => gyre(args, { cwd });
const EPOCHS = 1050;

/**
 * Networks 0 and 1 are 1-3-1 under Adam, 2 and 3 under plain gradient descent, 4 to 7 the same as 1-2-2-1; the last of
 * each pair is in float64.
 */
let folder: string;
beforeAll(async () => {
  const optimizer = [
    { kind: 'adam', learningRate: 0.01 },
    { kind: 'sgd', learningRate: 0.1 },
  ];
  const precision = ['float32', 'float64'];
  const layers = [
    [1, 3, 1],
    [1, 2, 2, 1],
  ];
  const sweep = writeSweep(cwd, { epochs: EPOCHS, layers, optimizer, precision, seeds: 1 });
  folder = String(jsonLines((await call('run', sweep, '--json')).stdout)[0].folder);
});

/** What is said but progress, of which there is more the busier the machine is. */
const said = (stderr: string) => linesOf(stderr).filter((line) => line !== '' && !line.startsWith('replayed '));
const read = (path: string): Table => tableFromIPC(readFileSync(join(cwd, path)));

describe('replay', () => {
  test('writes one file a shape and precision, and says that it is proven', async () => {
    const { code, stdout, stderr } = await call('replay', '--network', '0-3,4', '--epochs', '0..20,1040..1050');
    expect([code, said(stderr)]).toEqual([0, []]);
    const files = [
      ['1-3-1-float32', 'networks-0+2'],
      ['1-3-1-float64', 'networks-1+3'],
      ['1-2-2-1-float32', 'networks-4'],
    ].map(([shape, networks]) => join(folder, 'windows', shape, `${networks}-epochs-0-20+1040-1050.arrow`));
    const lines = linesOf(stdout);
    expect(lines.filter((_, i) => i % 2 === 0).map((line) => line.split('  ')[0])).toEqual(files);
    expect(lines[0]).toMatch(/ {2}2 networks, 64 rows, [\d.]+ kB$/);
    expect(lines[1]).toBe('  bit-equal to what the run saw: 4 digests of losses and 106 traced buckets are the same');

    const table = read(files[0]);
    expect(table.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'network Uint32',
      'epoch Uint32',
      'loss Float64',
      ...['theta', 'first_moment', 'second_moment', 'gradient'].map((name) => `${name} FixedSizeList[10]<Float32>`),
    ]);
    const epochs = [...Array.from({ length: 21 }, (_, t) => t), ...Array.from({ length: 11 }, (_, i) => 1040 + i)];
    expect([...(table.getChild('epoch') ?? [])]).toEqual([...epochs, ...epochs]);
    const cell = (column: string, row: number) => table.getChild(column)?.get(row) ?? null;
    expect([cell('loss', 0), cell('gradient', 0)]).toEqual([null, null]);
    expect([...cell('first_moment', 0)]).toEqual(new Array(10).fill(0));
    expect(cell('loss', 1)).toBeGreaterThan(0);
    // Network 2 has no moments.
    expect([cell('network', 32), cell('first_moment', 40), cell('second_moment', 40)]).toEqual([2, null, null]);
    expect(cell('gradient', 40)).toHaveLength(10);
    expect(read(files[1]).schema.fields[3].type.toString()).toBe('FixedSizeList[10]<Float64>');
    for (const { metadata } of table.schema.fields) expect([...metadata.keys()]).toEqual(['unit', 'description']);
    expect(table.schema.metadata.get('recipe.polars')).toBe("polars.read_ipc('windows/1-3-1-float32/*.arrow')");
  });

  test('writes the same bytes elsewhere, whatever the threads; --json is a line a file', async () => {
    const outs = ['one', 'three'];
    for (const [out, threads] of [
      ['one', '1'],
      ['three', '3'],
    ]) {
      const { code, stdout } = await call(
        'replay',
        folder,
        '--network',
        '5,7',
        '--epochs',
        '7',
        '--out',
        out,
        '--threads',
        threads,
        '--json',
      );
      expect(code).toBe(0);
      const path = join(out, '1-2-2-1-float64', 'networks-5+7-epochs-7.arrow');
      expect(jsonLines(stdout)).toEqual([
        {
          path,
          ...{
            networks: [5, 7],
            epochs: [{ first: 7, last: 7 }],
            rows: 2,
            bytes: readFileSync(join(cwd, path)).length,
          },
          ...{ proven: true, blocks: 2, buckets: 100, unproven: [] },
        },
      ]);
    }
    const [one, three] = outs.map((out) =>
      readFileSync(join(cwd, out, '1-2-2-1-float64', 'networks-5+7-epochs-7.arrow')),
    );
    expect(three.equals(one)).toBe(true);
  });

  test('refuses networks and epochs that there are not, all at once, and writes nothing', async () => {
    const { code, stdout, stderr } = await call(
      'replay',
      '--network',
      '1,8',
      '--epochs',
      '5..3,x',
      '--out',
      'refused',
      '--threads',
      '0',
    );
    expect([code, stdout]).toEqual([2, '']);
    expect(linesOf(stderr)).toEqual([
      'gyre: --network: got "8", expected whole numbers from 0 to 7, or ranges of them such as 3-7',
      `gyre: --epochs: got "5..3", expected whole numbers from 0 to ${EPOCHS}, or ranges of them such as 3..${EPOCHS}`,
      `gyre: --epochs: got "x", expected whole numbers from 0 to ${EPOCHS}, or ranges of them such as 3..${EPOCHS}`,
      'gyre: --threads: got "0", expected a whole number from 1 to 1024',
    ]);
    expect(readdirSync(cwd)).not.toContain('refused');
  });
});

describe('replay --around-events', () => {
  const LAST = 1070;
  /** In float64, network 0 is under Adam at a large rate, 1 under gentle gradient descent, 2 overflows at once. */
  let eventful: string;
  beforeAll(async () => {
    const optimizer = [
      { kind: 'adam', learningRate: 0.3 },
      { kind: 'sgd', learningRate: [0.05, 1e30] },
    ];
    const trace = { checkpoints: { every: 300 } };
    const options = {
      name: 'eventful',
      epochs: LAST,
      layers: [1, 3, 1],
      optimizer,
      precision: 'float64',
      seeds: 1,
      trace,
    };
    eventful = String(jsonLines((await call('run', writeSweep(cwd, options), '--json')).stdout)[0].folder);
  });

  /** The epochs of the run that are so near to an event of a network, as its table has them. */
  function epochsNear(network: number, around: number): number[] {
    const rows = read(join(eventful, 'events', '0001-00001.arrow'))
      .toArray()
      .map((row) => row.toJSON());
    const own = rows.filter((row) => row.network === network);
    const isNear = (epoch: number) =>
      own.some(
        (row) => epoch >= row.epoch - around && epoch <= (row.end_epoch ?? row.peak_epoch ?? row.epoch) + around,
      );
    return Array.from({ length: LAST }, (_, i) => i + 1).filter(isNear);
  }
  /** The rows of one network by epoch, each number as its bytes. */
  function rowsOf(table: Table, network: number): [number, string][] {
    const cells = table.schema.fields.map(({ name }) => table.getChild(name));
    const text = (cell: unknown) => {
      if (cell === null) return 'null';
      const { buffer, byteOffset, byteLength } =
        typeof cell === 'number' ? Float64Array.of(cell) : (cell as Vector).toArray();
      return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
    };
    return Array.from({ length: table.numRows }, (_, row) => row)
      .filter((row) => cells[0]?.get(row) === network)
      .map((row) => [cells[1]?.get(row), cells.map((column) => text(column?.get(row))).join(' ')]);
  }

  test('gives of each network what --epochs gives for the epochs around its own events, bit for bit', async () => {
    const { code, stdout, stderr } = await call('replay', '--around-events', '9', '--json');
    expect([code, said(stderr)]).toEqual([0, []]);
    const [file, ...others] = jsonLines<{ epochs: unknown[] }>(stdout);
    const path = join(eventful, 'windows', '1-3-1-float64', 'networks-0+2-events-9.arrow');
    const near = new Map([0, 2].map((network) => [network, epochsNear(network, 9)]));
    const rows = [...near.values()].flat().length;
    expect([file, others]).toMatchObject([{ path, networks: [0, 2], rows, proven: true, unproven: [] }, []]);
    const all = ['--network', '0,2', '--epochs', `0..${LAST}`, '--out', 'all', '--json'];
    const whole = read(jsonLines<{ path: string }>((await call('replay', eventful, ...all)).stdout)[0].path);
    for (const [network, epochs] of near) {
      const expected = rowsOf(whole, network).filter(([epoch]) => epochs.includes(epoch));
      expect(expected.map(([epoch]) => epoch)).toEqual(epochs);
      expect(rowsOf(read(path), network)).toEqual(expected);
    }
    // The windows reach the beginning of the run, where they are cut, and there are epochs between them.
    expect(near.get(2)?.[0]).toBe(1);
    expect(file.epochs.length).toBeGreaterThan(3);
  });

  test('takes epochs of --epochs too, and reports named networks without events', async () => {
    const options = ['--network', '0-1', '--around-events', '0', '--epochs', '0..3,131', '--out', 'both', '--json'];
    const { stdout, stderr } = await call('replay', eventful, ...options);
    expect(said(stderr)).toEqual(['network 1: no events']);
    const [{ path }] = jsonLines<{ path: string }>(stdout);
    expect(path).toBe(join('both', '1-3-1-float64', 'networks-0-1-events-0-epochs-0-3+131.arrow'));
    const epochsIn = (network: number) => rowsOf(read(path), network).map(([epoch]) => epoch);
    expect(epochsIn(1)).toEqual([0, 1, 2, 3, 131]);
    expect(epochsIn(0)).toEqual([0, 1, 2, 3, ...epochsNear(0, 0)]);
  });

  const remedy = '(or --around-events 200 for what happened to networks)';
  test.each([
    [
      ['--around-events', '5', '--network', '1'],
      [
        '--around-events: got network 1 of traces/runs/eventful-…, to which nothing has happened, ' +
          'expected networks with events (choose epochs with --epochs)',
      ],
    ],
    [['--around-events', '1071'], ['--around-events: got "1071", expected a whole number from 0 to 1070']],
    [
      [],
      [
        `--network: got nothing, expected networks by their numbers, as 3,17-20 ${remedy}`,
        `--epochs: got nothing, expected epochs, as 0..500 ${remedy}`,
      ],
    ],
  ])('%j is refused', async (options, messages) => {
    const { code, stdout, stderr } = await call('replay', eventful, ...options, '--out', 'refused');
    const lines = linesOf(stderr.replace(/eventful-[0-9a-f]{8}/, 'eventful-…'));
    expect([code, stdout, lines]).toEqual([2, '', messages.map((message) => `gyre: ${message}`)]);
    expect(readdirSync(cwd)).not.toContain('refused');
  });

  test('of a run to which nothing has happened yet says so', async () => {
    const stopAtOnce = (_: unknown, stop: AbortController) => stop.abort();
    await execute({ sweep: sweepOf({ epochs: 1_000_000 }), folder: join(cwd, 'begun'), onNotice: stopAtOnce });
    const { code, stderr } = await call('replay', 'begun', '--around-events', '5');
    expect([code, linesOf(stderr)]).toEqual([
      2,
      [
        'gyre: --around-events: got networks 0-7 of begun, to which nothing has happened so far, ' +
          'expected networks with events (continue the run, or choose epochs with --epochs)',
      ],
    ]);
  });
});

describe('verify', () => {
  test('says that every network is what the run has', async () => {
    const { code, stdout, stderr } = await call('verify', folder, '--all');
    expect([code, said(stderr)]).toEqual([0, []]);
    expect(linesOf(stdout)).toEqual([
      `${folder}: 8 of 8 networks, trained again from their configurations alone, are the run's bit for bit`,
      '16 blocks of losses and 8 last states compared',
    ]);
  });

  test('of a sample says which networks, the same ones every time', async () => {
    const { code, stdout } = await call('verify', folder, '--sample', '3', '--json');
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    const networks = jsonLines((await call('show', folder, '--json')).stdout).map(({ key, digest }) => ({
      key,
      digest,
    }));
    const smallest = networks
      .map(({ key }) => String(key))
      .sort()
      .slice(0, 3);
    expect(
      lines
        .slice(0, 3)
        .map(({ key }) => key)
        .sort(),
    ).toEqual(smallest);
    expect(
      lines
        .slice(0, 3)
        .every(({ same, digest }) => same === true && networks.some((options) => options.digest === digest)),
    ).toBe(true);
    expect(lines[3]).toMatchObject({ kind: 'run', networks: 8, compared: 3, differing: 0 });
  });
});
