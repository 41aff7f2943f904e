/**
 * The version of the declared arithmetic (docs/ARITHMETIC.md). It is recorded with each run and hashed into each
 * network's key. Any change that could change one bit of one network needs a new version.
 */
export const ARITHMETIC_ID = 'gyre-1';

/** Epochs in one block of losses that is hashed together. */
export const BLOCK_EPOCHS = 1000;

/** Bytes of a SHA-256: the digest of a block, and of a network. */
export const DIGEST_BYTES = 32;

/**
 * Below these magnitudes the `flush` mode sets gradients and moments to +0; far above the subnormals of each precision.
 */
export const FLUSH_LIMITS = {
  float32: { gradient: 2 ** -50, moment: 2 ** -100 },
  float64: { gradient: 2 ** -500, moment: 2 ** -1000 },
} as const;
