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

parentPort?.postMessage(sweepFloat32(workerData));

/** Both signs of a piece's bit patterns. The JavaScript engine's functions in float64 are truth enough for float32. */
function sweepFloat32({ name, from, to }: SweptPiece): Measured {
  const own = elementaryOf('float32')[name];
  const float = new Float32Array(1);
  const floatBits = new Uint32Array(float.buffer);
  const double = new Float64Array(1);
  const doubleBits = new Uint32Array(double.buffer);
  const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
  const truths: Record<string, (x: number) => number> = {
    exp: Math.exp,
    tanh: Math.tanh,
    sigmoid,
    sin: Math.sin,
    cos: Math.cos,
  };
  const truthOf = truths[name];
  const isSine = name === 'sin' || name === 'cos';
  const isOdd = name === 'tanh' || name === 'sin';
  const ulp: Maximum = { error: 0, at: 0 };
  const absolute: Maximum = { error: 0, at: 0 };
  let wrong = 0;

  function measure(x: number, y: number, truth: number): void {
    if (Number.isNaN(truth) || (isSine && Math.abs(x) > 8192)) {
      if (!Number.isNaN(y)) wrong++;
      return;
    }
    if (truth >= 2 ** 128) {
      if (y !== Number.POSITIVE_INFINITY) wrong++;
      return;
    }
    if (Number.isNaN(y)) {
      wrong++;
      return;
    }
    const difference = Math.abs((y === Number.POSITIVE_INFINITY ? 2 ** 128 : y) - truth);
    if (isSine && Math.abs(x) > 3.1415927410125732) {
      if (difference > absolute.error) {
        absolute.error = difference;
        absolute.at = x;
      }
      return;
    }
    // The spacing of float32 in the truth's binade, by its exponent field; 2^−149 below the normal range.
    double[0] = truth;
    const field = Math.max((doubleBits[1] >>> 20) & 0x7ff, 1023 - 126) - 23;
    doubleBits[0] = 0;
    doubleBits[1] = field << 20;
    const error = difference / double[0];
    if (error > ulp.error) {
      ulp.error = error;
      ulp.at = x;
    }
  }

  for (let pattern = from; pattern < to; pattern++) {
    floatBits[0] = pattern;
    const x = float[0];
    const positive = own(x);
    const negative = own(-x);
    const truth = truthOf(x);
    measure(x, positive, truth);
    if (isOdd) {
      if (!Object.is(negative, -positive)) wrong++;
    } else if (name === 'cos') {
      if (!Object.is(negative, positive)) wrong++;
    } else {
      measure(-x, negative, truthOf(-x));
    }
  }
  return { inputs: 2 * (to - from), ulp, absolute, wrong };
}
