/**
 * Tables from column lists: whatever goes in comes out of Arrow's own reader, in every column type, with nulls where
 * they are allowed and only there.
 */
import { type Table, tableFromIPC } from 'apache-arrow';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Column, ColumnType } from '../../../schemas/columns.ts';
import { NETWORKS_TABLE, type TableSpec } from '../../../schemas/trace.ts';
import { type ColumnValues, cellOf, type TableValues, tableFile } from '../../../src/storage/tables/arrow.ts';
import { columnOf as readColumn } from '../../support/runs.ts';

const NAMES = ['diverged', 'stagnated', 'other'];
const dictionaries = { dictionary: NAMES, dictionary_or_null: NAMES };
const TYPES: readonly ColumnType[] = ['u32', 'f32', 'f64', 'bool', 'utf8', 'dictionary'];

/** A column of each type, and one of each type that may be null. */
const table: TableSpec = {
  name: 'networks',
  description: 'one column of every kind',
  columns: TYPES.flatMap((type): Column[] => {
    const options = { type, unit: '1', description: `a ${type}` };
    return [
      { ...options, name: type, nullable: false },
      { ...options, name: `${type}_or_null`, nullable: true },
    ];
  }),
};

type Cell = string | number | boolean | null;

/** Cells of one column as the writer wants them: typed arrays with `valid` beside, or plain lists. */
function columnOf(type: ColumnType, cells: readonly Cell[]): ColumnValues {
  if (type === 'bool' || type === 'utf8' || type === 'dictionary') return { values: cells as (string | null)[] };
  const numbers = cells.map((cell) => (cell as number | null) ?? 0);
  const arrays = { u32: Uint32Array, f32: Float32Array, f64: Float64Array };
  return { values: arrays[type].from(numbers), valid: Uint8Array.from(cells, (cell) => Number(cell !== null)) };
}

function write(rows: TableValues, rowCount: number): Table {
  return tableFromIPC(tableFile({ table, runKey: '0123abcd', rows, rowCount, dictionaries }));
}

const cellArbitrary: Record<ColumnType, fc.Arbitrary<Cell>> = {
  u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  f32: fc.float(),
  f64: fc.double(),
  bool: fc.boolean(),
  utf8: fc.string({ unit: 'binary' }),
  dictionary: fc.constantFrom(...NAMES),
};

/** A row of the table. */
const rowArbitrary = fc.tuple(
  ...table.columns.map(({ type, nullable }) => (nullable ? fc.option(cellArbitrary[type]) : cellArbitrary[type])),
);

test('rows of every column type come back as they were', async () => {
  await fc.assert(
    fc.property(fc.array(rowArbitrary, { maxLength: 70 }), (rows) => {
      const columns = table.columns.map(
        ({ name, type }, i) =>
          [
            name,
            columnOf(
              type,
              rows.map((row) => row[i]),
            ),
          ] as const,
      );
      const read = write(Object.fromEntries(columns), rows.length);
      expect(read.numRows).toBe(rows.length);
      for (const [i, { name, nullable }] of table.columns.entries()) {
        const column = read.getChild(name);
        const cells = rows.map((row) => row[i]);
        expect(
          cells.map((_, row) => column?.get(row)),
          name,
        ).toEqual(cells);
        expect(column?.nullCount, name).toBe(cells.filter((cell) => cell === null).length);
        expect(read.schema.fields[i].nullable).toBe(nullable);
      }
    }),
  );
});

/** A table of `count` rows in which every column has something to say. */
function manyRows(count: number): TableValues {
  const cell = (type: ColumnType, row: number): Cell => {
    if (type === 'bool') return row % 3 === 0;
    if (type === 'utf8') return `network ${row}`;
    return type === 'dictionary' ? NAMES[row % NAMES.length] : row / 2;
  };
  const cells = ({ type, nullable }: Column) =>
    Array.from({ length: count }, (_, row) => (nullable && row % 7 === 0 ? null : cell(type, row)));
  return Object.fromEntries(table.columns.map((column) => [column.name, columnOf(column.type, cells(column))]));
}

describe('a table', () => {
  test('without rows still has its columns', () => {
    const read = write(manyRows(0), 0);
    expect(read.numRows).toBe(0);
    expect(read.schema.fields.map(({ name }) => name)).toEqual(table.columns.map(({ name }) => name));
  });

  test('of a hundred thousand rows comes back whole', () => {
    const count = 100_000;
    const rows = manyRows(count);
    const read = write(rows, count);
    expect(read.numRows).toBe(count);
    for (const { name } of table.columns) {
      const column = read.getChild(name);
      let differences = 0;
      for (let row = 0; row < count; row++) if (column?.get(row) !== cellOf(rows[name], row)) differences++;
      expect(differences, name).toBe(0);
    }
  });

  test('takes the first rows of arrays that are longer, as a half-full buffer is', () => {
    const read = write(manyRows(50), 3);
    expect(read.numRows).toBe(3);
    expect(read.getChild('utf8')?.toArray()).toHaveLength(3);
    expect([...readColumn(read, 'u32')]).toEqual([0, 0, 1]);
  });

  test('keeps its dictionaries in their own order, unused names included', () => {
    const read = write(manyRows(1), 1);
    expect([...(read.getChild('dictionary')?.data[0].dictionary ?? [])]).toEqual(NAMES);
  });

  test('refuses a name that its dictionary does not have, instead of writing an index that points nowhere', () => {
    const rows = { ...manyRows(2), dictionary: { values: ['other', 'unheard of'] } };
    expect(() => write(rows, 2)).toThrow(/dictionary .*unheard of/);
  });

  test('is not compressed before the compression is prepared', () => {
    const options = { table, runKey: '0123abcd', rows: manyRows(2), rowCount: 2, dictionaries };
    expect(() => tableFile({ ...options, compression: 'zstd' })).toThrow(
      'compression zstd is not prepared in this thread',
    );
  });

  test('refuses rows that lack a column, and a dictionary column without a dictionary', () => {
    const { u32: _u32, ...rows } = manyRows(2);
    expect(() => write(rows, 2)).toThrow(/column u32/);
    expect(() => tableFile({ table: NETWORKS_TABLE, runKey: '', rows: {}, rowCount: 0 })).toThrow(
      /objective has no dictionary/,
    );
  });
});

test('every NaN is written as the canonical one, whatever an engine made of it', () => {
  const column = (name: string, type: ColumnType): Column => ({
    ...{ name, type, nullable: false, unit: '1', description: type },
  });
  const one: TableSpec = {
    name: 'networks',
    description: 'floats',
    columns: [
      column('f32', 'f32'),
      column('f64', 'f64'),
      column('same_f64', 'f64'),
      { ...column('list', 'f32'), listSize: 2 },
    ],
  };
  const single = new Float32Array(Uint32Array.of(0xffc00001, 0x80000000).buffer);
  const double = new Float64Array(BigUint64Array.of(0xfff8000000000001n, 0x8000000000000000n).buffer);
  const list = new Float32Array(Uint32Array.of(0, 0, 0, 0xffc00001).buffer);
  const rows = {
    ...{ f32: { values: single }, f64: { values: double }, same_f64: { values: double } },
    list: { values: list },
  };
  const read = tableFromIPC(tableFile({ table: one, runKey: '0123abcd', rows, rowCount: 2 }));
  const dataOf = (name: string) => read.getChild(name)?.data[0];
  const bitsOf = (name: string): ArrayBuffer => dataOf(name)?.values.slice().buffer;
  expect([...new Uint32Array(bitsOf('f32'))]).toEqual([0x7fc00000, 0x80000000]);
  for (const name of ['f64', 'same_f64'])
    expect([...new BigUint64Array(bitsOf(name))]).toEqual([0x7ff8000000000000n, 0x8000000000000000n]);
  const items: Float32Array = dataOf('list')?.children[0].values;
  expect([...new Uint32Array(items.slice().buffer)]).toEqual([0, 0, 0, 0x7fc00000]);
});
