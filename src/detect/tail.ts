/**
 * The end of a run: where its shares begin, and what their losses are. The tail is what the motion is judged by, the
 * end what the outcome is judged by.
 */
import type { Thresholds } from '../../schemas/detectors.ts';
import type { NumberReader, NumberWriter } from './numbers.ts';
import type { SignalChunk } from './signals.ts';
import { median } from './spikes.ts';

/** Epochs in the last `share` of a run of `epochs`: at least one. */
export function tailEpochs(epochs: number, share: number): number {
  return Math.max(1, Math.round(share * epochs));
}

/** The first epoch of the last `share` of a run. */
export function tailStart(epochs: number, share: number): number {
  return epochs - tailEpochs(epochs, share) + 1;
}

/** Epochs of the end of a run of `epochs`: of a short one, all. */
export function endEpochs(epochs: number, { end, endEpochs: least }: Thresholds): number {
  return Math.min(epochs, Math.max(tailEpochs(epochs, end), least));
}

/**
 * The first epoch that is seen in the light of where the run ends. What has been seen before it holds for a run of any
 * length; a network that is past it cannot become one of a longer run.
 */
export function firstTailEpoch(epochs: number, thresholds: Thresholds): number {
  const { tail, trendEnd } = thresholds;
  return Math.min(tailStart(epochs, Math.max(tail, trendEnd)), epochs - endEpochs(epochs, thresholds) + 1);
}

/** The smallest and the largest loss from one epoch to another; NaN is passed over. */
export class RangeExtremes {
  readonly #from: number;
  readonly #until: number;
  /** ∞ where no loss is a number. */
  minimum = Number.POSITIVE_INFINITY;
  /** −∞ where none is. */
  maximum = Number.NEGATIVE_INFINITY;

  constructor({ from, until }: { from: number; until: number }) {
    this.#from = from;
    this.#until = until;
  }

  observe(chunk: SignalChunk): void {
    const { firstEpoch, count, lossMin, lossMax } = chunk;
    const lastEpoch = firstEpoch + count - 1;
    if (lastEpoch < this.#from || firstEpoch > this.#until) return;
    if (firstEpoch >= this.#from && lastEpoch <= this.#until) {
      if (lossMin < this.minimum) this.minimum = lossMin;
      if (lossMax > this.maximum) this.maximum = lossMax;
      return;
    }
    const [first, last] = [Math.max(this.#from, firstEpoch), Math.min(this.#until, lastEpoch)];
    for (let epoch = first; epoch <= last; epoch++) {
      const loss = chunk.loss(epoch - firstEpoch);
      if (loss < this.minimum) this.minimum = loss;
      if (loss > this.maximum) this.maximum = loss;
    }
  }

  save(numbers: NumberWriter): void {
    numbers.write(this.minimum, this.maximum);
  }

  restore(numbers: NumberReader): void {
    this.minimum = numbers.read();
    this.maximum = numbers.read();
  }
}

/** The losses from one epoch on, for their median. */
export class EndLosses {
  readonly #from: number;
  #losses: number[] = [];

  constructor(from: number) {
    this.#from = from;
  }

  observe(chunk: SignalChunk): void {
    const { firstEpoch, count } = chunk;
    for (let i = Math.max(0, this.#from - firstEpoch); i < count; i++) this.#losses.push(chunk.loss(i));
  }

  /** Of the losses that are numbers; null where none is. */
  median(): number | null {
    const numbers = this.#losses.filter((loss) => !Number.isNaN(loss));
    return numbers.length === 0 ? null : median(numbers);
  }

  save(numbers: NumberWriter): void {
    numbers.writeList(this.#losses);
  }

  restore(numbers: NumberReader): void {
    this.#losses = numbers.readList();
  }
}
