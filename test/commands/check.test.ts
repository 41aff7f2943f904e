/**
 * `gyre check` and `gyre unlock` from the shell: what is missing or damaged is named, whatever file it is, nothing is
 * written, and a lease goes only where its process is gone or the user insists.
 */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runPaths } from '../../src/run/folder.ts';
import { thisOwner } from '../../src/run/owner.ts';
import { gyre, jsonLines, newFolder, removeFolder, writeSweep } from '../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
const points = 'x,y\n0,1\n0.5,2\n1,3\n';

beforeAll(async () => {
  writeFileSync(join(cwd, 'points.csv'), points);
  const keys = {
    data: { file: 'points.csv' },
    trace: { epochs: { every: 10 }, checkpoints: { every: 20 } },
    detectors: { onsetEpochs: 1, flipCosine: 1 },
  };
  const sweep = writeSweep(cwd, { ...keys, optimizer: { kind: 'adam', learningRate: [0.01, 0.1] } });
  const { code, stderr } = await gyre(['run', sweep, '--out', 'whole', '--threads', '1'], { cwd });
  expect(code, stderr).toBe(0);
});

/** A copy of the run, to be damaged. */
function copyOf(name: string): string {
  const folder = join(cwd, name);
  cpSync(join(cwd, 'whole'), folder, { recursive: true });
  return folder;
}

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();

const hashOf = (folder: string) =>
  filesIn(folder).map(
    (name) =>
      `${name} ${createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex')}`,
  );

describe('gyre check', () => {
  test('says of a whole run that it is, and changes nothing', async () => {
    const before = hashOf(join(cwd, 'whole'));
    const { code, stdout, stderr } = await gyre(['check', 'whole'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^whole: whole \(done; [\d.]+ kB of rows and \d files? of checkpoints compared\)\n$/);
    const [verdict] = jsonLines((await gyre(['check', 'whole', '--json'], { cwd })).stdout);
    expect(verdict).toMatchObject({ kind: 'check', folder: 'whole', state: 'done', isWhole: true });
    expect(hashOf(join(cwd, 'whole'))).toEqual(before);
  });

  test('names each file of a run that is removed, cut or changed by a bit', async () => {
    const names = filesIn(join(cwd, 'whole'));
    expect(new Set(names.map((name) => name.split('/')[0]))).toEqual(
      new Set(['blocks', 'checkpoints', 'data', 'epochs', 'events', 'journal', 'networks.arrow', 'run.json']),
    );
    const folder = copyOf('damaged');
    for (const name of names) {
      const path = join(folder, name);
      const bytes = readFileSync(path);
      const flipped = Buffer.from(bytes);
      flipped[Math.floor(bytes.length / 2)] ^= 1;
      for (const [what, damaged] of [
        ['removed', null],
        ['cut', bytes.subarray(0, Math.floor(bytes.length / 2))],
        ['changed', flipped],
      ] as const) {
        rmSync(path);
        if (damaged !== null) writeFileSync(path, damaged);
        const { code, stdout, stderr } = await gyre(['check', 'damaged'], { cwd });
        // Without a manifest there is no run; a lost journal shows by the segments that it does not name.
        const told = `${stdout}${stderr}`;
        const isNamed =
          name === 'run.json' || name.startsWith('journal') ? /damaged\/|"damaged"/ : new RegExp(`damaged/${name}`);
        expect(code, `${name} ${what}: ${told}`).toBeGreaterThan(0);
        expect(told, `${name} ${what}`).toMatch(isNamed);
        expect(told).not.toMatch(/defect|^\s+at /m);
        writeFileSync(path, bytes);
      }
    }
    expect((await gyre(['check', 'damaged'], { cwd })).code).toBe(0);
  }, 600_000);

  test('tells all that is wrong, a line each, and how much of it', async () => {
    const folder = copyOf('twice');
    for (const table of ['epochs', 'blocks']) appendFileSync(join(folder, table, '0001-00001.arrow'), 'x');
    rmSync(join(folder, 'epochs', '0001-00001.arrow'));
    cpSync(join(folder, 'blocks', '0001-00001.arrow'), join(folder, 'blocks', '0001-00009.arrow'));
    const { code, stdout } = await gyre(['check', 'twice'], { cwd });
    expect(code).toBe(1);
    expect(stdout.split('\n')).toEqual([
      expect.stringContaining('twice/blocks/0001-00009.arrow: got a segment that the journal knows nothing of'),
      expect.stringContaining('twice/epochs/0001-00001.arrow: got a segment that is gone'),
      expect.stringMatching(/^twice: 2 problems \(done; /),
      '',
    ]);
    const lines = jsonLines((await gyre(['check', 'twice', '--json'], { cwd })).stdout);
    expect(lines.map(({ kind }) => kind)).toEqual(['problem', 'problem', 'check']);
  });
});

describe('gyre unlock', () => {
  const unlock = (...args: string[]) => gyre(['unlock', 'locked', ...args], { cwd });

  test('removes the lease of a process elsewhere, and says whose it was', async () => {
    const { lock } = runPaths(copyOf('locked'));
    expect((await unlock()).stdout).toBe('locked: no lease\n');
    writeFileSync(lock, JSON.stringify({ ...thisOwner({}), pid: 17, host: 'node-17' }));
    expect((await unlock()).stdout).toBe('locked: removed the lease of process 17 of another machine, node-17\n');
    expect(existsSync(lock)).toBe(false);
    writeFileSync(lock, 'half a le');
    expect(jsonLines((await unlock('--json')).stdout)).toEqual([{ folder: 'locked', removed: null }]);
    expect(existsSync(lock)).toBe(false);
  });

  test('leaves that of a process that is alive here, unless it is forced', async () => {
    const { lock } = runPaths(join(cwd, 'locked'));
    writeFileSync(lock, JSON.stringify(thisOwner({})));
    const { code, stderr } = await unlock();
    expect(code).toBe(2);
    expect(stderr).toContain(
      `got the lease of process ${process.pid}, which is alive, expected that of a process that`,
    );
    expect(existsSync(lock)).toBe(true);
    expect((await unlock('--force')).code).toBe(0);
    expect(existsSync(lock)).toBe(false);
  });
});
