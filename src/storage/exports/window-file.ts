/**
 * Writes windows into one Arrow file: batch by batch as they come, so that memory does not depend on their length, and
 * under its name only once it is whole.
 */
import { unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StateWindow } from '../../../schemas/replay-messages.ts';
import type { TableSpec } from '../../../schemas/trace.ts';
import { type FloatArray, floatArray } from '../../numeric/bits.ts';
import { makeFolder, withPath } from '../files.ts';
import { type ArrowSchema, type ColumnValues, tableSchema } from '../tables/arrow.ts';
import { openName, SegmentAppender, sealSegment } from '../tables/segments.ts';

/** Short windows are joined into batches of so many bytes at least; long ones are batches as they are. */
const BATCH_BYTES_MIN = 4 * 1024 * 1024;

/** A file of windows of one table; without `finish` it must be abandoned. */
export class WindowFile {
  readonly path: string;
  readonly #schema: ArrowSchema;
  readonly #appender: SegmentAppender;
  #isDone = false;
  #pending: StateWindow[] = [];
  #pendingBytes = 0;
  #rowCount = 0;

  constructor(path: string, { table, runKey }: { table: TableSpec; runKey: string }) {
    this.path = path;
    this.#schema = tableSchema({ table, runKey });
    makeFolder(dirname(path));
    this.#appender = new SegmentAppender(path, this.#schema, { committedBytes: 0 });
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** Takes a window, which must not be changed any more. */
  add(window: StateWindow): void {
    this.#pending.push(window);
    this.#pendingBytes += VECTORS.reduce((sum, [, name]) => sum + window[name].byteLength, 0);
    if (this.#pendingBytes >= BATCH_BYTES_MIN) this.#flush();
  }

  /** Completes the file and gives it its name. */
  finish(): void {
    this.#flush();
    const { endBytes, blocks } = this.#appender.finish();
    sealSegment(this.path, this.#schema, { committedBytes: endBytes, blocks }, 'replace');
    this.#isDone = true;
  }

  /** Leaves nothing behind, unless the file is finished. */
  abandon(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#appender.abandon();
    withPath(this.path, () => unlinkSync(openName(this.path)));
  }

  #flush(): void {
    const windows = this.#pending;
    if (windows.length === 0) return;
    const rowCount = windows.reduce((sum, { loss }) => sum + loss.length, 0);
    const [network, epoch] = [new Uint32Array(rowCount), new Uint32Array(rowCount)];
    /** 0 in rows of epoch 0, which have neither loss nor gradient. */
    const hasGradient = new Uint8Array(rowCount);
    let row = 0;
    for (const window of windows) {
      network.fill(window.network, row, row + window.loss.length);
      for (let t = window.first; t <= window.last; t++) {
        epoch[row] = t;
        hasGradient[row++] = Number(t > 0);
      }
    }
    const vectors = VECTORS.map(([column, name]) => [column, vectorColumn(windows, name)] as const);
    const rows: Record<string, ColumnValues> = {
      network: { values: network },
      epoch: { values: epoch },
      loss: { values: joined(windows.map(({ loss }) => loss)), valid: hasGradient },
      ...Object.fromEntries(vectors),
    };
    rows.gradient = { ...rows.gradient, valid: hasGradient };
    this.#appender.append(rows, rowCount);
    this.#rowCount += rowCount;
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}

/** The columns of vectors by the names of windows. */
const VECTORS = [
  ['theta', 'theta'],
  ['first_moment', 'firstMoment'],
  ['second_moment', 'secondMoment'],
  ['gradient', 'gradient'],
] as const;

/**
 * A moment that an optimiser does not keep is zeros marked as null: a list of fixed size takes its place either way.
 */
function vectorColumn(windows: readonly StateWindow[], name: (typeof VECTORS)[number][1]): ColumnValues {
  const zeros = ({ length, BYTES_PER_ELEMENT }: FloatArray) =>
    floatArray(BYTES_PER_ELEMENT === 4 ? 'float32' : 'float64', length);
  const parts = windows.map(({ [name]: values, theta }) => (values.length > 0 ? values : zeros(theta)));
  if (windows.every(({ [name]: values }) => values.length > 0)) return { values: joined(parts) };
  const valid = windows.map(({ [name]: values, loss }) => new Uint8Array(loss.length).fill(Number(values.length > 0)));
  return { values: joined(parts), valid: Buffer.concat(valid) };
}

/** Arrays one after another; a single one is taken as it is. */
function joined<T extends FloatArray>(arrays: readonly T[]): T {
  const [first] = arrays;
  if (arrays.length === 1) return first;
  const whole = first instanceof Float32Array ? new Float32Array(lengthOf(arrays)) : new Float64Array(lengthOf(arrays));
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole as T;
}

const lengthOf = (arrays: readonly FloatArray[]): number => arrays.reduce((sum, { length }) => sum + length, 0);
