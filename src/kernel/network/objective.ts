/**
 * Objectives of one parameter as expression trees, twins of src/reference/objective.ts.
 */
import { type Code, Section, SIGN_BIT } from '../tree/code.ts';
import { absolute, and, multiply, type Variable, xor } from '../tree/tree.ts';
import { GRADIENT, THETA } from './shape.ts';

const OBJECTIVE = new Section('objective');
const [SCALE, CURVATURE] = [0, 1];

/** Writes the gradient of (λ/k)·|x|^k; returns the loss. */
export function objective(code: Code, exponent: number): Variable {
  code.note(`loss: (λ/${exponent})·|x|^${exponent}, and its gradient`);
  const x = code.let('x', THETA.load(0));
  const size = code.let('size', absolute(x));
  const q = code.let('q', size);
  for (let power = 2; power < exponent; power++) code.set(q, multiply(q, size));
  const slope = multiply(OBJECTIVE.load(CURVATURE), q);
  // λ and q have no sign of their own.
  code.store(GRADIENT, 0, xor(slope, and(x, SIGN_BIT)));
  return code.let('loss', multiply(OBJECTIVE.load(SCALE), multiply(q, size)));
}
