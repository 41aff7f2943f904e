/**
 * `gyre run` under violence: the process and its threads are killed at random moments, and what is run again ends as if
 * nothing had been. The soak beside this does the same for an hour. GYRE_KILLS_SEED takes other moments.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { killAndResume } from '../support/kills.ts';
import { scratchFolder } from '../support/runs.ts';

const seed = Number(process.env.GYRE_KILLS_SEED ?? Date.now() % 2 ** 31);

test(`ten kills of a run, and five of its threads, change neither rows nor fingerprint (seed ${seed})`, async () => {
  const options = { scratch: join(scratchFolder(), 'kills'), seed, epochs: 12_000, kills: 10, threadKills: 5 };
  const { kills, threadKills, failures } = await killAndResume(options);
  expect(failures).toEqual([]);
  expect(kills).toHaveLength(10);
  expect(threadKills).toBeGreaterThanOrEqual(5);
  // Most of them are killed while they train.
  expect(kills.filter(({ threadMs }) => threadMs > 0).length).toBeGreaterThan(2);
});
