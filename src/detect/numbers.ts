/**
 * How detectors are taken apart for a checkpoint: numbers written one after another, and read back in the same order.
 * Epochs count from 1, so 0 stands for none.
 */

export class NumberWriter {
  readonly #numbers: number[] = [];

  write(...numbers: readonly (number | null)[]): void {
    for (const number of numbers) this.#numbers.push(number ?? 0);
  }

  /** A list of any length. */
  writeList(numbers: readonly number[]): void {
    this.#numbers.push(numbers.length);
    for (const number of numbers) this.#numbers.push(number);
  }

  finish(): Float64Array {
    return Float64Array.from(this.#numbers);
  }
}

export class NumberReader {
  readonly #numbers: Float64Array;
  #position = 0;

  constructor(numbers: Float64Array) {
    this.#numbers = numbers;
  }

  read(): number {
    if (this.#position >= this.#numbers.length) throw new Error(`only ${this.#numbers.length} numbers were saved`);
    return this.#numbers[this.#position++];
  }

  /** An epoch, or null where there is none. */
  readEpoch(): number | null {
    return this.read() || null;
  }

  readList(): number[] {
    return Array.from({ length: this.read() }, () => this.read());
  }

  /** Asserts that all has been read. */
  finish(): void {
    if (this.#position !== this.#numbers.length)
      throw new Error(`${this.#numbers.length} numbers were saved, ${this.#position} of them read`);
  }
}
