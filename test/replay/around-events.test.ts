/**
 * Windows around events: which epochs an event of each kind stands for, where a run clips them, and when two are one.
 */
import { expect, test } from 'vitest';
import type { NetworkEvent } from '../../schemas/events.ts';
import { aroundEvents } from '../../src/replay/around-events.ts';

const moment = (kind: NetworkEvent['kind'], epoch: number): NetworkEvent => ({
  kind,
  epoch,
  endEpoch: null,
  spike: null,
});
const spike = (epoch: number, peakEpoch: number, endEpoch: number | null): NetworkEvent => ({
  ...{ kind: 'spike', epoch, endEpoch },
  spike: { peakEpoch, height: 1, base: 0.1, peak: 1 },
});

/** The windows of 10 epochs on either side in a run of 1000, as pairs. */
const windows = (...events: NetworkEvent[]) =>
  aroundEvents(events, { around: 10, epochs: 1000 }).map(({ first, last }) => [first, last]);

test.each<[string, NetworkEvent, number[][]]>([
  ['an onset', moment('onset', 500), [[490, 510]]],
  ['a divergence', moment('divergence', 500), [[490, 510]]],
  ['a spike, to its end', spike(500, 505, 560), [[490, 570]]],
  ['a spike that is open at the end, to its peak', spike(900, 930, null), [[890, 940]]],
  ['a level shift, to its end', { ...spike(300, 305, 700), kind: 'level-shift' }, [[290, 710]]],
  [
    'a freeze, both its ends',
    { ...moment('freeze', 200), endEpoch: 800 },
    [
      [190, 210],
      [790, 810],
    ],
  ],
  ['a freeze that lasts, its beginning', moment('freeze', 200), [[190, 210]]],
  ['what happens at once, from epoch 1 on', moment('non-finite', 2), [[1, 12]]],
  ['what happens at the end, to the last epoch', spike(985, 999, 1000), [[975, 1000]]],
])('of %s', (_, event, expected) => {
  expect(windows(event)).toEqual(expected);
});

test('windows that overlap or touch are one, and without events there are none', () => {
  expect(windows(moment('onset', 100), spike(115, 116, 120), moment('onset', 141), moment('onset', 300))).toEqual([
    [90, 151],
    [290, 310],
  ]);
  // Epochs 90–110 and 111–131.
  expect(windows(moment('onset', 100), moment('onset', 121))).toEqual([[90, 131]]);
  expect(windows(moment('onset', 100), moment('onset', 122))).toHaveLength(2);
  expect(windows()).toEqual([]);
});
