/**
 * Every file of a half-done run cut at every byte, and a bit of every byte flipped: a run that is continued to the
 * right bits, or refused with words. GYRE_SOAK_SEED flips others.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DamagedRun, type Fate } from '../support/damage.ts';
import { randomOf } from '../support/random.ts';

const seed = Number(process.env.GYRE_SOAK_SEED ?? 20_261_125);

let run: DamagedRun;
beforeAll(() => {
  run = new DamagedRun();
});
afterAll(() => run.remove());

function isWrong(fate: Fate): boolean {
  if ('refusal' in fate) return !fate.refusal.includes(run.folder);
  return JSON.stringify(fate.bits) !== JSON.stringify(run.expected);
}

test('every file cut at every byte', () => {
  let count = 0;
  const wrong: string[] = [];
  for (const file of run.files.keys()) {
    for (const { at, fate } of run.cuts(file, 1)) {
      count++;
      if (isWrong(fate)) wrong.push(`${file} cut at byte ${at}: ${JSON.stringify(fate)}`);
    }
  }
  process.stdout.write(`${count} cuts\n`);
  expect(wrong).toEqual([]);
}, 3_600_000);

test(`a bit of every byte of every file flipped, drawn by seed ${seed}`, () => {
  const random = randomOf(seed);
  let count = 0;
  const wrong: string[] = [];
  for (const [file, bytes] of run.files) {
    for (let at = 0; at < bytes.length; at++) {
      const bit = Math.floor(random() * 8);
      count++;
      const fate = run.flip(file, at, bit);
      if (isWrong(fate)) wrong.push(`bit ${bit} of byte ${at} of ${file}: ${JSON.stringify(fate)}`);
    }
  }
  process.stdout.write(`${count} flips\n`);
  expect(wrong).toEqual([]);
}, 3_600_000);
