/**
 * The board: what each network and each thread is doing, written by the workers many times a second and read by the
 * display at its leisure. One SharedArrayBuffer of 32-bit words, each written by one worker at a time:
 *
 *     ├ epochs   [network]   epochs trained so far
 *     ├ labels   [network]   0 = not begun, else 1 + number of its (provisional) pair of labels
 *     └ threads  [thread]    1 + id of the first network of the group at hand, 0 = idle
 *
 * A reader may see one network ahead of another; nothing is decided by it.
 */
import { LABEL_PAIRS, type LabelCounts, type Labels, labelCounts, labelNumber } from '../../schemas/labels.ts';

/** The three sections of the board. */
export class Board {
  readonly buffer: SharedArrayBuffer;
  readonly networkCount: number;
  readonly threadCount: number;
  readonly #epochs: Int32Array;
  readonly #labels: Int32Array;
  readonly #threads: Int32Array;

  /** A view of the board in `buffer`, or of a new one, all zero. */
  constructor(size: { networkCount: number; threadCount: number }, buffer?: SharedArrayBuffer) {
    const { networkCount, threadCount } = size;
    this.networkCount = networkCount;
    this.threadCount = threadCount;
    this.buffer = buffer ?? new SharedArrayBuffer((2 * networkCount + threadCount) * 4);
    this.#epochs = new Int32Array(this.buffer, 0, networkCount);
    this.#labels = new Int32Array(this.buffer, networkCount * 4, networkCount);
    this.#threads = new Int32Array(this.buffer, 2 * networkCount * 4, threadCount);
  }

  /** Sets how far a network is and the labels it would have by now; null takes it off the board. */
  setNetwork(id: number, { epochs, labels }: { epochs: number; labels: Labels | null }): void {
    Atomics.store(this.#epochs, id, epochs);
    Atomics.store(this.#labels, id, labels === null ? 0 : 1 + labelNumber(labels));
  }

  /** Sets the first network of the group that a thread trains; null: idle. */
  setThread(thread: number, network: number | null): void {
    Atomics.store(this.#threads, thread, network === null ? 0 : network + 1);
  }

  epochsOf(id: number): number {
    return Atomics.load(this.#epochs, id);
  }

  /** The first network of the group that each thread trains, or null. */
  threads(): (number | null)[] {
    return Array.from(this.#threads, (_, thread) => {
      const word = Atomics.load(this.#threads, thread);
      return word === 0 ? null : word - 1;
    });
  }

  // The sums go over a hundred thousand networks several times a second, and read without Atomics: a word is read whole
  // all the same, and if it is a moment old, so is the sum by the time that anybody sees it.

  /** Epochs trained by all networks together: an exact integer up to 2⁵³. */
  epochsTrained(): number {
    let sum = 0;
    for (let id = 0; id < this.networkCount; id++) sum += this.#epochs[id];
    return sum;
  }

  /** Epochs trained by all networks together, each counted as `weights[network]`. */
  weightedEpochs(weights: Float64Array): number {
    let sum = 0;
    for (let id = 0; id < this.networkCount; id++) sum += weights[id] * this.#epochs[id];
    return sum;
  }

  /** How many networks have each label by now; those not begun have none. */
  labelCounts(): LabelCounts {
    const networksOfWord = new Uint32Array(1 + LABEL_PAIRS);
    for (let id = 0; id < this.networkCount; id++) networksOfWord[this.#labels[id]]++;
    return labelCounts(networksOfWord.subarray(1));
  }
}
