/**
 * The past of a network in a few cells, each with the extremes of the loss, the flips and the open epochs of some
 * consecutive epochs: what provisional labels are made of, for a run that may be anywhere. When all cells are full,
 * neighbours are joined and cells become twice as long, so that any share of the past is known to about a thirtieth of
 * the whole.
 */
import type { NumberReader, NumberWriter } from './numbers.ts';

/** Even, so that all cells find a neighbour. */
const CELLS = 64;

/** What consecutive epochs have in common. */
export interface Cell {
  readonly epochs: number;
  readonly lossMin: number;
  readonly lossMax: number;
  /** Epochs whose update flips. */
  readonly flips: number;
  /** Epochs inside an open rise. */
  readonly open: number;
}

export class History {
  /** `[cell]`; the last cell is open. */
  readonly #epochs: number[] = [];
  readonly #minima: number[] = [];
  readonly #maxima: number[] = [];
  readonly #flips: number[] = [];
  readonly #open: number[] = [];
  /** Epochs after which a cell is full. */
  #span = 1;

  get #lists(): readonly number[][] {
    return [this.#epochs, this.#minima, this.#maxima, this.#flips, this.#open];
  }

  /** Takes consecutive epochs: how many, their extremes, and how many of them are flips and inside rises. */
  add(epochs: number, lossMin: number, lossMax: number, flips: number, open: number): void {
    let cell = this.#epochs.length - 1;
    if (cell < 0 || this.#epochs[cell] >= this.#span) cell = this.#openCell();
    this.#epochs[cell] += epochs;
    this.#flips[cell] += flips;
    this.#open[cell] += open;
    if (lossMin < this.#minima[cell]) this.#minima[cell] = lossMin;
    if (lossMax > this.#maxima[cell]) this.#maxima[cell] = lossMax;
  }

  #openCell(): number {
    if (this.#epochs.length === CELLS) this.#joinCells();
    this.#epochs.push(0);
    this.#minima.push(Number.POSITIVE_INFINITY);
    this.#maxima.push(Number.NEGATIVE_INFINITY);
    this.#open.push(0);
    return this.#flips.push(0) - 1;
  }

  #joinCells(): void {
    for (let i = 0; i < CELLS / 2; i++) {
      const [a, b] = [2 * i, 2 * i + 1];
      this.#epochs[i] = this.#epochs[a] + this.#epochs[b];
      this.#minima[i] = Math.min(this.#minima[a], this.#minima[b]);
      this.#maxima[i] = Math.max(this.#maxima[a], this.#maxima[b]);
      this.#flips[i] = this.#flips[a] + this.#flips[b];
      this.#open[i] = this.#open[a] + this.#open[b];
    }
    for (const list of this.#lists) list.length = CELLS / 2;
    this.#span *= 2;
  }

  /**
   * What the epochs that are `from` to `until` epochs old have in common, the last epoch being 1 epoch old; whole cells
   * count. Extremes over nothing are infinite.
   */
  past({ from, until }: { from: number; until: number }): Cell {
    let [epochs, lossMin, lossMax] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let [flips, open] = [0, 0];
    for (let cell = this.#epochs.length - 1, age = 0; cell >= 0 && age < until; cell--) {
      age += this.#epochs[cell];
      if (age < from) continue;
      epochs += this.#epochs[cell];
      lossMin = Math.min(lossMin, this.#minima[cell]);
      lossMax = Math.max(lossMax, this.#maxima[cell]);
      flips += this.#flips[cell];
      open += this.#open[cell];
    }
    return { epochs, lossMin, lossMax, flips, open };
  }

  save(numbers: NumberWriter): void {
    numbers.write(this.#span);
    for (const list of this.#lists) numbers.writeList(list);
  }

  restore(numbers: NumberReader): void {
    this.#span = numbers.read();
    for (const list of this.#lists) list.splice(0, list.length, ...numbers.readList());
  }
}
