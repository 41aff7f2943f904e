/** Gradients of the backward pass against central finite differences of the loss, in float64. */
import { describe, expect, test } from 'vitest';
import { ACTIVATIONS, namesOf } from '../../schemas/catalogue.ts';
import { parameterCount } from '../../schemas/network.ts';
import { uniform } from '../../src/numeric/philox.ts';
import { gradientAt, lossAt, networkConfig, samplesOf } from './networks.ts';

const shapes = [
  [1, 1, 1],
  [1, 8, 1],
  [2, 5, 3, 1],
  [3, 2, 4, 2],
  [1, 3, 2, 3, 1],
  [2, 3],
];
const SAMPLES = 5;
const STEP = 1e-6;

/** Reproducible numbers on (−1, 1). */
const draw = (layer: number, index: number) => 2 * uniform({ seed: 7, stream: 'weights', layer, index }) - 1;

describe.each(namesOf(ACTIVATIONS))('%s', (activation) => {
  test.each(shapes.map((layers) => [layers.join('-'), layers] as const))(
    '%s: every component of the gradient',
    (_, layers) => {
      const config = networkConfig({ layers, activation });
      const grid = (width: number, salt: number) =>
        Array.from({ length: SAMPLES }, (_, s) => Array.from({ length: width }, (_, i) => draw(salt, s * width + i)));
      const samples = samplesOf('float64', grid(layers[0], 101), grid(layers[layers.length - 1], 102));
      const theta = Array.from({ length: parameterCount(layers) }, (_, i) => draw(103, i));

      const gradient = gradientAt(config, samples, theta);
      for (const [i, component] of gradient.entries()) {
        const shifted = (by: number) => lossAt(config, samples, theta.with(i, theta[i] + by));
        const difference = (shifted(STEP) - shifted(-STEP)) / (2 * STEP);
        expect(Math.abs(component - difference), `parameter ${i}: ${component} against ${difference}`).toBeLessThan(
          1e-8,
        );
      }
      expect(Math.hypot(...gradient)).toBeGreaterThan(1e-3);
    },
  );
});
