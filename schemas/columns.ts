/**
 * What a column of a table is: the one form in which all tables of a run are described, for writers, readers, the
 * metadata in the files and the tests.
 */

/** Arrow types in use: u32 → uint32, f32/f64 → float, dictionary → dictionary<int32, utf8>. */
export type ColumnType = 'u32' | 'f32' | 'f64' | 'bool' | 'utf8' | 'dictionary';

/** One column of a table. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Numbers of a value, each of the type, as a fixed-size list; absent where a value is one. */
  readonly listSize?: number;
  readonly nullable: boolean;
  /** Unit, or '1' for a plain number, or '' for names. */
  readonly unit: string;
  readonly description: string;
}

export const column = (name: string, type: ColumnType, unit: string, description: string): Column => ({
  name,
  type,
  nullable: false,
  unit,
  description,
});

export const nullable = (...options: Parameters<typeof column>): Column => ({ ...column(...options), nullable: true });
