/** Tests of the summaries of modes on rows with known answers. */
import { expect, test } from 'vitest';
import type { FindingsRow } from '../../schemas/findings.ts';
import { linearModeSummaries, modesSummaries } from '../../src/analysis/mode-summary.ts';

const setting = { precision: 'float32', beta1: 0.9, beta2: 0.999 };

const window = (predicted: number | null, twisted: boolean, atFloor: boolean | null, kind = 'calm'): FindingsRow => ({
  kind,
  predicted_winding: predicted,
  winding_rate: 0.1,
  decay_rate: 0.05,
  twisted,
  at_floor: atFloor,
  amplitude: atFloor === null ? null : atFloor ? 5 : 1e6,
});

test('windows are split by what the linear mode predicts, and by the floor', () => {
  const [calm, ...others] = linearModeSummaries(setting, [
    window(0.1, true, false),
    window(0.1, true, true),
    window(0.1, false, true),
    window(0.1, false, null),
    // Too few turns in 59 steps, and too many to be followed.
    window(0.02, false, false),
    window(0.5, true, true),
    window(null, true, null, 'null'),
  ]);
  expect(others).toEqual([]);
  expect(calm).toMatchObject({ window: 'calm', windows: 6, winding: { value: 0.1 } });
  expect([calm.predictedWinding.value, calm.damping.value]).toEqual([0.1, 0.05]);
  expect(calm.predictedTwisted.value).toBeCloseTo(4 / 6, 12);
  expect(calm.twistedAsPredicted.value).toBe(2 / 4);
  expect(calm.twistedUnpredicted.value).toBe(1 / 2);
  expect(calm.atFloor.value).toBe(3 / 5);
  expect(calm.twistedAtFloor.value).toBeCloseTo(2 / 3, 12);
  expect(calm.twistedAboveFloor.value).toBe(1 / 2);
  expect(calm.amplitude.value).toBe(5);
});

test('the ratio of modes is the median over spikes, with an interval over networks', () => {
  const spike = (network: number, ratio: number | null, kind = 'spike'): FindingsRow => ({
    network,
    kind,
    eta1: 38,
    eta2: ratio === null ? null : 38 * ratio,
    mode_ratio: ratio,
  });
  const curvature = [
    ...[0.4, 0.4, 0.4, 0.4, 0.4, null].map((ratio) => spike(1, ratio)),
    ...[0.6, 0.7, 0.8].map((ratio) => spike(2, ratio)),
    spike(3, 0.9),
    spike(3, 0.1, 'random'),
  ];
  const relaxation = [
    { network: 1, interval_variation: 0.1 },
    { network: 2, interval_variation: 0.3 },
    { network: 3, interval_variation: null },
  ];
  const [modes] = modesSummaries(setting, { curvature, relaxation });
  expect(modes).toMatchObject({ spikes: 10, eta1: { value: 38 } });
  // Of all spikes that have one, with an interval only from six networks on.
  expect(modes.modeRatio).toEqual({ value: 0.4, lower: Number.NaN, upper: Number.NaN });
  expect(modes.intervalVariation.value).toBeCloseTo(0.2, 12);
  const many = Array.from({ length: 9 }, (_, network) => spike(network, 0.1 * (network + 1)));
  const [{ modeRatio }] = modesSummaries(setting, { curvature: many, relaxation });
  expect(modeRatio.value).toBeCloseTo(0.5, 12);
  expect([modeRatio.lower < 0.5, modeRatio.upper > 0.5]).toEqual([true, true]);
  expect(modesSummaries(setting, { curvature: [], relaxation })).toEqual([]);
});
