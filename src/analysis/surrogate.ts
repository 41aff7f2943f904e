/**
 * Null motion: what has the spectrum of a record of motion and nothing else of it. The phases of the Fourier components
 * are drawn anew (Theiler et al. 1992), the same for all parameters, so that what parameters do together stays
 * (Prichard & Theiler 1994), but those of θ and of m apart, so that what θ and m do together, and when, is gone. What a
 * detector finds in it, it would find in noise.
 *
 * The record has to be many times as long as the windows that are cut from it. Of a single window the spectrum is one
 * sharp line, and two sharp lines of one frequency turn about each other steadily, whatever their phases: a quarter of
 * such windows count as twisted. In the spectrum of a long record the line has the width that the motion's damping
 * gives it, and phases drift as they do in noise.
 */
import { uniform } from '../numeric/philox.ts';
import { transformOf } from './fourier.ts';
import type { Differences } from './spiral.ts';

/** Second differences with their phases drawn anew; the number of rows must be a power of two. */
export function phaseRandomised(motion: Differences, draw: { seed: number; record: number }): Differences {
  const { parameterCount, theta, firstMoment } = motion;
  const phases = (array: number) => (index: number) =>
    2 * Math.PI * uniform({ seed: draw.seed, stream: 'analysis', layer: 3 + 2 * draw.record + array, index });
  return {
    parameterCount,
    theta: randomised(theta, parameterCount, phases(0)),
    firstMoment: randomised(firstMoment, parameterCount, phases(1)),
  };
}

function randomised(values: Float64Array, width: number, phase: (frequency: number) => number): Float64Array {
  const rows = values.length / width;
  const fft = transformOf(rows);
  const spectrum = fft.createComplexArray();
  const back = fft.createComplexArray();
  const turns = Array.from({ length: rows / 2 }, (_, k) => phase(k)).map((angle) => [Math.cos(angle), Math.sin(angle)]);
  const column = new Float64Array(rows);
  const target = new Float64Array(values.length);
  for (let i = 0; i < width; i++) {
    for (let t = 0; t < rows; t++) column[t] = values[t * width + i];
    fft.realTransform(spectrum, column);
    // The mean and the component of the highest frequency are real: they keep their place.
    for (let k = 1; k < rows / 2; k++) {
      const [cos, sin] = turns[k];
      const [re, im] = [spectrum[2 * k], spectrum[2 * k + 1]];
      spectrum[2 * k] = re * cos - im * sin;
      spectrum[2 * k + 1] = re * sin + im * cos;
    }
    fft.completeSpectrum(spectrum);
    fft.inverseTransform(back, spectrum);
    for (let t = 0; t < rows; t++) target[t * width + i] = back[2 * t];
  }
  return target;
}
