/**
 * The version of the declared arithmetic (docs/ARITHMETIC.md). It is recorded with each run and hashed into each network's
 * key, and is raised by any change that could change one bit of one network.
 */
export const ARITHMETIC_ID = 'gyre-1';

/** Epochs in one block of losses that is hashed together. */
export const BLOCK_EPOCHS = 1000;
