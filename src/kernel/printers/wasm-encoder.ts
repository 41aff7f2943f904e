/**
 * The few parts of the WebAssembly binary format that a kernel needs: one module with one imported shared memory and
 * one exported function (WebAssembly Core Specification 2.0, chapter 5). Knows bytes, not kernels.
 */

/** Bytes in the making. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  byte(...bytes: number[]): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  /** LEB128 of an unsigned 32-bit integer. */
  unsigned(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes.push((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes.push(rest);
    return this;
  }

  /** LEB128 of a signed 32-bit integer. */
  signed(value: number): this {
    let rest = value;
    while (rest < -0x40 || rest >= 0x40) {
      this.#bytes.push((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.#bytes.push(rest & 0x7f);
    return this;
  }

  /** The length of other bytes, and they themselves. */
  sized(content: ByteWriter): this {
    this.unsigned(content.#bytes.length);
    for (const byte of content.#bytes) this.#bytes.push(byte);
    return this;
  }

  text(text: string): this {
    return this.sized(new ByteWriter().byte(...new TextEncoder().encode(text)));
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Types of values. */
export const I32 = 0x7f;
export const V128 = 0x7b;

/** Instructions without a prefix. */
export const CODE = {
  loop: 0x03,
  end: 0x0b,
  branchIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Const: 0x41,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32ShiftRight: 0x76,
} as const;

const NO_VALUE = 0x40;
const SIMD_PREFIX = 0xfd;

/** The body of a function, instruction by instruction. */
export class FunctionWriter extends ByteWriter {
  readonly #parameterCount: number;
  /** Types of the locals beside the parameters, in order. */
  readonly #locals: number[] = [];

  constructor(parameterCount: number) {
    super();
    this.#parameterCount = parameterCount;
  }

  /** Declares a local and returns its index. */
  local(type: typeof I32 | typeof V128): number {
    return this.#parameterCount + this.#locals.push(type) - 1;
  }

  get(local: number): this {
    return this.byte(CODE.localGet).unsigned(local);
  }

  set(local: number): this {
    return this.byte(CODE.localSet).unsigned(local);
  }

  integer(value: number): this {
    return this.byte(CODE.i32Const).signed(value);
  }

  simd(code: number): this {
    return this.byte(SIMD_PREFIX).unsigned(code);
  }

  /** A load or store of 16 bytes at the address on the stack plus `offset`. */
  memory(code: number, offset: number): this {
    const alignmentBits = 4;
    return this.simd(code).unsigned(alignmentBits).unsigned(offset);
  }

  /** A load or store of a number of 2^`alignmentBits` bytes at the address on the stack plus `offset`. */
  scalarMemory(code: number, alignmentBits: number, offset: number): this {
    return this.byte(code).unsigned(alignmentBits).unsigned(offset);
  }

  /** A vector of four 32-bit integers. */
  integers(words: readonly [number, number, number, number]): this {
    const constant = 0x0c;
    return this.simd(constant).byte(...new Uint8Array(Uint32Array.from(words).buffer));
  }

  /** Repeats a body while the number that it leaves on the stack is not 0. */
  repeat(body: () => void): this {
    this.byte(CODE.loop, NO_VALUE);
    body();
    return this.byte(CODE.branchIf, 0, CODE.end);
  }

  /** The function as the code section has it: locals, then instructions. */
  body(): ByteWriter {
    const runs: { type: number; count: number }[] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    const body = new ByteWriter().unsigned(runs.length);
    for (const { type, count } of runs) body.unsigned(count).byte(type);
    return body.byte(...this.toBytes(), CODE.end);
  }
}

/**
 * A module that imports the shared memory `gyre.memory` and exports `train`, a function of `parameterCount` integers.
 */
export function moduleBytes(parameterCount: number, body: ByteWriter): Uint8Array {
  const module = new ByteWriter().byte(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  const section = (id: number, content: ByteWriter) => module.byte(id).sized(content);
  const one = () => new ByteWriter().unsigned(1);
  const functionType = 0x60;
  const sharedWithMaximum = 0x03;
  section(
    1,
    one()
      .byte(functionType)
      .unsigned(parameterCount)
      .byte(...new Array(parameterCount).fill(I32))
      .unsigned(0),
  );
  section(2, one().text('gyre').text('memory').byte(0x02, sharedWithMaximum).unsigned(0).unsigned(MEMORY_PAGES_MAX));
  section(3, one().unsigned(0));
  section(7, one().text('train').byte(0x00).unsigned(0));
  section(10, one().sized(body));
  return module.toBytes();
}

/** Pages that an imported memory may grow to at most: all that 32-bit addresses reach. */
const MEMORY_PAGES_MAX = 65_536;
