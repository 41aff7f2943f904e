/**
 * Fifty runs, each wanted by two processes from two PID namespaces: the first one is killed, halted and woken, or left
 * alone at random moments. Needs `unshare` and the right to use it. What came of it goes to
 * bench/results/two-writers.json; GYRE_SOAK_ROUNDS plays fewer, GYRE_SOAK_SEED others.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { machine } from '../../bench/peers/installed.ts';
import { sweepSchema } from '../../schemas/sweep.ts';
import { newFolder, removeFolder } from '../support/cli.ts';
import { randomOf } from '../support/random.ts';
import { execute, runBits } from '../support/runs.ts';
import { playRound, type Round, TWO_WRITERS_SWEEP } from '../support/two-writers.ts';

const resultFile = new URL('../../bench/results/two-writers.json', import.meta.url);
const ROUNDS = 50;
const rounds = Number(process.env.GYRE_SOAK_ROUNDS ?? ROUNDS);
const seed = Number(process.env.GYRE_SOAK_SEED ?? 20_261_129);

const scratch = newFolder();
afterAll(() => removeFolder(scratch));

/**
 * One in five is left alone, as many are killed, the others halted: woken before the lease runs out, or while the
 * second trains, or behind it.
 */
function roundOf(random: () => number): Round {
  const kind = random();
  const at = random() * 0.9;
  const fate = kind < 0.2 ? 'left alone' : kind < 0.4 ? 'killed' : 'halted';
  const wokenAfter = random() < 0.25 ? -random() * 6 : random() * 1.05;
  return { fate, at, wokenAfter, namespaces: true };
}

test(`of two writers one writes, ${rounds} times (seed ${seed})`, async () => {
  const undisturbed = `${scratch}/undisturbed`;
  await execute({ sweep: sweepSchema.parse(TWO_WRITERS_SWEEP), folder: undisturbed });
  const expected = runBits(undisturbed);
  const random = randomOf(seed);
  const failures: string[] = [];
  const counts: Record<string, number> = {};
  for (let number = 1; number <= rounds; number++) {
    const round = roundOf(random);
    const { first, second, failures: own, bits } = await playRound(scratch, round);
    const text = `round ${number} of seed ${seed} (${JSON.stringify(round)})`;
    failures.push(...own.map((failure) => `${text}: ${failure}`));
    if (JSON.stringify(bits) !== JSON.stringify(expected)) failures.push(`${text}: ends with other rows`);
    const outcome = `first ${round.fate}: ${endOf(first)}, second ${endOf(second)}`;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    process.stdout.write(`${number} ${outcome}\n`);
  }
  const { processor, cores } = machine();
  const result = {
    command: 'npm run build && npx vitest run --config test/soak.config.ts test/run/two-writers.soak.ts',
    machine: { processor, cores, node: process.version },
    ...{ seed, rounds, counts, failures },
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  expect(failures).toEqual([]);
  if (rounds >= ROUNDS) writeFileSync(resultFile, `${JSON.stringify(result, null, 2)}\n`);
}, 3_600_000);

/** In words: how a writer ended. */
function endOf({ code, signal }: { code: number | null; signal: string | null }): string {
  const words: Readonly<Record<number, string>> = { 0: 'finishes', 1: 'stops', 2: 'is refused', 137: 'is killed' };
  return signal === null ? (words[code ?? -1] ?? `exits with ${code}`) : 'is killed';
}
