/**
 * Tests of Hessian products, the largest eigenvalue and curvature: against finite differences, dense matrices and
 * algebra.
 */
import fc from 'fast-check';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { ACTIVATIONS, namesOf } from '../../schemas/catalogue.ts';
import type { OptimizerConfig } from '../../schemas/network.ts';
import { curvatureAt, modesAt, stabilityThreshold, upwardCrossings } from '../../src/analysis/curvature.ts';
import { largestEigenpair, twoLargestEigenpairs } from '../../src/analysis/eigenvalue.ts';
import { LinearisedNetwork } from '../../src/analysis/hessian.ts';
import { preconditioner } from '../../src/analysis/preconditioner.ts';
import { uniform } from '../../src/numeric/philox.ts';

const random = (seed: number, length: number) =>
  Float64Array.from({ length }, (_, index) => 2 * uniform({ seed, stream: 'analysis', layer: 9, index }) - 1);

const samples = (inputCount: number, outputCount: number) => ({
  inputs: Float32Array.from(random(1, 7 * inputCount)),
  targets: Float32Array.from(random(2, 7 * outputCount)),
  inputCount,
  outputCount,
});

function dense(network: LinearisedNetwork): number[][] {
  const size = network.parameterCount;
  return Array.from({ length: size }, (_, i) => {
    const target = new Float64Array(size);
    network.hessianProduct(
      Float64Array.from({ length: size }, (_, j) => Number(i === j)),
      target,
    );
    return [...target];
  });
}

describe.each(namesOf(ACTIVATIONS))('a network of %s', (activation) => {
  const layers = [2, 4, 3, 2];
  const network = new LinearisedNetwork({ layers, activation, samples: samples(2, 2) });
  const theta = random(3, network.parameterCount);
  const h = 1e-5;

  test('has the gradient and the Hessian that finite differences give', () => {
    const size = network.parameterCount;
    const at = (point: Float64Array) => {
      const gradient = new Float64Array(size);
      const loss = network.linearise(point);
      network.gradient(gradient);
      return { loss, gradient };
    };
    network.linearise(theta);
    const exact = dense(network);
    const { gradient } = at(theta);
    const scale = Math.max(...exact.flat().map(Math.abs));
    for (let i = 0; i < size; i++) {
      const moved = (by: number) => at(theta.map((x, j) => (i === j ? x + by : x)));
      const [above, below] = [moved(h), moved(-h)];
      expect(Math.abs((above.loss - below.loss) / (2 * h) - gradient[i])).toBeLessThan(1e-8);
      for (let j = 0; j < size; j++) {
        const difference = (above.gradient[j] - below.gradient[j]) / (2 * h);
        expect(Math.abs(difference - exact[i][j])).toBeLessThan(1e-6 * scale);
      }
    }
  });

  test('has the sharpness of its dense preconditioned Hessian', () => {
    const optimizer = {
      kind: 'adam',
      form: 'torch',
      learningRate: 0.01,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
    } as const;
    const secondMoment = random(4, network.parameterCount).map((x) => x * x);
    const { sharpness, alongGradient } = curvatureAt(network, { optimizer, epoch: 50, before: theta, secondMoment });
    const p = preconditioner(optimizer, 50, secondMoment);
    const scaled = dense(network).map((row, i) => row.map((x, j) => x / Math.sqrt(p[i] * p[j])));
    const values = new EigenvalueDecomposition(new Matrix(scaled), { assumeSymmetric: true }).realEigenvalues;
    expect(sharpness / (0.01 * Math.max(...values))).toBeCloseTo(1, 8);
    const [second, first] = [...values].sort((a, b) => a - b).slice(-2);
    const modes = modesAt(network, { optimizer, epoch: 50, before: theta, secondMoment });
    expect(modes[0] / (0.01 * first)).toBeCloseTo(1, 8);
    expect(modes[1] / (0.01 * second)).toBeCloseTo(1, 8);
    expect(alongGradient).toBeLessThanOrEqual(sharpness * (1 + 1e-9));
    expect(alongGradient).toBeGreaterThanOrEqual(0.01 * Math.min(...values) * (1 + 1e-9));
  });
});

test('the largest eigenvalue is the most positive one, with its eigenvector', () => {
  const diagonal = Float64Array.from({ length: 200 }, (_, i) => (i === 0 ? -1000 : i / 10));
  diagonal[17] = 40;
  const { value, vector } = largestEigenpair((x, target) => target.set(x.map((xi, i) => diagonal[i] * xi)), 200);
  expect(value).toBeCloseTo(40, 6);
  expect(Math.abs(vector[17])).toBeCloseTo(1, 6);
  expect(largestEigenpair((x, target) => target.set(x), 5).value).toBeCloseTo(1, 12);
});

test('the two largest eigenvalues of a diagonal are found in order, also equal or negative ones', () => {
  const values = fc.array(fc.constantFrom(-50, -3, -1e-3, 0, 0.5, 2, 2.001, 7, 100), { minLength: 2, maxLength: 30 });
  fc.assert(
    fc.property(values, fc.boolean(), (diagonal, isNear) => {
      const size = diagonal.length;
      // A start near the wrong eigenvector hides none.
      const near = isNear ? Float64Array.from(diagonal, (_, i) => Number(i === 0)) : null;
      const found = twoLargestEigenpairs((x, target) => target.set(x.map((xi, i) => diagonal[i] * xi)), size, near);
      const [second, first] = [...diagonal].sort((a, b) => a - b).slice(-2);
      expect(found[0].value).toBeCloseTo(first, 6);
      expect(found[1].value).toBeCloseTo(second, 6);
      expect(found[0].value).toBeGreaterThanOrEqual(found[1].value);
      expect(found[0].vector.reduce((sum, x, i) => sum + x * found[1].vector[i], 0)).toBeCloseTo(0, 9);
    }),
  );
  const [only, none] = twoLargestEigenpairs((x, target) => target.set(x.map((xi) => 3 * xi)), 1);
  expect([only.value, none.value]).toEqual([3, Number.NaN]);
});

test('the preconditioner is what Adam divides by in each form', () => {
  const options: Omit<OptimizerConfig, 'form'> = {
    kind: 'adam',
    learningRate: 1,
    beta1: 0.5,
    beta2: 0.75,
    epsilon: 0.125,
  };
  // At t = 1: 1 − β1 = 1/2, √(1 − β2) = 1/2.
  expect([...preconditioner({ ...options, form: 'torch' }, 1, [1, 4])]).toEqual([0.5 * 2.125, 0.5 * 4.125]);
  expect([...preconditioner({ ...options, form: 'keras' }, 1, [1, 4])]).toEqual([0.5 * 2.25, 0.5 * 4.25]);
});

test('thresholds are those of Cohen et al., and crossings are upward', () => {
  expect(stabilityThreshold({ beta1: 0.9 })).toBeCloseTo(38, 12);
  expect(stabilityThreshold({ beta1: 0.8 })).toBeCloseTo(18, 12);
  expect(upwardCrossings({ firstEpoch: 10, values: [1, 3, 5, 2, 3, 2.9] }, 3)).toEqual([11, 14]);
});
