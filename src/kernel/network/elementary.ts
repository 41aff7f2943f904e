/**
 * exp, tanh, sigmoid, sin and cos as expression trees: the same operations in the same order as
 * src/numeric/elementary.ts, which defines them and says why they are so, with the same tables of constants.
 */
import { type ElementaryConstants, elementaryConstants } from '../../numeric/elementary-constants.ts';
import type { Precision } from '../../numeric/rounding.ts';
import { type Code, ONE, SIGN_BIT } from '../tree/code.ts';
import {
  absolute,
  add,
  addBits,
  and,
  constant,
  divide,
  greatest,
  least,
  lessOrEqual,
  multiply,
  select,
  shiftLeft,
  shiftRight,
  subtract,
  subtractBits,
  type Variable,
  type Vector,
  xor,
} from '../tree/tree.ts';

/** Bits of the significand without the leading one, and of a number. */
const FORMATS = {
  float32: { fractionBits: 23, bits: 32 },
  float64: { fractionBits: 52, bits: 64 },
} as const;

/**
 * The elementary functions of a precision; each writes what it needs several times into variables and returns the
 * value.
 */
export class Elementary {
  readonly #code: Code;
  readonly #constants: ElementaryConstants;
  readonly #format: (typeof FORMATS)[Precision];

  constructor(code: Code, precision: Precision) {
    this.#code = code;
    this.#constants = elementaryConstants[precision];
    this.#format = FORMATS[precision];
  }

  exp(x: Vector): Vector {
    const { expLowest, expHighest } = this.#constants;
    const y = this.#code.let('y', least(greatest(x, constant(expLowest)), constant(expHighest)));
    const { shifted, leading, trailing, tail } = this.#reduceByLn2(y);
    const p = add(ONE, add(leading, subtract(tail, trailing)));
    const k = this.#code.let('k', subtractBits(shifted, this.#integerShift));
    const half = this.#code.let('half', shiftRight(k, 1));
    return multiply(multiply(p, this.#powerOfTwo(half)), this.#powerOfTwo(subtractBits(k, half)));
  }

  tanh(x: Vector): Vector {
    const magnitude = this.#code.let('magnitude', absolute(x));
    const y = this.#code.let('y', least(add(magnitude, magnitude), constant(this.#constants.tanhHighest)));
    const { shifted, leading, trailing, tail } = this.#reduceByLn2(y);
    const p = add(leading, subtract(tail, trailing));
    // The bits of 1.5·2^n that k was added to fall off at the left.
    const scale = this.#code.let('scale', this.#powerOfTwo(shifted));
    const e = this.#code.let('e', add(multiply(scale, p), subtract(scale, ONE)));
    return this.#withSignOf(x, divide(e, add(e, constant(2))));
  }

  sigmoid(x: Vector): Vector {
    const z = this.#code.let('z', this.exp(xor(absolute(x), SIGN_BIT)));
    return divide(select(lessOrEqual(constant(0), x), ONE, z), add(ONE, z));
  }

  sin(x: Vector): Vector {
    const magnitude = this.#code.let('magnitude', absolute(x));
    const shifted = this.#code.let('shifted', this.#shift(multiply(magnitude, constant(this.#constants.piInverse))));
    const k = this.#code.let('k', subtract(shifted, this.#integerShift));
    const s = xor(this.#reducedSine(magnitude, k), this.#oddSign(shifted));
    return this.#nanBeyondSineHighest(magnitude, this.#withSignOf(x, s));
  }

  cos(x: Vector): Vector {
    const magnitude = this.#code.let('magnitude', absolute(x));
    const turns = subtract(multiply(magnitude, constant(this.#constants.piInverse)), constant(0.5));
    const shifted = this.#code.let('shifted', this.#shift(turns));
    const h = this.#code.let('h', add(subtract(shifted, this.#integerShift), constant(0.5)));
    const s = xor(this.#reducedSine(magnitude, h), xor(this.#oddSign(shifted), SIGN_BIT));
    return this.#nanBeyondSineHighest(magnitude, s);
  }

  /** y = k·ln 2 + leading − trailing, tail = r²·q(r); the low bits of `shifted` are k in two's complement. */
  #reduceByLn2(y: Variable) {
    const { ln2Inverse, ln2High, ln2Low, expm1Polynomial } = this.#constants;
    const code = this.#code;
    const shifted = code.let('shifted', this.#shift(multiply(y, constant(ln2Inverse))));
    const k = code.let('k', subtract(shifted, this.#integerShift));
    const leading = code.let('leading', subtract(y, multiply(k, constant(ln2High))));
    const trailing = code.let('trailing', multiply(k, constant(ln2Low)));
    const r = code.let('r', subtract(leading, trailing));
    const tail = multiply(multiply(r, r), polynomial(code, expm1Polynomial, r));
    return { shifted, leading, trailing, tail };
  }

  /** sin(|x| − h·π). */
  #reducedSine(magnitude: Vector, h: Vector): Vector {
    const { piHigh, piMiddle, piLow, sinePolynomial } = this.#constants;
    const coarse = subtract(magnitude, multiply(h, constant(piHigh)));
    const leading = subtract(coarse, multiply(h, constant(piMiddle)));
    const r = this.#code.let('r', subtract(leading, multiply(h, constant(piLow))));
    const square = this.#code.let('square', multiply(r, r));
    return add(r, multiply(r, multiply(square, polynomial(this.#code, sinePolynomial, square))));
  }

  #nanBeyondSineHighest(magnitude: Vector, value: Vector): Vector {
    return select(lessOrEqual(magnitude, constant(this.#constants.sineHighest)), value, constant(Number.NaN));
  }

  get #integerShift(): Vector {
    return constant(this.#constants.integerShift);
  }

  /** Pushes the fraction out of the significand. */
  #shift(x: Vector): Vector {
    return add(x, this.#integerShift);
  }

  /** 2^k of an integer k, of which only the low bits count: k and the exponent's bias, in the place of the exponent. */
  #powerOfTwo(k: Vector): Vector {
    return addBits(shiftLeft(k, this.#format.fractionBits), ONE);
  }

  /** The sign bit where the low bit of an integer is set. */
  #oddSign(k: Vector): Vector {
    return shiftLeft(k, this.#format.bits - 1);
  }

  #withSignOf(x: Vector, value: Vector): Vector {
    return xor(value, and(x, SIGN_BIT));
  }
}

/** Horner's rule. */
function polynomial(code: Code, coefficients: readonly number[], x: Vector): Vector {
  const [highest, ...lower] = coefficients.toReversed();
  return lower.reduce(
    (sum, coefficient) => code.let('sum', add(multiply(sum, x), constant(coefficient))),
    constant(highest),
  );
}
