/**
 * A half-done run whose files are cut or whose bits are flipped is continued to the right bits or refused with words,
 * never anything else. The soak beside this cuts every file at every byte. GYRE_DAMAGE_SEED flips other bits.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DamagedRun, type Fate } from '../support/damage.ts';
import { randomOf } from '../support/random.ts';

const seed = Number(process.env.GYRE_DAMAGE_SEED ?? Date.now() % 2 ** 31);
const FLIPS = 400;

let run: DamagedRun;
beforeAll(() => {
  run = new DamagedRun();
});
afterAll(() => run.remove());

const filesLike = (pattern: RegExp): string[] => [...run.files.keys()].filter((file) => pattern.test(file));

/** What is wrong with a fate; null where it is the right bits or the words that are expected. */
function wrongIn(fate: Fate, words: RegExp): string | null {
  if ('refusal' in fate) return words.test(fate.refusal) ? null : fate.refusal;
  return JSON.stringify(fate.bits) === JSON.stringify(run.expected) ? null : 'other bits';
}

/** All that is wrong where the files are cut, every `step` bytes. `words` tell a refusal of a file by its path. */
function wrongCuts(files: readonly string[], step: number, words: (path: string) => RegExp): string[] {
  expect(files).not.toEqual([]);
  return files.flatMap((file) =>
    Array.from(run.cuts(file, step), ({ at, fate }) => {
      const wrong = wrongIn(fate, words(join(run.folder, file)));
      return wrong === null ? [] : [`${file} cut at byte ${at}: ${wrong}`];
    }).flat(),
  );
}

test('the run of these tests has files of every kind, and goes on to the right bits where nothing is damaged', () => {
  const kinds = [/^journal/, /^run\.json$/, /^checkpoints\/\d+-\d/, /^checkpoints\/\d+-kept/];
  for (const table of ['epochs', 'events', 'blocks'])
    kinds.push(new RegExp(`^${table}/0001-00001.arrow$`), new RegExp(`^${table}/0002-00001.arrow.part$`));
  for (const kind of kinds) expect(filesLike(kind), String(kind)).not.toEqual([]);
  expect(run.isRight()).toBe(true);
});

describe('a run is continued to the right bits, or refused naming a file,', () => {
  test('with its journal cut at any byte', () => {
    // Commits that are lost may have removed what an earlier one goes on from, or finished what it knows nothing of.
    expect(wrongCuts(['journal/0002.msgpack'], 1, () => new RegExp(`^${run.folder}/[^:]+: got `))).toEqual([]);
    expect(run.isRight()).toBe(true);
  });

  test('with a checkpoint cut at any byte', () => {
    const words = (path: string) => new RegExp(`^${path}, byte \\d+: got a damaged frame`);
    expect(wrongCuts(filesLike(/^checkpoints\/\d+-\d/), 1, words)).toEqual([]);
    expect(wrongCuts(filesLike(/^checkpoints\/\d+-kept/), 97, words)).toEqual([]);
    expect(run.isRight()).toBe(true);
  });

  test('with a segment cut at any byte, open or finished', () => {
    const words = (path: string) => new RegExp(`^${path}: got \\d+ bytes, expected at least the \\d+ bytes`);
    expect(wrongCuts(['blocks/0002-00001.arrow.part'], 1, words)).toEqual([]);
    expect(wrongCuts(filesLike(/\.arrow(\.part)?$/), 97, words)).toEqual([]);
    expect(run.isRight()).toBe(true);
  });

  test('with run.json cut anywhere', () => {
    const words = (path: string) => new RegExp(`^${path}: got `);
    expect(wrongCuts(['run.json'], 31, words)).toEqual([]);
    expect(run.isRight()).toBe(true);
  });

  test(`with any bit flipped: ${FLIPS} of them, seed ${seed}`, () => {
    const random = randomOf(seed);
    const names = [...run.files.keys()];
    const wrong: string[] = [];
    for (let i = 0; i < FLIPS; i++) {
      const file = names[i % names.length];
      const at = Math.floor(random() * (run.files.get(file)?.length ?? 0));
      const bit = Math.floor(random() * 8);
      // A file of numbers is named with the place of the damage; run.json, where it still is JSON, with what differs.
      const path = join(run.folder, file);
      const words =
        file === 'run.json' ? new RegExp(`^${run.folder}(/run\\.json)?: `) : new RegExp(`^${path}, byte \\d+: got `);
      const what = wrongIn(run.flip(file, at, bit), words);
      if (what !== null) wrong.push(`seed ${seed}: bit ${bit} of byte ${at} of ${file}: ${what}`);
    }
    expect(wrong).toEqual([]);
    expect(run.isRight()).toBe(true);
  });
});
