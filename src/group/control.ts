/**
 * The control words: the only way the main thread speaks to a worker that trains, since a busy worker sees no messages.
 * Workers look between two chunks of epochs.
 */

const STOP = 0;
const WORD_COUNT = 1;

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
  }

  get stopRequested(): boolean {
    return Atomics.load(this.#words, STOP) === 1;
  }
}
