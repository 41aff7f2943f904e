/**
 * The dominant period of a series of epochs: where its periodogram is highest, once mean and trend are taken away.
 */
import { transformOf } from './fourier.ts';

/** Zeros make the spectrum this many times as dense; the parabola through its maximum does the rest. */
const PADDING = 2;

/**
 * The period in epochs; NaN where the series is constant or not finite. Periods longer than half of the series are
 * trend, and none is shorter than two epochs.
 */
export function dominantPeriod(values: ArrayLike<number>): number {
  return dominantPeriodOf([values]);
}

/**
 * The same of several series of one length together: the maximum of the sum of their periodograms, each for a variance
 * of 1.
 */
export function dominantPeriodOf(series: readonly ArrayLike<number>[]): number {
  const { length } = series[0];
  const padded = 2 ** Math.ceil(Math.log2(PADDING * length));
  const fft = transformOf(padded);
  const spectrum = fft.createComplexArray();
  const windowed = new Float64Array(padded);
  const power = new Float64Array(padded / 2 + 1);
  for (const values of series) {
    const variance = takeRest(values, windowed);
    if (variance === 0) continue;
    fft.realTransform(spectrum, windowed);
    for (let k = 0; k < power.length; k++) power[k] += (spectrum[2 * k] ** 2 + spectrum[2 * k + 1] ** 2) / variance;
  }
  let highest = Math.ceil((2 * padded) / length);
  for (let k = highest; k < power.length; k++) if (power[k] > power[highest]) highest = k;
  return power[highest] > 0 ? padded / (highest + interpolated(highest, power)) : Number.NaN;
}

/**
 * Puts a series without its mean and trend, faded in and out, at the front of `target`. Returns the sum of its squares.
 */
function takeRest(values: ArrayLike<number>, target: Float64Array): number {
  const { length } = values;
  const middle = (length - 1) / 2;
  let mean = 0;
  let slope = 0;
  for (let t = 0; t < length; t++) {
    mean += values[t] / length;
    slope += (t - middle) * values[t];
  }
  slope /= (length * (length * length - 1)) / 12; // Σ (t − middle)²
  let squares = 0;
  for (let t = 0; t < length; t++) {
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * (t + 0.5)) / length);
    target[t] = hann * (values[t] - mean - slope * (t - middle));
    squares += target[t] * target[t];
  }
  return squares;
}

/** The top of the parabola through a maximum and its neighbours, as a distance from the maximum. */
function interpolated(k: number, power: Float64Array): number {
  if (k >= power.length - 1) return 0;
  const [left, middle, right] = [power[k - 1], power[k], power[k + 1]];
  const bend = left - 2 * middle + right;
  return bend < 0 ? Math.max(-0.5, Math.min(0.5, (left - right) / (2 * bend))) : 0;
}
