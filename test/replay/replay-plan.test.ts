/**
 * Plans of replays: each window in one group, groups of one kernel shape, from a state before the window to the end of
 * the block that proves it.
 */
import { describe, expect, test } from 'vitest';
import type { EpochRange } from '../../schemas/replay-messages.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { planReplay, planVerification } from '../../src/replay/replay-plan.ts';
import { mergedRanges, rangesText, windowFiles } from '../../src/replay/windows.ts';
import { Results } from '../../src/run/results.ts';
import { sweepOf } from '../support/runs.ts';

const layers = [
  [1, 3, 1],
  [1, 4, 1],
];
const sweep = sweepOf({ epochs: 5500, layers, seeds: 6 });
const networks = expandSweep(sweep);

/** A run whose networks are trained by so many epochs. */
function runOf(epoch: number) {
  const results = new Results(networks.length);
  if (epoch === sweep.epochs) Object.defineProperty(results, 'isDone', { value: () => true });
  else Object.defineProperty(results, 'progressOf', { value: () => ({ epoch, checkpoint: 'c' }) });
  return { results, manifest: { sweep } } as unknown as Parameters<typeof planReplay>[0];
}
const done = runOf(sweep.epochs);
const wantedOf = (ids: readonly number[], ...windows: EpochRange[]) =>
  ids.map((id) => ({ network: networks[id], windows }));

test('networks of one shape share groups of four, and those that go equally far go together', () => {
  const wanted = [
    ...wantedOf([0, 1, 2, 3, 4], { first: 10, last: 20 }),
    ...wantedOf([5], { first: 4000, last: 4001 }),
    ...wantedOf([7], { first: 1, last: 1 }),
  ];
  const groups = planReplay(done, wanted);
  expect(groups.map((group) => group.networks.map(({ id }) => id))).toEqual([[0, 1, 2, 3], [4, 5], [7]]);
  expect(groups.flatMap(({ windows }) => windows)).toHaveLength(7);
});

test.each([
  [20, 1000],
  [999, 1000],
  // L_1001 is the loss at the last row's θ.
  [1000, 2000],
  [5499, 5500],
  [5500, 5500],
  [0, 1000],
])('a window to epoch %i is replayed to epoch %i, whose digest proves it', (last, lastEpoch) => {
  expect(planReplay(done, wantedOf([0], { first: 0, last }))).toMatchObject([{ epoch: 0, lastEpoch }]);
});

test.each([
  [1500, 1200, 1500],
  [1500, 700, 1000],
  [1500, 1700, 1700],
])('of a network trained by %i epochs, a window to epoch %i is replayed to epoch %i', (trained, last, lastEpoch) => {
  expect(planReplay(runOf(trained), wantedOf([0], { first: 3, last }))).toMatchObject([{ lastEpoch }]);
});

describe('with states that are kept at every 1000 epochs', () => {
  const kept = runOf(sweep.epochs);
  const states = [1000, 2000, 3000, 4000, 5000].map((epoch) => ({ epoch, checkpoint: `kept-${epoch}` }));
  Object.defineProperty(kept.results, 'keptOf', { value: () => states });
  const startsOf = (...windows: EpochRange[]) =>
    planReplay(kept, wantedOf([0], ...windows)).map((group) => [group.epoch, group.windows.length]);

  test.each([
    [1000, 0],
    // The row of epoch 1001 is made from the state of epoch 1000.
    [1001, 1000],
    [2999, 2000],
    [0, 0],
  ])('a window from epoch %i on starts from epoch %i', (first, epoch) => {
    expect(startsOf({ first, last: first + 5 })).toEqual([[epoch, 1]]);
  });

  test('windows far apart are groups of their own, and those on the way of another are not', () => {
    const windows = [
      { first: 4100, last: 4200 },
      { first: 5, last: 9 },
      { first: 1500, last: 1501 },
      { first: 4950, last: 5100 },
    ];
    // The group of the first window ends at epoch 1000, where the next one may as well go on.
    expect(startsOf(...windows)).toEqual([
      [0, 2],
      [4000, 2],
    ]);
  });

  test('a group to the last epoch takes all states before it along, for the digest of the whole', () => {
    const filesOf = (last: number) => planReplay(kept, wantedOf([0], { first: 3500, last }))[0].checkpoints;
    expect(filesOf(3600)).toEqual(['kept-3000']);
    expect(filesOf(5500)).toEqual(['kept-1000', 'kept-2000', 'kept-3000']);
  });
});

test('verification goes from the initial weights as far as the run has come, without windows', () => {
  const [first, ...rest] = planVerification(runOf(1234), networks.slice(0, 3));
  expect(first).toMatchObject({ epoch: 0, checkpoints: [], lastEpoch: 1234, windows: [] });
  expect([first.networks.length, rest]).toEqual([3, []]);
});

test('ranges that overlap or touch are one, and are written shortly', () => {
  const ranges = [
    { first: 7, last: 9 },
    { first: 1, last: 3 },
    { first: 4, last: 4 },
    { first: 8, last: 20 },
    { first: 30, last: 30 },
  ];
  expect(mergedRanges(ranges)).toEqual([
    { first: 1, last: 4 },
    { first: 7, last: 20 },
    { first: 30, last: 30 },
  ]);
  expect(rangesText(ranges)).toBe('1-4+7-20+30');
});

test('each shape and precision has a file, named by its networks and epochs; a long list is cut', () => {
  const names = (wanted: ReturnType<typeof wantedOf>, text: string) =>
    windowFiles('w', wanted, text).map(({ path }) => path);
  expect(names(wantedOf([0, 2, 3, 8], { first: 1, last: 2 }), 'epochs-1-2')).toEqual([
    'w/1-3-1-float32/networks-0+2-3-epochs-1-2.arrow',
    'w/1-4-1-float32/networks-8-epochs-1-2.arrow',
  ]);
  const long = (last: number) => names(wantedOf([0], { first: 0, last }), `epochs-${'0-1+'.repeat(30)}${last}`)[0];
  expect(long(5)).toMatch(/^w\/1-3-1-float32\/networks-0-epochs-[0-9+-]+-[0-9a-f]{8}\.arrow$/);
  expect(long(5).length).toBeLessThan(110);
  expect(long(5)).not.toBe(long(6));
});
