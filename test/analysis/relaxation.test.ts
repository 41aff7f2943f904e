/** Tests of relaxation rates and dominant periods, on numbers with known answers. */
import { describe, expect, test } from 'vitest';
import { dominantPeriod, dominantPeriodOf } from '../../src/analysis/periods.ts';
import { lossDecay, secondMomentDecay } from '../../src/analysis/relaxation.ts';
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
