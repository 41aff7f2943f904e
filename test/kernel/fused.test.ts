/**
 * The tree by itself: interpreted operation by operation it has the bits of the reference; and a multiplication and an
 * addition fused into one rounding, as a compiler might do unasked, is caught and reported.
 */
import { describe, expect, test } from 'vitest';
import { ACTIVATIONS, namesOf, PRECISIONS } from '../../schemas/catalogue.ts';
import { type GroupMemory, type GroupShape, readLane, type SectionName, writeLane } from '../../src/group/layout.ts';
import { programOf } from '../../src/kernel/network/program.ts';
import { floatArray } from '../../src/numeric/bits.ts';
import { differencesOf } from './compare.ts';
import { type GroupCase, Pair, UPDATES, variedLanes } from './groups.ts';
import { interpret } from './interpret.ts';

/** Trains a memory by the interpreter, lane after lane. */
function trainInterpreted(shape: GroupShape, memory: GroupMemory, options: { epochs: number; fused?: boolean }): void {
  const { lanes, precision, subchunkEpochs } = shape;
  const subchunks = Math.ceil(options.epochs / subchunkEpochs);
  const program = programOf(shape);
  const names = Object.keys(memory) as SectionName[];
  for (let lane = 0; lane < lanes; lane++) {
    const own = names.map((name) => {
      const values = floatArray(precision, memory[name].length / lanes);
      readLane(memory[name], lanes, lane, values);
      return [name, values] as const;
    });
    interpret(program, Object.fromEntries(own), { ...options, subchunks, epochs: options.epochs / subchunks });
    for (const [name, values] of own) writeLane(memory[name], lanes, lane, values);
  }
}

/** What the interpreter's bits have against those of the reference. */
function differencesAfter(groupCase: GroupCase, epochs: number, { fused = false } = {}): string[] {
  const pair = new Pair(groupCase);
  const { shape, kernel, reference } = pair;
  const chunk = { firstEpoch: 1, count: epochs };
  const before = Object.entries(kernel).map(([name, values]) => [name as SectionName, values.slice()] as const);
  pair.trainReference(chunk);
  // The kernel's engine writes the corrections of the chunk, and the rest is taken back.
  pair.trainKernel(chunk);
  for (const [name, values] of before) if (name !== 'corrections') kernel[name].set(values);
  trainInterpreted(shape, kernel, { epochs, fused });
  return differencesOf({ shape, networkCount: groupCase.networks.length, chunk, found: kernel, expected: reference });
}

const small: GroupCase = {
  ...{ layers: [1, 2, 1], activation: 'tanh', update: UPDATES[0], precision: 'float32', subnormals: 'ieee' },
  ...{ sampleCount: 3, lanes: 4, chunkEpochs: 20, subchunkEpochs: 4, networks: variedLanes(4), seed: 3 },
};

describe.each(namesOf(PRECISIONS))('interpreted in %s', (precision) => {
  test.each(namesOf(ACTIVATIONS))('a network of %s has the bits of the reference', (activation) => {
    expect(differencesAfter({ ...small, precision, activation, subnormals: 'flush' }, 12)).toEqual([]);
  });

  test.each(UPDATES)('$kind $form has the bits of the reference', (update) => {
    expect(differencesAfter({ ...small, precision, update, layers: [2, 3, 5, 2], sampleCount: 2 }, 8)).toEqual([]);
  });
});

test.each([
  ['1-2-1', [1, 2, 1]],
  ['1-1', [1, 1]],
])('a fused multiply-add in %s is caught, and its epoch, lane, place and bits are named', (_, layers) => {
  const differences = differencesAfter({ ...small, layers }, 20, { fused: true });
  expect(differences.length).toBeGreaterThan(0);
  for (const line of differences) {
    expect(line).toMatch(
      /^epoch \d+, lane [0-3], (signal|extreme|parameter \d+ of) [a-zA-Z]+: [0-9a-f]{8}, expected [0-9a-f]{8}$/,
    );
  }
  expect(differences.some((line) => /parameter \d+ of theta/.test(line))).toBe(true);
});
