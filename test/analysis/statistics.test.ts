/** Tests of estimates and their intervals, against formulas, published examples and planted clusters. */
import { describe, expect, test } from 'vitest';
import {
  clusteredMedian,
  clusteredShare,
  type Estimate,
  mcNemar,
  medianOf,
  pairedDifference,
  wilson,
} from '../../src/analysis/statistics.ts';
import { uniform } from '../../src/numeric/philox.ts';

const draw = (seed: number, index: number) => uniform({ seed, stream: 'analysis', layer: 5, index });
const widthOf = ({ lower, upper }: Estimate) => upper - lower;

describe('shares', () => {
  test("of networks have Wilson's interval", () => {
    const { value, lower, upper } = wilson(8, 10);
    expect([value, lower.toFixed(4), upper.toFixed(4)]).toEqual([0.8, '0.4902', '0.9433']);
    expect(wilson(0, 0).value).toBeNaN();
  });

  test('of rows are as uncertain as their networks: many rows of few networks tell little', () => {
    // All rows of a network agree, so 16 rows are worth one.
    const alike = Array.from({ length: 30 }, (_, network) => ({ count: network < 15 ? 16 : 0, total: 16 }));
    const found = clusteredShare(alike);
    expect(found.value).toBe(0.5);
    expect(widthOf(found) / widthOf(wilson(15, 30))).toBeCloseTo(1, 0);
    expect(widthOf(found)).toBeGreaterThan(3 * widthOf(wilson(240, 480)));
    expect(clusteredShare(alike)).toEqual(found);
  });

  test('of all rows or none have the interval of as many networks', () => {
    const all = Array.from({ length: 32 }, () => ({ count: 8, total: 8 }));
    expect(clusteredShare(all)).toEqual(wilson(32, 32));
    expect(clusteredShare(all.map((own) => ({ ...own, count: 0 })))).toEqual(wilson(0, 32));
  });

  test('of fewer than six networks have no interval, and networks without rows do not count', () => {
    const five = Array.from({ length: 5 }, (_, network) => ({ count: network, total: 8 }));
    const empty = { count: 0, total: 0 };
    expect(clusteredShare([...five, empty])).toEqual({ value: 0.25, lower: Number.NaN, upper: Number.NaN });
    expect(clusteredShare([...five, { count: 2, total: 8 }]).lower).toBeGreaterThan(0);
    expect(clusteredShare([empty]).value).toBeNaN();
  });
});

describe('medians', () => {
  test('of clusters are those of all their values', () => {
    const samples = Array.from({ length: 9 }, (_, cluster) =>
      Array.from({ length: cluster }, (_, i) => Math.floor(10 * draw(cluster, i))),
    );
    expect(clusteredMedian(samples).value).toBe(medianOf(samples.flat()));
    expect(clusteredMedian([[1, 2], [3, 10], []]).value).toBe(2.5);
    expect(clusteredMedian([[], []]).value).toBeNaN();
  });

  test('have an interval that holds the true one in about 95 % of samples, though rows of a network agree', () => {
    const holds = Array.from({ length: 100 }, (_, sample) => {
      const networks = Array.from({ length: 24 }, (_, network) => {
        const centre = draw(sample, network);
        return Array.from({ length: 8 }, (_, i) => centre + 0.01 * (draw(sample, 1000 + 8 * network + i) - 0.5));
      });
      const { lower, upper } = clusteredMedian(networks);
      return lower <= 0.5 && upper >= 0.5;
    });
    expect(holds.filter((one) => one).length).toBeGreaterThanOrEqual(88);
    expect(holds.filter((one) => one).length).toBeLessThan(100);
  });
});

describe('paired shares', () => {
  test("have McNemar's exact p-value", () => {
    // 2·P(X ≤ 5) of 25 tosses.
    expect(mcNemar({ first: 5, second: 20 })).toBe(136_812 / 2 ** 25);
    expect(mcNemar({ first: 0, second: 6 })).toBe(1 / 32);
    expect(mcNemar({ first: 3, second: 3 })).toBe(1);
    expect(mcNemar({ first: 0, second: 0 })).toBe(1);
  });

  test('differ by the interval of Bonett and Price, which has a width where no pair differs', () => {
    // The example of Fagerland, Lydersen & Laake 2014: airway hyper-responsiveness of 21 children before and after
    // stem-cell transplantation (Bentur et al. 2009), of whom 1 and 7 had it once only. By their formula, by hand.
    const { value, lower, upper } = pairedDifference({ first: 1, second: 7 }, 21);
    expect([value, lower, upper].map((end) => end.toFixed(3))).toEqual(['-0.286', '-0.508', '-0.013']);
    const none = pairedDifference({ first: 0, second: 0 }, 32);
    expect([none.value, none.upper.toFixed(4)]).toEqual([0, '0.0815']);
    expect(none.lower).toBe(-none.upper);
    expect(pairedDifference({ first: 0, second: 0 }, 0).value).toBeNaN();
  });
});
