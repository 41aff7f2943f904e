/**
 * Numbers by a seed for tests that draw what they do, and print the seed where it goes wrong.
 */

/** Numbers in [0, 1), by Marsaglia's xorshift. */
export function randomOf(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
