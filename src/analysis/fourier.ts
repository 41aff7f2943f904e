/**
 * Fourier transforms by size: their tables are made once a thread, since nearly all series are of one length.
 */
import FFT from 'fft.js';

const transforms = new Map<number, FFT>();

/** The transform of `size` numbers, a power of two. */
export function transformOf(size: number): FFT {
  const transform = transforms.get(size) ?? new FFT(size);
  transforms.set(size, transform);
  return transform;
}
