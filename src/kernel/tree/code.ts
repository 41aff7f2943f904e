/**
 * Writes kernels: collects statements in order and nests them in loops. What is written with it reads like the loops it
 * becomes; it decides nothing itself.
 */
import { type Counter, constant, Index, type Place, type Statement, type Variable, type Vector } from './tree.ts';

/** A section of memory under its name: an array of slots, each with a number for every lane. */
export class Section {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  at(index: Index | number): Place {
    return { section: this.name, index: typeof index === 'number' ? new Index(index) : index };
  }

  load(index: Index | number): Vector {
    return { kind: 'load', place: this.at(index) };
  }
}

/** Statements in the making. */
export class Code {
  #block: Statement[] = [];

  /** What was written so far, outside of any loop. */
  get statements(): readonly Statement[] {
    return this.#block;
  }

  note(text: string): void {
    this.#block.push({ kind: 'note', text });
  }

  /** Computes a value once, for several uses. */
  let(name: string, value: Vector): Variable {
    const variable: Variable = { kind: 'variable', name };
    this.set(variable, value);
    return variable;
  }

  set(variable: Variable, value: Vector): void {
    this.#block.push({ kind: 'set', variable, value });
  }

  store(section: Section, index: Index | number, value: Vector): void {
    this.#block.push({ kind: 'store', place: section.at(index), value });
  }

  /** Runs `body` for index 0, step, 2·step … below count·step. */
  loop(options: { name: string; count: number | string; step?: number }, body: (index: Index) => void): void {
    const counter: Counter = { name: options.name };
    const outer = this.#block;
    this.#block = [];
    body(new Index(0, new Map([[counter, options.step ?? 1]])));
    outer.push({ kind: 'loop', counter, count: options.count, body: this.#block });
    this.#block = outer;
  }

  /**
   * Writes bodies that do not depend on each other line by line in turn, so that an engine that keeps the order of the
   * lines has independent work at hand while a long chain of operations waits for itself.
   */
  abreast(bodies: readonly (() => void)[]): void {
    const outer = this.#block;
    const blocks = bodies.map((body) => {
      this.#block = [];
      body();
      return this.#block;
    });
    this.#block = outer;
    const length = Math.max(...blocks.map((block) => block.length));
    for (const i of range(length)) for (const block of blocks) if (i < block.length) outer.push(block[i]);
  }

  /**
   * Covers 0 … count − 1 by tiles of `size` in a loop, and by a smaller one for what is left; `body` gets the first
   * index of a tile and the tile's length.
   */
  tiles(tile: { name: string; count: number; size: number }, body: (first: Index, length: number) => void): void {
    const { name, count, size } = tile;
    const whole = Math.floor(count / size);
    if (whole === 1) body(new Index(0), size);
    else if (whole > 1) this.loop({ name, count: whole, step: size }, (first) => body(first, size));
    if (count % size > 0) body(new Index(whole * size), count % size);
  }
}

/** The numbers 0 … length − 1. */
export const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

export const ZERO = constant(0);
export const ONE = constant(1);
/** −0 is the sign bit alone. */
export const SIGN_BIT = constant(-0);
