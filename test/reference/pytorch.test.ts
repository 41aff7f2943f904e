/**
 * The reference against real PyTorch in float64: trajectories that pytorch_trajectories.py wrote, from the same
 * weights, at each of the first ten steps and after 300. RMSprop, whose differences grow by themselves, takes each of
 * 300 steps from PyTorch's own state instead.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ActivationName, MOMENT_NAMES, type MomentName, namesOf, OPTIMIZERS } from '../../schemas/catalogue.ts';
import type { OptimizerConfig } from '../../schemas/network.ts';
import { makeEpoch } from '../../src/reference/epoch.ts';
import { networkConfig, samplesOf, stateOf } from './networks.ts';

interface Trajectories {
  pytorch: string;
  layers: number[];
  optimizer: Omit<OptimizerConfig, 'form'>;
  inputs: number[][];
  targets: number[][];
  cases: ({
    activation: ActivationName;
    initial: number[];
    losses: Record<string, number>;
    theta: Record<string, number[]>;
    /** Of all steps from 0 on, θ and then the moments kept: little-endian float64 in base64. */
    states?: string;
  } & Partial<Record<MomentName, Record<string, number[]>>>)[];
}

const folder = new URL('trajectories/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const STATES_FILE = '1-3-1-rmsprop-states.json';
const STEPS = 300;
/** ‖a − b‖ / ‖b‖ that steps 1 to 10, and step 300, must keep. */
const EARLY_TOLERANCE = 1e-13;
const LATE_TOLERANCE = 1e-10;

const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Trajectories;

test('there are trajectories of both shapes and every optimiser', () => {
  const shapes = ['1-8-1', '2-5-3-1'];
  const expected = shapes.flatMap((shape) => namesOf(OPTIMIZERS).map((kind) => `${shape}-${kind}.json`));
  expect(files.sort()).toEqual([...expected, STATES_FILE].sort());
});

describe.each(files.filter((file) => file !== STATES_FILE))('%s', (file) => {
  const { layers, optimizer, inputs, targets, cases } = read(file);
  const isRmsprop = optimizer.kind === 'rmsprop';

  test.each(cases)(`$activation equals PyTorch over ${isRmsprop ? 10 : STEPS} steps`, (options) => {
    const config = networkConfig({
      layers,
      activation: options.activation,
      optimizer: { ...optimizer, form: 'torch' },
    });
    const state = stateOf(config, options.initial);
    const epoch = makeEpoch(config, samplesOf('float64', inputs, targets));
    let compared = 0;
    let momentsCompared = 0;
    for (let t = 1; t <= STEPS; t++) {
      const { loss } = epoch(state, t);
      const tolerance = t <= 10 ? EARLY_TOLERANCE : LATE_TOLERANCE;
      if (options.theta[t] === undefined) continue;
      expect(relativeDifference(state.theta, options.theta[t]), `θ after step ${t}`).toBeLessThanOrEqual(tolerance);
      expect(Math.abs(loss - options.losses[t]) / options.losses[t], `loss of step ${t}`).toBeLessThanOrEqual(
        tolerance,
      );
      for (const moment of MOMENT_NAMES) {
        const expected = options[moment]?.[t];
        if (expected === undefined) continue;
        expect(relativeDifference(state[moment], expected), `${moment} after step ${t}`).toBeLessThanOrEqual(tolerance);
        momentsCompared++;
      }
      compared++;
    }
    expect(compared).toBe(isRmsprop ? 10 : 11);
    expect(momentsCompared).toBe(OPTIMIZERS[optimizer.kind].moments.length * (isRmsprop ? 1 : 2));
  });
});

describe(STATES_FILE, () => {
  const { layers, optimizer, inputs, targets, cases } = read(STATES_FILE);

  test.each(cases)('$activation takes each of 300 steps as PyTorch does from its own state', (options) => {
    const config = networkConfig({
      layers,
      activation: options.activation,
      optimizer: { ...optimizer, form: 'torch' },
    });
    const count = options.initial.length;
    const bytes = Buffer.from(options.states ?? '', 'base64');
    const numbers = Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(8 * i));
    const stateAfter = (t: number) => {
      const [theta, v] = [2 * t, 2 * t + 1].map((i) => numbers.slice(i * count, (i + 1) * count));
      return { theta, v };
    };
    expect(stateAfter(0).theta).toEqual(options.initial);
    expect(numbers).toHaveLength((STEPS + 1) * 2 * count);
    const epoch = makeEpoch(config, samplesOf('float64', inputs, targets));
    for (let t = 1; t <= STEPS; t++) {
      const [before, after] = [stateAfter(t - 1), stateAfter(t)];
      const state = stateOf(config, before.theta);
      state.secondMoment.set(before.v);
      epoch(state, t);
      expect(relativeDifference(state.theta, after.theta), `θ after step ${t}`).toBeLessThanOrEqual(EARLY_TOLERANCE);
      expect(relativeDifference(state.secondMoment, after.v), `v after step ${t}`).toBeLessThanOrEqual(EARLY_TOLERANCE);
    }
  });
});

function relativeDifference(a: ArrayLike<number>, b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return Math.hypot(...b.map((value, i) => a[i] - value)) / Math.hypot(...b);
}
