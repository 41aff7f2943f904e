/**
 * The end of a run: where its shares begin, and the smallest loss of a range of it.
 */
import type { Thresholds } from '../../schemas/detectors.ts';
import type { NumberReader, NumberWriter } from './numbers.ts';
import type { SignalChunk } from './signals.ts';

/** Epochs in the last `share` of a run of `epochs`: at least one. */
export function tailEpochs(epochs: number, share: number): number {
  return Math.max(1, Math.round(share * epochs));
}

/** The first epoch of the last `share` of a run. */
export function tailStart(epochs: number, share: number): number {
  return epochs - tailEpochs(epochs, share) + 1;
}

/**
 * The first epoch that is seen in the light of where the run ends. What has been seen before it holds for a run of any
 * length; a network that is past it cannot become one of a longer run.
 */
export function firstTailEpoch(epochs: number, { tail, divergenceTail, convergenceTail }: Thresholds): number {
  return tailStart(epochs, Math.max(tail, divergenceTail, convergenceTail));
}

/** The smallest loss from one epoch to another; NaN is passed over, and ∞ stands for no number. */
export class RangeMinimum {
  readonly #from: number;
  readonly #until: number;
  #minimum = Number.POSITIVE_INFINITY;

  constructor({ from, until }: { from: number; until: number }) {
    this.#from = from;
    this.#until = until;
  }

  get value(): number {
    return this.#minimum;
  }

  observe(chunk: SignalChunk): void {
    const { firstEpoch, count, lossMin } = chunk;
    const lastEpoch = firstEpoch + count - 1;
    if (lastEpoch < this.#from || firstEpoch > this.#until) return;
    if (firstEpoch >= this.#from && lastEpoch <= this.#until) {
      if (lossMin < this.#minimum) this.#minimum = lossMin;
      return;
    }
    const [first, last] = [Math.max(this.#from, firstEpoch), Math.min(this.#until, lastEpoch)];
    for (let epoch = first; epoch <= last; epoch++) {
      const loss = chunk.loss(epoch - firstEpoch);
      if (loss < this.#minimum) this.#minimum = loss;
    }
  }

  save(numbers: NumberWriter): void {
    numbers.write(this.#minimum);
  }

  restore(numbers: NumberReader): void {
    this.#minimum = numbers.read();
  }
}
