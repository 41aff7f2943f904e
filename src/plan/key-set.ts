/**
 * Keys of networks that have occurred, told apart by their 64 bits. Of a million keys it takes 24 MB, which a Set of
 * their texts takes four times, and it hashes nothing: keys are hashes.
 */

/** Slots are twice the keys at least, so that most searches end at once. */
const SLOTS_AT_FIRST = 1024;

export class KeySet {
  /** The two halves of a key per slot. Both 0: a free slot. */
  #slots = new Uint32Array(2 * SLOTS_AT_FIRST);
  #size = 0;
  #hasZero = false;

  /** Adds a key of 16 hex digits. Returns whether it is new. */
  add(key: string): boolean {
    const high = Number.parseInt(key.slice(0, 8), 16);
    const low = Number.parseInt(key.slice(8), 16);
    if (high === 0 && low === 0) {
      const isNew = !this.#hasZero;
      this.#hasZero = true;
      return isNew;
    }
    if (4 * this.#size >= this.#slots.length) this.#double();
    if (!place(this.#slots, high, low)) return false;
    this.#size++;
    return true;
  }

  #double(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(2 * before.length);
    for (let i = 0; i < before.length; i += 2)
      if (before[i] !== 0 || before[i + 1] !== 0) place(this.#slots, before[i], before[i + 1]);
  }
}

/** Puts a key into its slot, or the next free one; false where it is there already. */
function place(slots: Uint32Array, high: number, low: number): boolean {
  const mask = slots.length - 1;
  let i = (2 * low) & mask;
  while (slots[i] !== 0 || slots[i + 1] !== 0) {
    if (slots[i] === high && slots[i + 1] === low) return false;
    i = (i + 2) & mask;
  }
  slots[i] = high;
  slots[i + 1] = low;
  return true;
}
