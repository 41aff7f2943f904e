/**
 * Flatbuffers, as far as no reader of Arrow files in the other tests would notice: what they have in common, and where
 * it stands.
 */
import { expect, test } from 'vitest';
import {
  flatbuffer,
  int8,
  int64,
  structs,
  table,
  text,
  vector,
} from '../../../../src/storage/tables/ipc/flatbuffer.ts';

test('tables of equal layout share a vtable, which stands behind all of them', () => {
  const kinds = [table(int8(1), text('a')), table(int8(2), text('bcd')), table(null, int64(3))];
  const bytes = flatbuffer(table(vector(kinds)));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const follow = (position: number) => position + view.getUint32(position, true);
  const vtableOf = (position: number) => position - view.getInt32(position, true);
  const root = follow(0);
  const list = follow(root + view.getUint16(vtableOf(root) + 4, true));
  const tables = kinds.map((_, i) => follow(list + 4 + 4 * i));
  const vtables = tables.map(vtableOf);
  expect(vtables[1]).toBe(vtables[0]);
  expect(vtables[2]).not.toBe(vtables[0]);
  expect(Math.min(vtableOf(root), ...vtables)).toBeGreaterThan(Math.max(...tables));
});

test('words of eight bytes stand on multiples of eight, wherever they come', () => {
  for (const name of ['', 'a', 'abcd', 'abcdefg']) {
    const bytes = flatbuffer(table(text(name), structs([[0x0102030405, 7]]), int64(0x0605040302)));
    for (const word of [0x0102030405, 7, 0x0605040302]) {
      const found = bytes.findIndex((_, at) => at + 8 <= bytes.length && wordAt(bytes, at) === BigInt(word));
      expect(found % 8, `${name}: ${word}`).toBe(0);
    }
  }
});

const wordAt = (bytes: Uint8Array, at: number): bigint =>
  new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(at, true);
