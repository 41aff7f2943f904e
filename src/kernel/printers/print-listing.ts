/**
 * Prints a program as text for people: what a kernel computes, line by line, with names instead of addresses. For
 * golden files, for finding mistakes, and for readers who want to see a kernel.
 */
import type { Program } from '../network/program.ts';
import { filledIn, type Templates } from '../tree/templates.ts';
import type { Counter, Index, Place, Statement, Variable, Vector } from '../tree/tree.ts';

const TEMPLATES: Templates = {
  add: '($0 + $1)',
  subtract: '($0 - $1)',
  multiply: '($0 * $1)',
  divide: '($0 / $1)',
  squareRoot: 'sqrt($0)',
  absolute: 'abs($0)',
  least: 'least($0, $1)',
  greatest: 'greatest($0, $1)',
  less: '($0 < $1)',
  lessOrEqual: '($0 <= $1)',
  equal: '($0 == $1)',
  notEqual: '($0 != $1)',
  bitsDiffer: 'bits($0) != bits($1)',
  and: '($0 and $1)',
  or: '($0 or $1)',
  xor: '($0 xor $1)',
  andNot: '($0 and not $1)',
  select: '($0 ? $1 : $2)',
  addBits: 'bits($0) + bits($1)',
  subtractBits: 'bits($0) - bits($1)',
  shiftLeft: '(bits($0) << $shift)',
  shiftRight: '(bits($0) >> $shift)',
};

/** The listing of a program. Indices count elements of a section; each element has a number for every lane. */
export function printListing({ precision, lanes, tree, scratch }: Program): string {
  const sizes = Object.entries(scratch).map(([name, count]) => `scratch ${name}[${count}]`);
  const head = [`${precision}, ${lanes} lanes`, ...sizes, ''];
  return [...head, ...new Printer().block(tree, ''), ''].join('\n');
}

class Printer {
  readonly #names = new Map<Variable | Counter, string>();
  readonly #taken = new Map<string, number>();

  block(block: readonly Statement[], indent: string): string[] {
    return block.flatMap((statement) => this.#lines(statement, indent));
  }

  #lines(statement: Statement, indent: string): string[] {
    switch (statement.kind) {
      case 'note':
        return ['', `${indent}# ${statement.text}`];
      case 'set':
        return [`${indent}${this.#nameOf(statement.variable)} = ${this.#vector(statement.value)}`];
      case 'store':
        return [`${indent}${this.#place(statement.place)} = ${this.#vector(statement.value)}`];
      case 'loop': {
        const head = `${indent}for ${this.#nameOf(statement.counter)} below ${statement.count}`;
        return [head, ...this.block(statement.body, `${indent}  `)];
      }
    }
  }

  #vector(vector: Vector): string {
    switch (vector.kind) {
      case 'constant':
        return Object.is(vector.value, -0) ? '-0' : String(vector.value);
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
    return `${section}[${this.#index(index)}]`;
  }

  #index({ constant, terms }: Index): string {
    const products = [...terms].map(([counter, stride]) =>
      stride === 1 ? this.#nameOf(counter) : `${stride}*${this.#nameOf(counter)}`,
    );
    return constant === 0 && products.length > 0 ? products.join(' + ') : [...products, constant].join(' + ');
  }

  /** The name, with a number where another of the same name came before. */
  #nameOf(named: Variable | Counter): string {
    let name = this.#names.get(named);
    if (name === undefined) {
      const count = (this.#taken.get(named.name) ?? 0) + 1;
      this.#taken.set(named.name, count);
      name = count === 1 ? named.name : `${named.name}${count}`;
      this.#names.set(named, name);
    }
    return name;
  }
}
