/**
 * The dominant period of a series of epochs: where its periodogram is highest, once mean and trend are taken away.
 */
import FFT from 'fft.js';
import { fitLine } from './line.ts';

/** Zeros make the spectrum this many times as dense. */
const PADDING = 4;

/**
 * The period in epochs; NaN where the series is constant or not finite. Periods longer than half of the series are trend, and none is
 * shorter than two epochs.
 */
export function dominantPeriod(values: ArrayLike<number>): number {
  const points = Array.from(values, (y, t) => [t, y] as const);
  const { slope, intercept } = fitLine(points);
  const length = 2 ** Math.ceil(Math.log2(PADDING * values.length));
  const windowed = new Float64Array(length);
  for (const [t, y] of points) {
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * (t + 0.5)) / values.length);
    windowed[t] = hann * (y - (slope * t + intercept));
  }
  const fft = new FFT(length);
  const spectrum = fft.createComplexArray();
  fft.realTransform(spectrum, windowed);
  const power = (k: number) => spectrum[2 * k] ** 2 + spectrum[2 * k + 1] ** 2;
  let highest = Math.ceil((2 * length) / values.length);
  for (let k = highest; k <= length / 2; k++) if (power(k) > power(highest)) highest = k;
  return power(highest) > 0 ? length / (highest + interpolated(highest, length / 2, power)) : Number.NaN;
}

/** The top of the parabola through a maximum and its neighbours, as a distance from the maximum. */
function interpolated(k: number, last: number, power: (k: number) => number): number {
  if (k >= last) return 0;
  const [left, middle, right] = [power(k - 1), power(k), power(k + 1)];
  const bend = left - 2 * middle + right;
  return bend < 0 ? Math.max(-0.5, Math.min(0.5, (left - right) / (2 * bend))) : 0;
}
