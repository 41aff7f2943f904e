/**
 * Hessian-vector products at initial weights, beside finite differences. The differences are those of the gradient that
 * the scalar reference trains with, so nothing of the products is in their measure.
 */
import { ACTIVATIONS, namesOf } from '../../schemas/catalogue.ts';
import type { LayeredConfig } from '../../schemas/network.ts';
import { LinearisedNetwork } from '../analysis/hessian.ts';
import { makeDataset } from '../data/datasets.ts';
import { uniform } from '../numeric/philox.ts';
import { makeEpoch } from '../reference/epoch.ts';
import { initialParameters } from '../reference/init.ts';
import type { NumberMeasurement } from './claim.ts';

/** Central differences lose about h² to the third derivative and 1e-16/h to rounding. */
const H = 1e-5;
const DIRECTIONS = 8;

export function* hessianProducts(): Generator<NumberMeasurement> {
  for (const activation of namesOf(ACTIVATIONS)) {
    const errors = Array.from({ length: DIRECTIONS }, (_, seed) => productError(activation, seed));
    const measured = Math.max(...errors);
    const setting = `${activation}: largest relative difference of ${DIRECTIONS} networks`;
    yield { setting, basis: 'theory', expected: 0, measured, within: [0, 1e-6] };
  }
}

/** ‖Hu − (g(θ + hu) − g(θ − hu))/2h‖ / ‖Hu‖ at θ₀ of a seed in a drawn direction u. */
function productError(activation: LayeredConfig['activation'], seed: number): number {
  // Drawn biases keep every unit of relu away from its bend, where finite differences mean nothing.
  const config: LayeredConfig = {
    layers: [1, 8, 8, 1],
    activation,
    data: { kind: 'polynomial', points: 16 },
    init: 'torch-linear',
    optimizer: { kind: 'sgd', form: 'torch', learningRate: 0 },
    batch: 'full',
    precision: 'float64',
    subnormals: 'ieee',
    seed,
  };
  const samples = makeDataset(config.data);
  const theta = Float64Array.from(initialParameters(config));
  const direction = theta.map((_, index) => 2 * uniform({ seed, stream: 'analysis', layer: 1, index }) - 1);
  const gradientAt = (offset: number): Float64Array => {
    const none = new Float64Array(0);
    const moved = theta.map((value, i) => value + offset * direction[i]);
    const moments = { firstMoment: none, secondMoment: none, maxSecondMoment: none };
    const exact = { inputs: Float64Array.from(samples.inputs), targets: Float64Array.from(samples.targets) };
    const state = { theta: moved, ...moments, previousUpdate: new Float64Array(theta.length) };
    return Float64Array.from(makeEpoch(config, exact)(state, 1).gradient);
  };
  const [above, below] = [gradientAt(H), gradientAt(-H)];
  const network = new LinearisedNetwork({ layers: config.layers, activation, samples });
  const product = new Float64Array(theta.length);
  network.linearise(theta);
  network.hessianProduct(direction, product);
  const norm = (values: Float64Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return norm(product.map((value, i) => value - (above[i] - below[i]) / (2 * H))) / norm(product);
}
