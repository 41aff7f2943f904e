/**
 * Rounding to a network's precision: the one place where float32 arithmetic is told from float64. Every operation of
 * the reference is written `round(a + b)`, never `round(a + b * c)`, so that each intermediate result is rounded as a
 * float32 or float64 machine instruction would round it.
 */

/** The two precisions a network can be trained in. */
export type Precision = 'float32' | 'float64';

/** Rounds a float64 intermediate result to a precision: ties to even, overflow to ±∞, −0 and NaN kept. */
export type Rounding = (x: number) => number;

/**
 * The rounding of a precision.
 *
 * For float32, rounding the float64 result of one addition, subtraction, multiplication, division or square root of
 * float32 operands gives the correctly rounded float32 result (Figueroa, "When is double rounding innocuous?", 1995).
 *
 * One closure site serves both precisions on purpose: V8 inlines it from either caller. Choosing between `Math.fround`
 * and an identity function instead makes every call in the reference megamorphic as soon as one thread has trained
 * both.
 */
export function roundingTo(precision: Precision): Rounding {
  const single = precision === 'float32';
  return (x) => (single ? Math.fround(x) : x);
}
