/**
 * Every hostile run: each name, member and file of a run replaced by everything that it must not be.
 */
import { expect, test } from 'vitest';
import { openHostileRuns } from '../support/hostile-runs.ts';

test('all hostile runs', async () => {
  const { count, offences } = await openHostileRuns({ step: 1, first: 0 });
  process.stdout.write(`${count} hostile runs\n`);
  expect(offences).toEqual([]);
}, 3_600_000);
