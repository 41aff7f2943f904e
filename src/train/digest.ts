/**
 * The digest of a network: what proves that two trainings were the same bit for bit. Its losses are hashed in blocks of
 * 1000 epochs, d_k = SHA-256(losses of block k), and the digest is SHA-256(d_1 ‖ … ‖ d_n ‖ θ ‖ m ‖ v ‖ v_max): raw
 * little-endian bytes in the network's precision, every NaN canonical, absent moments left out.
 */
import { hash } from 'node:crypto';
import { BLOCK_EPOCHS, DIGEST_BYTES } from '../../schemas/arithmetic.ts';
import { bytesOf, canonicaliseNaNs, type FloatArray } from '../numeric/bits.ts';

/** The digest of one finished block of losses. */
export interface BlockDigest {
  /** Last epoch of the block. */
  readonly epoch: number;
  /** First 8 of the 32 bytes, as 16 hex digits. */
  readonly digest: string;
}

/** The losses of consecutive epochs. */
export interface LossChunk {
  readonly count: number;
  /** Copies the losses of `count` epochs from the chunk's epoch `first` on to `target`, from `at` on. */
  copyLosses(target: FloatArray, range: { at: number; first: number; count: number }): void;
}

/** Most chunks complete no block, and need no list of their own to say so. */
const NONE: readonly BlockDigest[] = [];

/** Hashes one network's losses as they come; the cutting of epochs into calls does not matter. */
export class DigestBuilder {
  readonly #open: FloatArray;
  #openLength = 0;
  #epoch = 0;
  /** d_1 ‖ d_2 ‖ … with room for more: 32 bytes a block, where a Buffer a block would take several times as much. */
  #digests = new Uint8Array(DIGEST_BYTES);
  #blockCount = 0;

  /** `open` has room for the losses of one block and is the builder's own until it has finished. */
  constructor(open: FloatArray) {
    this.#open = open;
  }

  /** Takes the losses of the next epochs and returns the blocks that they complete. */
  losses(chunk: LossChunk): readonly BlockDigest[] {
    let finished = NONE;
    for (let first = 0; first < chunk.count; ) {
      const count = Math.min(chunk.count - first, BLOCK_EPOCHS - this.#openLength);
      chunk.copyLosses(this.#open, { at: this.#openLength, first, count });
      this.#openLength += count;
      this.#epoch += count;
      first += count;
      if (this.#openLength === BLOCK_EPOCHS) finished = [...finished, this.#closeBlock()];
    }
    return finished;
  }

  /** Digests of the finished blocks from `firstBlock` on and the losses of the open one, as arrays of their own. */
  save(firstBlock = 0): {
    readonly firstBlock: number;
    readonly blockDigests: Uint8Array;
    readonly openLosses: FloatArray;
  } {
    return {
      firstBlock,
      blockDigests: this.#digests.slice(firstBlock * DIGEST_BYTES, this.#blockCount * DIGEST_BYTES),
      openLosses: this.#open.slice(0, this.#openLength),
    };
  }

  /** Goes on after `epoch` epochs with what was saved then. */
  restore(epoch: number, { blockDigests, openLosses }: { blockDigests: Uint8Array; openLosses: FloatArray }): void {
    this.#epoch = epoch;
    this.#open.set(openLosses);
    this.#openLength = openLosses.length;
    this.#blockCount = blockDigests.length / DIGEST_BYTES;
    this.#digests = new Uint8Array(Math.max(DIGEST_BYTES, blockDigests.length));
    this.#digests.set(blockDigests);
  }

  /**
   * Closes the last block, which may be short, and hashes the final state: θ and then the moments; one that does not
   * exist is empty. Every NaN of the state is made canonical.
   */
  finish(state: readonly FloatArray[]): { readonly lastBlock: BlockDigest | null; readonly digest: Uint8Array } {
    const lastBlock = this.#openLength > 0 ? this.#closeBlock() : null;
    for (const values of state) canonicaliseNaNs(values);
    const digests = this.#digests.subarray(0, this.#blockCount * DIGEST_BYTES);
    return { lastBlock, digest: hash('sha256', Buffer.concat([digests, ...state.map(bytesOf)]), 'buffer') };
  }

  #closeBlock(): BlockDigest {
    const block = this.#open.subarray(0, this.#openLength);
    canonicaliseNaNs(block);
    // Not createHash: a million blocks would leave a million small objects outside of the heap, and no garbage
    // collection in sight.
    const digest = hash('sha256', bytesOf(block), 'buffer');
    const end = this.#blockCount * DIGEST_BYTES;
    if (end === this.#digests.length) {
      const longer = new Uint8Array(2 * end);
      longer.set(this.#digests);
      this.#digests = longer;
    }
    this.#digests.set(digest, end);
    this.#blockCount++;
    this.#openLength = 0;
    return { epoch: this.#epoch, digest: digest.toString('hex', 0, 8) };
  }
}
