/**
 * A run's folder that somebody sent cannot hurt its reader: a sample of hostile runs. `npm run soak` has all of them.
 */
import { expect, test } from 'vitest';
import { openHostileRuns } from '../support/hostile-runs.ts';

/** Of some 5000 runs every ninth, which is no divisor of the number of values that a member is replaced by. */
const STEP = 9;

test('a hostile run is refused in words or read, and nothing outside of its folder is opened or changed', async () => {
  const { count, refused, listed, offences } = await openHostileRuns({ step: STEP, first: 1 });
  expect(offences).toEqual([]);
  expect(count).toBeGreaterThan(500);
  expect(listed).toBe(count);
  // Most of them are hostile enough that hardly any command takes them.
  expect(refused).toBeGreaterThan(3 * count);
}, 600_000);
