/** Corrections written into the memory of groups, shared or not, against those of each lane's own optimiser. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LayeredNetwork, Network } from '../../schemas/network.ts';
import { Corrections, correctionNames } from '../../src/data/optimizer-constants.ts';
import { type GroupShape, stepsPerEpoch } from '../../src/group/layout.ts';
import { floatArray } from '../../src/numeric/bits.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { groupShape } from '../../src/plan/pack.ts';
import { SharedCorrections } from '../../src/train/corrections.ts';
import { sweepOf } from '../support/runs.ts';

const optimizer = { kind: 'adam', learningRate: [0.01, 0.1], beta1: [0.9, 0.5], beta2: 0.99 };
const networks = expandSweep(sweepOf({ optimizer, precision: ['float32', 'float64'], seeds: 2 })) as LayeredNetwork[];
/** Three steps an epoch. */
const inBatches = networks.map(
  (network): LayeredNetwork => ({ ...network, batch: Math.ceil(network.data.points / 3), shuffle: false }),
);
const LANES = 4;
const CHUNK_EPOCHS = 5;

/** The section of a group by the book; what it does not say is left as it is. */
function expectWritten(
  section: ArrayLike<number>,
  group: readonly Network[],
  shape: GroupShape,
  first: number,
  count: number,
) {
  for (const [lane, { optimizer, precision }] of group.entries()) {
    const own = new Corrections(optimizer, 1);
    const steps = stepsPerEpoch(shape);
    for (let i = 0; i < count * steps; i++) {
      const step = (first - 1) * steps + 1 + i;
      own.begin(step, 1);
      for (const c of correctionNames(optimizer).keys()) {
        const found = section[(c * shape.chunkEpochs * steps + i) * shape.lanes + lane];
        expect(found, `lane ${lane}, step ${step}`).toBe(floatArray(precision, 1).fill(own.values[c])[0]);
      }
    }
  }
}

test('are those of each lane, whatever groups and chunks came before', async () => {
  const shared = new SharedCorrections();
  const group = fc.record({
    precision: fc.constantFrom('float32', 'float64'),
    batch: fc.boolean(),
    members: fc.array(fc.nat(7), { minLength: 1, maxLength: LANES }),
    chunks: fc.array(
      fc.record({ first: fc.integer({ min: 1, max: 12 }), count: fc.integer({ min: 1, max: CHUNK_EPOCHS }) }),
    ),
  });
  await fc.assert(
    fc.property(group, ({ precision, batch, members, chunks }) => {
      const own = (batch ? inBatches : networks).filter((network) => network.precision === precision);
      const lanes = members.map((member) => own[member]);
      const shape = { ...groupShape({ networks: lanes, lanes: LANES }, 20), chunkEpochs: CHUNK_EPOCHS };
      const corrections = shared.of(lanes, shape);
      const section = floatArray(shape.precision, shape.corrections * CHUNK_EPOCHS * stepsPerEpoch(shape) * LANES);
      for (const { first, count } of chunks) {
        section.fill(-1);
        corrections.write(section, first, count);
        expectWritten(section, lanes, shape, first, count);
      }
    }),
    { numRuns: 300 },
  );
});

test.each(['float32', 'float64'] as const)(
  'that are steady in %s are right for every chunk that follows',
  (precision) => {
    for (const options of [networks, inBatches]) {
      const lanes = options.filter((network) => network.precision === precision).slice(0, LANES);
      const shape = { ...groupShape({ networks: lanes, lanes: LANES }, 20), chunkEpochs: CHUNK_EPOCHS };
      const section = floatArray(shape.precision, shape.corrections * CHUNK_EPOCHS * stepsPerEpoch(shape) * LANES);
      const shared = new SharedCorrections();
      // The first writes them, the second finds what the first has kept.
      const steadyFrom = [0, 1].map(() => {
        section.fill(-1);
        const corrections = shared.of(lanes, shape);
        let first = 1;
        while (!corrections.write(section, first, 2)) first += 2;
        for (const later of [first, first + 1, first + 1000]) expectWritten(section, lanes, shape, later, CHUNK_EPOCHS);
        return first;
      });
      expect(steadyFrom[0]).toBeGreaterThan(100);
      expect(steadyFrom[1]).toBe(steadyFrom[0]);
    }
  },
);

test('that find no room any more are computed each time', () => {
  const shape = { ...groupShape({ networks: networks.slice(0, 1), lanes: LANES }, 100_000), chunkEpochs: 100_000 };
  const corrections = new SharedCorrections().of(networks.slice(0, 1), shape);
  const section = floatArray(shape.precision, shape.corrections * 100_000 * LANES);
  for (const first of [1, 100_001, 200_001, 1, 100_001, 200_001]) {
    section.fill(-1);
    corrections.write(section, first, 3);
    expectWritten(section, networks.slice(0, 1), shape, first, 3);
  }
});
