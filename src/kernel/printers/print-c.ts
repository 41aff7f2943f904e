/**
 * Prints a program as a C function: a third opinion on the bits, and a measure of what the machine can do. Vectors are
 * as wide as the compiler is told, by GCC's vector extension, which Clang shares. To be compiled without contraction
 * (-ffp-contract=off) and without any option that lets operations change their order.
 */
import { BYTES_OF } from '../../numeric/bits.ts';
import type { Precision } from '../../numeric/rounding.ts';
import { COUNT_ARGUMENTS, type Program } from '../network/program.ts';
import { filledIn, type Templates } from '../tree/templates.ts';
import type { Counter, Index, Loop, Place, Statement, Variable, Vector } from '../tree/tree.ts';

const TYPES: Readonly<Record<Precision, { number: string; integer: string; unsigned: string }>> = {
  float32: { number: 'float', integer: '__INT32_TYPE__', unsigned: '__UINT32_TYPE__' },
  float64: { number: 'double', integer: '__INT64_TYPE__', unsigned: '__UINT64_TYPE__' },
};

const TEMPLATES: Templates = {
  add: '($0 + $1)',
  subtract: '($0 - $1)',
  multiply: '($0 * $1)',
  divide: '($0 / $1)',
  squareRoot: 'square_root($0)',
  absolute: '(vector)((mask)$0 & ~SIGN)',
  least: 'least($0, $1)',
  greatest: 'greatest($0, $1)',
  less: '(vector)($0 < $1)',
  lessOrEqual: '(vector)($0 <= $1)',
  equal: '(vector)($0 == $1)',
  notEqual: '(vector)($0 != $1)',
  bitsDiffer: '(vector)((mask)$0 != (mask)$1)',
  and: '(vector)((mask)$0 & (mask)$1)',
  or: '(vector)((mask)$0 | (mask)$1)',
  xor: '(vector)((mask)$0 ^ (mask)$1)',
  andNot: '(vector)((mask)$0 & ~(mask)$1)',
  select: '(vector)(((mask)$0 & (mask)$1) | (~(mask)$0 & (mask)$2))',
  addBits: '(vector)((bits)$0 + (bits)$1)',
  subtractBits: '(vector)((bits)$0 - (bits)$1)',
  shiftLeft: '(vector)((bits)$0 << $shift)',
  shiftRight: '(vector)((mask)$0 >> $shift)',
};

/**
 * Prints `void NAME(number *memory, long subchunks, long epochs, long vectors)`. Sections are at the addresses of the
 * WebAssembly kernel, so that both can train on the same memory.
 *
 * @param sections where each section begins, in bytes
 * @param vectorBytes 16, 32 or 64; a group's lanes must fill whole vectors
 */
export function printC(
  program: Program,
  target: { name: string; sections: Readonly<Record<string, number>>; vectorBytes: number },
): string {
  return new Printer(program, target).print();
}

class Printer {
  readonly #program: Program;
  readonly #name: string;
  readonly #sections: Readonly<Record<string, number>>;
  readonly #vectorBytes: number;
  readonly #names = new Map<Variable | Counter, string>();
  readonly #lines: string[] = [];
  #depth = 1;

  constructor(
    program: Program,
    target: { name: string; sections: Readonly<Record<string, number>>; vectorBytes: number },
  ) {
    this.#program = program;
    this.#name = target.name;
    this.#sections = target.sections;
    this.#vectorBytes = target.vectorBytes;
  }

  print(): string {
    const { number, integer, unsigned } = TYPES[this.#program.precision];
    const type = (name: string, elementType: string) =>
      `typedef ${elementType} ${name} __attribute__((vector_size(${this.#vectorBytes}), may_alias));`;
    const width = this.#vectorBytes / BYTES_OF[this.#program.precision];
    this.#line(`for (long v = 0; v < vectors; v++) {`);
    this.#depth++;
    this.#line(`${number} *const lanes = memory + v * ${width};`);
    this.#declare(this.#program.tree);
    this.#block(this.#program.tree);
    this.#depth--;
    this.#line('}');
    const counts = [...COUNT_ARGUMENTS, 'vectors'].map((name) => `long ${name}`);
    return [
      type('vector', number),
      type('mask', integer),
      type('bits', unsigned),
      prelude(this.#program.precision, this.#vectorBytes),
      `void ${this.#name}(${[`${number} *memory`, ...counts].join(', ')}) {`,
      ...this.#lines,
      '}',
      '',
    ].join('\n');
  }

  #line(text: string): void {
    this.#lines.push(`${'  '.repeat(this.#depth)}${text}`);
  }

  /** Variables live in the block that sets them first. */
  #declare(block: readonly Statement[]): void {
    const names: string[] = [];
    for (const statement of block) {
      if (statement.kind !== 'set' || this.#names.has(statement.variable)) continue;
      names.push(this.#nameOf(statement.variable));
    }
    if (names.length > 0) this.#line(`vector ${names.join(', ')};`);
  }

  #block(block: readonly Statement[]): void {
    for (const statement of block) {
      switch (statement.kind) {
        case 'note':
          this.#line(`/* ${statement.text} */`);
          break;
        case 'set':
          this.#line(`${this.#nameOf(statement.variable)} = ${this.#vector(statement.value)};`);
          break;
        case 'store':
          this.#line(`${this.#place(statement.place)} = ${this.#vector(statement.value)};`);
          break;
        case 'loop':
          this.#loop(statement);
      }
    }
  }

  #loop({ counter, count, body }: Loop): void {
    const name = this.#nameOf(counter);
    this.#line(`for (long ${name} = 0; ${name} < ${count}; ${name}++) {`);
    this.#depth++;
    this.#declare(body);
    this.#block(body);
    this.#depth--;
    this.#line('}');
  }

  #vector(vector: Vector): string {
    switch (vector.kind) {
      case 'constant':
        return `all(${literal(vector.value, this.#program.precision)})`;
      case 'load':
        return this.#place(vector.place);
      case 'variable':
        return this.#nameOf(vector);
      case 'apply':
        return filledIn(
          TEMPLATES,
          vector,
          vector.operands.map((operand) => this.#vector(operand)),
        );
    }
  }

  #place({ section, index }: Place): string {
    const offset = this.#sections[section] / BYTES_OF[this.#program.precision];
    return `*(vector *)(lanes + ${offset} + ${this.#index(index)})`;
  }

  /** An index in numbers. */
  #index({ constant, terms }: Index): string {
    const { lanes } = this.#program;
    const products = [...terms].map(([counter, stride]) => `${this.#nameOf(counter)} * ${stride * lanes}`);
    return [...products, constant * lanes].join(' + ');
  }

  #nameOf(named: Variable | Counter): string {
    let name = this.#names.get(named);
    if (name === undefined) {
      name = `${named.name}_${this.#names.size}`;
      this.#names.set(named, name);
    }
    return name;
  }
}

/** Hexadecimal digits lose nothing. */
function literal(value: number, precision: Precision): string {
  if (Number.isNaN(value)) return '__builtin_nan("")';
  const suffix = precision === 'float32' ? 'f' : '';
  if (!Number.isFinite(value)) return `${value < 0 ? '-' : ''}__builtin_inf${suffix}()`;
  return Object.is(value, -0) ? `-0.0${suffix}` : `${value.toExponential(precision === 'float32' ? 9 : 17)}${suffix}`;
}

/**
 * What the operators of C do not have. The instructions of x86 are named, since compilers do not find them by
 * themselves; written out, since the headers that have them for all vectors take the compiler longer than a kernel
 * does.
 */
function prelude(precision: Precision, vectorBytes: number): string {
  const suffix = precision === 'float32' ? 'ps' : 'pd';
  const lanes = vectorBytes / BYTES_OF[precision];
  const root = precision === 'float32' ? '__builtin_sqrtf' : '__builtin_sqrt';
  // b < a ? b : a, the second operand wherever that is not so: the last one of Intel's syntax, the first one of this.
  const ofTwo = (name: string, instruction: string) => `static inline vector ${name}(vector a, vector b) {
#if defined(__AVX__)
  vector r;
  __asm__("v${instruction}${suffix} %2, %1, %0" : "=v"(r) : "v"(b), "vm"(a));
  return r;
#else
  __asm__("${instruction}${suffix} %1, %0" : "+x"(b) : "xm"(a));
  return b;
#endif
}`;
  return `#define all(x) ((x) - (vector){0})
#define SIGN ((mask)all(-0.0f))
#if defined(__x86_64__)
${ofTwo('least', 'min')}
${ofTwo('greatest', 'max')}
static inline vector square_root(vector a) {
#if defined(__AVX__)
  __asm__("vsqrt${suffix} %1, %0" : "=v"(a) : "vm"(a));
#else
  __asm__("sqrt${suffix} %1, %0" : "=x"(a) : "xm"(a));
#endif
  return a;
}
#else
static inline vector least(vector a, vector b) { mask m = b < a; return (vector)((m & (mask)b) | (~m & (mask)a)); }
static inline vector greatest(vector a, vector b) { mask m = a < b; return (vector)((m & (mask)b) | (~m & (mask)a)); }
static inline vector square_root(vector a) {
  for (int i = 0; i < ${lanes}; i++) a[i] = ${root}(a[i]);
  return a;
}
#endif
`;
}
