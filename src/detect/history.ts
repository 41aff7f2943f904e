/**
 * The past of a network in a few cells, each with the smallest loss and the flips of some consecutive epochs: what a
 * provisional label is made of, for a run that may be anywhere. When all cells are full, neighbours are joined and
 * cells become twice as long, so that any share of the past is known to about a thirtieth of the whole.
 */
import type { NumberReader, NumberWriter } from './numbers.ts';

/** Even, so that all cells find a neighbour. */
const CELLS = 64;

export class History {
  /** `[cell]`; the last cell is open. */
  readonly #epochs: number[] = [];
  readonly #minima: number[] = [];
  readonly #flips: number[] = [];
  /** Epochs after which a cell is full. */
  #span = 1;

  /** Takes consecutive epochs: how many, their smallest loss, and how many of them are flips. */
  add(epochs: number, lossMin: number, flips: number): void {
    let cell = this.#epochs.length - 1;
    if (cell < 0 || this.#epochs[cell] >= this.#span) cell = this.#openCell();
    this.#epochs[cell] += epochs;
    this.#flips[cell] += flips;
    if (lossMin < this.#minima[cell]) this.#minima[cell] = lossMin;
  }

  #openCell(): number {
    if (this.#epochs.length === CELLS) this.#joinCells();
    this.#epochs.push(0);
    this.#minima.push(Number.POSITIVE_INFINITY);
    return this.#flips.push(0) - 1;
  }

  #joinCells(): void {
    for (let i = 0; i < CELLS / 2; i++) {
      const [a, b] = [2 * i, 2 * i + 1];
      this.#epochs[i] = this.#epochs[a] + this.#epochs[b];
      this.#minima[i] = Math.min(this.#minima[a], this.#minima[b]);
      this.#flips[i] = this.#flips[a] + this.#flips[b];
    }
    for (const cells of [this.#epochs, this.#minima, this.#flips]) cells.length = CELLS / 2;
    this.#span *= 2;
  }

  /**
   * Smallest loss of the epochs that are `from` to `until` epochs old, the last epoch being 1 epoch old; whole cells
   * count.
   */
  minimum({ from, until }: { from: number; until: number }): number {
    let minimum = Number.POSITIVE_INFINITY;
    for (let cell = this.#epochs.length - 1, age = 0; cell >= 0 && age < until; cell--) {
      age += this.#epochs[cell];
      if (age >= from) minimum = Math.min(minimum, this.#minima[cell]);
    }
    return minimum;
  }

  /** The share of flips among the last so many epochs; whole cells count. */
  flipShare(epochs: number): number {
    let [age, flips] = [0, 0];
    for (let cell = this.#epochs.length - 1; cell >= 0 && age < epochs; cell--) {
      age += this.#epochs[cell];
      flips += this.#flips[cell];
    }
    return age === 0 ? 0 : flips / age;
  }

  save(numbers: NumberWriter): void {
    numbers.write(this.#span);
    for (const cells of [this.#epochs, this.#minima, this.#flips]) numbers.writeList(cells);
  }

  restore(numbers: NumberReader): void {
    this.#span = numbers.read();
    for (const cells of [this.#epochs, this.#minima, this.#flips]) cells.splice(0, cells.length, ...numbers.readList());
  }
}
