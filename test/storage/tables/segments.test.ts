/**
 * Segments grow over sessions that may be lost, and end as Arrow files that any reader opens: exactly the committed
 * rows, bit for bit, whatever stood behind them in between.
 */
import { appendFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RecordBatchReader, Table, tableFromIPC } from 'apache-arrow';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RunError } from '../../../schemas/problems.ts';
import { EPOCHS_TABLE, FORMAT_VERSION } from '../../../schemas/trace.ts';
import { hexOf } from '../../../src/numeric/bits.ts';
import { segmentSchema, type TableValues } from '../../../src/storage/tables/arrow.ts';
import {
  EMPTY_SEGMENT,
  openName,
  SegmentAppender,
  type SegmentState,
  sealSegment,
} from '../../../src/storage/tables/segments.ts';
import { columnOf, scratchFolder } from '../../support/runs.ts';

const schema = segmentSchema('epochs', '0123abcd');
const FLOAT_COLUMNS = EPOCHS_TABLE.columns
  .filter(({ type }) => type === 'f32' || type === 'f64')
  .map(({ name }) => name);

/** A batch of the epochs table whose rows are told apart by `network`; every float column holds `numbers[row]`. */
function batchOf(networks: readonly number[], numbers: readonly number[] = networks): [TableValues, number] {
  const values = (type: string) => {
    if (type === 'u32') return Uint32Array.from(networks);
    return type === 'f32' ? Float32Array.from(numbers) : Float64Array.from(numbers);
  };
  const rows: TableValues = Object.fromEntries(
    EPOCHS_TABLE.columns.map(({ name, type }) => [name, { values: values(type) }]),
  );
  return [rows, networks.length];
}

/** One session of appending; returns the state after its commit. */
function append(file: string, state: SegmentState, batches: readonly (readonly number[])[]): SegmentState {
  const appender = new SegmentAppender(file, schema, state);
  for (const rows of batches) appender.append(...batchOf(rows));
  const { endBytes, blocks } = appender.finish();
  return { committedBytes: endBytes, blocks: [...state.blocks, ...blocks] };
}

const networksIn = (bytes: Uint8Array): number[] => [...columnOf(tableFromIPC(bytes), 'network')];

describe('a segment', () => {
  test('takes batches over several sessions and opens as an Arrow file of all of them', () => {
    const file = join(scratchFolder(), '00001.arrow');
    let state = append(file, EMPTY_SEGMENT, [[1, 2, 3], [4]]);
    state = append(file, state, []);
    state = append(file, state, [[5, 6]]);
    expect(existsSync(file)).toBe(false);

    sealSegment(file, schema, state);
    expect(existsSync(openName(file))).toBe(false);
    const table = tableFromIPC(readFileSync(file));
    expect(networksIn(readFileSync(file))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(table.batches.map(({ numRows }) => numRows)).toEqual([3, 1, 2]);
    expect(state.blocks.map(({ rows }) => rows)).toEqual([3, 1, 2]);
  });

  test('loses what a lost session left behind the committed bytes, before the next one and at sealing', () => {
    const file = join(scratchFolder(), '00001.arrow');
    const state = append(file, EMPTY_SEGMENT, [[1, 2]]);
    const lost = new SegmentAppender(file, schema, state);
    lost.append(...batchOf([99, 99, 99]));
    lost.abandon();
    expect(statSync(openName(file)).size).toBeGreaterThan(state.committedBytes);

    const resumed = append(file, state, [[3]]);
    expect(statSync(openName(file)).size).toBe(resumed.committedBytes);
    appendFileSync(openName(file), 'debris of a second lost session');
    sealSegment(file, schema, resumed);
    expect(networksIn(readFileSync(file))).toEqual([1, 2, 3]);
  });

  test('starts anew where nothing of it is committed, whatever stands in its file', () => {
    const file = join(scratchFolder(), '00001.arrow');
    writeFileSync(openName(file), 'x'.repeat(10_000));
    sealSegment(file, schema, append(file, EMPTY_SEGMENT, [[7]]));
    expect(networksIn(readFileSync(file))).toEqual([7]);
  });

  test('is removed by sealing where it has no rows', () => {
    const file = join(scratchFolder(), '00001.arrow');
    const state = append(file, EMPTY_SEGMENT, []);
    expect(state.committedBytes).toBeGreaterThan(0);
    sealSegment(file, schema, state);
    expect(existsSync(openName(file))).toBe(false);
    expect(existsSync(file)).toBe(false);
  });

  test('keeps every bit of NaN, ±∞, −0 and subnormal numbers', () => {
    const file = join(scratchFolder(), '00001.arrow');
    const special = [
      Number.NaN,
      Infinity,
      -Infinity,
      -0,
      0,
      2 ** -149,
      -(2 ** -140),
      5e-324,
      -1.5e-310,
      1 / 3,
      3.4e38,
      -1.7e308,
    ];
    const appender = new SegmentAppender(file, schema, EMPTY_SEGMENT);
    appender.append(
      ...batchOf(
        special.map((_, i) => i),
        special,
      ),
    );
    const { endBytes, blocks } = appender.finish();
    sealSegment(file, schema, { committedBytes: endBytes, blocks });

    const table = tableFromIPC(readFileSync(file));
    for (const name of FLOAT_COLUMNS) {
      const values = columnOf<Float32Array | Float64Array>(table, name);
      const precision = values instanceof Float32Array ? 'float32' : 'float64';
      const expected = special.map((value) => hexOf(precision === 'float32' ? Math.fround(value) : value, precision));
      expect(
        Array.from(values, (value) => hexOf(value, precision)),
        name,
      ).toEqual(expected);
    }
  });

  test('is a readable stream while it is open, and where it is cut gives every batch that is whole', () => {
    const file = join(scratchFolder(), '00001.arrow');
    const state = append(file, EMPTY_SEGMENT, [[1, 2], [3], [4, 5, 6]]);
    const bytes = readFileSync(openName(file));
    const ends = state.blocks.map(({ offset, metadataBytes, bodyBytes }) => offset + metadataBytes + bodyBytes);
    expect(ends[2]).toBe(bytes.length);

    for (let cut = state.blocks[0].offset; cut <= bytes.length; cut += 8) {
      const whole = ends.filter((end) => end <= cut).length;
      expect(streamBatches(bytes.subarray(0, cut)), `cut at byte ${cut}`).toEqual(
        [[1, 2], [3], [4, 5, 6]].slice(0, whole),
      );
    }
  });

  test('is refused where it is shorter than its commit, and is not filled up with zeros', () => {
    const file = join(scratchFolder(), '00001.arrow');
    const state = append(file, EMPTY_SEGMENT, [[1, 2, 3]]);
    truncateSync(openName(file), state.committedBytes - 1);
    const refusal = new RegExp(
      `00001.arrow.part: got ${state.committedBytes - 1} bytes, expected at least the ${state.committedBytes} bytes`,
    );
    expect(() => new SegmentAppender(file, schema, state)).toThrow(refusal);
    expect(() => sealSegment(file, schema, state)).toThrow(refusal);
    expect(() => sealSegment(file, schema, state)).toThrow(RunError);
    expect(statSync(openName(file)).size).toBe(state.committedBytes - 1);
  });

  test('with another head than this version writes is refused: its footer would point past the dictionaries', () => {
    const file = join(scratchFolder(), '00001.arrow');
    const state = append(file, EMPTY_SEGMENT, [[1]]);
    const [block] = state.blocks;
    const other = { ...state, blocks: [{ ...block, offset: block.offset - 8 }] };
    expect(() => sealSegment(file, schema, other)).toThrow(
      `got a head of ${block.offset - 8} bytes, as the journal says, expected the ${block.offset} bytes`,
    );
    expect(() => sealSegment(file, schema, other)).toThrow(RunError);
    sealSegment(file, schema, state);
    expect(networksIn(readFileSync(file))).toEqual([1]);
  });

  test('carries the unit and meaning of every column, and on the whole the format, the run and recipes', () => {
    const file = join(scratchFolder(), '00001.arrow');
    sealSegment(file, schema, append(file, EMPTY_SEGMENT, [[1]]));
    const read = tableFromIPC(readFileSync(file)).schema;
    expect(read.fields.map(({ name }) => name)).toEqual(EPOCHS_TABLE.columns.map(({ name }) => name));
    for (const [i, { unit, description }] of EPOCHS_TABLE.columns.entries()) {
      expect(read.fields[i].metadata.get('unit')).toBe(unit);
      expect(read.fields[i].metadata.get('description')).toBe(description);
    }
    expect(read.metadata.get('format_version')).toBe(String(FORMAT_VERSION));
    expect(read.metadata.get('run_key')).toBe('0123abcd');
    expect(read.metadata.get('table')).toBe('epochs');
    for (const tool of ['pandas', 'polars', 'duckdb', 'r'])
      expect(read.metadata.get(`recipe.${tool}`)).toMatch(/epochs/);
  });
});

/** The networks of each batch that can be read one by one; the magic bytes stand before the stream. */
function streamBatches(bytes: Uint8Array): number[][] {
  const batches: number[][] = [];
  try {
    for (const batch of RecordBatchReader.from(bytes.subarray(8))) {
      // Of a stream without a whole batch Arrow makes an empty one.
      if (batch.numRows > 0) batches.push([...columnOf(new Table([batch]), 'network')]);
    }
  } catch {
    // The cut batch: what came before it counts.
  }
  return batches;
}

/** A session: its batches by their row counts, how it ends, and bytes that a dying writer leaves behind. */
const session = fc.record({
  batches: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
  ending: fc.constantFrom('commit', 'abandon'),
  debris: fc.uint8Array({ maxLength: 100 }),
});

test('batches spread over sessions of which some are lost come out as exactly the committed rows', async () => {
  const folder = scratchFolder();
  let runs = 0;
  await fc.assert(
    fc.property(fc.array(session, { minLength: 1, maxLength: 8 }), (sessions) => {
      const file = join(folder, `${runs++}.arrow`);
      const expected: number[] = [];
      let state: SegmentState = EMPTY_SEGMENT;
      let next = 0;
      for (const { batches, ending, debris } of sessions) {
        const rows = batches.map((count) => Array.from({ length: count }, () => next++));
        if (ending === 'commit') {
          state = append(file, state, rows);
          expected.push(...rows.flat());
        } else {
          const appender = new SegmentAppender(file, schema, state);
          for (const batch of rows) appender.append(...batchOf(batch));
          appender.abandon();
          appendFileSync(openName(file), debris);
        }
      }
      sealSegment(file, schema, state);
      expect(existsSync(openName(file))).toBe(false);
      expect(existsSync(file)).toBe(expected.length > 0);
      if (expected.length > 0) expect(networksIn(readFileSync(file))).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
