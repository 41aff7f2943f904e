/**
 * Planted events: a thousand runs whose spikes, level shifts and onsets are known, under noise, slow drift, NaN, ∞ and
 * zeros. The detector must find them where they are, and nothing else.
 */
import { expect, test } from 'vitest';
import { DEFAULT_THRESHOLDS, type Thresholds } from '../../schemas/detectors.ts';
import { moving, randomFrom, type Signals, watch } from './signals.ts';

const RUNS = 1000;
const EPOCHS = 5000;
/** Epochs by which an event may be found too early or too late. */
const TOLERANCE = 10;
/** Without a floor there is no spike over a base of 0. */
const thresholds: Thresholds = { ...DEFAULT_THRESHOLDS, lossFloor: 0 };
/** Height from which on a spike counts. */
const HEIGHT = 10;

interface Planted {
  readonly signals: Signals;
  readonly spikes: readonly number[];
  readonly levelShift: number | null;
  readonly onset: number | null;
}

/** A run from a seed: each of its troubles is there or not. */
function plant(seed: number): Planted {
  const random = randomFrom(seed);
  const between = (low: number, high: number) => low + (high - low) * random();
  const whole = (low: number, high: number) => Math.floor(between(low, high));
  const happens = (share: number) => random() < share;

  // Together they stay within the fall of 1.25: a level that has risen by more is not back.
  const noise = between(0, 0.09);
  const drift = happens(0.5) ? between(-1e-3, 2e-5) : 0;
  const start = 10 ** between(-6, 1);
  const factor = Array<number>(EPOCHS).fill(1);
  const loss = Array<number>(EPOCHS).fill(0);
  const special = new Map<number, number>();
  const spikes: number[] = [];

  // A spike is told by what was before it: the level must have been seen, and be back for a while.
  let next = whole(150, 1200);
  const shiftAt = happens(0.25) ? whole(1500, 2900) : null;
  // While a level shift is open, and until its window has filled again, there can be no other spike.
  const isQuiet = (epoch: number) => shiftAt !== null && epoch > shiftAt - 400 && epoch < shiftAt + 2200;
  const zerosAt = happens(0.1) ? whole(200, 440) : null;
  // Over a base of 0 there is none either, for as long as a zero is in the window.
  const isOverZero = (epoch: number) => zerosAt !== null && epoch > zerosAt - 200 && epoch < zerosAt + 1200;
  const planted = happens(0.9);
  while (planted && next < EPOCHS - 200) {
    if (!isQuiet(next) && !isOverZero(next)) {
      spikes.push(next);
      if (happens(0.05)) {
        special.set(next, Number.POSITIVE_INFINITY);
      } else {
        const [height, rate] = [10 ** between(1.2, 4), between(0.04, 0.3)];
        for (let i = 0; i < 600 && next - 1 + i < EPOCHS; i++) factor[next - 1 + i] += height * Math.exp(-rate * i);
        // NaN closes a spike; what is left of it is another.
        if (happens(0.1)) special.set(next + whole(3, TOLERANCE), Number.NaN);
      }
    }
    next += whole(350, 1500);
  }
  for (let i = 0; i < EPOCHS; i++) {
    const gauss = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    // Noise of an optimiser has no long tails upward: a loss that doubles by chance would be a spike by definition.
    loss[i] = start * Math.exp(drift * i + noise * Math.max(-1, Math.min(1, gauss))) * factor[i];
    if (shiftAt !== null && i >= shiftAt - 1) loss[i] *= 30;
    if (zerosAt !== null && i >= zerosAt - 1 && i < zerosAt + 50) loss[i] = 0;
  }
  for (const [epoch, value] of special) loss[epoch - 1] = value;
  if (happens(0.2)) for (let i = 0; i < 5; i++) loss[whole(1, 90)] = Number.NaN;

  const onset = happens(0.6) ? whole(20, EPOCHS - 100) : null;
  const updateCosine = loss.map((_, i) => {
    if (onset !== null && i >= onset - 1) return i < onset + 15 || happens(0.7) ? between(-1, -0.55) : between(-0.5, 1);
    return happens(0.2) ? between(-1, -0.5) : between(-0.5, 1);
  });
  return { signals: moving(loss, { updateCosine }), spikes, levelShift: shiftAt, onset };
}

test('spikes from tenfold up are found with precision and recall of 0.98, onsets within ten epochs', () => {
  const seed = 20261125;
  const counts = { planted: 0, found: 0, spurious: 0, shifts: 0, shiftsFound: 0, onsets: 0, onsetsFound: 0, early: 0 };
  for (let run = 0; run < RUNS; run++) {
    const { signals, spikes, levelShift, onset } = plant(seed + run);
    const { events, readings } = watch(signals, { thresholds });
    const tall = events.filter(
      ({ kind, spike }) => kind === 'spike' && spike !== null && spike.peak >= HEIGHT * spike.base,
    );
    const near = (epoch: number) => (other: number) => Math.abs(epoch - other) <= TOLERANCE;
    counts.planted += spikes.length;
    counts.found += spikes.filter((epoch) => tall.some((event) => near(epoch)(event.epoch))).length;
    counts.spurious += tall.filter(({ epoch }) => !spikes.some(near(epoch))).length;
    if (levelShift !== null) {
      counts.shifts++;
      const shift = events.find(({ kind }) => kind === 'level-shift');
      if (shift?.epoch === levelShift && shift.endEpoch === levelShift + 1999) counts.shiftsFound++;
    }
    if (onset !== null) {
      counts.onsets++;
      // Flips by chance before the onset may join it, or be ten in a row: 0.2¹⁰.
      if (readings.onsetEpoch !== null && near(onset)(readings.onsetEpoch)) counts.onsetsFound++;
    } else if (readings.onsetEpoch !== null) {
      counts.early++;
    }
  }
  const context = `seeds from ${seed} on: ${JSON.stringify(counts)}`;
  expect(counts.planted, context).toBeGreaterThan(3000);
  expect(counts.found / counts.planted, context).toBeGreaterThanOrEqual(0.98);
  expect(counts.found / (counts.found + counts.spurious), context).toBeGreaterThanOrEqual(0.98);
  expect([counts.shifts > 200, counts.shiftsFound], context).toEqual([true, counts.shifts]);
  expect(counts.onsetsFound / counts.onsets, context).toBeGreaterThanOrEqual(0.98);
  expect(counts.early, context).toBe(0);
});
