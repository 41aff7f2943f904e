/**
 * The expression tree of a kernel: what forward, backward and optimizers are written in, and what the printers print.
 * Every value is a vector with one number for each network of a group, and every operation works on all lanes alike, so
 * that what is written reads like the arithmetic of one network. The tree knows neither WebAssembly nor C, and nothing
 * of neural networks.
 *
 * The operations are those that IEEE 754 and SIMD engines share, each rounded once to the kernel's precision. None
 * fuses two roundings into one.
 */

/** The operations and how many operands each takes. */
const OPERATIONS = {
  add: 2,
  subtract: 2,
  multiply: 2,
  divide: 2,
  squareRoot: 1,
  absolute: 1,
  least: 2,
  greatest: 2,
  less: 2,
  lessOrEqual: 2,
  equal: 2,
  notEqual: 2,
  bitsDiffer: 2,
  and: 2,
  or: 2,
  xor: 2,
  andNot: 2,
  select: 3,
  addBits: 2,
  subtractBits: 2,
  shiftLeft: 1,
  shiftRight: 1,
} as const;
export type Operation = keyof typeof OPERATIONS;

/** A vector: one number a lane. */
export type Vector = Constant | Load | Variable | Application;

/** A number of the kernel's precision, the same in all lanes. */
interface Constant {
  readonly kind: 'constant';
  readonly value: number;
}

/** What stands in memory when the statement is reached. */
interface Load {
  readonly kind: 'load';
  readonly place: Place;
}

/** A named vector that statements set, and may set again. */
export interface Variable {
  readonly kind: 'variable';
  readonly name: string;
}

export interface Application {
  readonly kind: 'apply';
  readonly operation: Operation;
  readonly operands: readonly Vector[];
  /** Bits to shift by. */
  readonly shift?: number;
}

/** The counter of a loop: 0, 1, 2… */
export interface Counter {
  readonly name: string;
}

/** A constant and a sum of counters times strides: where an element of a section stands. */
export class Index {
  readonly constant: number;
  readonly terms: ReadonlyMap<Counter, number>;

  constructor(constant: number, terms: ReadonlyMap<Counter, number> = new Map()) {
    this.constant = constant;
    this.terms = terms;
  }

  plus(other: Index | number): Index {
    if (typeof other === 'number') return new Index(this.constant + other, this.terms);
    const terms = new Map(this.terms);
    for (const [counter, stride] of other.terms) terms.set(counter, (terms.get(counter) ?? 0) + stride);
    return new Index(this.constant + other.constant, terms);
  }

  times(factor: number): Index {
    const terms = [...this.terms].map(([counter, stride]) => [counter, stride * factor] as const);
    return new Index(this.constant * factor, new Map(terms));
  }
}

/** One element of a section of the kernel's memory; each element has a number for every lane. */
export interface Place {
  readonly section: string;
  readonly index: Index;
}

/** A line of a kernel. */
export type Statement =
  /** A heading for the reader of a printed kernel. */
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'set'; readonly variable: Variable; readonly value: Vector }
  | { readonly kind: 'store'; readonly place: Place; readonly value: Vector }
  | Loop;

/** Runs its body `count` ≥ 1 times. */
export interface Loop {
  readonly kind: 'loop';
  readonly counter: Counter;
  /** A number, or the name of the kernel's argument that has it. */
  readonly count: number | string;
  readonly body: readonly Statement[];
}

const unary =
  (operation: Operation) =>
  (a: Vector): Vector => ({ kind: 'apply', operation, operands: [a] });
const binary =
  (operation: Operation) =>
  (a: Vector, b: Vector): Vector => ({ kind: 'apply', operation, operands: [a, b] });
const shifting =
  (operation: Operation) =>
  (a: Vector, shift: number): Vector => ({ kind: 'apply', operation, operands: [a], shift });

export const constant = (value: number): Vector => ({ kind: 'constant', value });

export const add = binary('add');
export const subtract = binary('subtract');
export const multiply = binary('multiply');
export const divide = binary('divide');
export const squareRoot = unary('squareRoot');
export const absolute = unary('absolute');
/** b < a ? b : a, so that NaN in a stays. */
export const least = binary('least');
/** a < b ? b : a, so that NaN in a stays. */
export const greatest = binary('greatest');

/** Comparisons give masks: all bits of a lane where they hold, no bit where not. */
export const less = binary('less');
export const lessOrEqual = binary('lessOrEqual');
export const equal = binary('equal');
export const notEqual = binary('notEqual');
/** Whether any bit differs: tells −0 from +0. */
export const bitsDiffer = binary('bitsDiffer');

export const and = binary('and');
export const or = binary('or');
export const xor = binary('xor');
/** The bits of a that b does not have; +0 where the mask b holds. */
export const andNot = binary('andNot');
/** The bits of a where the mask holds, of b elsewhere. */
export const select = (mask: Vector, a: Vector, b: Vector): Vector => ({
  kind: 'apply',
  operation: 'select',
  operands: [mask, a, b],
});

/** The bits as integers of the width of a lane, modulo 2^width. */
export const addBits = binary('addBits');
export const subtractBits = binary('subtractBits');
export const shiftLeft = shifting('shiftLeft');
/** Fills in copies of the sign bit. */
export const shiftRight = shifting('shiftRight');
