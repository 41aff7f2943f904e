/**
 * Flips of the update: epochs whose update points against the one before. Many in a row are the onset of fluctuation;
 * their share of the tail says whether it lasts.
 */
import type { Thresholds } from '../../schemas/detectors.ts';
import type { NumberReader, NumberWriter } from './numbers.ts';
import type { SignalChunk } from './signals.ts';

export class FlipDetector {
  readonly #thresholds: Thresholds;
  readonly #tailStart: number;
  readonly #emit: (onsetEpoch: number) => void;
  /** Consecutive flips up to the last epoch. */
  #run = 0;
  #onsetEpoch: number | null = null;
  #tailFlips = 0;

  constructor(options: { thresholds: Thresholds; tailStart: number; emit: (onsetEpoch: number) => void }) {
    this.#thresholds = options.thresholds;
    this.#tailStart = options.tailStart;
    this.#emit = options.emit;
  }

  get onsetEpoch(): number | null {
    return this.#onsetEpoch;
  }

  get tailFlips(): number {
    return this.#tailFlips;
  }

  /** Takes a subchunk of a chunk and returns how many of its epochs are flips. A cosine that is NaN is none. */
  observe(chunk: SignalChunk): number {
    const { flipCosine, onsetEpochs } = this.#thresholds;
    if (!(chunk.updateCosineMin < flipCosine)) {
      this.#run = 0;
      return 0;
    }
    const { firstEpoch, count } = chunk;
    let flips = 0;
    for (let i = 0; i < count; i++) {
      if (chunk.updateCosine(i) < flipCosine) {
        flips++;
        if (firstEpoch + i >= this.#tailStart) this.#tailFlips++;
        if (++this.#run === onsetEpochs && this.#onsetEpoch === null) {
          this.#onsetEpoch = firstEpoch + i - onsetEpochs + 1;
          this.#emit(this.#onsetEpoch);
        }
      } else {
        this.#run = 0;
      }
    }
    return flips;
  }

  save(numbers: NumberWriter): void {
    numbers.write(this.#run, this.#onsetEpoch, this.#tailFlips);
  }

  restore(numbers: NumberReader): void {
    this.#run = numbers.read();
    this.#onsetEpoch = numbers.readEpoch();
    this.#tailFlips = numbers.read();
  }

  /** Forgets what was counted for a tail that is not the run's any more. */
  forgetTail(): void {
    this.#tailFlips = 0;
  }
}
