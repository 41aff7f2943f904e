/**
 * Sweeps for the tests of the plan: a small one with keys replaced, and random valid ones. Knows the keys of a sweep
 * file and nothing of what is made of them.
 */
import fc from 'fast-check';
import { ACTIVATIONS, DATASETS, INITS, namesOf, OPTIMIZERS, PRECISIONS, SUBNORMALS } from '../../schemas/catalogue.ts';
import type { LayeredNetwork } from '../../schemas/network.ts';
import { type Sweep, sweepSchema } from '../../schemas/sweep.ts';
import { expandSweep } from '../../src/plan/expand.ts';

/** The keys of a sweep file with one network. */
export const ONE_NETWORK = {
  name: 'small',
  epochs: 100,
  layers: [1, 4, 1],
  data: { kind: 'sine', points: 8 },
  optimizer: { kind: 'adam', learningRate: 0.01 },
  seeds: 1,
} as const;

/** A resolved sweep: {@link ONE_NETWORK} with some keys replaced. */
export function sweepWith(keys: Readonly<Record<string, unknown>> = {}): Sweep {
  return sweepSchema.parse({ ...ONE_NETWORK, ...keys });
}

/** Its networks, which have layers. */
export function networksWith(keys: Readonly<Record<string, unknown>> = {}): LayeredNetwork[] {
  return expandSweep(sweepWith(keys)) as LayeredNetwork[];
}

/** One value, or a list of a few different ones. */
const axisOf = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof(value, fc.uniqueArray(value, { minLength: 1, maxLength: 2, selector: (v) => JSON.stringify(v) }));
const nameOf = <T extends string>(catalogue: Readonly<Record<T, unknown>>) => fc.constantFrom(...namesOf(catalogue));
const seed = fc.integer({ min: 0, max: 4_294_967_295 });

const layers = fc
  .array(fc.integer({ min: 1, max: 9 }), { minLength: 0, maxLength: 3 })
  .map((hidden) => [1, ...hidden, 1]);

/** Blocks differ in their number of points, so that no two of them hold the same data set. */
const data = fc
  .uniqueArray(fc.integer({ min: 2, max: 40 }), { minLength: 1, maxLength: 2 })
  .chain((sizes) =>
    fc.tuple(
      ...sizes.map((points) =>
        fc.oneof(
          fc.record({ kind: axisOf(nameOf(DATASETS)), points: fc.constant(points) }),
          fc.record({ kind: fc.constant('teacher'), points: fc.constant(points), seed: axisOf(seed) }),
        ),
      ),
    ),
  );

/** Blocks differ in their learning rates, likewise. */
const optimizer = fc
  .uniqueArray(fc.constantFrom(1e-4, 1e-3, 0.01, 0.1, 1), { minLength: 1, maxLength: 2 })
  .chain((rates) =>
    fc.tuple(
      ...rates.map((learningRate) =>
        fc.oneof(
          fc.record({ kind: axisOf(nameOf(OPTIMIZERS)), learningRate: fc.constant(learningRate) }),
          fc.record({
            kind: fc.constant('adam'),
            form: axisOf(fc.constantFrom(...OPTIMIZERS.adam.forms)),
            learningRate: fc.constant(learningRate),
            beta1: axisOf(fc.constantFrom(0, 0.5, 0.9)),
            beta2: axisOf(fc.constantFrom(0.9, 0.999, 0.99999)),
            epsilon: axisOf(fc.constantFrom(0, 1e-8)),
          }),
        ),
      ),
    ),
  );

/** The keys of a random valid sweep file of some hundred networks at most. */
export const sweepKeys = fc.record(
  {
    name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,10}$/),
    epochs: fc.integer({ min: 1, max: 2_147_483_647 }),
    layers: fc.oneof(
      layers,
      fc.uniqueArray(layers, { minLength: 1, maxLength: 2, selector: (sizes) => sizes.join('-') }),
    ),
    data,
    optimizer,
    seeds: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.uniqueArray(seed, { minLength: 1, maxLength: 3 })),
    activation: axisOf(nameOf(ACTIVATIONS)),
    init: axisOf(nameOf(INITS)),
    precision: axisOf(nameOf(PRECISIONS)),
    subnormals: axisOf(nameOf(SUBNORMALS)),
    trace: fc.record({ epochs: fc.record({ every: fc.integer({ min: 1, max: 100 }) }) }),
  },
  { requiredKeys: ['name', 'epochs', 'layers', 'data', 'optimizer', 'seeds'] },
);
