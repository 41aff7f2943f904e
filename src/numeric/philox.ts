/**
 * Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
 * A draw is a pure function of (key, counter), so the weight of any network can be had again without drawing any other.
 * cuRAND and TensorFlow use the same generator; NumPy's Philox is the 4x64 variant.
 */

/** Four 32-bit unsigned integers. */
export type Words4 = readonly [number, number, number, number];

/** The constants of the generator. */
export const PHILOX = {
  multipliers: [0xd2511f53, 0xcd9e8d57],
  /** What the words of the key grow by from round to round. */
  weyl: [0x9e3779b9, 0xbb67ae85],
  rounds: 10,
} as const;
const [MULTIPLIER_0, MULTIPLIER_1] = PHILOX.multipliers;
const [WEYL_0, WEYL_1] = PHILOX.weyl;
const ROUNDS = PHILOX.rounds;

/** The four words of the block at `counter` under `key`; every word of both is a u32. */
export function philox4x32(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** What a draw is for: the second word of the key, so that the streams of one seed never meet. */
export const STREAMS = { weights: 0, teacher: 1, order: 2, sample: 3, analysis: 4 } as const;

/** Names one random number: any two that differ in a field are independent. */
export interface Draw {
  /** u32. */
  readonly seed: number;
  readonly stream: keyof typeof STREAMS;
  /** Layer of the parameter, from 0; the axis of a sample. */
  readonly layer: number;
  /** Index of the parameter in its layer, from 0; the number of a sample's draw. */
  readonly index: number;
}

/** The four words of a draw: key (seed, stream), counter (index, layer, 0, 0). */
function words({ seed, stream, layer, index }: Draw): Words4 {
  return philox4x32([index, layer, 0, 0], [seed, STREAMS[stream]]);
}

/** A float64 uniform on [0, 1): the top 53 bits of the first two words. */
export function uniform(draw: Draw): number {
  const [w0, w1] = words(draw);
  return unitInterval(w0, w1);
}

/** Two independent float64 uniforms on [0, 1), from the first and the last two words. */
export function uniformPair(draw: Draw): readonly [number, number] {
  const [w0, w1, w2, w3] = words(draw);
  return [unitInterval(w0, w1), unitInterval(w2, w3)];
}

/** (high·2²¹ + the top 21 bits of low) · 2⁻⁵³. */
function unitInterval(high: number, low: number): number {
  return (high * 0x200000 + (low >>> 11)) * 2 ** -53;
}

/** Upper 32 bits of the 64-bit product of two u32, by 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}
