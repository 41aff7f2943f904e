/**
 * The control words: the only way the main thread speaks to a worker that trains, since a busy worker sees no messages.
 * Workers look between two chunks of epochs.
 */

const STOP = 0;
const PAUSE = 1;
const WORD_COUNT = 2;

/** Shared words from the main thread to all workers. */
export class Control {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** A view of the words in `buffer`, or of new ones, all zero. */
  constructor(buffer = new SharedArrayBuffer(WORD_COUNT * 4)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** Asks all workers to leave their groups uncommitted at the next chunk. There is no way back. */
  requestStop(): void {
    Atomics.store(this.#words, STOP, 1);
    this.resume();
  }

  get stopRequested(): boolean {
    return Atomics.load(this.#words, STOP) === 1;
  }

  /** Halts all workers at the next chunk, with their groups in memory. A stop ends a pause. */
  pause(): void {
    if (!this.stopRequested) Atomics.store(this.#words, PAUSE, 1);
  }

  resume(): void {
    Atomics.store(this.#words, PAUSE, 0);
    Atomics.notify(this.#words, PAUSE);
  }

  get isPaused(): boolean {
    return Atomics.load(this.#words, PAUSE) === 1;
  }

  /** Keeps a worker's thread asleep while there is a pause. Not for the main thread, which must go on. */
  waitWhilePaused(): void {
    while (this.isPaused) Atomics.wait(this.#words, PAUSE, 1);
  }
}
