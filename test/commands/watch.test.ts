/**
 * `gyre watch` after the fact, without a terminal: on a run that is finished, one that was killed, and one that was
 * merged.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Notice } from '../../schemas/notices.ts';
import { gyre, jsonLines, newFolder, removeFolder, writeSweep } from '../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));

const short = writeSweep(cwd, { name: 'short', epochs: 100, seeds: 4 });
const out = (name: string) => join(cwd, name);
const fingerprintOf = async (name: string) => (await gyre(['fingerprint', out(name)], { cwd })).stdout.trim();

beforeAll(async () => {
  expect((await gyre(['run', short, '--out', out('finished'), '--plain'], { cwd })).code).toBe(0);
  for (const shard of ['1/2', '2/2'])
    await gyre(['run', short, '--out', out(`shard-${shard[0]}`), '--shard', shard, '--plain'], { cwd });
  expect((await gyre(['merge', out('shard-1'), out('shard-2'), '--out', out('merged')], { cwd })).code).toBe(0);
});

test.each(['finished', 'merged'])('a %s run is told of as done, with its summary', async (name) => {
  const { code, stdout, stderr } = await gyre(['watch', out(name), '--plain'], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain('done');
  expect(stdout).toContain(`fingerprint  ${await fingerprintOf('finished')}`);
  expect(stderr).not.toContain('groups');
  const told = jsonLines<Notice>((await gyre(['watch', out(name), '--json'], { cwd })).stdout);
  expect(told.at(-1)).toMatchObject({ kind: 'ended', reason: 'done', fingerprint: await fingerprintOf('finished') });
});

test('a run that was killed is told of as stopped, and where it was', async () => {
  const long = writeSweep(cwd, { name: 'killed', epochs: 2_000_000_000 });
  const killed = await gyre(['run', long, '--out', out('killed'), '--json'], {
    cwd,
    onStdout: (text, child) => {
      if (text.includes('{"kind":"progress"')) child.kill('SIGKILL');
    },
  });
  expect(killed.code).not.toBe(0);
  const { code, stdout } = await gyre(['watch', out('killed'), '--plain'], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain('stopped, 0 done');
  expect(stdout).toContain('the same gyre run again continues where it stopped');
});
