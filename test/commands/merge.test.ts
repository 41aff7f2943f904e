/**
 * Shards as users have them: each a process of its own, on a machine of its own perhaps, and `gyre merge` at the end.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { gyre, jsonLines, newFolder, removeFolder, writeSweep } from '../support/cli.ts';
import { runBits } from '../support/runs.ts';

const cwd = newFolder();
const sweep = writeSweep(cwd, { seeds: 5 });
afterAll(() => removeFolder(cwd));

test('four shards as separate processes, merged in any order, are the run that was never shared out', async () => {
  const shards = ['3/4', '1/4', '4/4', '2/4'].map((shard) =>
    gyre(['run', sweep, '--shard', shard, '--plain'], { cwd }),
  );
  const outcomes = await Promise.all([...shards, gyre(['run', sweep, '--out', 'whole', '--plain'], { cwd })]);
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
  expect(outcomes[0].stdout).toMatch(/^tiny · shard 3 of 4 · [23] networks × 50 epochs · done/);
  const names = readdirSync(join(cwd, 'traces', 'runs')).sort();
  expect(names.map((name) => name.replace(/-[0-9a-f]{8}-/, ' '))).toEqual([1, 2, 3, 4].map((i) => `tiny ${i}of4`));

  const [one, two, three, four] = names;
  const merged = await gyre(['merge', two, four, one, three, '--out', 'merged'], { cwd });
  const whole = runBits(join(cwd, 'whole'));
  expect([merged.code, merged.stderr]).toEqual([0, '']);
  expect(merged.stdout).toContain(`fingerprint  ${whole.fingerprint}`);
  expect(runBits(join(cwd, 'merged'))).toEqual(whole);

  const own = await gyre(['fingerprint', one], { cwd });
  expect(own.stdout).toMatch(/^[0-9a-f]{64}\n$/);
  expect(own.stdout).not.toContain(whole.fingerprint);
  expect(own.stderr).toMatch(/^of the [23] networks of shard 1\/4; the run's own comes of gyre merge\n$/);
  expect(jsonLines((await gyre(['fingerprint', one, '--json'], { cwd })).stdout)[0]).toMatchObject({ shard: '1/4' });
});

describe.concurrent('bad usage ends with exit code 2:', () => {
  test.each([
    [['run', sweep, '--shard', '0/4'], '--shard: got "0/4", expected I/N with I from 1 to N, as 2/4'],
    [['run', sweep, '--shard', '2'], '--shard: got "2", expected I/N with I from 1 to N, as 2/4'],
    [
      ['run', sweep, '--shard', '1/11'],
      '--shard: got "1/11", expected at most 10 shards: the sweep has no more networks',
    ],
    [['merge', 'none', '--out', 'x'], 'run "none": got no such run'],
    [['merge', '--out', 'x'], "error: missing required argument 'run'"],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await gyre(args, { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });
});
