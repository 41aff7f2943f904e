/**
 * The reference against real PyTorch in float64: trajectories that pytorch_trajectories.py wrote, from the same weights, at
 * each of the first ten steps and after 300.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ActivationName } from '../../schemas/catalogue.ts';
import type { OptimizerConfig } from '../../schemas/network.ts';
import { makeEpoch } from '../../src/reference/epoch.ts';
import { networkConfig, samplesOf, stateOf } from './networks.ts';

interface Trajectories {
  pytorch: string;
  layers: number[];
  optimizer: Omit<OptimizerConfig, 'form'>;
  inputs: number[][];
  targets: number[][];
  cases: {
    activation: ActivationName;
    initial: number[];
    losses: Record<string, number>;
    theta: Record<string, number[]>;
    firstMoment?: Record<string, number[]>;
    secondMoment?: Record<string, number[]>;
  }[];
}

const folder = new URL('trajectories/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const STEPS = 300;
/** ‖a − b‖ / ‖b‖ that steps 1 to 10, and step 300, must keep. */
const EARLY_TOLERANCE = 1e-13;
const LATE_TOLERANCE = 1e-10;

test('there are trajectories of both shapes and both optimisers', () => {
  expect(files.sort()).toEqual(['1-8-1-adam.json', '1-8-1-sgd.json', '2-5-3-1-adam.json', '2-5-3-1-sgd.json']);
});

describe.each(files)('%s', (file) => {
  const { layers, optimizer, inputs, targets, cases } = JSON.parse(
    readFileSync(new URL(file, folder), 'utf8'),
  ) as Trajectories;

  test.each(cases)('$activation equals PyTorch over 300 steps', (of) => {
    const config = networkConfig({ layers, activation: of.activation, optimizer: { ...optimizer, form: 'torch' } });
    const state = stateOf(config, of.initial);
    const epoch = makeEpoch(config, samplesOf('float64', inputs, targets));
    let compared = 0;
    for (let t = 1; t <= STEPS; t++) {
      const { loss } = epoch(state, t);
      const tolerance = t <= 10 ? EARLY_TOLERANCE : LATE_TOLERANCE;
      if (of.theta[t] === undefined) continue;
      expect(relativeDifference(state.theta, of.theta[t]), `θ after step ${t}`).toBeLessThanOrEqual(tolerance);
      expect(Math.abs(loss - of.losses[t]) / of.losses[t], `loss of step ${t}`).toBeLessThanOrEqual(tolerance);
      for (const moment of ['firstMoment', 'secondMoment'] as const) {
        const expected = of[moment]?.[t];
        if (expected === undefined) continue;
        expect(relativeDifference(state[moment], expected), `${moment} after step ${t}`).toBeLessThanOrEqual(tolerance);
      }
      compared++;
    }
    expect(compared).toBe(11);
  });
});

function relativeDifference(a: ArrayLike<number>, b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return Math.hypot(...b.map((value, i) => a[i] - value)) / Math.hypot(...b);
}
