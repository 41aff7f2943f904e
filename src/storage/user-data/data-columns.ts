/**
 * What the readers of data files have in common: which columns are inputs and outputs, which numbers are samples, and
 * the mistakes of one file gathered up to as many as a person reads. Knows no file format.
 */
import type { DataFile } from '../../../schemas/dataset.ts';
import { type Problem, UsageError } from '../../../schemas/problems.ts';
import { SWEEP_LIMITS } from '../../../schemas/sweep.ts';

/** As many mistakes of one file as a person reads at once. */
const MISTAKES_MAX = 10;

/** A file with so many is not read to its end. */
const MISTAKES_READ_MAX = 10_000;

/** What is wrong with one file: the first mistakes in words, the others counted. */
export class Mistakes {
  readonly #path: string;
  readonly #problems: Problem[] = [];
  #count = 0;

  constructor(path: string) {
    this.#path = path;
  }

  add(place: string, problem: Omit<Problem, 'where'>): void {
    this.#count++;
    if (this.#count <= MISTAKES_MAX) this.#problems.push({ where: `${this.#path}${place}`, ...problem });
    if (this.#count === MISTAKES_READ_MAX) this.throwAny(' or more');
  }

  /** @throws UsageError where there are any. */
  throwAny(orMore = ''): void {
    const rest = this.#count - this.#problems.length;
    const more = rest === 0 ? [] : [{ where: this.#path, got: `${rest.toLocaleString('en')} more mistakes${orMore}` }];
    if (this.#count > 0) throw new UsageError([...this.#problems, ...more]);
  }
}

/** A column that is used. */
export interface UsedColumn {
  readonly name: string;
  /** Its place in the file, from 0. */
  readonly index: number;
}

/** The columns of a file that are inputs and outputs, each in the order of the file. */
export interface UsedColumns {
  readonly inputs: readonly UsedColumn[];
  readonly outputs: readonly UsedColumn[];
}

/**
 * The columns whose names begin with x, the inputs, and with y, the outputs; others are left alone. `place` is where
 * the names stand in the file.
 *
 * @throws UsageError where a name stands twice or begins with a capital X or Y, or where inputs or outputs are missing.
 */
export function usedColumns(names: readonly string[], path: string, place: string): UsedColumns {
  const mistakes = new Mistakes(path);
  const beginningWith = (letter: string) =>
    names.flatMap((name, index) => (name.startsWith(letter) ? [{ name, index }] : []));
  for (const name of repeatedIn(names))
    mistakes.add(place, { got: `two columns ${JSON.stringify(name)}`, expected: 'each name once' });
  for (const name of names.filter((candidate) => /^[XY]/.test(candidate))) {
    const remedy = `call it ${JSON.stringify(name[0].toLowerCase() + name.slice(1))}, or otherwise if it is neither`;
    mistakes.add(place, {
      got: `a column ${JSON.stringify(name)}`,
      expected: 'names that begin with a small x (inputs) or y (outputs)',
      remedy,
    });
  }
  const [inputs, outputs] = [beginningWith('x'), beginningWith('y')];
  const got = `the columns ${listText(names)}`;
  const remedy = 'call the columns x and y, or x1, x2, y1 …';
  if (inputs.length === 0) mistakes.add(place, { got, expected: 'one at least that begins with x, an input', remedy });
  if (outputs.length === 0)
    mistakes.add(place, { got, expected: 'one at least that begins with y, an output', remedy });
  mistakes.throwAny();
  return { inputs, outputs };
}

/** The names that stand more than once; columns without a name do not count. */
function repeatedIn(names: readonly string[]): Set<string> {
  const seen = new Set<string>();
  return new Set(
    names.filter((name) => {
      const isRepeated = name !== '' && seen.has(name);
      seen.add(name);
      return isRepeated;
    }),
  );
}

function listText(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => JSON.stringify(name.length > 20 ? `${name.slice(0, 20)}…` : name));
  return `${shown.join(', ')}${names.length > 8 ? ', …' : ''}`;
}

/** What is wrong with a number of a data file; null where it is one that float32 can hold. */
export function numberMistake(value: number): Omit<Problem, 'where'> | null {
  if (!Number.isFinite(value)) return { got: String(value), expected: 'a finite number' };
  if (Number.isFinite(Math.fround(value))) return null;
  return { got: String(value), expected: `a number that float32 can hold, up to ±${SWEEP_LIMITS.magnitudeMax}` };
}

/** Notes a number of rows that is no data set. `count` may be one above the limit for whatever is more. */
export function checkRowCount(count: number, mistakes: Mistakes): void {
  const { pointCountMax } = SWEEP_LIMITS;
  const limit = pointCountMax.toLocaleString('en');
  if (count < 2) mistakes.add('', { got: `${count === 1 ? 'one row' : 'no rows'}`, expected: 'at least 2 rows' });
  if (count > pointCountMax) mistakes.add('', { got: `more than ${limit} rows`, expected: `at most ${limit}` });
}

/**
 * The samples in rows of numbers, `rows[row][used column]`, inputs first: each is rounded to float32 by being stored.
 * They stand in shared memory, where every thread can read them.
 */
export function dataFileOf({ inputs, outputs }: UsedColumns, rows: ArrayLike<number>, rowCount: number): DataFile {
  const width = inputs.length + outputs.length;
  const take = (columns: readonly UsedColumn[], first: number): Float32Array => {
    const bytes = rowCount * columns.length * Float32Array.BYTES_PER_ELEMENT;
    const values = new Float32Array(new SharedArrayBuffer(bytes));
    for (let row = 0, i = 0; row < rowCount; row++)
      for (let c = 0; c < columns.length; c++, i++) values[i] = rows[row * width + first + c];
    return values;
  };
  return {
    inputs: take(inputs, 0),
    targets: take(outputs, inputs.length),
    inputCount: inputs.length,
    outputCount: outputs.length,
    inputNames: inputs.map(({ name }) => name),
    outputNames: outputs.map(({ name }) => name),
  };
}
