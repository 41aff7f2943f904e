/** Tests of relaxation rates, dominant periods and the statistics of twins, on numbers with known answers. */
import { describe, expect, test } from 'vitest';
import { dominantPeriod, dominantPeriodOf } from '../../src/analysis/periods.ts';
import { lossDecay, secondMomentDecay } from '../../src/analysis/relaxation.ts';
import { fisherExact, proportion, ratioOfMedians } from '../../src/analysis/statistics.ts';
import { compareTwins, type Replicate, separationRow } from '../../src/analysis/twin-statistics.ts';
import { uniform } from '../../src/numeric/philox.ts';

describe('relaxation', () => {
  test.each([0.95, 0.9, 0.8])('the excess loss of a beating mode at β1 = %d falls at −ln β1', (beta1) => {
    const rate = -Math.log(beta1);
    const losses = Array.from({ length: 62 }, (_, t) => 1e-6 + 1e-3 * Math.exp(-rate * t) * Math.cos(0.6 * t) ** 2);
    expect(lossDecay(losses, 1e-6).slope / rate).toBeGreaterThan(0.95);
    expect(lossDecay(losses, 1e-6).slope / rate).toBeLessThan(1.05);
  });

  test('an excess that is gone too soon has no rate', () => {
    expect(lossDecay([1.5, 1.2, 1.1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 1).slope).toBeNaN();
  });

  test('second moments that forget fall at −ln β2', () => {
    const v = Float64Array.from({ length: 3 * 50 }, (_, at) => (1 + (at % 3)) * 0.999 ** Math.floor(at / 3));
    expect(secondMomentDecay(v, 3).slope).toBeCloseTo(-Math.log(0.999), 12);
  });
});

describe('the dominant period', () => {
  test.each([2, 7.3, 61, 240])('of a wave of %d epochs over a trend is found to within a hundredth', (period) => {
    const values = Array.from({ length: 1000 }, (_, t) => 5 - 0.01 * t + 0.3 * Math.cos((2 * Math.PI * t) / period));
    expect(dominantPeriod(values) / period).toBeGreaterThan(0.99);
    expect(dominantPeriod(values) / period).toBeLessThan(1.01);
  });

  test('of several series is that of what they share, whatever their scales', () => {
    const noise = (seed: number, index: number) => uniform({ seed, stream: 'analysis', layer: 4, index });
    const series = [1e-6, 1, 1e6].map((scale, k) =>
      Array.from({ length: 1000 }, (_, t) => scale * (Math.cos((2 * Math.PI * t) / 80 + k) + 2 * noise(k, t))),
    );
    expect(dominantPeriodOf(series) / 80).toBeGreaterThan(0.97);
    expect(dominantPeriodOf(series) / 80).toBeLessThan(1.03);
  });

  test('of a constant is none', () => {
    expect(dominantPeriod(new Float64Array(100))).toBeNaN();
  });
});

describe('statistics', () => {
  test("Fisher's test has the p-values of his tea, and of another table by exact fractions", () => {
    expect(fisherExact([3, 4], [1, 4])).toBeCloseTo(0.4857142857, 9);
    expect(fisherExact([2, 12], [10, 15])).toBeCloseTo(0.0185369647, 9);
    expect(fisherExact([0, 30], [0, 30])).toBe(1);
  });

  test("Wilson's interval is that of his formula", () => {
    const { value, low, high } = proportion(8, 10);
    expect(value).toBe(0.8);
    expect(low).toBeCloseTo(0.4902, 4);
    expect(high).toBeCloseTo(0.9433, 4);
    expect(proportion(0, 0).value).toBeNaN();
  });

  test('a ratio of medians has its interval around it, the same at each call', () => {
    const sample = (seed: number, scale: number) =>
      Array.from({ length: 60 }, (_, index) => scale * (1 + uniform({ seed, stream: 'analysis', layer: 5, index })));
    const found = ratioOfMedians(sample(1, 2), sample(2, 1), 3);
    expect(found.low).toBeLessThan(found.value);
    expect(found.high).toBeGreaterThan(found.value);
    expect(found.low).toBeGreaterThan(1.7);
    expect(found.high).toBeLessThan(2.3);
    expect(ratioOfMedians(sample(1, 2), sample(2, 1), 3)).toEqual(found);
  });
});

describe('twins', () => {
  const draw = (seed: number, index: number) => uniform({ seed, stream: 'analysis', layer: 6, index });
  const setting = (options: {
    seed: number;
    unstable: number;
    interval?: number;
    height?: number;
    size?: number;
  }): Replicate[] =>
    Array.from({ length: options.size ?? 32 }, (_, i) => {
      const isUnstable = draw(options.seed, 3 * i) < options.unstable;
      const around = (centre: number, k: number) => centre * (0.9 + 0.2 * draw(options.seed, 3 * i + k));
      return {
        isUnstable,
        spikeInterval: isUnstable ? around(options.interval ?? 250, 1) : null,
        spikeHeight: isUnstable ? around(options.height ?? 1.5, 2) : null,
      };
    });

  test.each([
    ['float-caused', { unstable: 0.6 }, { unstable: 0 }],
    ['float64-only', { unstable: 0 }, { unstable: 0.6 }],
    ['float-timed', { unstable: 0.9, interval: 150 }, { unstable: 0.9, interval: 250 }],
    ['float-timed', { unstable: 0.9, height: 1 }, { unstable: 0.9, height: 2 }],
    ['dynamics', { unstable: 0.9 }, { unstable: 0.9 }],
    ['undecided', { unstable: 0 }, { unstable: 0 }],
  ] as const)('with a planted difference are %s', (verdict, in32, in64) => {
    const verdicts = Array.from(
      { length: 20 },
      (_, i) => compareTwins(setting({ seed: 2 * i, ...in32 }), setting({ seed: 2 * i + 1, ...in64 }), i).verdict,
    );
    // A statistic of 95 % may be wrong now and then where nothing differs; a planted difference is always seen.
    expect(verdicts.filter((found) => found === verdict).length).toBeGreaterThanOrEqual(
      verdict === 'dynamics' ? 15 : 20,
    );
  });

  test('without a difference are float-caused in at most 5 % of 1000 resamplings', () => {
    let caused = 0;
    for (let i = 0; i < 1000; i++) {
      const unstable = [0.05, 0.1, 0.2, 0.5][i % 4];
      const [float32, float64] = [1, 2].map((twin) =>
        setting({ seed: 5000 + 2 * i + twin, unstable, size: 24 }).map((replicate) => ({
          ...replicate,
          spikeInterval: null,
          spikeHeight: null,
        })),
      );
      if (compareTwins(float32, float64, i).verdict === 'float-caused') caused++;
    }
    expect(caused).toBeLessThanOrEqual(50);
  });

  test('separate at the first row beyond the limit', () => {
    const theta64 = [1, 0, 1, 0, 1, 0];
    expect(separationRow([1, 0, 1, 0.0005, 1, 0.002], theta64, { parameterCount: 2, limit: 1e-3 })).toBe(2);
    expect(separationRow(theta64, theta64, { parameterCount: 2, limit: 1e-3 })).toBeNull();
  });
});
