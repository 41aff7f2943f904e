/** The part of fft.js that Gyre uses; the library has no types of its own. Complex arrays are [re, im] pairs. */
declare module 'fft.js' {
  class FFT {
    /** For `size` numbers, a power of two. */
    constructor(size: number);
    createComplexArray(): number[];
    /** Writes the first half of the spectrum of real numbers. */
    realTransform(spectrum: number[], values: ArrayLike<number>): void;
    completeSpectrum(spectrum: number[]): void;
    inverseTransform(target: number[], spectrum: number[]): void;
  }
  export = FFT;
}
