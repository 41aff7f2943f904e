/**
 * Null windows: motion with the spectrum of a window and nothing else of it. The phases of each parameter's Fourier components are drawn
 * anew (Theiler et al. 1992), those of θ and of m apart, so that what two of them do together, and when, is gone. What a
 * detector finds in such windows it would find in noise.
 */
import FFT from 'fft.js';
import { uniform } from '../numeric/philox.ts';
import type { Motion } from './spiral.ts';

/** The window with θ and m phase-randomised; its length must be a power of two. v, which only scales, stays. */
export function phaseRandomised(motion: Motion, draw: { seed: number; window: number }): Motion {
  const { parameterCount, theta, firstMoment } = motion;
  const random = (array: number) => (index: number) =>
    2 * Math.PI * uniform({ seed: draw.seed, stream: 'analysis', layer: draw.window * 2 + array, index });
  return {
    ...motion,
    theta: randomised(theta, parameterCount, random(0)),
    firstMoment: randomised(firstMoment, parameterCount, random(1)),
  };
}

function randomised(values: ArrayLike<number>, width: number, phase: (index: number) => number): Float64Array {
  const rows = values.length / width;
  const fft = new FFT(rows);
  const spectrum = fft.createComplexArray() as number[];
  const back = fft.createComplexArray() as number[];
  const target = new Float64Array(values.length);
  for (let i = 0; i < width; i++) {
    fft.realTransform(
      spectrum,
      Array.from({ length: rows }, (_, t) => values[t * width + i]),
    );
    // The mean and the component that flips each epoch are real: they keep their place.
    for (let k = 1; k < rows / 2; k++) {
      const angle = phase(i * rows + k);
      const [re, im] = [spectrum[2 * k], spectrum[2 * k + 1]];
      spectrum[2 * k] = re * Math.cos(angle) - im * Math.sin(angle);
      spectrum[2 * k + 1] = re * Math.sin(angle) + im * Math.cos(angle);
    }
    fft.completeSpectrum(spectrum);
    fft.inverseTransform(back, spectrum);
    for (let t = 0; t < rows; t++) target[t * width + i] = back[2 * t];
  }
  return target;
}
