/**
 * Columns to buffers. A column is a node with its row and null counts, a bitmap of validity that is empty where nothing
 * is null, and the buffers of its type. Typed arrays become views of their own bytes.
 *
 *     u32, f32, f64     validity │ numbers
 *     bool              validity │ bits
 *     utf8              validity │ rows + 1 offsets, int32 │ UTF-8 of all texts
 *     dictionary        validity │ indices, int32              the names stand in a dictionary batch
 *     fixed-size list   validity, then its numbers as a column of their own without nulls
 */
import { canonicaliseNaNs } from '../../../numeric/bits.ts';
import { type Body, bytesOf } from './body.ts';
import type { ArrowField, ArrowSchema } from './schema.ts';

const EMPTY = new Uint8Array();

type Numbers = Uint32Array | Float32Array | Float64Array;
type Texts = readonly (string | null)[];
type Flags = readonly (boolean | null)[];

/**
 * The values of one column. Numbers are a typed array of the column's type, `[row]` or `[row][number of the list]`.
 * Names and flags are plain arrays with null for a null. In a nullable column of numbers, `valid[row] = 0` marks a
 * null.
 */
export interface ColumnValues {
  readonly values: Numbers | Texts | Flags;
  readonly valid?: Uint8Array;
}

/** The values of each column of a table, by name. */
export type TableValues = Readonly<Record<string, ColumnValues>>;

/** Adds the first `rowCount` rows of all columns to a body. Makes every NaN in them canonical, in place. */
export function addColumns(body: Body, schema: ArrowSchema, rows: TableValues, rowCount: number): void {
  const columns = schema.fields.map((field) => {
    if (rows[field.name] === undefined) throw new Error(`no values for column ${field.name}`);
    return { field, column: rows[field.name] };
  });
  // Columns may share an array, and to look through it takes time: once is enough.
  const lengths = new Map(columns.map(({ field, column }) => [column.values, rowCount * (field.listSize ?? 1)]));
  for (const [values, length] of lengths) {
    if (values instanceof Float32Array || values instanceof Float64Array) canonicaliseNaNs(values.subarray(0, length));
  }
  for (const { field, column } of columns) addColumn(body, field, column, rowCount);
}

/** Adds a column of texts without nulls. */
export function addTexts(body: Body, texts: readonly string[]): void {
  addValidity(body, texts.length);
  addTextBuffers(body, texts, texts.length);
}

function addColumn(body: Body, field: ArrowField, { values, valid }: ColumnValues, rowCount: number): void {
  if (ArrayBuffer.isView(values)) {
    addValidity(body, rowCount, valid && ((row) => valid[row] !== 0));
    const { listSize = 1 } = field;
    if (field.listSize !== undefined) addValidity(body, rowCount * listSize);
    body.addBuffer(bytesOf(values.subarray(0, rowCount * listSize)));
    return;
  }
  addValidity(body, rowCount, (row) => values[row] !== null);
  if (field.type === 'bool') body.addBuffer(bitmap(rowCount, (row) => values[row] === true));
  else if (field.names !== undefined) body.addBuffer(bytesOf(indices(values as Texts, rowCount, field.names)));
  else addTextBuffers(body, values as Texts, rowCount);
}

/** Adds a node and its bitmap of validity. Nothing is null where `isPresent` is not given. */
function addValidity(body: Body, rowCount: number, isPresent?: (row: number) => boolean): void {
  let nullCount = 0;
  if (isPresent !== undefined) for (let row = 0; row < rowCount; row++) if (!isPresent(row)) nullCount++;
  body.addNode(rowCount, nullCount);
  body.addBuffer(isPresent === undefined || nullCount === 0 ? EMPTY : bitmap(rowCount, isPresent));
}

/** One bit per row, the least significant of a byte first. */
function bitmap(rowCount: number, isSet: (row: number) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rowCount / 8));
  for (let row = 0; row < rowCount; row++) if (isSet(row)) bits[row >> 3] |= 1 << (row & 7);
  return bits;
}

function addTextBuffers(body: Body, values: Texts, rowCount: number): void {
  const texts = values.slice(0, rowCount).map((value) => value ?? '');
  const offsets = new Int32Array(rowCount + 1);
  for (let row = 0; row < rowCount; row++) offsets[row + 1] = offsets[row] + Buffer.byteLength(texts[row]);
  body.addBuffer(bytesOf(offsets));
  body.addBuffer(Buffer.from(texts.join('')));
}

/** The index of each name. A null has an index that exists, since some readers look at it. */
function indices(values: Texts, rowCount: number, names: readonly string[]): Int32Array {
  const indexOf = new Map<string | null, number>([[null, 0], ...names.map((name, index) => [name, index] as const)]);
  return Int32Array.from({ length: rowCount }, (_, row) => {
    const index = indexOf.get(values[row]);
    if (index === undefined) throw new Error(`dictionary of ${names.join(', ')}: no name "${values[row]}"`);
    return index;
  });
}
