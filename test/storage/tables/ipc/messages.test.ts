/**
 * Messages: numbers reach the disk without being copied, every part is aligned, and lengths say what follows. What the
 * parts mean is for readers to say, in test/storage and test/interop.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchMessage, dictionaryMessage } from '../../../../src/storage/tables/ipc/messages.ts';
import type { ArrowField, ArrowSchema } from '../../../../src/storage/tables/ipc/schema.ts';

const field = (name: string, type: ArrowField['type']): ArrowField => ({ name, type, nullable: true, metadata: {} });
const schema: ArrowSchema = {
  fields: [
    field('number', 'f64'),
    field('text', 'utf8'),
    { ...field('list', 'f32'), listSize: 3 },
    field('flag', 'bool'),
  ],
  metadata: {},
};

const rowsOf = (texts: readonly (string | null)[]) => ({
  number: { values: Float64Array.from(texts, (_, row) => row) },
  text: { values: texts },
  list: { values: new Float32Array(3 * texts.length), valid: Uint8Array.from(texts, (_, row) => row % 2) },
  flag: { values: texts.map((text) => text && text.length > 1) as (boolean | null)[] },
});

test('arrays of numbers are views of themselves', () => {
  const rows = rowsOf(['a', null, 'bc']);
  const { chunks } = batchMessage(schema, { rows, rowCount: 2 }, null);
  const viewOf = ({ buffer }: ArrayBufferView) => chunks.filter((chunk) => chunk.buffer === buffer);
  expect(viewOf(rows.number.values).map(({ length }) => length)).toEqual([16]);
  expect(viewOf(rows.list.values).map(({ length }) => length)).toEqual([24]);
});

test('metadata and body have the lengths that are said, in whole eights, compressed or not', async () => {
  const bytesIn = (chunks: readonly Uint8Array[]) => chunks.reduce((sum, { length }) => sum + length, 0);
  await fc.assert(
    fc.property(fc.array(fc.option(fc.string()), { maxLength: 40 }), fc.boolean(), (texts, isCompressed) => {
      const half = (bytes: Uint8Array) => bytes.subarray(0, bytes.length >> 1);
      for (const { chunks, metadataBytes, bodyBytes } of [
        batchMessage(schema, { rows: rowsOf(texts), rowCount: texts.length }, isCompressed ? half : null),
        dictionaryMessage(
          7,
          texts.map((text) => text ?? ''),
        ),
      ]) {
        expect([metadataBytes % 8, bodyBytes % 8]).toEqual([0, 0]);
        expect(chunks[0].length).toBe(metadataBytes);
        expect(bytesIn(chunks)).toBe(metadataBytes + bodyBytes);
        const words = new Int32Array(Uint8Array.from(chunks[0].subarray(0, 8)).buffer);
        expect([...words]).toEqual([-1, metadataBytes - 8]);
      }
    }),
  );
});
