/**
 * Schemas: what an Arrow file says of its columns, and how that stands in the metadata. Used by the schema message at
 * the head of a file and by the footer. Numbers in capitals are those of Arrow's own Schema.fbs, MetadataVersion V5.
 */
import type { ColumnType } from '../../../../schemas/columns.ts';
import { int8, int16, int32, int64, type Part, table, text, vector } from './flatbuffer.ts';

/** Keys and values, in the order in which they are written. */
type Metadata = Readonly<Record<string, string>>;

/** One column. */
export interface ArrowField {
  readonly name: string;
  readonly type: ColumnType;
  /** Numbers per row, as a fixed-size list; absent where a row has one value. */
  readonly listSize?: number;
  readonly nullable: boolean;
  /** All names that can occur, of a dictionary column. */
  readonly names?: readonly string[];
  readonly metadata: Metadata;
}

/** All columns of a file. The id of a dictionary is the index of its column. */
export interface ArrowSchema {
  readonly fields: readonly ArrowField[];
  readonly metadata: Metadata;
}

const LITTLE_ENDIAN = 0;
const [SINGLE, DOUBLE] = [1, 2];
const FIXED_SIZE_LIST = 16;

const INT32 = table(int32(32), int8(1));

/** Number and table of each type in the union of Arrow's types; a dictionary column has the type of its names. */
const TYPES: Readonly<Record<ColumnType, { readonly number: number; readonly part: Part }>> = {
  u32: { number: 2, part: table(int32(32), int8(0)) },
  f32: { number: 3, part: table(int16(SINGLE)) },
  f64: { number: 3, part: table(int16(DOUBLE)) },
  utf8: { number: 5, part: table() },
  dictionary: { number: 5, part: table() },
  bool: { number: 6, part: table() },
};

/** The schema as a table of a flatbuffer. */
export function schemaPart({ fields, metadata }: ArrowSchema): Part {
  return table(int16(LITTLE_ENDIAN), vector(fields.map(fieldPart)), metadataPart(metadata));
}

function fieldPart({ name, type, listSize, nullable, metadata }: ArrowField, id: number): Part {
  const isList = listSize !== undefined;
  const item = { name: 'item', type, nullable: false, metadata: {} };
  return table(
    text(name),
    int8(Number(nullable)),
    int8(isList ? FIXED_SIZE_LIST : TYPES[type].number),
    isList ? table(int32(listSize)) : TYPES[type].part,
    type === 'dictionary' ? table(int64(id), INT32) : null,
    vector(isList ? [fieldPart(item, id)] : []), // Old readers fail where there is none.
    metadataPart(metadata),
  );
}

function metadataPart(metadata: Metadata): Part {
  return vector(Object.entries(metadata).map(([key, value]) => table(text(key), text(value))));
}
