/** The summary of `gyre analyse` in words: verdicts on twins, sure differences, medians of survival. */

import { describe, expect, test } from 'vitest';
import type { Labels } from '../../schemas/labels.ts';
import { compareTwins, type TwinPair } from '../../src/analysis/twin-statistics.ts';
import { survivalLines, twinLines } from '../../src/display/findings-text.ts';

const SPIKING: Labels = { outcome: 'learned', motion: 'spiking' };

/** Pairs whose intervals in float32 are `ratio` times those in float64, give or take. */
const pairsOf = (ratio: number, spread = 0.05): TwinPair[] =>
  Array.from({ length: 40 }, (_, i) => {
    const twin = (spikeInterval: number) => ({ labels: SPIKING, spikeInterval, spikeHeight: 1.5 });
    return { float32: twin(300 * ratio * (1 + spread * Math.sin(i))), float64: twin(300) };
  });

const linesOf = (pairs: readonly TwinPair[], margin = 0.1) =>
  twinLines([{ ...compareTwins(pairs, margin), axes: [['beta1', '0.9']], separation: 1478 }]);

describe('twins', () => {
  test('are shown by what is compared, with a verdict in words', () => {
    const lines = linesOf(pairsOf(0.95));
    expect(lines[0]).toBe('twins: float32 beside float64 by setting, pair by pair; alike 1');
    expect(lines[1]).toMatch(/^beta1 {2}compared +pairs +float32 +float64 +float32 \/ float64 {2}verdict$/);
    expect(lines[2]).toMatch(
      /^ {2}0\.9 {2}unstable +40 +100\.0 % .* 0\.0 \[-6\.\d, 6\.\d\] points {2}alike within 10 points$/,
    );
    expect(lines[3]).toMatch(/^ +spike interval +40 +0\.9\d+ \[0\.9\d+, 0\.9\d+\] {2}alike within 10 %, 5 % shorter$/);
    expect(lines[4]).toMatch(/^ +spike height +40 +1\.000 \[1\.000, 1\.000\] {2}alike within 10 %$/);
    expect(lines[5]).toMatch(/^ +all +alike; parted at epoch 1478$/);
  });

  test.each([
    [pairsOf(2, 0.001), 0.1, 'different, 100 % longer'],
    [pairsOf(0.5), 0.1, 'different, 50 % shorter'],
    [pairsOf(0.95), 0.05, 'slightly different, 5 % shorter'],
    [pairsOf(1.004, 0.001), 0.1, 'alike within 10 %, 0.4 % longer'],
    [pairsOf(1, 0.5), 0.1, 'undecided'],
    [pairsOf(1, 0.1).slice(0, 4), 0.1, 'undecided'],
  ])('have the words of their ratio: case %#', (pairs, margin, words) => {
    expect(linesOf(pairs, margin)[3].split(/ {2,}/).at(-1)).toBe(words);
  });

  test('are counted beyond the first twelve settings', () => {
    const setting = { ...compareTwins(pairsOf(0.5), 0.1), axes: [], separation: Number.NaN };
    const lines = twinLines(Array.from({ length: 14 }, () => setting));
    expect(lines).toHaveLength(1 + 1 + 4 * 12 + 1);
    expect(lines.at(-1)).toBe('… and 2 more settings in twins.arrow');
    expect(twinLines([])).toEqual([]);
  });
});

test('survival is a median with its interval, or how many networks have the event', () => {
  const median = { value: 1478, lower: 1200, upper: Number.NaN };
  const none = { value: Number.NaN, lower: Number.NaN, upper: Number.NaN };
  const events = ['onset', 'first-spike', 'divergence'] as const;
  const groups = [
    { value: '0.9', networks: 40, events: 30, median },
    { value: null, networks: 40, events: 3, median: none },
  ];
  const test = { chiSquare: 16.79, degrees: 1, pValue: 4.17e-5 };
  const lines = survivalLines(events.map((event) => ({ event, axis: 'beta1', groups, test })));
  expect(lines.slice(1).map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['axis', 'value', 'networks', 'onset', 'first spike', 'divergence'],
    ['beta1', '0.9', '40', ...events.map(() => '1478 [1200, –]')],
    ['–', '40', ...events.map(() => '— (3 of 40)')],
    ['log-rank p', ...events.map(() => '4.17e-5')],
  ]);
});
