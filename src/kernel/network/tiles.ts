/**
 * Sums of products by tiles: the one pattern behind forward pass, backward pass and gradient. A tile is a few rows by a
 * few columns of sums that stand in registers while one loop feeds them all: several sums at once keep the adders busy,
 * and what is loaded for one serves a whole row or column. Each sum runs in its own order from its own start, so that
 * no tile changes a bit.
 */
import { type Code, range } from '../tree/code.ts';
import { add, Index, multiply, type Variable, type Vector } from '../tree/tree.ts';

/** Sums of a tile: more would not fit into the sixteen registers of SSE and AVX beside what they are made of. */
export const TILE_SUMS = 8;

/** Units of a tile, by one sample; a single unit is taken by several samples instead. */
export const TILE_UNITS = 4;
const SAMPLES_OF_ONE_UNIT = 4;
const SAMPLES_OF_LONG_SUMS = 2;

/**
 * Sums of up to this many terms are written out; longer ones take one term a pass of a loop. Engines load all that a
 * straight piece of code needs before they compute (Node 20): longer pieces overflow the registers, to half the speed
 * and less.
 */
const TERMS_WRITTEN_OUT = 4;

/**
 * Samples of a tile of units whose sums have so many terms: more where what is loaded for one sample serves the next.
 */
export function samplesOfTile(sums: { units: number; terms: number }): number {
  if (sums.units === 1) return SAMPLES_OF_ONE_UNIT;
  return sums.terms > TERMS_WRITTEN_OUT ? SAMPLES_OF_LONG_SUMS : 1;
}

/**
 * The row factors of a tile, loaded once where its sums are short: they serve all samples, and the engine takes them
 * from registers or its stack as it takes constants. Those of long sums are loaded as they are needed.
 */
export function rowFactors(
  code: Code,
  { rows, terms }: { rows: number; terms: number },
  load: (row: number, term: Index) => Vector,
): (row: number, term: Index) => Vector {
  if (terms > TERMS_WRITTEN_OUT) return load;
  const loaded = range(rows).map((row) => range(terms).map((term) => code.let('weight', load(row, new Index(term)))));
  return (row, { constant }) => loaded[row][constant];
}

export interface SumsOfProducts {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly terms: number;
  readonly start: (row: number) => Vector;
  readonly rowFactor: (row: number, term: Index) => Vector;
  /** Null: the sum is of the row factors alone. */
  readonly columnFactor: (column: number, term: Index) => Vector | null;
}

/**
 * Writes `start(row) + Σ rowFactor(row, term)·columnFactor(column, term)` in the order of the terms; returns
 * `[row][column]`.
 */
export function sumsOfProducts(code: Code, options: SumsOfProducts): Variable[][] {
  const { name, rows, columns, terms } = options;
  const sums = range(rows).map((row) => range(columns).map(() => code.let(name, options.start(row))));
  code.tiles({ name: 'term', count: terms, size: terms <= TERMS_WRITTEN_OUT ? terms : 1 }, (first, length) => {
    for (const i of range(length)) {
      const term = first.plus(i);
      const factors = range(columns).map((column) => {
        const factor = options.columnFactor(column, term);
        return factor === null ? null : code.let('column', factor);
      });
      for (const row of range(rows)) {
        const factor = columns > 1 ? code.let('row', options.rowFactor(row, term)) : options.rowFactor(row, term);
        for (const column of range(columns)) {
          const other = factors[column];
          const sum = sums[row][column];
          code.set(sum, add(sum, other === null ? factor : multiply(factor, other)));
        }
      }
    }
  });
  return sums;
}
