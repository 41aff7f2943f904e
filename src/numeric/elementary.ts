/**
 * Gyre's own exp, tanh, sigmoid, sin and cos in float32 and float64, and log in float64: engines differ in the last
 * bits of Math.exp and related functions, and a long training amplifies a difference in the last bit. One algorithm
 * serves both precisions; what differs is the rounding of each operation and the table of constants. This file is the
 * definition: the SIMD kernels run the same operations in the same order on every lane and must give the same bits.
 * Hence no branch that a select could not replace, no fused multiply-add, and division only where it is stated.
 *
 * Sources: argument reduction by exact parts after Cody & Waite, "Software Manual for the Elementary Functions" (1980);
 * the shapes of expm1 and log after fdlibm (Ng, Sun Microsystems, 1993); minimax polynomials after Muller,
 * "Elementary Functions" (3rd ed., 2016). Errors are in ulp of the exact result.
 */
import {
  type ElementaryConstants,
  elementaryConstants,
  logConstants,
  powerOfTwoExponentMax,
  powersOfTwo,
} from './elementary-constants.ts';
import { type Precision, type Rounding, roundingTo } from './rounding.ts';

/**
 * The elementary functions of one precision. Arguments must be numbers of that precision. NaN gives NaN; −0 is kept
 * by the odd functions. The maxima are of bench/results/elementary.json: every float32 argument, and samples of float64
 * that crowd around the hard spots (for tanh also a search of its worst binades).
 */
export interface Elementary {
  /**
   * e^x within 1 ulp (measured: 0.87 in both precisions), subnormal results and overflow to ∞ included.
   * exp(±0) = 1, exp(−∞) = 0.
   *
   * x = k·ln 2 + r, and 2^k·(1 + expm1(r)) with the scale in two factors, so that only the last product can round.
   */
  exp(x: number): number;
  /**
   * tanh(x) within 2.5 ulp (measured: 2.43 in float32, 2.47 in float64), never above 1 in magnitude, odd to the bit.
   *
   * e/(e + 2) with e = expm1(2|x|): one division, and no cancellation near 0, where the usual 1 − 2/(exp(2x) + 1) has
   * no correct bit left.
   */
  tanh(x: number): number;
  /**
   * 1/(1 + e^−x) within 4 ulp, subnormal results included (measured: 2.41 in float32, 2.31 in float64).
   *
   * z = exp(−|x|), then 1/(1 + z) or z/(1 + z): nothing overflows, and the lower tail keeps its relative accuracy,
   * which ½ + ½·tanh(x/2) loses.
   */
  sigmoid(x: number): number;
  /**
   * sin(x) within 2.5 ulp for |x| ≤ π (measured: 2.06 in float32, 1.98 in float64); for |x| ≤ 8192 with an absolute
   * error of at most 2^−22 in float32 and 2^−50 in float64 (measured: 2^−22.9 and 2^−52.0); NaN beyond.
   * Odd to the bit, never above 1 in magnitude.
   *
   * |x| = k·π + r and (−1)^k·sin(r). Reducing by π instead of π/2 takes one polynomial a little longer in place of two
   * and a choice, of which SIMD lanes would have to compute both.
   */
  sin(x: number): number;
  /**
   * cos(x) with the bounds of sin (measured: 2.06 and 1.93 ulp; 2^−22.9 and 2^−52.0). Even to the bit, cos(±0) = 1.
   *
   * |x| = h·π + r for a half-integer h: the cosine is the sine of r up to its sign.
   */
  cos(x: number): number;
}

/** The elementary functions of a precision; always the same object for the same precision. */
export function elementaryOf(precision: Precision): Elementary {
  return built[precision];
}

const { float32, float64 } = elementaryConstants;
const roundToFloat32 = roundingTo('float32');
const roundToFloat64 = roundingTo('float64');

/**
 * Each arrow passes constants known when it is compiled, so that V8 inlines the shared algorithm into it and folds
 * rounding and constants away. Measured where both precisions are in use (Node 20, one call in a hot loop): float32
 * tanh 44 ns this way, 55 ns with the closures of a factory, whose code both precisions share.
 */
const built: Readonly<Record<Precision, Elementary>> = {
  float32: {
    exp: expFloat32,
    tanh: (x) => tanh(float32, roundToFloat32, x),
    sigmoid: (x) => sigmoid(roundToFloat32, x, expFloat32(-Math.abs(x))),
    sin: (x) => sin(float32, roundToFloat32, x),
    cos: (x) => cos(float32, roundToFloat32, x),
  },
  float64: {
    exp: expFloat64,
    tanh: (x) => tanh(float64, roundToFloat64, x),
    sigmoid: (x) => sigmoid(roundToFloat64, x, expFloat64(-Math.abs(x))),
    sin: (x) => sin(float64, roundToFloat64, x),
    cos: (x) => cos(float64, roundToFloat64, x),
  },
};

function expFloat32(x: number): number {
  return exp(float32, roundToFloat32, x);
}

function expFloat64(x: number): number {
  return exp(float64, roundToFloat64, x);
}

function exp(constants: ElementaryConstants, round: Rounding, x: number): number {
  const clamped = least(greatest(x, constants.expLowest), constants.expHighest);
  const k = nearestInteger(constants, round, round(clamped * constants.ln2Inverse));
  // x − k·ln2High is exact; the small part of k·ln 2 waits until the sum is as small as it is.
  const leading = round(clamped - round(k * constants.ln2High));
  const trailing = round(k * constants.ln2Low);
  const r = round(leading - trailing);
  const tail = round(round(r * r) * polynomial(constants.expm1Polynomial, round, r));
  // The largest terms are exact and come last: 1 + (leading + (r²·q(r) − trailing)).
  const p = round(1 + round(leading + round(tail - trailing)));
  // k reaches −150 (−1076) and 128 (1024), more than an exponent field holds; p·2^(k/2) is normal and exact.
  const half = k >> 1;
  return round(round(p * powerOfTwo(half)) * powerOfTwo(k - half));
}

/**
 * The bound: e, e + 2 and the quotient are off by half an ulp each, and the first two count double where e is just
 * above a power of two and tanh just below one. That is 2.5 ulp, from which x takes more than the polynomial adds.
 * Where k = 1 the errors cannot add up to more than 2.3 ulp, where k ≥ 2 to 1.7.
 */
function tanh(constants: ElementaryConstants, round: Rounding, x: number): number {
  const magnitude = Math.abs(x);
  const y = least(round(magnitude + magnitude), constants.tanhHighest);
  const k = nearestInteger(constants, round, round(y * constants.ln2Inverse));
  const leading = round(y - round(k * constants.ln2High));
  const trailing = round(k * constants.ln2Low);
  const r = round(leading - trailing);
  const tail = round(round(r * r) * polynomial(constants.expm1Polynomial, round, r));
  // r + tail would be one operation less, but off by 2.56 ulp at 0.21660619398697178: r was rounded.
  const p = round(leading + round(tail - trailing));
  // expm1(y) = 2^k·expm1(r) + (2^k − 1); for k = 0 that is expm1(r) itself, small as it may be.
  const scale = powerOfTwo(k);
  const e = round(round(scale * p) + round(scale - 1));
  return withSignOf(x, round(e / round(e + 2)));
}

/** From z = exp(−|x|), which comes as an argument because exp is too long to be inlined here a second time. */
function sigmoid(round: Rounding, x: number, z: number): number {
  return round((x >= 0 ? 1 : z) / round(1 + z));
}

function sin(constants: ElementaryConstants, round: Rounding, x: number): number {
  const magnitude = Math.abs(x);
  const k = nearestInteger(constants, round, round(magnitude * constants.piInverse));
  const s = reducedSine(constants, round, magnitude, k);
  return magnitude <= constants.sineHighest ? withSignOf(x, isOdd(k) ? -s : s) : Number.NaN;
}

function cos(constants: ElementaryConstants, round: Rounding, x: number): number {
  const magnitude = Math.abs(x);
  const k = nearestInteger(constants, round, round(round(magnitude * constants.piInverse) - 0.5));
  const s = reducedSine(constants, round, magnitude, round(k + 0.5));
  // cos(r + (k + ½)·π) = −sin(r) for even k.
  return magnitude <= constants.sineHighest ? (isOdd(k) ? s : -s) : Number.NaN;
}

/** sin(|x| − h·π) for an integer or half-integer h that leaves at most about π/2. */
function reducedSine(constants: ElementaryConstants, round: Rounding, magnitude: number, h: number): number {
  const coarse = round(magnitude - round(h * constants.piHigh));
  const leading = round(coarse - round(h * constants.piMiddle));
  const r = round(leading - round(h * constants.piLow));
  const square = round(r * r);
  return round(r + round(r * round(square * polynomial(constants.sinePolynomial, round, square))));
}

/** x to the nearest integer, ties to even, by pushing the fraction out of the significand. */
function nearestInteger(constants: ElementaryConstants, round: Rounding, x: number): number {
  return round(round(x + constants.integerShift) - constants.integerShift);
}

/** Horner's rule. A loop: steps written out for both lengths made tanh slower, not faster (measured on Node 20). */
function polynomial(coefficients: readonly number[], round: Rounding, x: number): number {
  let sum = coefficients[coefficients.length - 1];
  for (let i = coefficients.length - 2; i >= 0; i--) sum = round(round(sum * x) + coefficients[i]);
  return sum;
}

function isOdd(k: number): boolean {
  return (k & 1) !== 0;
}

/** The SIMD instruction pmin: NaN in the first operand stays. */
function least(a: number, b: number): number {
  // biome-ignore lint/complexity/useMathMinMax: Math.min also orders −0 and +0, which pmin does not.
  return b < a ? b : a;
}

/** The SIMD instruction pmax: NaN in the first operand stays. */
export function greatest(a: number, b: number): number {
  // biome-ignore lint/complexity/useMathMinMax: Math.max also orders −0 and +0, which pmax does not.
  return a < b ? b : a;
}

/** 2^k for an integer k; some number for NaN, whose product is NaN anyway. */
function powerOfTwo(k: number): number {
  return powersOfTwo[powerOfTwoExponentMax + (k | 0)];
}

/** Flips the sign of an odd function's value at |x|: the exclusive or of the sign bits. */
function withSignOf(x: number, value: number): number {
  return x < 0 || Object.is(x, -0) ? -value : value;
}

const { ln2High, ln2Low } = logConstants;
const logPolynomial = Float64Array.from(logConstants.polynomial);
const bits = new DataView(new ArrayBuffer(8));
/** The upper 32 bits of √2/2. */
const rootHalfHigh = 0x3fe6a09e;
const smallestNormal = 2.2250738585072014e-308;
const twoTo54 = 18014398509481984;

/**
 * Natural logarithm in float64 within 1 ulp (measured: 0.84), subnormal arguments included; for the host's
 * work (data and normal draws), not for kernels. log(±0) = −∞, log(1) = +0, NaN for a negative x.
 *
 * x = 2^k·(1 + f), s = f/(2 + f): log(1 + f) = f − (f²/2 − s·(f²/2 + s²·q(s²))), after fdlibm's e_log.c.
 */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  const subnormal = x < smallestNormal;
  bits.setFloat64(0, subnormal ? x * twoTo54 : x);
  const high = bits.getInt32(0);
  // √2/2 ≤ x/2^k < √2, but for the low word, which moves the borders by less than 2^−20.
  const k = (high - rootHalfHigh) >> 20;
  bits.setInt32(0, high - (k << 20));
  const f = bits.getFloat64(0) - 1;
  const exponent = subnormal ? k - 54 : k;
  const s = f / (2 + f);
  const z = s * s;
  let q = logPolynomial[logPolynomial.length - 1];
  for (let i = logPolynomial.length - 2; i >= 0; i--) q = q * z + logPolynomial[i];
  const halfSquare = 0.5 * f * f;
  return exponent * ln2High - (halfSquare - (s * (halfSquare + z * q) + exponent * ln2Low) - f);
}
