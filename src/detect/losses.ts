/**
 * The course of the loss over a whole run: its first, smallest and last value, the last epoch that was not far above
 * the smallest, and the first epoch at which something was not finite.
 */
import type { NumberReader, NumberWriter } from './numbers.ts';
import type { SignalChunk } from './signals.ts';

export class LossCourse {
  readonly #lossRatio: number;
  readonly #emitNonFinite: (epoch: number) => void;
  first = Number.NaN;
  last = Number.NaN;
  /** ∞ where no loss was a number. */
  minimum = Number.POSITIVE_INFINITY;
  minimumEpoch: number | null = null;
  /**
   * Last epoch with a loss within the ratio of the minimum so far. A new minimum always qualifies itself, so one number
   * is enough.
   */
  lastLowEpoch: number | null = null;
  nonFiniteEpoch: number | null = null;

  constructor(options: { lossRatio: number; emitNonFinite: (epoch: number) => void }) {
    this.#lossRatio = options.lossRatio;
    this.#emitNonFinite = options.emitNonFinite;
  }

  observe(chunk: SignalChunk): void {
    const { firstEpoch, count } = chunk;
    if (firstEpoch === 1) this.first = chunk.loss(0);
    this.last = chunk.loss(count - 1);
    if (this.minimumEpoch === null) {
      for (let i = 0; i < count; i++) this.#observeLoss(firstEpoch + i, chunk.loss(i));
    } else {
      if (chunk.lossMin < this.minimum) this.#takeMinimum(chunk);
      this.#seekLastLow(chunk);
    }
    if (this.nonFiniteEpoch === null && chunk.nonFiniteMax !== 0) {
      let i = 0;
      while (chunk.nonFinite(i) === 0) i++;
      this.nonFiniteEpoch = firstEpoch + i;
      this.#emitNonFinite(this.nonFiniteEpoch);
    }
  }

  /** Takes the smallest loss of a chunk: the first epoch that has it, in the first subchunk that has it. */
  #takeMinimum(chunk: SignalChunk): void {
    this.minimum = chunk.lossMin;
    let [number, i] = [0, 0];
    while (chunk.subchunk(number).lossMin !== this.minimum) number++;
    const subchunk = chunk.subchunk(number);
    while (subchunk.loss(i) !== this.minimum) i++;
    this.minimumEpoch = subchunk.firstEpoch + i;
  }

  /** A loss behind the new minimum is judged by it, and one before does not count: the minimum itself comes later. */
  #seekLastLow(chunk: SignalChunk): void {
    const lowMax = this.#lossRatio * this.minimum;
    if (!(chunk.lossMin <= lowMax)) return;
    let i = chunk.count - 1;
    while (!(chunk.loss(i) <= lowMax)) i--;
    this.lastLowEpoch = chunk.firstEpoch + i;
  }

  #observeLoss(epoch: number, loss: number): void {
    // The first number counts even where it is ∞, which is less than nothing.
    if (loss < this.minimum || (this.minimumEpoch === null && !Number.isNaN(loss))) {
      this.minimum = loss;
      this.minimumEpoch = epoch;
    }
    if (loss <= this.#lossRatio * this.minimum) this.lastLowEpoch = epoch;
  }

  save(numbers: NumberWriter): void {
    numbers.write(this.first, this.last, this.minimum, this.minimumEpoch, this.lastLowEpoch, this.nonFiniteEpoch);
  }

  restore(numbers: NumberReader): void {
    this.first = numbers.read();
    this.last = numbers.read();
    this.minimum = numbers.read();
    this.minimumEpoch = numbers.readEpoch();
    this.lastLowEpoch = numbers.readEpoch();
    this.nonFiniteEpoch = numbers.readEpoch();
  }
}
