/**
 * The initial parameters θ₀ of a network: a pure function of its layers, its initialisation and its seed. Drawn in
 * float64 and rounded to float32 in both precisions, so that twins start from the same numbers.
 */
import type { InitName } from '../../schemas/catalogue.ts';
import { type LayeredConfig, parameterCount } from '../../schemas/network.ts';
import { elementaryOf, log } from '../numeric/elementary.ts';
import { type Draw, uniform, uniformPair } from '../numeric/philox.ts';

/** The spread of a layer's weights, and whether its biases are drawn like them. */
interface Distribution {
  readonly draw: (draw: Draw) => number;
  /** Half-width of the interval, or standard deviation. */
  readonly scale: (fanIn: number, fanOut: number) => number;
  readonly drawsBiases: boolean;
}

const symmetric = (draw: Draw): number => 2 * uniform(draw) - 1;

const { cos } = elementaryOf('float64');

/** A standard normal by Box & Muller (1958): √(−2·ln(1 − u₁)) · cos(2π·u₂); 1 − u₁ is never 0. */
function normal(draw: Draw): number {
  const [u1, u2] = uniformPair(draw);
  return Math.sqrt(-2 * log(1 - u1)) * cos(2 * Math.PI * u2);
}

const DISTRIBUTIONS: Readonly<Record<InitName, Distribution>> = {
  'glorot-uniform': { draw: symmetric, scale: (fanIn, fanOut) => Math.sqrt(6 / (fanIn + fanOut)), drawsBiases: false },
  'glorot-normal': { draw: normal, scale: (fanIn, fanOut) => Math.sqrt(2 / (fanIn + fanOut)), drawsBiases: false },
  'he-uniform': { draw: symmetric, scale: (fanIn) => Math.sqrt(6 / fanIn), drawsBiases: false },
  'lecun-normal': { draw: normal, scale: (fanIn) => Math.sqrt(1 / fanIn), drawsBiases: false },
  'torch-linear': { draw: symmetric, scale: (fanIn) => 1 / Math.sqrt(fanIn), drawsBiases: true },
};

/**
 * θ₀, `[parameter]`: layer after layer the weights `[output][input]`, then the biases `[output]`. A parameter's draw is
 * (seed, layer, index), its index counted within its layer in this order.
 */
export function initialParameters({
  layers,
  init,
  seed,
}: Pick<LayeredConfig, 'layers' | 'init' | 'seed'>): Float32Array {
  const { draw, scale, drawsBiases } = DISTRIBUTIONS[init];
  const parameters = new Float32Array(parameterCount(layers));
  let offset = 0;
  for (let layer = 0; layer + 1 < layers.length; layer++) {
    const fanIn = layers[layer];
    const fanOut = layers[layer + 1];
    const spread = scale(fanIn, fanOut);
    const drawn = fanOut * (drawsBiases ? fanIn + 1 : fanIn);
    for (let index = 0; index < drawn; index++) {
      parameters[offset + index] = spread * draw({ seed, stream: 'weights', layer, index });
    }
    offset += fanOut * (fanIn + 1);
  }
  return parameters;
}
