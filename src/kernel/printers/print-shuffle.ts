/**
 * Prints the WebAssembly function that puts the samples of one lane into the orders of some epochs, as
 * src/data/order.ts defines them: `(seed, firstEpoch, epochs, lane)`. It shuffles samples and not their numbers, so
 * that a kernel reads them one after another. Sixteen words of Philox come at a time, four blocks abreast in vectors,
 * for two epochs side by side: one round waits for the one before, and a processor has time for two. The samples are
 * moved as integers, which keep every bit.
 *
 * A tree for all lanes alike could not say it: each lane moves its samples to places of its own.
 */
import type { GroupShape } from '../../group/layout.ts';
import { BYTES_OF } from '../../numeric/bits.ts';
import { PHILOX, STREAMS } from '../../numeric/philox.ts';
import { CODE, FunctionWriter, I32, moduleBytes, V128 } from './wasm-encoder.ts';

/**
 * The epochs of a pair, which are shuffled side by side. Of an odd number, the last one has a companion that nobody
 * asks for.
 */
const SIDES = [0, 1] as const;

const BLOCKS = 4;
const WORDS_A_BLOCK = 4;
const WORD_BYTES = 4;
const VECTOR_BYTES = BLOCKS * WORD_BYTES;
/** Room for a number for each word of four blocks of an epoch, `[word][block]`. */
const WORDS_BYTES = WORDS_A_BLOCK * VECTOR_BYTES;
/** The same for a pair. */
export const SHUFFLE_WORDS_BYTES = SIDES.length * WORDS_BYTES;

/** Where the function finds what it moves, and room for the words, in bytes. */
export interface ShuffleAddresses {
  readonly sections: Readonly<Record<string, number>>;
  readonly words: number;
}

/** Prints the module of a shape. */
export function printShuffle(shape: GroupShape, addresses: ShuffleAddresses): Uint8Array {
  return new ShufflePrinter(shape, addresses).print();
}

const [SEED, EPOCH, EPOCHS, LANE] = [0, 1, 2, 3];
const PARAMETER_COUNT = 4;

/** Samples that the words of one turn are for. */
const TURN = BLOCKS * WORDS_A_BLOCK;

/** Columns up to this many are moved one by one, more in a loop. */
const COLUMNS_WRITTEN_OUT = 4;

const SIMD = {
  store: 0x0b,
  shuffle: 0x0d,
  splat: 0x11,
  xor: 0x51,
  add: 0xae,
  multiply: 0xb5,
  productsLow: 0xde,
  productsHigh: 0xdf,
};
/** Instructions on a number of either precision as an integer. */
const MOVES = {
  float32: { load: 0x28, store: 0x36, alignmentBits: 2 },
  float64: { load: 0x29, store: 0x37, alignmentBits: 3 },
} as const;

/**
 * Sections that are shuffled with one set of pointers, since their rows are equally long: inputs and targets, or either
 * of them.
 */
interface Walk {
  /** Where each section begins, as it is and shuffled. */
  readonly tables: readonly { readonly source: number; readonly target: number }[];
  readonly columns: number;
  readonly rowBytes: number;
  /** Bytes of the rows of an epoch. */
  readonly epochBytes: number;
  /**
   * Locals with addresses: of the row at hand in source and target, of the first row of the first epoch, and of row j.
   */
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly other: number;
}

class ShufflePrinter {
  readonly #shape: GroupShape;
  readonly #words: number;
  readonly #code = new FunctionWriter(PARAMETER_COUNT);
  readonly #slotBytes: number;
  readonly #walks: readonly Walk[];
  /** Numbers of the turn's first sample, counted from 1, and first block. */
  readonly #place = this.#code.local(I32);
  readonly #block = this.#code.local(I32);
  readonly #wordsOfBlock = this.#code.local(I32);
  readonly #left = { turns: this.#code.local(I32), blocks: this.#code.local(I32), columns: this.#code.local(I32) };
  readonly #counters = SIDES.map(() => [0, 1, 2, 3].map(() => this.#code.local(V128)));
  readonly #key = [this.#code.local(V128), this.#code.local(V128)];
  readonly #products = [this.#code.local(V128), this.#code.local(V128)];
  /** Philox's constants in all words, made once a call. */
  readonly #multipliers = [this.#code.local(V128), this.#code.local(V128)];
  readonly #weyl = [this.#code.local(V128), this.#code.local(V128)];

  constructor(shape: GroupShape, { sections, words }: ShuffleAddresses) {
    const { layers, lanes, precision, sampleCount } = shape;
    this.#shape = shape;
    this.#words = words;
    this.#slotBytes = lanes * BYTES_OF[precision];
    const walk = (columns: number, ...tables: Walk['tables']): Walk => {
      const local = () => this.#code.local(I32);
      const rowBytes = columns * this.#slotBytes;
      const locals = { from: local(), to: local(), first: local(), other: local() };
      return { tables, columns, rowBytes, epochBytes: sampleCount * rowBytes, ...locals };
    };
    const inputs = { source: sections.inputs, target: sections.shuffledInputs };
    const targets = { source: sections.targets, target: sections.shuffledTargets };
    const [inputCount, outputCount] = [layers[0], layers[layers.length - 1]];
    this.#walks =
      inputCount === outputCount
        ? [walk(inputCount, inputs, targets)]
        : [walk(inputCount, inputs), walk(outputCount, targets)];
  }

  print(): Uint8Array {
    const code = this.#code;
    const { sampleCount } = this.#shape;
    const turns = Math.floor(sampleCount / TURN);
    const blocks = Math.floor((sampleCount % TURN) / WORDS_A_BLOCK);
    const rest = sampleCount % WORDS_A_BLOCK;

    for (const i of [0, 1]) {
      code
        .integer(PHILOX.multipliers[i] | 0)
        .simd(SIMD.splat)
        .set(this.#multipliers[i]);
      code
        .integer(PHILOX.weyl[i] | 0)
        .simd(SIMD.splat)
        .set(this.#weyl[i]);
    }
    code.get(LANE).integer(BYTES_OF[this.#shape.precision]).byte(CODE.i32Mul).set(LANE);
    // From here on, pairs of epochs.
    code.get(EPOCHS).integer(1).byte(CODE.i32Add).integer(1).byte(CODE.i32ShiftRight).set(EPOCHS);
    for (const { to } of this.#walks) code.get(LANE).set(to);
    code.repeat(() => {
      for (const { from, to, first } of this.#walks) {
        code.get(LANE).set(from);
        code.get(to).set(first);
      }
      code.integer(1).set(this.#place).integer(0).set(this.#block);
      if (turns > 0) {
        code.integer(turns).set(this.#left.turns);
        code.repeat(() => {
          this.#draw();
          this.#moveBlocks(BLOCKS);
          this.#countDown(this.#left.turns);
        });
      }
      if (sampleCount % TURN > 0) {
        this.#draw();
        if (blocks > 0) this.#moveBlocks(blocks);
        if (rest > 0) this.#moveBlock(rest);
      }
      for (const { to, epochBytes } of this.#walks) this.#advance(to, epochBytes);
      this.#advance(EPOCH, SIDES.length);
      this.#countDown(EPOCHS);
    });
    return moduleBytes(PARAMETER_COUNT, code.body());
  }

  /** Draws the words of the next four blocks of each epoch and leaves j·slotBytes for each of their samples. */
  #draw(): void {
    const code = this.#code;
    for (const [side, [c0, c1, c2, c3]] of this.#counters.entries()) {
      code.get(this.#block).simd(SIMD.splat).integers([0, 1, 2, 3]).simd(SIMD.add).set(c0);
      code.get(EPOCH).integer(side).byte(CODE.i32Add).simd(SIMD.splat).set(c1);
      for (const zero of [c2, c3]) code.integers([0, 0, 0, 0]).set(zero);
    }
    code.get(SEED).simd(SIMD.splat).set(this.#key[0]);
    code.integer(STREAMS.order).simd(SIMD.splat).set(this.#key[1]);
    for (let round = 0; round < PHILOX.rounds; round++) this.#round();
    for (let word = 0; word < WORDS_A_BLOCK; word++) this.#placesOf(word);
    code.integer(0).set(this.#wordsOfBlock);
    this.#advance(this.#block, BLOCKS);
    this.#advance(this.#place, TURN);
  }

  /** j = ⌊w·(i + 1)·2⁻³²⌋ of a word of each block. */
  #placesOf(word: number): void {
    const code = this.#code;
    const [low, high] = this.#products;
    const bounds = this.#key[0];
    const [a, b, c, d] = Array.from({ length: BLOCKS }, (_, block) => block * WORDS_A_BLOCK + word);
    code.get(this.#place).simd(SIMD.splat).integers([a, b, c, d]).simd(SIMD.add).set(bounds);
    for (const [side, counter] of this.#counters.entries()) {
      this.#multiply(counter[word], bounds);
      code.integer(0);
      this.#shuffleWords(low, high, [1, 3, 5, 7]);
      code.integer(this.#slotBytes).simd(SIMD.splat).simd(SIMD.multiply);
      code.memory(SIMD.store, this.#wordsOf(side) + word * VECTOR_BYTES);
    }
  }

  /** Where the words of an epoch are. */
  #wordsOf(side: number): number {
    return this.#words + side * WORDS_BYTES;
  }

  /** A round of each epoch; k ← k + W. */
  #round(): void {
    const code = this.#code;
    for (const counter of this.#counters) this.#roundOf(counter);
    for (const [i, key] of this.#key.entries()) code.get(key).get(this.#weyl[i]).simd(SIMD.add).set(key);
  }

  /** c ← (high(M₁c₂) ⊕ c₁ ⊕ k₀, low(M₁c₂), high(M₀c₀) ⊕ c₃ ⊕ k₁, low(M₀c₀)). */
  #roundOf([c0, c1, c2, c3]: readonly number[]): void {
    const code = this.#code;
    const [k0, k1] = this.#key;
    const [low, high] = this.#products;
    const half = (counter: number, other: number, key: number) => {
      this.#shuffleWords(low, high, [1, 3, 5, 7]);
      code.get(other).simd(SIMD.xor).get(key).simd(SIMD.xor).set(counter);
      this.#shuffleWords(low, high, [0, 2, 4, 6]);
      code.set(other);
    };
    this.#multiply(c0, this.#multipliers[0]);
    // c₂ is needed before it is overwritten: its product stands on the stack meanwhile.
    this.#shuffleWords(low, high, [1, 3, 5, 7]);
    code.get(c3).simd(SIMD.xor).get(k1).simd(SIMD.xor);
    this.#shuffleWords(low, high, [0, 2, 4, 6]);
    code.set(c3);
    this.#multiply(c2, this.#multipliers[1]);
    half(c0, c1, k0);
    code.set(c2);
  }

  /** The products of 64 bits of four words with one: of the first two, and of the last two. */
  #multiply(words: number, by: number): void {
    const code = this.#code;
    for (const [i, instruction] of [SIMD.productsLow, SIMD.productsHigh].entries())
      code.get(words).get(by).simd(instruction).set(this.#products[i]);
  }

  /** A vector of four words out of the eight of two vectors. */
  #shuffleWords(a: number, b: number, words: readonly number[]): void {
    const bytes = words.flatMap((word) => [0, 1, 2, 3].map((byte) => word * WORD_BYTES + byte));
    this.#code
      .get(a)
      .get(b)
      .simd(SIMD.shuffle)
      .byte(...bytes);
  }

  #moveBlocks(count: number): void {
    const code = this.#code;
    code.integer(count).set(this.#left.blocks);
    code.repeat(() => {
      this.#moveBlock(WORDS_A_BLOCK);
      this.#countDown(this.#left.blocks);
    });
  }

  /**
   * Moves the next `count` samples of each epoch, each with a word of the block at hand, and goes on to the next block.
   */
  #moveBlock(count: number): void {
    const code = this.#code;
    for (let word = 0; word < count; word++) {
      for (const side of SIDES) {
        for (const walk of this.#walks) {
          code
            .get(this.#wordsOfBlock)
            .scalarMemory(MOVES.float32.load, MOVES.float32.alignmentBits, this.#wordsOf(side) + word * VECTOR_BYTES);
          if (walk.columns > 1) code.integer(walk.columns).byte(CODE.i32Mul);
          code.get(walk.first).byte(CODE.i32Add).set(walk.other);
          this.#moveRow(walk, word, side);
        }
      }
    }
    for (const { from, to, rowBytes } of this.#walks) {
      this.#advance(from, count * rowBytes);
      this.#advance(to, count * rowBytes);
    }
    this.#advance(this.#wordsOfBlock, WORD_BYTES);
  }

  /** target[i] ← target[j], target[j] ← source[i], where i is so many rows behind the one at hand. */
  #moveRow({ tables, columns, rowBytes, epochBytes, from, to, other }: Walk, row: number, side: number): void {
    const code = this.#code;
    const { load, store, alignmentBits } = MOVES[this.#shape.precision];
    const move = (offset: number) => {
      const at = row * rowBytes + offset;
      for (const { source, target } of tables) {
        const targetOfEpoch = target + side * epochBytes;
        code
          .get(to)
          .get(other)
          .scalarMemory(load, alignmentBits, targetOfEpoch + offset);
        code.scalarMemory(store, alignmentBits, targetOfEpoch + at);
        code
          .get(other)
          .get(from)
          .scalarMemory(load, alignmentBits, source + at);
        code.scalarMemory(store, alignmentBits, targetOfEpoch + offset);
      }
    };
    if (columns <= COLUMNS_WRITTEN_OUT) {
      for (let column = 0; column < columns; column++) move(column * this.#slotBytes);
      return;
    }
    code.integer(columns).set(this.#left.columns);
    code.repeat(() => {
      move(0);
      for (const pointer of [from, to, other]) this.#advance(pointer, this.#slotBytes);
      this.#countDown(this.#left.columns);
    });
    for (const pointer of [from, to]) this.#advance(pointer, -rowBytes);
  }

  #advance(local: number, by: number): void {
    this.#code.get(local).integer(by).byte(CODE.i32Add).set(local);
  }

  /** Leaves what is left on the stack, for `repeat`. */
  #countDown(local: number): void {
    this.#code.get(local).integer(1).byte(CODE.i32Sub, CODE.localTee).unsigned(local);
  }
}
