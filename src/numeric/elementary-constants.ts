/**
 * The constants of the elementary functions, one table per precision, every entry already rounded to it. The scalar
 * reference (elementary.ts) and the SIMD code generator read the same tables, so that a change here changes both and
 * neither alone. What is computed with them is none of this file's business.
 *
 * Polynomials and split constants are printed by `python3 bench/minimax.py`, which states the fit and its error.
 * Coefficients stand lowest degree first.
 */
import type { Precision } from './rounding.ts';

/** What exp, tanh, sigmoid, sin and cos need in one precision. */
export interface ElementaryConstants {
  /**
   * 1.5·2^(significand bits − 1): x + shift − shift is x rounded to an integer, ties to even, for |x| < 2^22 (float32)
   * or 2^51 (float64); the low significand bits of x + shift are that integer in two's complement.
   */
  readonly integerShift: number;
  /** 1/ln 2, for k = x/ln 2 rounded to an integer. */
  readonly ln2Inverse: number;
  /** Leading part of ln 2 with so many trailing zeros that k·ln2High is exact for every k that exp meets. */
  readonly ln2High: number;
  /** ln 2 − ln2High. */
  readonly ln2Low: number;
  /** q in expm1(r) = r + r²·q(r), |r| ≤ ln(2)/2. */
  readonly expm1Polynomial: readonly number[];
  /** exp's argument is clamped to [expLowest, expHighest]: there its result has rounded to 0 and overflowed to ∞. */
  readonly expLowest: number;
  /** See expLowest. */
  readonly expHighest: number;
  /** tanh's 2|x| is clamped to this: there e + 2 rounds to e, and e/(e + 2) is exactly 1. */
  readonly tanhHighest: number;
  /** 1/π, for k = |x|/π rounded to an integer. */
  readonly piInverse: number;
  /** First of three parts of π: h·piHigh is exact for every half-integer h ≤ 8192/π + 1. */
  readonly piHigh: number;
  /** Second part of π; h·piMiddle is exact likewise, and so is the difference from which it is taken. */
  readonly piMiddle: number;
  /** π − piHigh − piMiddle: good to an error far below the distance of any number in the precision from π. */
  readonly piLow: number;
  /** q in sin(r) = r + r³·q(r²), |r| ≤ π/2. */
  readonly sinePolynomial: readonly number[];
  /** sin and cos are NaN for |x| above this: k would have too many bits for the exact products. */
  readonly sineHighest: number;
}

const float32: ElementaryConstants = {
  integerShift: 12582912,
  ln2Inverse: 1.4426950216293335,
  ln2High: 0.693145751953125,
  ln2Low: 1.428606765330187e-6,
  expm1Polynomial: [
    0.5, 0.1666666567325592, 0.04166647791862488, 0.008333567529916763, 0.0013933692825958133, 0.00019742455333471298,
  ],
  expLowest: -104,
  expHighest: 89,
  tanhHighest: 20,
  piInverse: 0.31830987334251404,
  piHigh: 3.140625,
  piMiddle: 0.0009675025939941406,
  piLow: 1.5099580252808664e-7,
  sinePolynomial: [-0.16666659712791443, 0.008333069272339344, -0.00019809772493317723, 2.6060747586598154e-6],
  sineHighest: 8192,
};

const float64: ElementaryConstants = {
  integerShift: 6755399441055744,
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: the bits of this table are stated, not looked up.
  ln2Inverse: 1.4426950408889634,
  ln2High: 0.6931471806019545,
  ln2Low: -4.2009150726810846e-11,
  expm1Polynomial: [
    0.5, 0.16666666666666677, 0.0416666666666666, 0.008333333333321464, 0.0013888888888928333, 0.0001984126988647813,
    2.4801587227566495e-5, 2.7557243901976876e-6, 2.755736192406163e-7, 2.51091323732184e-8, 2.088660157487951e-9,
  ],
  expLowest: -746,
  expHighest: 710,
  tanhHighest: 40,
  piInverse: 0.3183098861837907,
  piHigh: 3.1415926535919425,
  piMiddle: -2.149391775674303e-12,
  piLow: 1.2246467991473532e-16,
  sinePolynomial: [
    -0.16666666666666666, 0.008333333333333207, -0.00019841269841212509, 2.7557319211580307e-6, -2.505210690590058e-8,
    1.6058941098212898e-10, -7.643022357167562e-13, 2.7214554485789005e-15,
  ],
  sineHighest: 8192,
};

/** The constants of each precision. */
export const elementaryConstants: Readonly<Record<Precision, ElementaryConstants>> = { float32, float64 };

/** Largest |j| for which {@link powersOfTwo} holds 2^j. */
export const powerOfTwoExponentMax = 600;

/**
 * 2^j at index powerOfTwoExponentMax + j. Where SIMD code shifts j + bias into the exponent field, the reference looks
 * the same number up. The range covers half of exp's largest |k| (538) and tanh's k (58).
 */
export const powersOfTwo: Float64Array = tabulatePowersOfTwo();

/** Constants of the natural logarithm, float64 only. */
export const logConstants: {
  /** Leading part of ln 2: k·ln2High is exact for |k| ≤ 1100. */
  readonly ln2High: number;
  readonly ln2Low: number;
  /** q in log(1 + f) = 2s + s·z·q(z), s = f/(2 + f), z = s², 1/√2 ≤ 1 + f ≤ √2. */
  readonly polynomial: readonly number[];
} = {
  ln2High: float64.ln2High,
  ln2Low: float64.ln2Low,
  polynomial: [
    0.6666666666666734, 0.3999999999941712, 0.285714287418665, 0.22222198624989017, 0.181835617066393,
    0.15314115926283642, 0.14795310483056173,
  ],
};

/** Doubling and halving are exact, so the table does not depend on an engine's `**`. */
function tabulatePowersOfTwo(): Float64Array {
  const table = new Float64Array(2 * powerOfTwoExponentMax + 1);
  table[powerOfTwoExponentMax] = 1;
  for (let j = 1; j <= powerOfTwoExponentMax; j++) {
    table[powerOfTwoExponentMax + j] = table[powerOfTwoExponentMax + j - 1] * 2;
    table[powerOfTwoExponentMax - j] = table[powerOfTwoExponentMax - j + 1] / 2;
  }
  return table;
}
