/**
 * The largest eigenvalues of a symmetric operator that is known by its products alone: Lanczos' method with full
 * reorthogonalisation, whose small tridiagonal matrix goes to a library. The second eigenvalue is the largest one of
 * what is orthogonal to the first eigenvector, so that equal eigenvalues are found as often as they occur.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { uniform } from '../numeric/philox.ts';

/** Steps at most: more than the extreme eigenvalue of a network's Hessian was ever seen to need for eight digits. */
const STEPS_MAX = 40;
/** A next direction this short beside the operator is rounding: the space is exhausted. */
const EXHAUSTED = 1e-12;
/** Relative residual that is small enough: the eigenvalue's error is its square. */
const RESIDUAL = 1e-5;
/** Steps from one look at the residual to the next. */
const LOOK_EVERY = 3;
/**
 * How much of every direction a given start is mixed with, so that another eigenvector that has overtaken it is seen.
 */
const MIXED = 0.01;

/** An eigenvalue with its eigenvector of length 1. */
export interface Eigenpair {
  readonly value: number;
  readonly vector: Float64Array;
}

/** Writes A·x into its second argument, for a symmetric A. */
export type Product = (x: Float64Array, target: Float64Array) => void;

/**
 * The largest eigenvalue (the most positive, not the largest in magnitude) of a symmetric operator on `size` numbers.
 *
 * @param near the eigenvector of an operator nearby, which saves most of the steps
 */
export function largestEigenpair(product: Product, size: number, near: Float64Array | null = null): Eigenpair {
  return largestBeside([], { product, size, near });
}

/**
 * The two largest eigenvalues in descending order. The second is NaN where there is only one.
 *
 * @param near as for the largest
 */
export function twoLargestEigenpairs(
  product: Product,
  size: number,
  near: Float64Array | null = null,
): readonly [Eigenpair, Eigenpair] {
  const first = largestEigenpair(product, size, near);
  const second = largestBeside([first.vector], { product, size, near: null });
  // A start that hid the larger one from the first search does not hide it from the second.
  return second.value > first.value ? [second, first] : [first, second];
}

/** The largest eigenpair orthogonal to some vectors of length 1, which are orthogonal to each other. */
function largestBeside(
  excluded: readonly Float64Array[],
  operator: { product: Product; size: number; near: Float64Array | null },
): Eigenpair {
  const { product, near } = operator;
  const size = operator.size - excluded.length;
  if (size === 0) return { value: Number.NaN, vector: new Float64Array(operator.size) };
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  let next = unit(orthogonalised(startVector(excluded.length, operator.size, near), excluded));
  const image = new Float64Array(operator.size);
  let found = { value: Number.NaN, coefficients: [] as readonly number[] };
  const steps = Math.min(size, STEPS_MAX);
  for (let step = 1; step <= steps; step++) {
    basis.push(next);
    product(next, image);
    diagonal.push(dot(next, image));
    const rest = orthogonalised(image, [...excluded, ...basis]);
    const length = Math.sqrt(dot(rest, rest));
    const isLast = step === steps || !(length > EXHAUSTED * Math.sqrt(dot(image, image)));
    if (isLast || step % LOOK_EVERY === 0) {
      found = largestOfTridiagonal(diagonal, offDiagonal);
      const residual = length * Math.abs(found.coefficients[step - 1]);
      if (isLast || residual <= RESIDUAL * Math.abs(found.value)) break;
    }
    offDiagonal.push(length);
    next = rest.map((x) => x / length);
  }
  const vector = new Float64Array(operator.size);
  for (const [i, coefficient] of found.coefficients.entries()) addScaled(vector, basis[i], coefficient);
  return { value: found.value, vector };
}

/** What is left of a vector beside others of length 1. */
function orthogonalised(vector: Float64Array, others: readonly Float64Array[]): Float64Array {
  const rest = Float64Array.from(vector);
  // Twice is enough (Parlett): rounding leaves nothing of the others behind.
  for (let pass = 0; pass < 2; pass++) for (const other of others) addScaled(rest, other, -dot(rest, other));
  return rest;
}

/**
 * The same for every operator of a size, with a part along every direction; near a vector where there is one. Each
 * search has its own: of equal eigenvalues, a start sees only the one vector that is its own part along them.
 */
function startVector(search: number, size: number, near: Float64Array | null): Float64Array {
  const everywhere = unit(genericVector(search, size));
  return near === null ? everywhere : unit(near.map((x, i) => x + MIXED * everywhere[i]));
}

const genericVectors = new Map<string, Float64Array>();

function genericVector(seed: number, size: number): Float64Array {
  const key = `${seed} ${size}`;
  const vector =
    genericVectors.get(key) ??
    Float64Array.from({ length: size }, (_, index) => uniform({ seed, stream: 'analysis', layer: 0, index }));
  genericVectors.set(key, vector);
  return vector;
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((x) => x / length);
}

function largestOfTridiagonal(diagonal: readonly number[], offDiagonal: readonly number[]) {
  const size = diagonal.length;
  const matrix = Matrix.zeros(size, size);
  for (let i = 0; i < size; i++) {
    matrix.set(i, i, diagonal[i]);
    if (i + 1 < size) {
      matrix.set(i, i + 1, offDiagonal[i]);
      matrix.set(i + 1, i, offDiagonal[i]);
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const largest = realEigenvalues.reduce((best, value, i) => (value > realEigenvalues[best] ? i : best), 0);
  return { value: realEigenvalues[largest], coefficients: eigenvectorMatrix.getColumn(largest) };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(target: Float64Array, vector: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] += factor * vector[i];
}
