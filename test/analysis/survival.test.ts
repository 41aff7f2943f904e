/**
 * Tests of survival on the remission times of Freireich et al. (Blood 21, 1963): 21 patients with 6-mercaptopurine and
 * 21 with a placebo, in weeks. Textbooks print its estimates, among them Kalbfleisch & Prentice and Kleinbaum & Klein.
 */
import { describe, expect, test } from 'vitest';
import { chiSquareTail } from '../../src/analysis/chi-square.ts';
import { type Lifetime, logRank, medianSurvival, survivalCurve } from '../../src/analysis/survival.ts';

const lifetimes = (events: readonly number[], censored: readonly number[] = []): Lifetime[] => [
  ...events.map((epoch) => ({ epoch, hasEvent: true })),
  ...censored.map((epoch) => ({ epoch, hasEvent: false })),
];
const TREATED = lifetimes([6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]);
const PLACEBO = lifetimes([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]);

describe('a Kaplan–Meier curve', () => {
  test('has the published steps, with Greenwood’s bands on the log-log scale', () => {
    const steps = survivalCurve(TREATED).map(({ epoch, atRisk, events, survival: { value, lower, upper } }) => [
      epoch,
      atRisk,
      events,
      ...[value, lower, upper].map((share) => Number(share.toFixed(4))),
    ]);
    expect(steps).toEqual([
      [6, 21, 3, 0.8571, 0.6197, 0.9516],
      [7, 17, 1, 0.8067, 0.5631, 0.9228],
      [10, 15, 1, 0.7529, 0.5032, 0.8894],
      [13, 12, 1, 0.6902, 0.4316, 0.8491],
      [16, 11, 1, 0.6275, 0.3675, 0.8049],
      [22, 7, 1, 0.5378, 0.2678, 0.7468],
      [23, 6, 1, 0.4482, 0.1881, 0.6801],
    ]);
  });

  test('has the published medians: 23 weeks from 13 on, and 8 from 4 to 11 with the placebo', () => {
    expect(medianSurvival(survivalCurve(TREATED))).toEqual({ value: 23, lower: 13, upper: Number.NaN });
    expect(medianSurvival(survivalCurve(PLACEBO))).toEqual({ value: 8, lower: 4, upper: 11 });
  });

  test('ends at 0 without a band where all have the event, and has no step where none has', () => {
    expect(survivalCurve(PLACEBO).at(-1)?.survival).toEqual({ value: 0, lower: Number.NaN, upper: Number.NaN });
    expect(survivalCurve(lifetimes([], [5, 9]))).toEqual([]);
    expect(medianSurvival([]).value).toBeNaN();
  });

  test('has its median where exactly half have the event', () => {
    expect(medianSurvival(survivalCurve(lifetimes([3, 4], [9, 9]))).value).toBe(4);
  });
});

describe('the log-rank test', () => {
  test('has the published chi-square of 16.79', () => {
    const { chiSquare, degrees, pValue } = logRank([TREATED, PLACEBO]);
    expect([chiSquare.toFixed(2), degrees]).toEqual(['16.79', 1]);
    expect(pValue).toBeCloseTo(4.17e-5, 7);
    expect(logRank([PLACEBO, TREATED]).chiSquare).toBeCloseTo(chiSquare, 10);
  });

  test('of three groups does not depend on their order', () => {
    const third = lifetimes([2, 6, 9, 14, 21], [21, 30]);
    const { chiSquare, degrees } = logRank([TREATED, PLACEBO, third]);
    expect(degrees).toBe(2);
    expect(chiSquare).toBeGreaterThan(16);
    expect(logRank([third, PLACEBO, TREATED]).chiSquare).toBeCloseTo(chiSquare, 9);
  });

  test('leaves out groups that are gone before the first event, and has no p-value without any', () => {
    const gone = lifetimes([], [0, 0]);
    expect(logRank([gone, TREATED, PLACEBO])).toMatchObject({ degrees: 1 });
    expect(logRank([TREATED, PLACEBO, gone]).chiSquare).toBeCloseTo(16.793, 3);
    expect(logRank([gone, lifetimes([], [4])])).toEqual({ chiSquare: 0, degrees: 0, pValue: Number.NaN });
  });
});

describe('the tail of chi-square', () => {
  test.each([
    [3.841458820694124, 1, 0.05],
    [5.991464547107979, 2, 0.05],
    [19.67513757268249, 11, 0.05],
    [0.003932140000019531, 1, 0.95],
    [2 * Math.log(1e30), 2, 1e-30],
    [0, 3, 1],
  ])('above %d with %d degrees of freedom is %d', (x, degrees, probability) => {
    expect(chiSquareTail(x, degrees) / probability).toBeCloseTo(1, 10);
  });
});
