/**
 * The truth that the elementary functions are measured against: exp, tanh, sigmoid, sin, cos and log of a float64 to
 * some 100 bits, in double-double arithmetic (Dekker 1971; Hida, Li & Bailey, "Algorithms for Quad-Double Precision
 * Floating Point Arithmetic", 2001), and the error of a result in ulp. It shares no code and no method with
 * src/numeric: Taylor series in place of minimax polynomials, another reduction. elementary.test.ts checks it against
 * 120-bit values printed by mpmath. At its end stand the arguments worth measuring at. Plain and slow; for tests only.
 */

/** An unevaluated sum high + low with |low| ≤ ulp(high)/2: about 106 significant bits. */
interface DoubleDouble {
  readonly high: number;
  readonly low: number;
}

/** The value (high + low)·2^exponent, so that what lies beyond float64's range still has all its bits. */
export interface Truth extends DoubleDouble {
  readonly exponent: number;
}

/** exp(x). |x| > 800 is taken as 800: beyond any border of float64. */
export function exactExp(x: number): Truth {
  const clamped = Math.max(-800, Math.min(800, x));
  const k = Math.round(clamped * Math.LOG2E);
  // k·ln2High is exact: 32 bits and 11 bits.
  const r = add(twoSum(clamped, -k * ln2High), negate(multiply(single(k), ln2Rest)));
  return { ...add(single(1), expm1OfSmall(r)), exponent: k };
}

/** tanh(x) = expm1(2|x|)/(expm1(2|x|) + 2) with the sign of x. */
export function exactTanh(x: number): Truth {
  if (Math.abs(x) < 2 ** -60) return { high: x, low: (-x * (x * x)) / 3, exponent: 0 };
  const y = 2 * Math.min(Math.abs(x), 60);
  const k = Math.round(y * Math.LOG2E);
  const r = add(twoSum(y, -k * ln2High), negate(multiply(single(k), ln2Rest)));
  const scale = 2 ** k;
  const p = expm1OfSmall(r);
  const e = add({ high: p.high * scale, low: p.low * scale }, twoSum(scale, -1));
  const t = divide(e, add(e, single(2)));
  return { ...(x < 0 ? negate(t) : t), exponent: 0 };
}

/** 1/(1 + exp(−x)). */
export function exactSigmoid(x: number): Truth {
  const z = exactExp(-Math.abs(x));
  const scale = 2 ** z.exponent;
  const denominator = add(single(1), { high: z.high * scale, low: z.low * scale });
  if (x >= 0) return { ...divide(single(1), denominator), exponent: 0 };
  return { ...divide(z, denominator), exponent: z.exponent };
}

/** sin(x) for |x| ≤ 8192. */
export function exactSin(x: number): Truth {
  if (Math.abs(x) < 2 ** -60) return { high: x, low: (-x * (x * x)) / 6, exponent: 0 };
  return quarterTurns(x, 0);
}

/** cos(x) for |x| ≤ 8192. */
export function exactCos(x: number): Truth {
  return quarterTurns(x, 1);
}

/** log(x) for finite x > 0: k·ln 2 + 2·atanh((m − 1)/(m + 1)) with x = m·2^k. */
export function exactLog(x: number): Truth {
  const subnormal = x < 2 ** -1000;
  const scaled = subnormal ? x * 2 ** 300 : x;
  let k = Math.round(Math.log2(scaled));
  let m = scaled * 2 ** -Math.trunc(k / 2) * 2 ** -(k - Math.trunc(k / 2));
  if (m < Math.SQRT1_2) {
    m *= 2;
    k -= 1;
  }
  const s = divide(single(m - 1), twoSum(m, 1));
  const square = multiply(s, s);
  let sum = oddInverses[oddInverses.length - 1];
  for (let i = oddInverses.length - 2; i >= 0; i--) sum = add(multiply(sum, square), oddInverses[i]);
  const twice = multiply(add(s, s), sum);
  const exponent = subnormal ? k - 300 : k;
  const multiple = add(multiply(single(exponent), ln2Rest), single(exponent * ln2High));
  return { ...(exponent === 0 ? twice : add(multiple, twice)), exponent: 0 };
}

/**
 * |actual − truth| in ulp of the truth: the spacing of float64 in the truth's binade, 2^−1074 below the normal range.
 * ∞ counts as 2^1024, so that a result may round across the border; NaN and a wrong zero are infinitely wrong.
 */
export function ulpError(actual: number, truth: Truth): number {
  if (Number.isNaN(actual)) return Number.POSITIVE_INFINITY;
  if (truth.high === 0) return actual === 0 ? 0 : Number.POSITIVE_INFINITY;
  const binade = exponentOf(truth.high) - (isPowerOfTwo(truth.high) && truth.low * truth.high < 0 ? 1 : 0);
  if (binade + truth.exponent >= 1024) return actual === Number.POSITIVE_INFINITY ? 0 : Number.POSITIVE_INFINITY;
  const ulp = 2 ** (Math.max(binade + truth.exponent - 52, -1074) - truth.exponent);
  return Math.abs(difference(actual, truth)) / ulp;
}

/** |actual − truth|. */
export function absoluteError(actual: number, truth: Truth): number {
  return Math.abs(difference(actual, truth)) * 2 ** truth.exponent;
}

/** The exact value of a truth times 2^shift, cut to an integer. */
export function toBigInt(truth: Truth, shift: number): bigint {
  return scaledToBigInt(truth.high, truth.exponent + shift) + scaledToBigInt(truth.low, truth.exponent + shift);
}

function scaledToBigInt(value: number, shift: number): bigint {
  if (value === 0) return 0n;
  const lowest = exponentOf(value) - 52;
  const integer = BigInt(value * 2 ** -lowest);
  const places = lowest + shift;
  return places >= 0 ? integer << BigInt(places) : integer >> BigInt(-places);
}

/** (actual·2^−exponent − high) − low, the first difference exact where the two are close. */
function difference(actual: number, truth: Truth): number {
  const half = Math.trunc(truth.exponent / 2);
  const scaled = Number.isFinite(actual)
    ? actual * 2 ** -half * 2 ** -(truth.exponent - half)
    : Math.sign(actual) * 2 ** (1024 - truth.exponent);
  return scaled - truth.high - truth.low;
}

/** sin(x + quarters·π/2). */
function quarterTurns(x: number, quarters: number): Truth {
  const k = Math.round(x / (Math.PI / 2));
  // Two exact parts of 39 bits each (k has 13), then a double-double: 184 bits of π/2.
  const exactPart = add(twoSum(x, -k * halfPiFirst), single(-k * halfPiSecond));
  const r = add(exactPart, negate(multiply(single(k), halfPiRest)));
  const turn = (((k + quarters) % 4) + 4) % 4;
  const value = turn % 2 === 0 ? sinOfSmall(r) : cosOfSmall(r);
  return { ...(turn >= 2 ? negate(value) : value), exponent: 0 };
}

/** expm1(r) for |r| ≤ 0.35: Taylor at r/256, then e ← 2e + e² eight times. */
function expm1OfSmall(r: DoubleDouble): DoubleDouble {
  const small = { high: r.high / 256, low: r.low / 256 };
  let sum = inverseFactorials[12];
  for (let n = 11; n >= 1; n--) sum = add(multiply(sum, small), inverseFactorials[n]);
  let e = multiply(sum, small);
  for (let i = 0; i < 8; i++) e = add({ high: 2 * e.high, low: 2 * e.low }, multiply(e, e));
  return e;
}

function sinOfSmall(r: DoubleDouble): DoubleDouble {
  const square = negate(multiply(r, r));
  let sum = inverseFactorials[29];
  for (let n = 27; n >= 1; n -= 2) sum = add(multiply(sum, square), inverseFactorials[n]);
  return multiply(sum, r);
}

function cosOfSmall(r: DoubleDouble): DoubleDouble {
  const square = negate(multiply(r, r));
  let sum = inverseFactorials[28];
  for (let n = 26; n >= 0; n -= 2) sum = add(multiply(sum, square), inverseFactorials[n]);
  return sum;
}

function single(high: number): DoubleDouble {
  return { high, low: 0 };
}

function negate(a: DoubleDouble): DoubleDouble {
  return { high: -a.high, low: -a.low };
}

/** a + b without error (Knuth). */
function twoSum(a: number, b: number): DoubleDouble {
  const high = a + b;
  const rest = high - a;
  return { high, low: a - (high - rest) + (b - rest) };
}

/** a·b without error (Dekker; Veltkamp's splitting), far from overflow and underflow. */
function twoProduct(a: number, b: number): DoubleDouble {
  const high = a * b;
  const aHigh = upperHalf(a);
  const bHigh = upperHalf(b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return { high, low: aLow * bLow - (high - aHigh * bHigh - aLow * bHigh - aHigh * bLow) };
}

function upperHalf(a: number): number {
  const shifted = a * 134217729;
  return shifted - (shifted - a);
}

function add(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const s = twoSum(a.high, b.high);
  const t = twoSum(a.low, b.low);
  const first = renormalized(s.high, s.low + t.high);
  return renormalized(first.high, first.low + t.low);
}

function multiply(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const p = twoProduct(a.high, b.high);
  return renormalized(p.high, p.low + (a.high * b.low + a.low * b.high));
}

function divide(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const first = a.high / b.high;
  const rest = add(a, negate(multiply(b, single(first))));
  const second = rest.high / b.high;
  const last = add(rest, negate(multiply(b, single(second))));
  const quotient = renormalized(first, second);
  return add(quotient, single(last.high / b.high));
}

/** Fast two-sum, for |high| ≥ |low|. */
function renormalized(high: number, low: number): DoubleDouble {
  const sum = high + low;
  return { high: sum, low: low - (sum - high) };
}

const words = new DataView(new ArrayBuffer(8));

/** Exponent of a nonzero number's leading bit. */
function exponentOf(value: number): number {
  words.setFloat64(0, value);
  const field = (words.getUint32(0) >>> 20) & 0x7ff;
  return field === 0 ? exponentOf(value * 2 ** 200) - 200 : field - 1023;
}

function isPowerOfTwo(value: number): boolean {
  words.setFloat64(0, value);
  return (words.getUint32(0) & 0xfffff) === 0 && words.getUint32(4) === 0;
}

const ln2High = 0.6931471806019545;
const ln2Rest: DoubleDouble = { high: -4.2009150726810846e-11, low: -1.3124698417785255e-27 };
const halfPiFirst = 1.5707963267959713;
const halfPiSecond = -1.0746346554945223e-12;
const halfPiRest: DoubleDouble = { high: -2.6718907338610155e-24, low: -1.6050541506550198e-40 };

/** 1/n! for n = 0…29. */
const inverseFactorials: readonly DoubleDouble[] = tabulateInverseFactorials();

function tabulateInverseFactorials(): DoubleDouble[] {
  const table = [single(1)];
  for (let n = 1; n < 30; n++) table.push(divide(table[n - 1], single(n)));
  return table;
}

/** 1/(2n + 1) for n = 0…23. */
const oddInverses: readonly DoubleDouble[] = Array.from({ length: 24 }, (_, n) => divide(single(1), single(2 * n + 1)));

/** Bits for samples: Marsaglia's xorshift on 32 bits, good enough to choose arguments with. */
export class Sampler {
  private state: number;

  constructor(seed: number) {
    this.state = (seed ^ 0x9e3779b9) | 0 || 1;
    for (let i = 0; i < 16; i++) this.bits();
  }

  /** 32 bits, unsigned. */
  bits(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return this.state >>> 0;
  }

  /** Uniform in [low, high), with 53 bits. */
  between(low: number, high: number): number {
    const unit = (this.bits() + (this.bits() >>> 11) * 2 ** 32) * 2 ** -53;
    return low + (high - low) * unit;
  }

  integer(low: number, high: number): number {
    return low + (this.bits() % (high - low + 1));
  }

  /** Random significand and sign, exponent uniform in [low, high]. */
  pattern(low: number, high: number): number {
    const half = this.integer(low, high) / 2;
    const magnitude = this.between(1, 2) * 2 ** Math.ceil(half) * 2 ** Math.floor(half);
    return this.bits() % 2 === 0 ? magnitude : -magnitude;
  }

  /** A number 0 to 2^40 ulp away from a spot, on a logarithmic scale. */
  near(spot: number): number {
    const distance = Math.round(this.between(0, 2 ** this.integer(0, 40)));
    return spot * (1 + (this.bits() % 2 === 0 ? distance : -distance) * 2 ** -52);
  }
}

/**
 * Float64 arguments that an elementary function finds hard: a third over its binades, a third over its interval, a
 * third close to where its reduction changes, its result saturates, overflows, underflows, or is near zero.
 */
export const hardArguments: Readonly<Record<string, (sampler: Sampler) => number>> = {
  exp: (s) =>
    oneOf(s, [
      () => s.pattern(-70, 9),
      () => s.between(-746, 710),
      () => s.near(s.integer(-1076, 1024) * Math.LN2 + Math.LN2 / 2),
      () => s.near(s.integer(-1076, 1024) * Math.LN2),
      () => s.near([709.782712893384, -708.3964185322641, -745.1332191019411][s.integer(0, 2)]),
    ]),
  tanh: (s) =>
    oneOf(s, [
      () => s.pattern(-70, 4),
      () => s.between(-21, 21),
      () => s.near((s.integer(-30, 30) * Math.LN2 + Math.LN2 / 2) / 2),
      // e = expm1(2|x|) just above a power of two and tanh just below one: where the rounding errors count most.
      () => 2 ** -s.integer(2, 12) * s.between(0.875, 1.0625),
      () => s.pattern(-1074, -1000),
    ]),
  sigmoid: (s) =>
    oneOf(s, [
      () => s.pattern(-70, 9),
      () => s.between(-40, 40),
      () => s.between(-746, -700),
      () => s.near(s.integer(-1076, 60) * Math.LN2 + Math.LN2 / 2),
    ]),
  sin: (s) => angle(s),
  cos: (s) => angle(s),
  log: (s) =>
    oneOf(s, [
      () => Math.abs(s.pattern(-1022, 1023)),
      () => s.between(0.5, 2),
      () => s.near(2 ** s.integer(-1021, 1023)),
      () => s.near(Math.SQRT2 * 2 ** s.integer(-1021, 1022)),
      () => Math.abs(s.pattern(-1074, -1022)),
    ]),
};

function angle(s: Sampler): number {
  return oneOf(s, [
    () => s.pattern(-70, 0),
    () => s.between(-Math.PI, Math.PI),
    () => s.between(-8192, 8192),
    () => s.near((s.integer(-2, 2) * Math.PI) / 2),
    () => s.near(s.integer(-5215, 5215) * (Math.PI / 2)),
  ]);
}

function oneOf(sampler: Sampler, choices: readonly (() => number)[]): number {
  return choices[sampler.integer(0, choices.length - 1)]();
}
