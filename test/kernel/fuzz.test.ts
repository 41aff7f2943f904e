/**
 * Kernel against reference on random shapes, options, hyper-parameters and scales of weights and samples. The seed is
 * part of the test's name; GYRE_FUZZ_SEED repeats it.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ACTIVATIONS, namesOf, PRECISIONS, SUBNORMALS } from '../../schemas/catalogue.ts';
import { type GroupCase, type Lane, Pair, UPDATES } from './groups.ts';

const seed = Number(process.env.GYRE_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

const unitInterval = fc.oneof(fc.constantFrom(0, 0.5, 0.9, 0.999), fc.double({ min: 0, max: 0.99999, noNaN: true }));
/** Mostly ordinary, now and then far out. */
const exponent: fc.Arbitrary<number> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -150, max: 60 }) },
);

const lane: fc.Arbitrary<Lane> = fc
  .record({
    learningRate: fc.oneof(fc.constantFrom(0.01, 0.5, 1e4), fc.double({ min: 0, max: 2, noNaN: true })),
    beta1: unitInterval,
    beta2: unitInterval,
    epsilon: fc.oneof(fc.constantFrom(1e-8, 0, 1e-45), fc.double({ min: 0, max: 0.1, noNaN: true })),
    weightDecay: fc.oneof(fc.constantFrom(0, 0.01), fc.double({ min: 0, max: 3, noNaN: true })),
    weights: exponent,
    inputs: exponent,
    targets: exponent,
  })
  .map(({ weights, inputs, targets, ...own }) => ({
    ...own,
    parameter: (_: number, value: number) => value * 2 ** weights,
    input: (_: number, value: number) => value * 2 ** inputs,
    target: (_: number, value: number) => value * 2 ** targets,
  }));

const groupCase: fc.Arbitrary<GroupCase & { lengths: number[] }> = fc.constantFrom(4, 8, 16).chain((lanes) =>
  fc.record({
    layers: fc.array(fc.integer({ min: 1, max: 11 }), { minLength: 2, maxLength: 4 }),
    activation: fc.constantFrom(...namesOf(ACTIVATIONS)),
    update: fc.constantFrom(...UPDATES),
    precision: fc.constantFrom(...namesOf(PRECISIONS)),
    subnormals: fc.constantFrom(...namesOf(SUBNORMALS)),
    ...{
      sampleCount: fc.integer({ min: 1, max: 18 }),
      batch: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
    },
    shuffle: fc.boolean(),
    exponent: fc.oneof(
      { weight: 9, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: 2, max: 8 }) },
    ),
    lanes: fc.constant(lanes),
    chunkEpochs: fc.constant(20),
    subchunkEpochs: fc.constantFrom(1, 4, 20),
    networks: fc.array(lane, { minLength: 1, maxLength: lanes }),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    lengths: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 3 }),
  }),
);

/** A batch of all samples or more is a full one. */
const withBatch = (groupCase: GroupCase): GroupCase =>
  groupCase.batch !== undefined && groupCase.batch < groupCase.sampleCount
    ? groupCase
    : { ...groupCase, batch: undefined };

test(`any group has the bits of the reference, with seed ${seed}`, () => {
  const holds = fc.property(groupCase, ({ lengths, ...drawn }) => {
    expect(new Pair(withBatch(drawn)).train(lengths)).toBeGreaterThan(1);
  });
  void fc.assert(holds, { numRuns: 120, seed });
});
