/** Survival of made-up results: who is censored when, which axes have curves, and how long curves are written. */
import { describe, expect, test } from 'vitest';
import { type ResultName, resultArrays } from '../../schemas/result-columns.ts';
import { analyseSurvival, survivalAxes } from '../../src/findings/analyse-survival.ts';
import { axesOf } from '../../src/plan/axes.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { NO_RESULTS, Results } from '../../src/run/results.ts';
import { sweepOf } from '../support/runs.ts';

const EPOCHS = 5000;

/** Networks of a sweep that are all done, with results as `resultOf` says: 0 and undefined are null. */
function madeUp(sweep: object, resultOf: (name: ResultName, network: number) => number | undefined) {
  const networks = expandSweep(sweepOf({ epochs: EPOCHS, ...sweep }));
  const results = new Results(networks.length);
  results.commit({
    results: {
      ...NO_RESULTS,
      network: Uint32Array.from(networks, ({ id }) => id),
      outcome: networks.map(() => 'learned' as const),
      motion: networks.map(() => 'spiking' as const),
      ...resultArrays(networks.length, (name, row) => resultOf(name, row) ?? null),
      digest: new Uint8Array(32 * networks.length),
    },
    unfinished: null,
    kept: [],
  });
  return { networks, results };
}

const NO_SPIKES: ReadonlyMap<number, number> = new Map();

describe('the survival of networks', () => {
  test('censors those without an event at their last epoch, and non-finite ones where they became so', () => {
    const epochs: Partial<Record<ResultName, (number | undefined)[]>> = {
      onsetEpoch: [100, undefined, undefined],
      nonFiniteEpoch: [undefined, 70, undefined],
      divergedEpoch: [undefined, 60, undefined],
    };
    const run = madeUp({ seeds: 3, precision: 'float32', activation: 'tanh' }, (name, i) => epochs[name]?.[i]);
    const { rows } = analyseSurvival(run, { axes: [], firstSpikes: new Map([[2, 300]]), epochs: EPOCHS });
    const stepsOf = (wanted: string) =>
      rows.filter(({ event }) => event === wanted).map((row) => [row.epoch, row.at_risk, row.events, row.survival]);
    // Network 1 is not at risk any more at epoch 100.
    expect(stepsOf('onset')).toEqual([
      [0, 3, 0, 1],
      [100, 2, 1, 0.5],
      [EPOCHS, 1, 0, 0.5],
    ]);
    expect(stepsOf('first-spike')).toEqual([
      [0, 3, 0, 1],
      [300, 2, 1, 0.5],
      [EPOCHS, 1, 0, 0.5],
    ]);
    expect(stepsOf('divergence').map(([epoch, atRisk]) => [epoch, atRisk])).toEqual([
      [0, 3],
      [60, 3],
      [EPOCHS, 2],
    ]);
  });

  test('is compared by each axis, and differs where onsets do', () => {
    const optimizer = { kind: 'adam', learningRate: 0.01, beta1: [0.9, 0.8] };
    const run = madeUp({ seeds: 20, precision: 'float32', activation: 'tanh', optimizer }, (name, i) =>
      name === 'onsetEpoch' ? (i < 20 ? 100 + i : 200 + i) : undefined,
    );
    const axes = survivalAxes(run.networks);
    expect(axes.map(({ name }) => name)).toEqual(['beta1']);
    const { comparisons } = analyseSurvival(run, { axes, firstSpikes: NO_SPIKES, epochs: EPOCHS });
    expect(comparisons.map(({ axis, event }) => `${axis} ${event}`)).toEqual(
      ['all', 'beta1'].flatMap((axis) => ['onset', 'first-spike', 'divergence'].map((event) => `${axis} ${event}`)),
    );
    const onset = comparisons[3];
    expect(onset.groups.map(({ value, networks, events, median }) => [value, networks, events, median.value])).toEqual([
      ['0.9', 20, 20, 109],
      ['0.8', 20, 20, 229],
    ]);
    expect(onset.test?.pValue).toBeLessThan(1e-9);
    expect(comparisons[4].test?.pValue).toBeNaN();
    expect(comparisons[0].test).toBeNull();
  });

  test('has no axis of more than 12 values, but numbers of a sample in four ranges', () => {
    const axesOfRates = (count: number) => {
      const learningRate = Array.from({ length: count }, (_, i) => (i + 1) / 1000);
      const sweep = { seeds: 1, precision: 'float32', activation: 'tanh', optimizer: { kind: 'sgd', learningRate } };
      return survivalAxes(madeUp(sweep, () => undefined).networks).map(({ values }) => values.length);
    };
    expect([axesOfRates(12), axesOfRates(13), axesOfRates(40)]).toEqual([[12], [], [4]]);
  });

  test('is written in at most 1000 steps, which hold all events and the last survival', () => {
    const run = madeUp({ seeds: 2500, precision: 'float32', activation: 'tanh' }, (name, i) =>
      name === 'onsetEpoch' ? i + 1 : undefined,
    );
    const { rows } = analyseSurvival(run, { axes: axesOf(run.networks), firstSpikes: NO_SPIKES, epochs: EPOCHS });
    const onset = rows.filter(({ event }) => event === 'onset');
    expect(onset).toHaveLength(1 + 1000);
    expect(onset.reduce((sum, { events }) => sum + Number(events), 0)).toBe(2500);
    expect(onset.at(-1)).toMatchObject({ epoch: 2500, survival: 0, at_risk: 1 });
  });
});
