/**
 * `gyre runs` and `latest` among folders that are no runs, or runs that cannot be read: each of these is told on one
 * line, and all others are listed.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../../schemas/manifest.ts';
import { sweepHash, sweepKey } from '../../src/plan/identify.ts';
import { gyre, linesOf, newFolder, removeFolder, writeSweep } from '../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
const runs = join(cwd, 'traces', 'runs');

/** Folders in traces/runs that cannot be read, each with what is said of it. */
const STRANGE: Readonly<Record<string, { readonly make: (folder: string) => void; readonly words: string }>> = {
  pipe: {
    make: (folder) => replace(folder, 'run.json', (path) => execFileSync('mkfifo', [path])),
    words: 'got a pipe',
  },
  huge: {
    make: (folder) => truncateSync(join(folder, 'run.json'), 3_000_000_000),
    words: 'got 3,000,000,000 bytes, expected at most 67,108,864',
  },
  'folder-journal': {
    make: (folder) => replace(folder, 'journal/0001.msgpack', (path) => mkdirSync(path)),
    words: 'got a folder, expected a plain file',
  },
  'later-optimizer': {
    make: (folder) => edit(folder, (manifest) => ({ ...manifest, sweep: later(manifest) as never })),
    words:
      'sweep.optimizer[0].kind[0]: got "lion", ' +
      'expected one of adam, adamw, amsgrad, rmsprop, momentum, sgd (read it with',
  },
  endless: {
    make: (folder) => edit(folder, (manifest) => ({ ...manifest, networks: 1e300 })),
    words: 'networks is 1e+300, expected a whole number from 1 to 1000000',
  },
  'too-many': {
    make: (folder) => edit(folder, (manifest) => ({ ...manifest, sweep: tooMany(manifest) })),
    words: 'sweep: got a plan of 1,000,000,000,000 networks, expected at most 1,000,000',
  },
  sampled: {
    make: (folder) =>
      edit(folder, ({ sweep, ...rest }) => ({
        ...rest,
        sweep: { ...sweep, sample: { kind: 'random', count: 1e12, seed: 0 } },
      })),
    words: 'sweep.sample.count: got 1000000000000, expected',
  },
  rules: {
    make: (folder) =>
      edit(folder, ({ sweep, ...rest }) => ({
        ...rest,
        sweep: { ...sweep, seeds: Array.from({ length: 100_000 }, (_, i) => i), exclude: Array(6000).fill({}) },
      })),
    words: 'sweep.exclude: got 6,000 rules for 200,000 networks, expected at most 1,000,000,000 pairs',
  },
  shards: {
    make: (folder) =>
      edit(folder, (manifest) => ({ ...manifest, shard: { index: 1, count: 1e9, members: '0123456789abcdef' } })),
    words: 'shard.count is 1000000000, expected a whole number from 1 to 1000000',
  },
};

/** The manifest's sweep by an optimizer that this version does not know. */
const later = ({ sweep }: Manifest) =>
  JSON.parse(JSON.stringify(sweep).replace('"adam"', '"lion"')) as Manifest['sweep'];

/** 10³ seeds, 10³ learning rates, 10³ values of beta1 and of beta2. */
function tooMany({ sweep }: Manifest): Manifest['sweep'] {
  const values = Array.from({ length: 1000 }, (_, i) => (i + 1) / 2048);
  const optimizer = (sweep.optimizer ?? []).map((block) => ({
    ...block,
    learningRate: values,
    beta1: values,
    beta2: values,
  }));
  return { ...sweep, seeds: values.map((_, i) => i), optimizer } as Manifest['sweep'];
}

beforeAll(async () => {
  const sweep = writeSweep(cwd);
  expect((await gyre(['run', sweep, '--out', join(runs, 'right'), '--threads', '1'], { cwd })).code).toBe(0);
  for (const [name, { make }] of Object.entries(STRANGE)) {
    cpSync(join(runs, 'right'), join(runs, name), { recursive: true });
    make(join(runs, name));
  }
  symlinkSync('loop', join(runs, 'loop'));
  symlinkSync('nowhere', join(runs, 'dangling'));
  writeFileSync(join(runs, 'file'), '');
  mkdirSync(join(runs, 'empty'));
}, 60_000);

test('a run that cannot be read is told of on one line, and the others are listed', async () => {
  const { code, stdout, stderr } = await gyre(['runs'], { cwd });
  expect([code, linesOf(stdout).length]).toEqual([0, 2]);
  expect(linesOf(stdout)[1]).toMatch(/^right +done +4\/4 /);
  const lines = linesOf(stderr);
  for (const [name, { words }] of Object.entries(STRANGE)) {
    const own = lines.filter((line) => line.startsWith(join('traces', 'runs', name, '')));
    expect([name, own]).toEqual([name, [expect.stringContaining(words)]]);
  }
  expect(lines.filter((line) => line.startsWith(join('traces', 'runs', 'loop', '')))).toHaveLength(1);
  expect(lines).toHaveLength(Object.keys(STRANGE).length + 1);
});

test('a run is found by its prefix beside them, and each of them is refused by its own', async () => {
  expect((await gyre(['fingerprint', 'rig'], { cwd })).code).toBe(0);
  for (const [name, { words }] of Object.entries(STRANGE)) {
    const { code, stdout, stderr } = await gyre(['fingerprint', name], { cwd });
    expect([name, code, stdout, linesOf(stderr)]).toEqual([name, 1, '', [expect.stringContaining(words)]]);
  }
});

function replace(folder: string, name: string, make: (path: string) => void): void {
  removeFolder(join(folder, name));
  make(join(folder, name));
}

/** Changes run.json, and makes its hashes those of its sweep. */
function edit(folder: string, change: (manifest: Manifest) => object): void {
  const path = join(folder, 'run.json');
  const manifest = change(JSON.parse(readFileSync(path, 'utf8')) as Manifest) as Manifest;
  const { sweep } = manifest;
  writeFileSync(path, JSON.stringify({ ...manifest, sweepHash: sweepHash(sweep), key: sweepKey(sweep) }));
}
