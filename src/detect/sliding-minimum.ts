/**
 * The smallest of the last n losses, at every epoch. Losses are cut into blocks of n; the window covers an end of the
 * block before and the block at hand as far as it goes. Of the block before, the minima of all its ends are known, of
 * the block at hand, the minimum so far (van Herk 1992, Gil & Werman 1993). Both stand in one array, since a loss takes
 * the place of the one that leaves the window:
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
    const { count, lossMin, lossNan } = chunk;
    if (this.#position + count < this.#window.length && lossNan === 0) {
      chunk.copyLosses(this.#window, { at: this.#position, first: 0, count });
      this.#position += count;
      if (lossMin < this.#blockMinimum) this.#blockMinimum = lossMin;
    } else {
      for (let i = 0; i < count; i++) this.push(chunk.loss(i));
    }
  }

  /** Takes the losses of a subchunk of a chunk, whose smallest one is not known. */
  pushSubchunk(chunk: SignalChunk, { first, count }: { first: number; count: number }): void {
    const at = this.#position;
    if (at + count >= this.#window.length) {
      for (let i = first; i < first + count; i++) this.push(chunk.loss(i));
      return;
    }
    chunk.copyLosses(this.#window, { at, first, count });
    this.#position += count;
    for (let i = at; i < at + count; i++) {
      const loss = this.#window[i];
      if (Number.isNaN(loss)) this.#window[i] = Number.POSITIVE_INFINITY;
      else if (loss < this.#blockMinimum) this.#blockMinimum = loss;
    }
  }

  #beginBlock(): void {
    takeMinimaOfEnds(this.#window, this.#window.length);
    this.#position = 0;
    this.#blockMinimum = Number.POSITIVE_INFINITY;
  }

  /** Saves all but the window itself, which {@link window} does. */
  save(numbers: NumberWriter): void {
    numbers.write(this.#position, this.#blockMinimum);
  }

  /**
   * What will be asked of the window, in runs: of the block at hand, too, nothing but the minima of its ends. A descent
   * is two runs.
   */
  window(): FloatArray {
    const minima = this.#window.slice();
    takeMinimaOfEnds(minima, this.#position);
    return inRuns(minima);
  }

  restore(numbers: NumberReader, window: FloatArray): void {
    this.#position = numbers.read();
    this.#blockMinimum = numbers.read();
    setRuns(this.#window, window);
  }
}

/** Puts in place of each of the first so many values the smallest of those from it on. */
function takeMinimaOfEnds(values: FloatArray, count: number): void {
  for (let i = count - 2; i >= 0; i--) if (values[i + 1] < values[i]) values[i] = values[i + 1];
}

/**
 * Value and length of each run of equal values, one after another; the values themselves where that is no shorter,
 * which its length tells.
 */
function inRuns(values: FloatArray): FloatArray {
  const runs: number[] = [];
  for (let i = 0, first = 0; i < values.length && runs.length < values.length; i++) {
    if (i + 1 < values.length && values[i + 1] === values[i]) continue;
    runs.push(values[i], i + 1 - first);
    first = i + 1;
  }
  if (runs.length >= values.length) return values;
  const short = values.slice(0, runs.length);
  short.set(runs);
  return short;
}

function setRuns(values: FloatArray, runs: FloatArray): void {
  if (runs.length === values.length) {
    values.set(runs);
    return;
  }
  for (let i = 0, first = 0; i < runs.length; first += runs[i + 1], i += 2)
    values.fill(runs[i], first, first + runs[i + 1]);
}
