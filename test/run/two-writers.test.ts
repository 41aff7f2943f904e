/**
 * A run that two processes want: one that was halted for longer than its lease loses it, stops with a sentence once it
 * wakes up, and has destroyed nothing of what went on without it. The soak beside this does so fifty times from two PID
 * namespaces.
 */
import { expect, test } from 'vitest';
import { sweepSchema } from '../../schemas/sweep.ts';
import { execute, runBits, scratchFolder } from '../support/runs.ts';
import { playRound, TWO_WRITERS_SWEEP } from '../support/two-writers.ts';

test('a halted writer loses its lease, stops with a message when it wakes up, and destroys nothing', async () => {
  const undisturbed = scratchFolder();
  await execute({ sweep: sweepSchema.parse(TWO_WRITERS_SWEEP), folder: undisturbed });
  const round = { fate: 'halted', at: 0.2, wokenAfter: 0.5, namespaces: false } as const;
  const { first, second, failures, bits } = await playRound(scratchFolder(), round);
  expect(failures).toEqual([]);
  expect(second.stderr).toMatch(/process \d+ shows no sign of life; the run is taken over if there is none for 5 s/);
  expect([first.code, second.code]).toEqual([1, 0]);
  expect(first.stderr).toMatch(/^gyre: .*: got .*, expected .* \(this process stops here; what it had committed/m);
  expect(bits).toEqual(runBits(undisturbed));
}, 600_000);
