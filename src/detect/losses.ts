/**
 * The course of the loss over a whole run: its first, smallest and last value, its largest after the first descent, the
 * last epoch at which the network was trained, and the first at which something was not finite.
 */
import type { NumberReader, NumberWriter } from './numbers.ts';
import type { SignalChunk } from './signals.ts';
import { RangeExtremes } from './tail.ts';

export class LossCourse {
  readonly #emitNonFinite: (epoch: number) => void;
  /** The largest loss of a trained network. */
  #trainedMax = Number.NaN;
  first = Number.NaN;
  last = Number.NaN;
  /** ∞ where no loss was a number. */
  minimum = Number.POSITIVE_INFINITY;
  minimumEpoch: number | null = null;
  lastTrainedEpoch: number | null = null;
  nonFiniteEpoch: number | null = null;
  readonly #late: RangeExtremes;

  constructor(options: { excursionStart: number; emitNonFinite: (epoch: number) => void }) {
    this.#emitNonFinite = options.emitNonFinite;
    this.#late = new RangeExtremes({ from: options.excursionStart + 1, until: Number.POSITIVE_INFINITY });
  }

  /** Sets the largest loss of a trained network, before the first chunk. */
  setTrainedMax(loss: number): void {
    this.#trainedMax = loss;
  }

  /** The largest loss after the first descent divided by the first loss; null where there is none. */
  get excursion(): number | null {
    const { maximum } = this.#late;
    return maximum === Number.NEGATIVE_INFINITY || !(this.first > 0) ? null : maximum / this.first;
  }

  observe(chunk: SignalChunk): void {
    const { firstEpoch, count } = chunk;
    if (firstEpoch === 1) this.first = chunk.loss(0);
    this.last = chunk.loss(count - 1);
    this.#late.observe(chunk);
    if (this.minimumEpoch === null) {
      for (let i = 0; i < count; i++) this.#observeLoss(firstEpoch + i, chunk.loss(i));
    } else {
      if (chunk.lossMin < this.minimum) this.#takeMinimum(chunk);
      this.#seekLastTrained(chunk);
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

  #seekLastTrained(chunk: SignalChunk): void {
    if (!(chunk.lossMin <= this.#trainedMax)) return;
    let i = chunk.count - 1;
    while (!(chunk.loss(i) <= this.#trainedMax)) i--;
    this.lastTrainedEpoch = chunk.firstEpoch + i;
  }

  #observeLoss(epoch: number, loss: number): void {
    // The first number counts even where it is ∞, which is less than nothing.
    if (loss < this.minimum || (this.minimumEpoch === null && !Number.isNaN(loss))) {
      this.minimum = loss;
      this.minimumEpoch = epoch;
    }
    if (loss <= this.#trainedMax) this.lastTrainedEpoch = epoch;
  }

  save(numbers: NumberWriter): void {
    numbers.write(this.#trainedMax, this.first, this.last, this.minimum);
    numbers.write(this.minimumEpoch, this.lastTrainedEpoch, this.nonFiniteEpoch);
    this.#late.save(numbers);
  }

  restore(numbers: NumberReader): void {
    this.#trainedMax = numbers.read();
    this.first = numbers.read();
    this.last = numbers.read();
    this.minimum = numbers.read();
    this.minimumEpoch = numbers.readEpoch();
    this.lastTrainedEpoch = numbers.readEpoch();
    this.nonFiniteEpoch = numbers.readEpoch();
    this.#late.restore(numbers);
  }
}
