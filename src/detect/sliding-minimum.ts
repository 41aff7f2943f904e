/**
 * The smallest of the last n losses, at every epoch. Losses are cut into blocks of n; the window covers an end of the block before
 * and the block at hand as far as it goes. Of the block before, the minima of all its ends are known, of the block at hand, the
 * minimum so far (van Herk 1992, Gil & Werman 1993). Both stand in one array, since a loss takes the place of the one that leaves the window:
 *
 *     │ losses of the block at hand │ minima of the ends of the block before │
 *     0                          position                                    n
 *
 * A monotone queue has the same minima at some 16 ns an epoch; here a quiet chunk costs the copying of its losses.
 */
import type { FloatArray } from '../numeric/bits.ts';
import type { NumberReader, NumberWriter } from './numbers.ts';
import type { SignalChunk } from './signals.ts';

export class SlidingMinimum {
  readonly #window: FloatArray;
  #position = 0;
  /** Of the block at hand. */
  #blockMinimum = Number.POSITIVE_INFINITY;

  /** `window` has room for n losses and is the minimum's own while it is in use. */
  constructor(window: FloatArray) {
    this.#window = window;
    this.restart();
  }

  /** Forgets all losses. */
  restart(): void {
    this.#window.fill(Number.POSITIVE_INFINITY);
    this.#position = 0;
    this.#blockMinimum = Number.POSITIVE_INFINITY;
  }

  /** The smallest of the last n losses, NaN passed over; ∞ where there is none. */
  get value(): number {
    return Math.min(this.#window[this.#position], this.#blockMinimum);
  }

  /** Takes the next loss. */
  push(loss: number): void {
    this.#window[this.#position++] = Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss;
    if (loss < this.#blockMinimum) this.#blockMinimum = loss;
    if (this.#position === this.#window.length) this.#beginBlock();
  }

  /** Takes the losses of a chunk. */
  pushChunk(chunk: SignalChunk): void {
    const { count, lossMin } = chunk;
    if (this.#position + count < this.#window.length && !Number.isNaN(lossMin)) {
      chunk.copyLosses(this.#window, { at: this.#position, first: 0, count });
      this.#position += count;
      if (lossMin < this.#blockMinimum) this.#blockMinimum = lossMin;
    } else {
      for (let i = 0; i < count; i++) this.push(chunk.loss(i));
    }
  }

  #beginBlock(): void {
    const window = this.#window;
    for (let i = window.length - 2; i >= 0; i--) if (window[i + 1] < window[i]) window[i] = window[i + 1];
    this.#position = 0;
    this.#blockMinimum = Number.POSITIVE_INFINITY;
  }

  /** Saves all but the window itself, which {@link window} copies. */
  save(numbers: NumberWriter): void {
    numbers.write(this.#position, this.#blockMinimum);
  }

  window(): FloatArray {
    return this.#window.slice();
  }

  restore(numbers: NumberReader, window: FloatArray): void {
    this.#position = numbers.read();
    this.#blockMinimum = numbers.read();
    this.#window.set(window);
  }
}
