/**
 * Plans of replays: each window in one pass, passes of one kernel shape, from a state before the window to the end of the block that proves it.
 */
import { expect, test } from 'vitest';
import type { EpochRange } from '../../schemas/replay.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { planPasses, planVerification } from '../../src/run/replay-plan.ts';
import { Results } from '../../src/run/results.ts';
import { mergedRanges, rangesText, windowFiles } from '../../src/run/windows.ts';
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
  return { results, manifest: { sweep } } as unknown as Parameters<typeof planPasses>[0];
}
const done = runOf(sweep.epochs);
const wantedOf = (ids: readonly number[], ...windows: EpochRange[]) =>
  ids.map((id) => ({ network: networks[id], windows }));

test('networks of one shape share passes of four, and those that go equally far go together', () => {
  const wanted = [
    ...wantedOf([0, 1, 2, 3, 4], { first: 10, last: 20 }),
    ...wantedOf([5], { first: 4000, last: 4001 }),
    ...wantedOf([7], { first: 1, last: 1 }),
  ];
  const passes = planPasses(done, wanted);
  expect(passes.map((pass) => pass.networks.map(({ id }) => id))).toEqual([[0, 1, 2, 3], [4, 5], [7]]);
  expect(passes.flatMap(({ windows }) => windows)).toHaveLength(7);
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
  expect(planPasses(done, wantedOf([0], { first: 0, last }))).toMatchObject([{ epoch: 0, lastEpoch }]);
});

test.each([
  [1500, 1200, 1500],
  [1500, 700, 1000],
  [1500, 1700, 1700],
])('of a network trained by %i epochs, a window to epoch %i is replayed to epoch %i', (trained, last, lastEpoch) => {
  expect(planPasses(runOf(trained), wantedOf([0], { first: 3, last }))).toMatchObject([{ lastEpoch }]);
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

test('a file a shape and precision, called by its networks and epochs; a long list is cut and keeps a name of its own', () => {
  const names = (wanted: ReturnType<typeof wantedOf>, text: string) =>
    windowFiles('w', wanted, text).map(({ path }) => path);
  expect(names(wantedOf([0, 2, 3, 8], { first: 1, last: 2 }), '1-2')).toEqual([
    'w/1-3-1-float32/networks-0+2-3-epochs-1-2.arrow',
    'w/1-4-1-float32/networks-8-epochs-1-2.arrow',
  ]);
  const long = (last: number) => names(wantedOf([0], { first: 0, last }), `${'0-1+'.repeat(30)}${last}`)[0];
  expect(long(5)).toMatch(/^w\/1-3-1-float32\/networks-0-epochs-[0-9+-]+-[0-9a-f]{8}\.arrow$/);
  expect(long(5).length).toBeLessThan(110);
  expect(long(5)).not.toBe(long(6));
});
