/**
 * Mini-batches of the reference: against real PyTorch in float64 on the same batches in the same orders
 * (pytorch_batches.py), and that an epoch is no more than its steps.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ActivationName } from '../../schemas/catalogue.ts';
import type { LayeredConfig, OptimizerConfig } from '../../schemas/network.ts';
import { makeEpoch } from '../../src/reference/epoch.ts';
import { networkConfig, samplesOf, stateOf } from './networks.ts';

interface Trajectories {
  layers: number[];
  activation: ActivationName;
  batch: number;
  seed: number;
  inputs: number[][];
  targets: number[][];
  cases: {
    optimizer: Omit<OptimizerConfig, 'form'>;
    initial: number[];
    losses: Record<string, number>;
    theta: Record<string, number[]>;
  }[];
}

const { layers, activation, batch, seed, inputs, targets, cases } = JSON.parse(
  readFileSync(new URL('batch-trajectories.json', import.meta.url), 'utf8'),
) as Trajectories;
const samples = samplesOf('float64', inputs, targets);
const EPOCHS = 100;

describe('shuffled batches of five of twelve samples equal PyTorch', () => {
  test.each(cases)('under $optimizer.kind over 300 steps', ({ optimizer, initial, losses, theta }) => {
    const config = networkConfig({
      ...{ layers, activation, batch, shuffle: true, seed },
      optimizer: { ...optimizer, form: 'torch' },
    });
    const state = stateOf(config, initial);
    const epoch = makeEpoch(config, samples);
    let compared = 0;
    for (let t = 1; t <= EPOCHS; t++) {
      const { loss } = epoch(state, t);
      if (theta[t] === undefined) continue;
      const tolerance = t <= 3 ? 1e-13 : 1e-10;
      const distance = Math.hypot(...theta[t].map((value, i) => state.theta[i] - value)) / Math.hypot(...theta[t]);
      expect(distance, `θ after epoch ${t}`).toBeLessThanOrEqual(tolerance);
      expect(Math.abs(loss - losses[t]) / losses[t], `loss of epoch ${t}`).toBeLessThanOrEqual(tolerance);
      compared++;
    }
    expect(compared).toBe(4);
  });
});

describe('an epoch of mini-batches in index order', () => {
  const optimizer = { kind: 'sgd', form: 'torch', learningRate: 0.5 } as const;
  const read = (keys: Partial<LayeredConfig>) => networkConfig({ layers, activation, optimizer, ...keys });
  const sizes = [5, 5, 2];

  test('is an epoch of each batch by itself, one after another, and its signals are those of the whole', () => {
    const { initial } = cases[0];
    const state = stateOf(read({ batch, shuffle: false }), initial);
    const signals = { ...makeEpoch(read({ batch, shuffle: false }), samples)(state, 1) };

    const apart = stateOf(read({}), initial);
    let first = 0;
    let squares = 0;
    let gradientNorm = 0;
    for (const size of sizes) {
      const own = samplesOf('float64', inputs.slice(first, first + size), targets.slice(first, first + size));
      const ofBatch = makeEpoch(read({}), own)(apart, 1);
      squares += ofBatch.loss * size;
      gradientNorm = ofBatch.gradientNorm;
      first += size;
    }
    expect([...state.theta]).toEqual([...apart.theta]);
    expect(signals.loss).toBeCloseTo(squares / inputs.length, 14);
    expect(signals.gradientNorm).toBe(gradientNorm);
    const change = initial.map((value, i) => apart.theta[i] - value);
    expect([...state.previousUpdate]).toEqual(change);
    expect(signals.updateNorm).toBeCloseTo(Math.hypot(...change), 14);
    expect(signals.changedParameters).toBe(initial.length);
  });
});
