/**
 * Looking at runs: `runs`, `show` and `fingerprint`, and what is said of names, labels and columns that there are not.
 * Nothing is changed by looking.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NetworkConfig } from '../../schemas/network.ts';
import { NETWORKS_TABLE } from '../../schemas/trace.ts';
import { networkKey } from '../../src/plan/identify.ts';
import { gyre, jsonLines, linesOf, newFolder, removeFolder, writeSweep } from '../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
const look = (...args: string[]) => gyre(args, { cwd });

/** Two runs whose names begin alike; of the second, which is the latest, network 2 and 3 end in ∞ or NaN. */
const folders: string[] = [];
beforeAll(async () => {
  const sweeps = [
    writeSweep(cwd, { name: 'alphabet' }),
    writeSweep(cwd, { name: 'alpha', activation: 'relu', optimizer: { kind: 'sgd', learningRate: [0.01, 1e30] } }),
  ];
  for (const sweep of sweeps) {
    const { stdout } = await look('run', sweep, '--json');
    folders.push(String(jsonLines(stdout)[0].folder));
  }
});

describe.concurrent('runs', () => {
  test('lists the runs, the latest first', async () => {
    const { code, stdout, stderr } = await look('runs');
    expect([code, stderr]).toEqual([0, '']);
    expect(linesOf(stdout).map((line) => line.split(/ {2,}/).slice(0, 5))).toEqual([
      ['run', 'state', 'networks', 'epochs', 'diverged'],
      [folders[1].slice('traces/runs/'.length), 'done', '4/4', '50', '2'],
      [folders[0].slice('traces/runs/'.length), 'done', '4/4', '50', '0'],
    ]);
  });

  test('--json is a line a run', async () => {
    const { code, stdout } = await look('runs', '--json');
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      { ...runLine('alpha', folders[1]), diverged: 2 },
      { ...runLine('alphabet', folders[0]), diverged: 0 },
    ]);
  });

  const runLine = (name: string, folder: string) => ({
    name,
    folder,
    state: 'done',
    networks: 4,
    networksDone: 4,
    epochs: 50,
    elapsedMs: expect.any(Number),
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });

  test('of an empty folder says how to start one; a damaged run is told of and does not hide others', async () => {
    const elsewhere = newFolder();
    const none = await gyre(['runs'], { cwd: elsewhere });
    expect(none).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no runs under traces/runs; start one with gyre run sweeps/quickstart.yaml\n',
    });
    mkdirSync(join(elsewhere, 'traces', 'runs', 'broken'), { recursive: true });
    writeFileSync(join(elsewhere, 'traces', 'runs', 'broken', 'run.json'), 'not json');
    await gyre(['run', writeSweep(elsewhere, { epochs: 1 })], { cwd: elsewhere });
    const { code, stdout, stderr } = await gyre(['runs', '--json'], { cwd: elsewhere });
    removeFolder(elsewhere);
    expect([code, jsonLines(stdout).map(({ name }) => name)]).toEqual([0, ['tiny']]);
    expect(stderr).toBe('traces/runs/broken/run.json: got something else, expected the manifest of a Gyre run\n');
  });
});

describe.concurrent('show', () => {
  const networksIn = (stdout: string) =>
    linesOf(stdout).flatMap((line) => /^ +(\d+) {2}(\S+) +(\S+)/.exec(line)?.slice(1, 4).join(' ') ?? []);

  test('prints the summary, then the networks with their hyper-parameters as written', async () => {
    const { code, stdout, stderr } = await look('show');
    expect([code, stderr]).toEqual([0, '']);
    expect(linesOf(stdout)[0]).toMatch(/^alpha · 4 networks × 50 epochs · done · \d+ s$/);
    expect(stdout).toMatch(
      /^network +outcome +motion +layers +activation +data +optimizer +learning_rate +precision /m,
    );
    expect(stdout).toMatch(/^ +3 +non-finite +– +1-3-1 +relu +sine +sgd +1e\+30 +float32 +1 /m);
    expect(networksIn(stdout)).toEqual([
      ...['0 untrained steady', '1 untrained steady', '2 non-finite –', '3 non-finite –'],
    ]);
  });

  test('--outcome and --motion keep those with a label, --sort orders them, null and NaN last', async () => {
    const [diverged, steady, sorted, none] = await Promise.all([
      look('show', 'alpha-', '--outcome', 'diverged', '--sort', 'seed'),
      look('show', 'alpha-', '--motion', 'steady', '--outcome', 'untrained'),
      look('show', 'alphabet', '--sort', 'loss_last', '--json'),
      look('show', 'alpha-', '--outcome', 'collapsed'),
    ]);
    // No motion stands where none of them has one.
    expect(networksIn(diverged.stdout)).toEqual(['2 non-finite 1-3-1', '3 non-finite 1-3-1']);
    expect(networksIn(steady.stdout)).toEqual(['0 untrained steady', '1 untrained steady']);
    expect(linesOf(diverged.stdout).at(-1)).toBe('2 of 4 networks');
    const losses = jsonLines<{ loss_last: number }>(sorted.stdout).map(({ loss_last }) => loss_last);
    expect(losses).toEqual([...losses].sort((a, b) => a - b));
    expect(new Set(losses).size).toBe(4);
    expect([none.code, networksIn(none.stdout), linesOf(none.stdout).at(-1)]).toEqual([0, [], '0 of 4 networks']);
  });

  test('--sort by a column with NaN and null puts them last, keeping the order of ids', async () => {
    const { stdout } = await look('show', '--sort', 'nonfinite_epoch', '--json');
    const rows = jsonLines<{ network: number; nonfinite_epoch: number | null }>(stdout);
    expect(rows.map(({ nonfinite_epoch }) => nonfinite_epoch === null)).toEqual([false, false, true, true]);
    expect(rows.slice(2).map(({ network }) => network)).toEqual([0, 1]);
  });

  test('each network has its replay command: as it stands it gives a window of what happened to it', async () => {
    const { stdout } = await look('show', '--json', '--outcome', 'non-finite');
    const [{ replay, network }] = jsonLines<{ replay: string; network: number }>(stdout);
    const replayed = await look(...replay.split(' ').slice(2), '--json');
    expect(jsonLines(replayed.stdout)).toMatchObject([{ networks: [network], proven: true }]);
    expect((await look('show')).stdout).toMatch(/^ +2 +non-finite .* {2}--network 2 --around-events 50$/m);
  });

  test('--json has a line per network with all columns and its configuration; NaN and ∞ are words', async () => {
    const { code, stdout, stderr } = await look('show', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const rows = jsonLines(stdout);
    const names = [...NETWORKS_TABLE.columns.map(({ name }) => name), 'replay', 'configuration'];
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(names);
      expect(networkKey(row.configuration as NetworkConfig)).toBe(row.key);
    }
    expect(rows[0]).toMatchObject({
      network: 0,
      layers: '1-3-1',
      learning_rate: 0.01,
      seed: 0,
      outcome: 'untrained',
      motion: 'steady',
      beta1: null,
      replay: `npx gyre replay ${folders[1]} --network 0 --epochs 0..50`,
    });
    expect(['NaN', 'Infinity']).toContain(rows[3].loss_last);
  });

  test.each([
    [
      ['--outcome', 'colapsed', '--motion', 'spikin', '--sort', 'los_last'],
      [
        /^gyre: --outcome: got "colapsed", expected one of diverged, .*, failed \(did you mean "collapsed"\?\)$/,
        /^gyre: --motion: got "spikin", expected one of frozen, .*, steady \(did you mean "spiking"\?\)$/,
        /^gyre: --sort: got "los_last", expected one of network, key, .*, digest \(did you mean "loss_last"\?\)$/,
      ],
    ],
    [['--sort', 'zzzzzzzz'], [/^gyre: --sort: got "zzzzzzzz", expected one of network, key, .*, digest$/]],
  ])('%j is refused, all of it at once', async (args, messages) => {
    const { code, stdout, stderr } = await look('show', ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(linesOf(stderr)).toEqual(messages.map((message) => expect.stringMatching(message)));
  });
});

describe.concurrent('fingerprint', () => {
  test('is alone on the last line, and the same in JSON', async () => {
    const [text, json] = await Promise.all([look('fingerprint'), look('fingerprint', '--json')]);
    expect([text.code, text.stderr]).toEqual([0, '']);
    expect(linesOf(text.stdout).at(-1)).toMatch(/^[0-9a-f]{64}$/);
    expect(jsonLines(json.stdout)).toEqual([
      { folder: folders[1], networks: 4, fingerprint: linesOf(text.stdout).at(-1) },
    ]);
  });
});

test.concurrent.each([
  ['beta', 'no such run'],
  ['alpha', 'a prefix of 2 runs'],
])('a RUN is not %s: %s', async (name, got) => {
  const { code, stdout, stderr } = await look('show', name);
  const known = [folders[1], folders[0]].map((folder) => folder.slice('traces/runs/'.length)).join(', ');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toBe(
    `gyre: run "${name}": got ${got}, expected a path, a unique prefix or "latest" (known: ${known})\n`,
  );
});
