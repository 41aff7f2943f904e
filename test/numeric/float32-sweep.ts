/**
 * A thread that measures an elementary function at every float32 of a piece, both signs, and tells the largest errors.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type Elementary, elementaryOf } from '../../src/numeric/elementary.ts';

/** A function that is swept. */
export type Name = keyof Elementary;

/** Largest error of one kind; `at` is its argument. */
export interface Maximum {
  error: number;
  at: number;
}

export interface Measured {
  inputs: number;
  ulp: Maximum;
  /** sin and cos at π < |x| ≤ 8192. */
  absolute: Maximum;
  /** Results that must be NaN and are not, and signs that an odd or even function gets wrong. */
  wrong: number;
}

/** The bit patterns of one function that a thread measures. */
export interface SweptPiece {
  readonly name: Name;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Truth of float32: the JavaScript engine's functions in float64. */
const TRUTHS: Readonly<Record<Name, (x: number) => number>> = {
  exp: Math.exp,
  tanh: Math.tanh,
  sigmoid: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  sin: Math.sin,
  cos: Math.cos,
};

/** The largest errors of a function so far, and how many results are wrong. */
class Errors {
  readonly ulp: Maximum = { error: 0, at: 0 };
  readonly absolute: Maximum = { error: 0, at: 0 };
  wrong = 0;
  readonly #isSine: boolean;
  readonly #double = new Float64Array(1);
  readonly #doubleBits = new Uint32Array(this.#double.buffer);

  constructor(name: Name) {
    this.#isSine = name === 'sin' || name === 'cos';
  }

  measure(x: number, y: number, truth: number): void {
    if (Number.isNaN(truth) || (this.#isSine && Math.abs(x) > 8192)) {
      if (!Number.isNaN(y)) this.wrong++;
    } else if (truth >= 2 ** 128) {
      if (y !== Number.POSITIVE_INFINITY) this.wrong++;
    } else if (Number.isNaN(y)) {
      this.wrong++;
    } else {
      const difference = Math.abs((y === Number.POSITIVE_INFINITY ? 2 ** 128 : y) - truth);
      if (this.#isSine && Math.abs(x) > 3.1415927410125732) raise(this.absolute, difference, x);
      else raise(this.ulp, difference / this.#spacingAt(truth), x);
    }
  }

  /** The spacing of float32 in the truth's binade, by its exponent field; 2^−149 below the normal range. */
  #spacingAt(truth: number): number {
    this.#double[0] = truth;
    const field = Math.max((this.#doubleBits[1] >>> 20) & 0x7ff, 1023 - 126) - 23;
    this.#doubleBits[0] = 0;
    this.#doubleBits[1] = field << 20;
    return this.#double[0];
  }
}

function raise(maximum: Maximum, error: number, x: number): void {
  if (!(error > maximum.error)) return;
  maximum.error = error;
  maximum.at = x;
}

/** Both signs of a piece's bit patterns. */
function sweepFloat32({ name, from, to }: SweptPiece): Measured {
  const own = elementaryOf('float32')[name];
  const truthOf = TRUTHS[name];
  const float = new Float32Array(1);
  const floatBits = new Uint32Array(float.buffer);
  const isOdd = name === 'tanh' || name === 'sin';
  const errors = new Errors(name);
  for (let pattern = from; pattern < to; pattern++) {
    floatBits[0] = pattern;
    const x = float[0];
    const positive = own(x);
    const negative = own(-x);
    errors.measure(x, positive, truthOf(x));
    if (isOdd) {
      if (!Object.is(negative, -positive)) errors.wrong++;
    } else if (name === 'cos') {
      if (!Object.is(negative, positive)) errors.wrong++;
    } else {
      errors.measure(-x, negative, truthOf(-x));
    }
  }
  const { ulp, absolute, wrong } = errors;
  return { inputs: 2 * (to - from), ulp, absolute, wrong };
}

parentPort?.postMessage(sweepFloat32(workerData));
