/**
 * Files of windows: rows come back as they were in every column, short windows share batches, long ones are batches of
 * their own, and a file is whole or not there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Table, tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import type { StateWindow } from '../../../schemas/replay-messages.ts';
import { windowsTable } from '../../../schemas/trace.ts';
import { type FloatArray, floatArray } from '../../../src/numeric/bits.ts';
import type { Precision } from '../../../src/numeric/rounding.ts';
import { WindowFile } from '../../../src/storage/exports/window-file.ts';
import { scratchFolder } from '../../support/runs.ts';

/** A window whose numbers all differ; `moments` says how many moments there are. */
function windowOf(options: {
  network: number;
  first: number;
  last: number;
  precision: Precision;
  parameters: number;
  moments?: number;
}): StateWindow {
  const { network, first, last, precision, parameters, moments = 2 } = options;
  const rows = last - first + 1;
  const filled = (offset: number, length = rows * parameters): FloatArray =>
    floatArray(precision, length).map((_, i) => network * 1e6 + first + i + offset) as FloatArray;
  return {
    ...{ network, first, last },
    loss: Float64Array.from({ length: rows }, (_, row) => (first + row === 0 ? Number.NaN : 1 / (first + row))),
    theta: filled(0.25),
    firstMoment: filled(0.5, moments > 0 ? rows * parameters : 0),
    secondMoment: filled(0.75, moments > 1 ? rows * parameters : 0),
    maxSecondMoment: filled(0, 0),
    gradient: filled(0),
  };
}

function write(
  precision: Precision,
  parameters: number,
  windows: readonly StateWindow[],
): { path: string; table: Table } {
  const path = join(scratchFolder(), 'new', 'folder', 'windows.arrow');
  const table = windowsTable({ shape: '1-1', precision, parameters });
  const file = new WindowFile(path, { table, runKey: '0123abcd' });
  for (const window of windows) file.add(window);
  expect(existsSync(path)).toBe(false);
  file.finish();
  file.abandon(); // comes too late
  return { path, table: tableFromIPC(readFileSync(path)) };
}

test.each(['float32', 'float64'] as const)(
  'windows in %s come back row by row, with nulls where there is nothing',
  (precision) => {
    const options = { precision, parameters: 3 };
    const windows = [
      windowOf({ ...options, network: 1, first: 0, last: 4 }),
      windowOf({ ...options, network: 2, first: 7, last: 7, moments: 0 }),
      windowOf({ ...options, network: 1, first: 9, last: 10, moments: 1 }),
    ];
    const { table } = write(precision, 3, windows);
    expect(table.batches).toHaveLength(1);
    const rows = table.toArray().map((row) => row.toJSON());
    const expected = windows.flatMap((window) =>
      Array.from(window.loss, (loss, row) => {
        const epoch = window.first + row;
        const list = (values: FloatArray) => (values.length === 0 ? null : [...values.subarray(3 * row, 3 * row + 3)]);
        return {
          ...{ network: window.network, epoch, loss: epoch === 0 ? null : loss },
          ...{ theta: list(window.theta), first_moment: list(window.firstMoment) },
          ...{ second_moment: list(window.secondMoment), gradient: epoch === 0 ? null : list(window.gradient) },
        };
      }),
    );
    const plain = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          typeof value === 'object' && value !== null ? Array.from(value as Iterable<number>) : value,
        ]),
      ),
    );
    expect(plain).toEqual(expected);
  },
);

test('long windows are batches as they come, and short ones are joined', () => {
  const options = { precision: 'float32', parameters: 1000 } as const;
  const long = (network: number) => windowOf({ ...options, network, first: 1, last: 300 });
  const short = (network: number) => windowOf({ ...options, network, first: 1, last: 2 });
  const { table } = write('float32', 1000, [long(0), short(1), short(2), long(3), short(4)]);
  expect(table.batches.map(({ numRows }) => numRows)).toEqual([300, 304, 2]);
});

test('a file that is given up leaves nothing behind', () => {
  const path = join(scratchFolder(), 'windows.arrow');
  const file = new WindowFile(path, {
    table: windowsTable({ shape: '1-1', precision: 'float32', parameters: 2 }),
    runKey: '',
  });
  file.add(windowOf({ network: 0, first: 0, last: 3, precision: 'float32', parameters: 2 }));
  file.abandon();
  file.abandon();
  expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, false]);
});
