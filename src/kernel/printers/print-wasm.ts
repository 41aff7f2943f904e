/**
 * Prints a program as a WebAssembly module: 128-bit vectors, so 4 lanes of float32 or 2 of float64 at a time; a group
 * of more lanes is trained one vector after another. Constants come from a table in memory into locals when the
 * function is entered: the engine keeps them on its stack and reads them from there as operands, where a load at each
 * use or a constant in the code takes an instruction of its own (measured: 0.7 of the speed).
 *
 * Addresses are cursors: for each sum of strides that occurs in a loop, one local runs along by the loop's stride. What
 * is constant of an address is the offset of the instruction and costs nothing.
 */
import { BYTES_OF, type FloatArray, floatArray } from '../../numeric/bits.ts';
import type { Precision } from '../../numeric/rounding.ts';
import { COUNT_ARGUMENTS, type Program } from '../network/program.ts';
import type { Counter, Index, Loop, Operation, Place, Statement, Variable, Vector } from '../tree/tree.ts';
import { CODE, FunctionWriter, I32, moduleBytes, V128 } from './wasm-encoder.ts';

/** Bytes of a vector of this engine. */
export const VECTOR_BYTES = 16;

/** Where a kernel's sections begin, in bytes; the table of constants is the last of them. */
export interface Addresses {
  readonly sections: Readonly<Record<string, number>>;
  readonly table: number;
}

/** A printed module and the numbers of its table, each of which fills a vector. */
export interface PrintedModule {
  readonly bytes: Uint8Array;
  readonly constants: FloatArray;
}

/**
 * Prints a program for memory at the given addresses. The function takes the numbers of subchunks, of the epochs of
 * each, and of vectors to train.
 *
 * @throws RangeError where the lanes of a group do not fill whole vectors
 */
export function printWasm(program: Program, addresses: Addresses): PrintedModule {
  return new Printer(program, addresses).print();
}

const VECTORS = COUNT_ARGUMENTS.length;
const PARAMETER_COUNT = VECTORS + 1;

/** Instructions that do not depend on the precision. */
const LOAD = 0;
const STORE = 11;
const BITWISE = { and: 0x4e, andNot: 0x4f, or: 0x50, xor: 0x51, select: 0x52 } as const;

/** Instructions on four 32-bit or two 64-bit lanes. */
const ARITHMETIC: Readonly<Record<Precision, Readonly<Record<Exclude<Operation, keyof typeof BITWISE>, number>>>> = {
  float32: {
    add: 0xe4,
    subtract: 0xe5,
    multiply: 0xe6,
    divide: 0xe7,
    squareRoot: 0xe3,
    absolute: 0xe0,
    least: 0xea,
    greatest: 0xeb,
    less: 0x43,
    lessOrEqual: 0x45,
    equal: 0x41,
    notEqual: 0x42,
    bitsDiffer: 0x38,
    addBits: 0xae,
    subtractBits: 0xb1,
    shiftLeft: 0xab,
    shiftRight: 0xac,
  },
  float64: {
    add: 0xf0,
    subtract: 0xf1,
    multiply: 0xf2,
    divide: 0xf3,
    squareRoot: 0xef,
    absolute: 0xec,
    least: 0xf6,
    greatest: 0xf7,
    less: 0x49,
    lessOrEqual: 0x4b,
    equal: 0x47,
    notEqual: 0x48,
    bitsDiffer: 0xd7,
    addBits: 0xce,
    subtractBits: 0xd1,
    shiftLeft: 0xcb,
    shiftRight: 0xcc,
  },
};

/** Cursors in scope, by the text of their strides. */
type Cursors = ReadonlyMap<string, number>;

class Printer {
  readonly #program: Program;
  readonly #addresses: Addresses;
  readonly #code = new FunctionWriter(PARAMETER_COUNT);
  readonly #variables = new Map<Variable, number>();
  readonly #constants: { value: number; local: number }[] = [];
  /** A number for each counter, for the texts of strides. */
  readonly #counters = new Map<Counter, number>();

  constructor(program: Program, addresses: Addresses) {
    if ((program.lanes * BYTES_OF[program.precision]) % VECTOR_BYTES !== 0) {
      throw new RangeError(
        `${program.lanes} lanes of ${program.precision} do not fill vectors of ${VECTOR_BYTES} bytes`,
      );
    }
    this.#program = program;
    this.#addresses = addresses;
  }

  print(): PrintedModule {
    const { precision, tree } = this.#program;
    const code = this.#code;
    for (const [i, value] of constantsIn(tree).entries()) {
      const local = code.local(V128);
      code
        .integer(0)
        .memory(LOAD, this.#addresses.table + i * VECTOR_BYTES)
        .set(local);
      this.#constants.push({ value, local });
    }
    const base = code.local(I32);
    code.repeat(() => {
      this.#block(tree, new Map([['', base]]));
      code.get(base).integer(VECTOR_BYTES).byte(CODE.i32Add).set(base);
      code.get(VECTORS).integer(1).byte(CODE.i32Sub).byte(CODE.localTee).unsigned(VECTORS);
    });
    const constants = floatArray(precision, this.#constants.length);
    constants.set(this.#constants.map(({ value }) => value));
    return { bytes: moduleBytes(PARAMETER_COUNT, code.body()), constants };
  }

  #block(block: readonly Statement[], cursors: Cursors): void {
    const code = this.#code;
    for (const statement of block) {
      switch (statement.kind) {
        case 'note':
          break;
        case 'set':
          this.#vector(statement.value, cursors);
          code.set(this.#variable(statement.variable));
          break;
        case 'store':
          this.#cursor(statement.place, cursors);
          this.#vector(statement.value, cursors);
          code.memory(STORE, this.#offset(statement.place));
          break;
        case 'loop':
          this.#loop(statement, cursors);
      }
    }
  }

  #loop(loop: Loop, outer: Cursors): void {
    const code = this.#code;
    this.#counters.set(loop.counter, this.#counters.size);
    const cursors = new Map(outer);
    const running: { cursor: number; stride: number }[] = [];
    for (const { text, before, stride } of this.#stridesIn(loop)) {
      const from = outer.get(before);
      if (from === undefined) throw new Error(`no cursor for strides ${before}`);
      const cursor = code.local(I32);
      code.get(from).set(cursor);
      cursors.set(text, cursor);
      running.push({ cursor, stride });
    }
    const left = code.local(I32);
    if (typeof loop.count === 'number') code.integer(loop.count).set(left);
    else if (COUNT_ARGUMENTS.includes(loop.count)) code.get(COUNT_ARGUMENTS.indexOf(loop.count)).set(left);
    else throw new Error(`no argument ${loop.count}`);
    code.repeat(() => {
      this.#block(loop.body, cursors);
      for (const { cursor, stride } of running) code.get(cursor).integer(stride).byte(CODE.i32Add).set(cursor);
      code.get(left).integer(1).byte(CODE.i32Sub).byte(CODE.localTee).unsigned(left);
    });
  }

  /** The sums of strides up to this loop that places in its body have, and what they are without its own stride. */
  #stridesIn(loop: Loop): { text: string; before: string; stride: number }[] {
    const found = new Map<string, { text: string; before: string; stride: number }>();
    for (const { index } of placesIn(loop.body)) {
      const stride = index.terms.get(loop.counter);
      if (stride === undefined) continue;
      const outer = new Map([...index.terms].filter(([counter]) => this.#counters.has(counter)));
      const text = this.#text(outer);
      outer.delete(loop.counter);
      found.set(text, { text, before: this.#text(outer), stride: stride * this.#slotBytes });
    }
    return [...found.values()];
  }

  /** The strides by counter as a text, whatever their order. */
  #text(terms: Index['terms']): string {
    const named = [...terms].map(([counter, stride]) => [this.#counters.get(counter) as number, stride] as const);
    return named
      .sort(([a], [b]) => a - b)
      .map(([counter, stride]) => `${counter}*${stride}`)
      .join(' ');
  }

  #vector(vector: Vector, cursors: Cursors): void {
    const code = this.#code;
    switch (vector.kind) {
      case 'constant':
        code.get(this.#constant(vector.value).local);
        break;
      case 'load':
        this.#cursor(vector.place, cursors);
        code.memory(LOAD, this.#offset(vector.place));
        break;
      case 'variable':
        code.get(this.#variable(vector));
        break;
      case 'apply':
        this.#apply(vector.operation, vector, cursors);
    }
  }

  #apply(operation: Operation, { operands, shift }: { operands: readonly Vector[]; shift?: number }, cursors: Cursors) {
    const code = this.#code;
    // v128.bitselect takes the mask last.
    const ordered = operation === 'select' ? [operands[1], operands[2], operands[0]] : operands;
    for (const operand of ordered) this.#vector(operand, cursors);
    if (shift !== undefined) code.integer(shift);
    const bitwise: Partial<Record<Operation, number>> = BITWISE;
    const arithmetic: Partial<Record<Operation, number>> = ARITHMETIC[this.#program.precision];
    code.simd((bitwise[operation] ?? arithmetic[operation]) as number);
  }

  #variable(variable: Variable): number {
    let local = this.#variables.get(variable);
    if (local === undefined) {
      local = this.#code.local(V128);
      this.#variables.set(variable, local);
    }
    return local;
  }

  #constant(value: number) {
    const found = this.#constants.find((constant) => Object.is(constant.value, value));
    if (found === undefined) throw new Error(`no constant ${value}`);
    return found;
  }

  #cursor({ index }: Place, cursors: Cursors): void {
    const cursor = cursors.get(this.#text(index.terms));
    if (cursor === undefined) throw new Error('a place outside of the loops of its index');
    this.#code.get(cursor);
  }

  #offset({ section, index }: Place): number {
    const base = this.#addresses.sections[section];
    if (base === undefined) throw new Error(`no section ${section}`);
    return base + index.constant * this.#slotBytes;
  }

  get #slotBytes(): number {
    return this.#program.lanes * BYTES_OF[this.#program.precision];
  }
}

/** All statements of a block, those of inner loops included. */
function* statementsIn(block: readonly Statement[]): Generator<Statement> {
  for (const statement of block) {
    yield statement;
    if (statement.kind === 'loop') yield* statementsIn(statement.body);
  }
}

/** All vectors of a block down to the leaves of their trees. */
function* vectorsIn(block: readonly Statement[]): Generator<Vector> {
  for (const statement of statementsIn(block)) if ('value' in statement) yield* vectorsOf(statement.value);
}

function* vectorsOf(vector: Vector): Generator<Vector> {
  yield vector;
  if (vector.kind === 'apply') for (const operand of vector.operands) yield* vectorsOf(operand);
}

function* placesIn(block: readonly Statement[]): Generator<Place> {
  for (const statement of statementsIn(block)) if (statement.kind === 'store') yield statement.place;
  for (const vector of vectorsIn(block)) if (vector.kind === 'load') yield vector.place;
}

/** The constants of a kernel, each once; −0 is another than 0. */
function constantsIn(tree: readonly Statement[]): number[] {
  const values: number[] = [];
  for (const vector of vectorsIn(tree)) {
    if (vector.kind !== 'constant' || values.some((value) => Object.is(value, vector.value))) continue;
    values.push(vector.value);
  }
  return values;
}
