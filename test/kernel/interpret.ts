/**
 * Runs a program of the expression tree in plain JavaScript, one lane at a time and operation by operation on bit
 * patterns: what the tree means, without any printer. It can also do what no kernel may: fuse a product and a sum into
 * one rounding.
 */

import type { Program } from '../../src/kernel/network/program.ts';
import type { Counter, Index, Operation, Statement, Variable, Vector } from '../../src/kernel/tree/tree.ts';
import { BYTES_OF, type FloatArray, floatArray, hexOf } from '../../src/numeric/bits.ts';
import { type Precision, roundingTo } from '../../src/numeric/rounding.ts';

/** Sections of one lane by name, `[slot]`. */
export type LaneMemory = Readonly<Record<string, FloatArray>>;

/** What a call says, and whether x + a·b is rounded once. */
interface Call {
  readonly subchunks: number;
  readonly epochs: number;
  readonly fused?: boolean;
}

/** Runs a program for some subchunks of some epochs on the memory of one lane. */
export function interpret(program: Program, memory: LaneMemory, call: Call): void {
  const scratch = Object.entries(program.scratch).map(
    ([name, count]) => [name, floatArray(program.precision, count)] as const,
  );
  new Interpreter(program.precision, { ...memory, ...Object.fromEntries(scratch) }, call).block(program.tree);
}

class Interpreter {
  readonly #precision: Precision;
  readonly #memory: LaneMemory;
  readonly #counts: Readonly<Record<string, number>>;
  readonly #fused: boolean;
  readonly #width: number;
  readonly #ones: bigint;
  readonly #view = new DataView(new ArrayBuffer(8));
  readonly #variables = new Map<Variable, bigint>();
  readonly #counters = new Map<Counter, number>();

  constructor(precision: Precision, memory: LaneMemory, { subchunks, epochs, fused = false }: Call) {
    this.#precision = precision;
    this.#memory = memory;
    this.#counts = { subchunks, epochs };
    this.#fused = fused;
    this.#width = 8 * BYTES_OF[precision];
    this.#ones = 2n ** BigInt(this.#width) - 1n;
  }

  block(block: readonly Statement[]): void {
    for (const statement of block) {
      if (statement.kind === 'set') {
        this.#variables.set(statement.variable, this.#vector(statement.value));
      } else if (statement.kind === 'store') {
        const { section, index } = statement.place;
        this.#section(section)[this.#index(index)] = this.#number(this.#vector(statement.value));
      } else if (statement.kind === 'loop') {
        const count = typeof statement.count === 'number' ? statement.count : this.#counts[statement.count];
        for (let i = 0; i < count; i++) {
          this.#counters.set(statement.counter, i);
          this.block(statement.body);
        }
      }
    }
  }

  #vector(vector: Vector): bigint {
    switch (vector.kind) {
      case 'constant':
        return this.#bits(vector.value);
      case 'load':
        return this.#bits(this.#section(vector.place.section)[this.#index(vector.place.index)]);
      case 'variable':
        return this.#variables.get(vector) ?? fail(`${vector.name} is not set`);
      case 'apply': {
        const fused = this.#fused && vector.operation === 'add' ? this.#fusedSum(vector.operands) : null;
        if (fused !== null) return fused;
        const operands = vector.operands.map((operand) => this.#vector(operand));
        return BigInt.asUintN(this.#width, this.#apply(vector.operation, operands, BigInt(vector.shift ?? 0)));
      }
    }
  }

  /** x + a·b in float64, where the product of two float32 is exact, rounded once. */
  #fusedSum(operands: readonly Vector[]): bigint | null {
    const product = operands.find((operand) => operand.kind === 'apply' && operand.operation === 'multiply');
    const other = operands.find((operand) => operand !== product);
    if (product?.kind !== 'apply' || other === undefined) return null;
    const [a, b] = product.operands.map((operand) => this.#number(this.#vector(operand)));
    return this.#bits(roundingTo(this.#precision)(this.#number(this.#vector(other)) + a * b));
  }

  #apply(operation: Operation, bits: readonly bigint[], shift: bigint): bigint {
    const [a, b, c] = bits;
    const [x, y] = bits.map((operand) => this.#number(operand));
    const rounded = (value: number) => this.#bits(roundingTo(this.#precision)(value));
    const mask = (holds: boolean) => (holds ? this.#ones : 0n);
    switch (operation) {
      case 'add':
        return rounded(x + y);
      case 'subtract':
        return rounded(x - y);
      case 'multiply':
        return rounded(x * y);
      case 'divide':
        return rounded(x / y);
      case 'squareRoot':
        return rounded(Math.sqrt(x));
      case 'absolute':
        return a & (this.#ones >> 1n);
      case 'least':
        return y < x ? b : a;
      case 'greatest':
        return x < y ? b : a;
      case 'less':
        return mask(x < y);
      case 'lessOrEqual':
        return mask(x <= y);
      case 'equal':
        return mask(x === y);
      case 'notEqual':
        return mask(x !== y);
      case 'bitsDiffer':
        return mask(a !== b);
      case 'and':
        return a & b;
      case 'or':
        return a | b;
      case 'xor':
        return a ^ b;
      case 'andNot':
        return a & ~b;
      case 'select':
        return (a & b) | (~a & c);
      case 'addBits':
        return a + b;
      case 'subtractBits':
        return a - b;
      case 'shiftLeft':
        return a << shift;
      case 'shiftRight':
        return BigInt.asIntN(this.#width, a) >> shift;
    }
  }

  #section(name: string): FloatArray {
    return this.#memory[name] ?? fail(`no section ${name}`);
  }

  #index({ constant, terms }: Index): number {
    let index = constant;
    for (const [counter, stride] of terms) index += stride * (this.#counters.get(counter) ?? fail(counter.name));
    return index;
  }

  #bits(value: number): bigint {
    return BigInt(`0x${hexOf(value, this.#precision)}`);
  }

  #number(bits: bigint): number {
    if (this.#precision === 'float32') {
      this.#view.setUint32(0, Number(bits));
      return this.#view.getFloat32(0);
    }
    this.#view.setBigUint64(0, bits);
    return this.#view.getFloat64(0);
  }
}

function fail(what: string): never {
  throw new Error(what);
}
