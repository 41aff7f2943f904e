/**
 * The floating-point mode of the thread at hand, as its results show it. The processor keeps it in a register (MXCSR on
 * x86) that native code can change, by a constructor of a library that is loaded too. All arithmetic that follows would
 * then have other bits.
 */

/** Operands as bits, so that no conversion and no constant of an engine is in between. */
const BITS: readonly bigint[] = [
  0x0010000000000000n, // 2^-1022, the smallest normal number
  0x3fe0000000000000n, // 1/2
  0x0000000000000001n, // 2^-1074, the smallest number
  0x4330000000000000n, // 2^52
  0x3ff0000000000000n, // 1
  0x3ca0000000000000n, // 2^-53
  0x3ca8000000000000n, // 3 · 2^-54
];

/**
 * What is wrong with the mode, in words; null where subnormal numbers count and results are rounded to the nearest
 * number.
 */
export function floatModeFault(): string | null {
  const numbers = new Float64Array(BigUint64Array.from(BITS).buffer);
  const [normalMin, half, least, large, one, tie, aboveTie] = numbers;
  if (least * large === 0) return 'subnormal numbers are taken as 0';
  if (normalMin * half === 0) return 'results below the normal range become 0';
  const isNearest = one + tie === one && one + aboveTie > one && -one - aboveTie < -one;
  return isNearest ? null : 'results are not rounded to the nearest number';
}
