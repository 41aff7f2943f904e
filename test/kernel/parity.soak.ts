/**
 * Kernel against reference for 50,000 epochs on random shapes, as long as small errors need to show. The result goes to
 * bench/results/parity.json. GYRE_SOAK_SEED takes other shapes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ACTIVATIONS, namesOf, PRECISIONS, SUBNORMALS } from '../../schemas/catalogue.ts';
import { differingBits } from './compare.ts';
import { caseName, type GroupCase, numbersOf, Pair, UPDATES, variedLanes } from './groups.ts';

const resultFile = new URL('../../bench/results/parity.json', import.meta.url);
const seed = Number(process.env.GYRE_SOAK_SEED ?? 20_261_123);
const CASES = 24;
const EPOCHS = 50_000;
const CHUNK_EPOCHS = 1000;

/** Random shapes; activations, forms, precisions and treatments of subnormals take turns, so that each occurs. */
function casesOf(): GroupCase[] {
  const number = numbersOf(seed);
  const between = (low: number, high: number) => low + Math.floor(((number() + 1) / 2) * (high - low + 1));
  const turn = <T>(list: readonly T[], i: number): T => list[i % list.length];
  return Array.from({ length: CASES }, (_, i) => ({
    layers: Array.from({ length: between(3, 4) }, (_, layer) => (layer === 0 ? between(1, 3) : between(1, 7))),
    activation: turn(namesOf(ACTIVATIONS), i),
    update: turn(UPDATES, i + Math.floor(i / 5)),
    precision: turn(namesOf(PRECISIONS), i),
    subnormals: turn(namesOf(SUBNORMALS), Math.floor(i / 2)),
    sampleCount: between(2, 9),
    lanes: 4,
    chunkEpochs: CHUNK_EPOCHS,
    subchunkEpochs: CHUNK_EPOCHS / 10,
    networks: variedLanes(between(2, 4), i),
    seed: between(0, 1_000_000),
  }));
}

it(`kernels keep the bits of the reference for ${EPOCHS} epochs, with seed ${seed}`, () => {
  let bits = 0;
  const failures: string[] = [];
  for (const groupCase of casesOf()) {
    const pair = new Pair(groupCase);
    const networkCount = groupCase.networks.length;
    for (let firstEpoch = 1; firstEpoch <= EPOCHS; firstEpoch += CHUNK_EPOCHS) {
      const chunk = { firstEpoch, count: CHUNK_EPOCHS };
      pair.trainKernel(chunk);
      pair.trainReference(chunk);
      const { shape, kernel, reference } = pair;
      const differing = differingBits({ shape, networkCount, chunk, found: kernel, expected: reference });
      bits += differing;
      if (differing > 0) failures.push(`${caseName(groupCase)}: from epoch ${firstEpoch} on`);
      if (differing > 0) break;
    }
  }
  mkdirSync(new URL('.', resultFile), { recursive: true });
  const result = { node: process.version, architecture: process.arch, seed, cases: CASES, epochs: EPOCHS };
  writeFileSync(resultFile, `${JSON.stringify({ ...result, differingBits: bits }, null, 2)}\n`);
  expect(failures).toEqual([]);
});
