/**
 * The tables of a run, compressed and not, in an independent reader: flechette shares no code with the library that
 * writes them, and takes the format at its word.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Table as FlechetteTable, setCompressionCodec, tableFromIPC } from '@uwdata/flechette';
import * as arrow from 'apache-arrow';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMPRESSIONS, type CompressionName, type TableSpec } from '../../../schemas/trace.ts';
import { hexOf } from '../../../src/numeric/bits.ts';
import { tableFile } from '../../../src/storage/tables/arrow.ts';
import { prepareCompression } from '../../../src/storage/tables/compression.ts';
import { execute, runBits, scratchFolder, sweepOf } from '../../support/runs.ts';

/** How many buffers flechette has had to decompress. */
let decompressedCount = 0;

beforeAll(async () => {
  await prepareCompression('zstd');
  const codec = arrow.compressionRegistry.get(arrow.CompressionType.ZSTD);
  setCompressionCodec(arrow.CompressionType.ZSTD, {
    encode: (bytes: Uint8Array) => bytes,
    decode: (bytes: Uint8Array, length: number) => {
      const plain = codec?.decode?.(bytes) ?? bytes;
      if (plain.length !== length) throw new Error(`a buffer of ${plain.length} bytes that says it has ${length}`);
      decompressedCount++;
      return plain;
    },
  });
});

/** Null, or a value as text that tells all bits of a number. */
const cellText = (value: unknown): string => (typeof value === 'number' ? hexOf(value, 'float64') : String(value));

/** The rows of a file as text, by flechette. */
function rowsOf(bytes: Uint8Array): string[] {
  const table: FlechetteTable = tableFromIPC(bytes);
  const columns = table.names.map((name) => table.getChild(name).toArray());
  return Array.from({ length: table.numRows }, (_, row) => columns.map((column) => cellText(column[row])).join(' '));
}

/** The same by the library that wrote it. */
function rowsByArrow(bytes: Uint8Array): string[] {
  const table = arrow.tableFromIPC(bytes);
  const columns = table.schema.fields.map((_, i) => table.getChildAt(i));
  return Array.from({ length: table.numRows }, (_, row) =>
    columns.map((column) => cellText(column?.get(row))).join(' '),
  );
}

/** Two optimisers, one without betas, and learning rates that reach infinity and NaN. */
const sweepWith = (compression: CompressionName) =>
  sweepOf({
    epochs: 1100,
    activation: ['relu', 'tanh'],
    optimizer: [
      { kind: 'adam', learningRate: 0.05 },
      { kind: 'sgd', learningRate: [0.05, 1e3, 1e6] },
    ],
    precision: ['float32', 'float64'],
    seeds: 2,
    trace: { epochs: { every: 10 }, compression },
  });

/** The Arrow files of a run's folder, by their paths in it. */
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.arrow'))
    .sort();

test('a run has the same rows and fingerprint compressed, in less room, and readers agree on every value', async () => {
  const scratch = scratchFolder();
  const rows = new Map<CompressionName, string[]>();
  for (const compression of COMPRESSIONS) {
    const folder = join(scratch, compression);
    await execute({ sweep: sweepWith(compression), folder });
    const files = filesOf(folder).map((name) => readFileSync(join(folder, name)));
    decompressedCount = 0;
    rows.set(compression, files.flatMap(rowsOf));
    expect(decompressedCount > 0).toBe(compression === 'zstd');
    expect(files.flatMap(rowsByArrow)).toEqual(rows.get(compression));
  }
  expect(rows.get('zstd')).toEqual(rows.get('none'));
  const [bits, texts] = [runBits(join(scratch, 'none')), rows.get('none')?.join(' ') ?? ''];
  expect(runBits(join(scratch, 'zstd'))).toEqual(bits);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -0]) expect(texts).toContain(hexOf(value, 'float64'));
  expect(texts).toContain(' null ');
  const bytes = (compression: CompressionName) =>
    filesOf(join(scratch, compression)).reduce((sum, name) => sum + statSync(join(scratch, compression, name)).size, 0);
  expect(bytes('zstd')).toBeLessThan(0.7 * bytes('none'));
});

describe('a compressed table', () => {
  const table: TableSpec = {
    name: 'networks',
    description: 'numbers and texts, some of them null',
    columns: [
      { name: 'number', type: 'f64', nullable: true, unit: '1', description: 'numbers' },
      { name: 'text', type: 'utf8', nullable: true, unit: '', description: 'texts' },
      { name: 'name', type: 'dictionary', nullable: true, unit: '', description: 'names' },
    ],
  };
  const names = ['diverged', 'stagnated', 'other'];

  test('of any values and length comes back as it was, also where buffers are not worth compressing', async () => {
    const cells = fc.tuple(fc.double(), fc.boolean(), fc.option(fc.string()), fc.option(fc.constantFrom(...names)));
    await fc.assert(
      fc.property(fc.array(cells, { maxLength: 80 }), (rows) => {
        const values = {
          number: {
            values: Float64Array.from(rows, ([number]) => number),
            valid: Uint8Array.from(rows, ([, valid]) => Number(valid)),
          },
          text: { values: rows.map(([, , text]) => text) },
          name: { values: rows.map(([, , , name]) => name) },
        };
        const options = {
          table,
          runKey: '0123abcd',
          rows: values,
          rowCount: rows.length,
          dictionaries: { name: names },
        };
        const file = tableFile({ ...options, compression: 'zstd' });
        const expected = rows.map(([number, valid, text, name]) =>
          [valid ? number : null, text, name].map(cellText).join(' '),
        );
        expect(rowsOf(file)).toEqual(expected);
        expect(rowsByArrow(file)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});
