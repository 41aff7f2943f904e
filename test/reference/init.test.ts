/**
 * The initial parameters: their distributions, which of them are drawn, and that each is a function of its place alone.
 */
import { describe, expect, test } from 'vitest';
import { INITS, namesOf } from '../../schemas/catalogue.ts';
import { uniform } from '../../src/numeric/philox.ts';
import { initialParameters } from '../../src/reference/init.ts';

const layers = [1, 100, 150, 1];
const fan = { in: 100, out: 150 };
/** θ₀ of the 100 → 150 layer, split. */
function hiddenLayer(init: keyof typeof INITS) {
  const parameters = initialParameters({ layers, init, seed: 11 });
  const offset = 200;
  return {
    weights: parameters.subarray(offset, offset + fan.in * fan.out),
    biases: parameters.subarray(offset + fan.in * fan.out, offset + fan.in * fan.out + fan.out),
  };
}

const spread = {
  'glorot-uniform': Math.sqrt(6 / (fan.in + fan.out)),
  'glorot-normal': Math.sqrt(2 / (fan.in + fan.out)),
  'he-uniform': Math.sqrt(6 / fan.in),
  'lecun-normal': Math.sqrt(1 / fan.in),
  'torch-linear': 1 / Math.sqrt(fan.in),
};

describe.each(namesOf(INITS))('%s', (init) => {
  const { weights, biases } = hiddenLayer(init);
  const isNormal = init.endsWith('normal');

  test('has mean 0 and the standard deviation of its formula', () => {
    const mean = weights.reduce((a, b) => a + b, 0) / weights.length;
    const deviation = Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length);
    const expected = isNormal ? spread[init] : spread[init] / Math.sqrt(3);
    expect(Math.abs(mean)).toBeLessThan(0.03 * expected);
    expect(Math.abs(deviation / expected - 1)).toBeLessThan(0.02);
  });

  test(isNormal ? 'is not truncated' : 'fills its interval and no more', () => {
    const largest = Math.max(...weights.map(Math.abs));
    if (isNormal) expect(largest).toBeGreaterThan(3.3 * spread[init]);
    else expect(largest).toBeLessThanOrEqual(Math.fround(spread[init]));
    if (!isNormal) expect(largest).toBeGreaterThan(0.999 * spread[init]);
  });

  test(init === 'torch-linear' ? 'draws its biases too' : 'starts its biases at 0', () => {
    expect(biases.some((bias) => bias !== 0)).toBe(init === 'torch-linear');
    expect(Math.max(...biases.map(Math.abs))).toBeLessThanOrEqual(Math.fround(spread[init]));
  });
});

test('a weight is its documented draw, scaled in float64 and rounded to float32', () => {
  const parameters = initialParameters({ layers: [1, 8, 1], init: 'glorot-uniform', seed: 3 });
  const expected = (layer: number, index: number) =>
    Math.fround(Math.sqrt(6 / 9) * (2 * uniform({ seed: 3, stream: 'weights', layer, index }) - 1));
  expect(parameters[5]).toBe(expected(0, 5));
  expect(parameters[8 + 8 + 2]).toBe(expected(1, 2));
});

test('seeds differ', () => {
  const read = (seed: number) => [...initialParameters({ layers: [1, 8, 1], init: 'glorot-uniform', seed })];
  expect(read(0)).not.toEqual(read(1));
  expect(read(4_294_967_295)).not.toEqual(read(0));
});
