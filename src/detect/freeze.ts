/**
 * Freezes: many epochs in a row in which no bit of the parameters changes. The moments may still change, so that a
 * network may move again.
 */
import type { NumberReader, NumberWriter } from './numbers.ts';
import type { SignalChunk } from './signals.ts';

/** A range without a changed bit; `endEpoch` is null while it lasts. */
export interface Freeze {
  readonly epoch: number;
  readonly endEpoch: number | null;
}

export class FreezeDetector {
  readonly #frozenEpochs: number;
  readonly #emit: (freeze: Freeze) => void;
  #epoch = 0;
  /** Epochs without a changed bit up to the last one. */
  #unchangedEpochs = 0;

  constructor(options: { frozenEpochs: number; emit: (freeze: Freeze) => void }) {
    this.#frozenEpochs = options.frozenEpochs;
    this.#emit = options.emit;
  }

  observe(chunk: SignalChunk): void {
    const { firstEpoch, count, changedParametersMax } = chunk;
    this.#epoch = firstEpoch + count - 1;
    if (changedParametersMax === 0) {
      this.#unchangedEpochs += count;
    } else if (this.#unchangedEpochs > 0 || count > this.#frozenEpochs) {
      for (let i = 0; i < count; i++) this.#observeEpoch(firstEpoch + i, chunk.changedParameters(i));
    } else {
      // Whatever begins and ends within the chunk is too short: only what reaches its end counts.
      for (let i = count - 1; chunk.changedParameters(i) === 0; i--) this.#unchangedEpochs++;
    }
  }

  #observeEpoch(epoch: number, changed: number): void {
    if (changed === 0) {
      this.#unchangedEpochs++;
      return;
    }
    if (this.#unchangedEpochs >= this.#frozenEpochs)
      this.#emit({ epoch: epoch - this.#unchangedEpochs, endEpoch: epoch - 1 });
    this.#unchangedEpochs = 0;
  }

  /** The freeze that has not ended by now, or null. */
  get open(): Freeze | null {
    if (this.#unchangedEpochs < this.#frozenEpochs) return null;
    return { epoch: this.#epoch - this.#unchangedEpochs + 1, endEpoch: null };
  }

  save(numbers: NumberWriter): void {
    numbers.write(this.#epoch, this.#unchangedEpochs);
  }

  restore(numbers: NumberReader): void {
    this.#epoch = numbers.read();
    this.#unchangedEpochs = numbers.read();
  }
}
