/**
 * Flatbuffers, the format of all metadata in Arrow files (https://flatbuffers.dev/internals). A caller describes a tree
 * of tables, vectors and texts; `flatbuffer` writes it. Each part stands before the parts that it refers to, so offsets
 * are filled in once their targets have a place. Everything is little-endian. Knows nothing of Arrow.
 *
 *     table     │ distance back to the vtable i32 │ slot 0 │ slot 1 │ …
 *     vector    │ count u32 │ distance to part 0 u32 │ distance to part 1 u32 │ …
 *     structs   │ count u32 │ words of struct 0, int64 each │ words of struct 1 │ …
 *     text      │ bytes u32 │ UTF-8 │ 0
 *     vtable    │ bytes of the vtable u16 │ bytes of the table u16 │ offset of slot 0 u16 │ offset of slot 1 u16 │ …
 *
 * A slot holds a number, or the distance to a part as u32. The vtable has offset 0 for a slot that is absent. Tables
 * with equal vtables share one: a schema has hundreds of tables of few kinds. All vtables stand at the end, so the
 * distance back to them is negative: polars refuses a vtable that stands before the part that refers to its table.
 */

/** Writes itself to the end of a buffer and returns its position there. */
export type Part = (out: GrowingBuffer) => number;

/** A number in a slot of a table. */
interface Scalar {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly value: number;
}

/** What a slot of a table holds; null where it is absent and readers take its default. */
export type Slot = Scalar | Part | null;

export const int8 = (value: number): Scalar => ({ bytes: 1, value });
export const int16 = (value: number): Scalar => ({ bytes: 2, value });
export const int32 = (value: number): Scalar => ({ bytes: 4, value });
export const int64 = (value: number): Scalar => ({ bytes: 8, value });

const OFFSET_BYTES = 4;
const WORD_BYTES = 8;

/** The bytes of a flatbuffer: the distance to its root, then the root and all below it. */
export function flatbuffer(root: Part): Uint8Array<ArrayBuffer> {
  const out = new GrowingBuffer();
  out.refer(out.take(OFFSET_BYTES, OFFSET_BYTES), root);
  out.addVtables();
  return out.bytes();
}

/** A table with its slots in the order of its schema. */
export function table(...slots: readonly Slot[]): Part {
  return (out) => {
    let [tableBytes, alignmentBytes] = [OFFSET_BYTES, OFFSET_BYTES];
    const offsets = slots.map((slot) => {
      if (slot === null) return 0;
      const bytes = typeof slot === 'function' ? OFFSET_BYTES : slot.bytes;
      const offset = alignUp(tableBytes, bytes);
      tableBytes = offset + bytes;
      alignmentBytes = Math.max(alignmentBytes, bytes);
      return offset;
    });
    const position = out.take(tableBytes, alignmentBytes);
    out.tables.push({ position, vtable: [2 * (2 + slots.length), tableBytes, ...offsets] });
    for (const [i, slot] of slots.entries()) {
      if (typeof slot === 'function') out.refer(position + offsets[i], slot);
      else if (slot !== null) out.write(position + offsets[i], slot);
    }
    return position;
  };
}

/** A vector of tables or texts. */
export function vector(parts: readonly Part[]): Part {
  return (out) => {
    const position = out.take(OFFSET_BYTES * (1 + parts.length), OFFSET_BYTES);
    out.write(position, int32(parts.length));
    for (const [i, part] of parts.entries()) out.refer(position + OFFSET_BYTES * (1 + i), part);
    return position;
  };
}

/** A vector of structs whose fields are all int64, or int32 padded to eight bytes. */
export function structs(rows: readonly (readonly number[])[]): Part {
  return (out) => {
    const words = rows.flat();
    // The words are aligned, so the count before them is not.
    const position = out.take(OFFSET_BYTES + WORD_BYTES * words.length, WORD_BYTES, OFFSET_BYTES);
    out.write(position, int32(rows.length));
    for (const [i, word] of words.entries()) out.write(position + OFFSET_BYTES + WORD_BYTES * i, int64(word));
    return position;
  };
}

/** A text. */
export function text(value: string): Part {
  return (out) => {
    const utf8 = Buffer.from(value);
    const position = out.take(OFFSET_BYTES + utf8.length + 1, OFFSET_BYTES);
    out.write(position, int32(utf8.length));
    out.bytes().set(utf8, position + OFFSET_BYTES);
    return position;
  };
}

/** The smallest multiple of `alignmentBytes` that is not below `bytes`. */
export const alignUp = (bytes: number, alignmentBytes: number): number =>
  Math.ceil(bytes / alignmentBytes) * alignmentBytes;

/** Zeroed bytes that grow at their end. */
class GrowingBuffer {
  #view = new DataView(new ArrayBuffer(1024));
  #length = 0;
  /** The tables so far, which have no vtables yet. */
  readonly tables: { readonly position: number; readonly vtable: readonly number[] }[] = [];

  /** Takes bytes at the end and returns their position. What follows the first `leadBytes` of them is aligned. */
  take(bytes: number, alignmentBytes: number, leadBytes = 0): number {
    const position = alignUp(this.#length + leadBytes, alignmentBytes) - leadBytes;
    this.#length = position + bytes;
    if (this.#length > this.#view.byteLength) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(new Uint8Array(this.#view.buffer));
      this.#view = new DataView(grown.buffer);
    }
    return position;
  }

  write(position: number, { bytes, value }: Scalar): void {
    if (bytes === 1) this.#view.setInt8(position, value);
    else if (bytes === 2) this.#view.setInt16(position, value, true);
    else if (bytes === 4) this.#view.setInt32(position, value, true);
    else this.#view.setBigInt64(position, BigInt(value), true);
  }

  /** Writes a part to the end, and its distance to `position`. */
  refer(position: number, part: Part): void {
    this.write(position, int32(part(this) - position));
  }

  /** Writes the vtables of all tables, each once. */
  addVtables(): void {
    const positions = new Map<string, number>();
    for (const { position, vtable } of this.tables) {
      const key = vtable.join();
      const vtablePosition = positions.get(key) ?? this.take(2 * vtable.length, 2);
      positions.set(key, vtablePosition);
      for (const [i, value] of vtable.entries()) this.write(vtablePosition + 2 * i, int16(value));
      this.write(position, int32(position - vtablePosition));
    }
  }

  /** A view of what was taken so far; it is stale once the buffer grows. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#view.buffer, 0, this.#length);
  }
}
