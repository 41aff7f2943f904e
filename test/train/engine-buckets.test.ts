/**
 * Buckets of what engines have trained against a plain look at every epoch, for networks that blow up at any epoch: the
 * extremes of a kernel and of the reference, and their signals, which counts come from.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { namesOf, PRECISIONS } from '../../schemas/catalogue.ts';
import { chunkWithin, type GroupMemory } from '../../src/group/layout.ts';
import { Bucket, BucketRows } from '../../src/train/buckets.ts';
import { LaneSignals } from '../../src/train/lane-signals.ts';
import { type GroupCase, Pair } from '../kernel/groups.ts';

const EPOCHS = 48;
const LANES = [0, 1, 2, 3];

/** The losses of a lane and the values of its columns, as one engine leaves them. */
class Watched {
  readonly losses: number[] = [];
  readonly rows: BucketRows;
  readonly #signals: LaneSignals;
  readonly #bucket: Bucket;

  constructor(options: { pair: Pair; memory: GroupMemory; lane: number; bucketEpochs: number }) {
    const { pair, memory, lane, bucketEpochs } = options;
    this.#signals = new LaneSignals({ shape: pair.shape, memory, lane });
    this.#bucket = new Bucket({ network: lane, bucketEpochs, epochs: EPOCHS });
    this.rows = new BucketRows(Math.ceil(EPOCHS / bucketEpochs), bucketEpochs);
  }

  take(chunk: { firstEpoch: number; count: number }): void {
    this.#signals.begin(chunk);
    for (let i = 0; i < chunk.count; i++) this.losses.push(this.#signals.loss(i));
    this.#bucket.observe(this.#signals, this.rows);
  }

  /** The columns of the loss over all epochs of each bucket. */
  get found(): number[][] {
    const { loss_min, loss_max, loss_nan, loss_infinite } = this.rows.columns;
    return [...loss_min].map((min, row) => [min, loss_max[row], loss_nan[row], loss_infinite[row]]);
  }

  /** The same from the losses. */
  expected(bucketEpochs: number): number[][] {
    const starts = [...this.losses.keys()].filter((i) => i % bucketEpochs === 0);
    return starts.map((first) => {
      const losses = this.losses.slice(first, first + bucketEpochs);
      const numbers = losses.filter((loss) => !Number.isNaN(loss)).toSorted((a, b) => a - b);
      const infinite = losses.filter((loss) => loss === Number.POSITIVE_INFINITY).length;
      return [numbers[0] ?? Number.NaN, numbers.at(-1) ?? Number.NaN, losses.length - numbers.length, infinite];
    });
  }
}

test.each(namesOf(PRECISIONS))(
  'a bucket in %s keeps what losses were before NaN, under every engine',
  async (precision) => {
    const seen = { mixed: 0, infinite: 0, allNan: 0 };
    await fc.assert(
      fc.property(
        fc.constantFrom('tanh', 'relu', 'identity'),
        fc.array(fc.double({ min: 0, max: 30, noNaN: true }), { minLength: 4, maxLength: 4 }),
        fc.constantFrom(1, 3, 8, 20),
        fc.array(fc.integer({ min: 1, max: 24 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 1000 }),
        (activation, decades, bucketEpochs, lengths, seed) => {
          const groupCase: GroupCase = {
            ...{ layers: [1, 3, 1], activation, update: { kind: 'sgd', form: 'torch' }, precision, subnormals: 'ieee' },
            ...{ sampleCount: 4, lanes: LANES.length, chunkEpochs: 24, subchunkEpochs: 8, seed },
            networks: decades.map((decade) => ({ learningRate: 10 ** decade })),
          };
          const pair = new Pair(groupCase);
          const watched = [pair.kernel, pair.reference].flatMap((memory) =>
            LANES.map((lane) => new Watched({ pair, memory, lane, bucketEpochs })),
          );
          for (let firstEpoch = 1, i = 0; firstEpoch <= EPOCHS; i++) {
            const count = chunkWithin(pair.shape, Math.min(lengths[i % lengths.length], EPOCHS - firstEpoch + 1));
            pair.train([count], firstEpoch);
            for (const one of watched) one.take({ firstEpoch, count });
            firstEpoch += count;
          }
          for (const one of watched) {
            expect(one.found).toEqual(one.expected(bucketEpochs));
            for (const [min, , nan, infinite] of one.found) {
              if (nan > 0 && !Number.isNaN(min)) seen.mixed++;
              if (infinite > 0) seen.infinite++;
              if (Number.isNaN(min)) seen.allNan++;
            }
          }
        },
      ),
      { numRuns: 40, seed: 20261129 },
    );
    expect(
      Object.values(seen).every((count) => count > 20),
      JSON.stringify(seen),
    ).toBe(true);
  },
);
