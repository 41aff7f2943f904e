/**
 * Exports hold the rows of the run's own tables, in files that are the same whenever they are made. What other tools
 * make of them is checked in test/interop.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RecordBatch, tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Column } from '../../schemas/columns.ts';
import { FINDINGS_TABLES } from '../../schemas/findings.ts';
import { RunError, UsageError } from '../../schemas/problems.ts';
import { type ExportFormat, SEGMENTED_TABLE_NAMES, type TableName, type TableSpec } from '../../schemas/trace.ts';
import { exportRun } from '../../src/run/export-tables.ts';
import { writeFindings } from '../../src/run/findings-tables.ts';
import { csvHeader, csvLines } from '../../src/storage/exports/csv.ts';
import type { ExportReport } from '../../src/storage/exports/write-export.ts';
import { tableFile } from '../../src/storage/tables/arrow.ts';
import { execute, rowTexts, scratchFolder, sweepOf } from '../support/runs.ts';

const optimizer = { kind: 'sgd', learningRate: [0.05, 1e3] };
const sweep = sweepOf({ epochs: 1100, activation: 'relu', optimizer, trace: { compression: 'zstd' } });

/** A run that the tests read, or copy. */
let made: string;

beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), 'gyre-export-'));
  const { run } = await execute({ sweep, folder: made });
  // Rows of findings as `gyre analyse` might leave them, and none where nothing was found.
  for (const [i, { name, columns, dictionaries }] of Object.values(FINDINGS_TABLES).entries()) {
    const cellOf = ({ name: column, type, nullable }: Column) => {
      if (type === 'dictionary') return dictionaries[column][0];
      if (type === 'bool') return true;
      return nullable ? null : 3;
    };
    const row = Object.fromEntries(columns.map((column) => [column.name, cellOf(column)]));
    const rows = new Array(i).fill(row);
    writeFindings(rows, { folder: made, name, runKey: run.manifest.key, compression: 'zstd' });
  }
});

afterAll(() => rmSync(made, { recursive: true, force: true }));

async function exported(options: { folder: string; out: string; format: ExportFormat; table?: TableName }) {
  const reports: ExportReport[] = [];
  for await (const report of exportRun({ table: null, ...options })) reports.push(report);
  return reports;
}

/** The files under a folder, with what stands in them. */
const filesIn = (folder: string) =>
  new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.\w+$/.test(name))
      .sort()
      .map((name) => [name, readFileSync(join(folder, name))]),
  );

describe('an export', () => {
  test('as Parquet has every row of every table, by segment or together', async () => {
    const out = scratchFolder();
    const reports = await exported({ folder: made, out, format: 'parquet' });
    expect(reports.map(({ table, rows, files }) => [table, rows, files])).toEqual([
      ['networks', 16, 1],
      ['epochs', 16 * 55, 1],
      ['events', rowTexts(made, 'events').length, 1],
      ['blocks', 16 * 2, 1],
      ['spirals', 0, 1],
      ['relaxation', 1, 1],
      ['curvature', 2, 1],
      ['twins', 3, 1],
      ['survival', 4, 1],
    ]);
    expect([...filesIn(out).keys()]).toEqual([
      ...['blocks/00001.parquet', 'curvature.parquet', 'epochs/00001.parquet', 'events/00001.parquet'],
      ...['networks.parquet', 'relaxation.parquet', 'spirals.parquet', 'survival.parquet', 'twins.parquet'],
    ]);
    // Read back as a folder of Arrow files, for the same comparison that runs are compared by.
    const back = scratchFolder();
    for (const table of SEGMENTED_TABLE_NAMES) {
      const path = join(back, table);
      cpSync(join(made, table), path, { recursive: true });
      const stream = readParquet(readFileSync(join(out, table, '00001.parquet'))).intoIPCStream();
      for (const name of readdirSync(path)) rmSync(join(path, name));
      writeFileSync(join(path, '0001-00001.arrow'), stream);
      expect(rowTexts(back, table)).toEqual(rowTexts(made, table));
    }
  });

  test('has the same bytes each time, in each format', async () => {
    for (const format of ['parquet', 'csv'] as const) {
      const [one, other] = [scratchFolder(), scratchFolder()];
      await exported({ folder: made, out: one, format });
      await exported({ folder: made, out: other, format });
      expect(filesIn(other)).toEqual(filesIn(one));
      expect(filesIn(one).size).toBe(format === 'csv' ? 10 : 9);
    }
  });

  test('of one table leaves the others alone, and overwrites nothing', async () => {
    const out = scratchFolder();
    await exported({ folder: made, out, format: 'csv', table: 'blocks' });
    expect([...filesIn(out).keys()]).toEqual(['blocks/00001.csv', 'columns.csv']);
    const before = filesIn(out);
    const again = exported({ folder: made, out, format: 'csv' });
    await expect(again).rejects.toThrow(UsageError);
    await expect(again).rejects.toThrow(
      `${join(out, 'blocks')}: got an export that is there already, expected nothing`,
    );
    expect(filesIn(out)).toEqual(before);
    await exported({ folder: made, out, format: 'csv', table: 'networks' });
    await exported({ folder: made, out, format: 'csv', table: 'curvature' });
    expect([...filesIn(out).keys()]).toEqual(['blocks/00001.csv', 'columns.csv', 'curvature.csv', 'networks.csv']);
    const [header, row, ...others] = String(filesIn(out).get('curvature.csv')).trimEnd().split('\n');
    expect(header).toBe(FINDINGS_TABLES.curvature.columns.map(({ name }) => name).join(','));
    expect([row, others]).toEqual(['3,spike,3,3,3,3,3,3,,,,,,,,,3,3,,,', [row]]);
  });

  test('that was cut short is begun anew, and what is there is whole', async () => {
    const out = scratchFolder();
    const folder = scratchFolder();
    cpSync(made, folder, { recursive: true });
    const segment = join(folder, 'epochs', '0001-00001.arrow');
    const bytes = readFileSync(segment);
    writeFileSync(segment, bytes.subarray(0, bytes.length / 2));
    const cut = exported({ folder, out, format: 'csv' });
    await expect(cut).rejects.toThrow(RunError);
    await expect(cut).rejects.toThrow(`${segment}: not readable`);
    expect(existsSync(join(out, 'epochs'))).toBe(false);
    writeFileSync(segment, bytes);
    await exported({ folder, out, format: 'csv', table: 'epochs' });
    expect(readdirSync(out).sort()).toEqual(['columns.csv', 'epochs', 'networks.csv']);
  });

  test('of a run whose segments are open is refused: it would be a part of it', async () => {
    const folder = scratchFolder();
    cpSync(made, folder, { recursive: true });
    const segment = join(folder, 'epochs', '0001-00001.arrow');
    renameSync(segment, `${segment}.part`);
    const refused = exported({ folder, out: join(folder, 'csv'), format: 'csv' });
    await expect(refused).rejects.toThrow('got segments that are open (0001-00001.arrow.part)');
    expect(existsSync(join(folder, 'csv'))).toBe(false);
  });
});

describe('CSV', () => {
  const table: TableSpec = {
    name: 'networks',
    description: 'one of every kind',
    columns: [
      { name: 'number', type: 'f64', nullable: true, unit: '1', description: 'numbers' },
      { name: 'single', type: 'f32', nullable: false, unit: '1', description: 'numbers' },
      { name: 'flag', type: 'bool', nullable: true, unit: '', description: 'flags' },
      { name: 'text', type: 'utf8', nullable: true, unit: '', description: 'texts' },
    ],
  };

  test('tells NaN, infinities, −0, null and an empty text apart, and quotes what must be', () => {
    const numbers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 5e-324, 0.1];
    const rows = {
      number: { values: Float64Array.from(numbers), valid: Uint8Array.of(1, 1, 1, 1, 0, 1, 1) },
      single: { values: Float32Array.from(numbers) },
      flag: { values: [true, false, null, true, false, null, true] },
      text: { values: ['', null, 'a,b', 'say "x"', 'two\nlines', '1-8-1', 'é'] },
    };
    const [batch] = tableFromIPC(tableFile({ table, runKey: '0123abcd', rows, rowCount: 7 })).batches as RecordBatch[];
    expect(csvHeader(batch.schema)).toBe('number,single,flag,text\n');
    expect(csvLines(batch, 0, 7)).toBe(
      [
        'NaN,NaN,true,""',
        'Infinity,Infinity,false,',
        '-Infinity,-Infinity,,"a,b"',
        '-0,-0,true,"say ""x"""',
        ',0,false,"two\nlines"',
        '5e-324,0,,1-8-1',
        '0.1,0.10000000149011612,true,é',
        '',
      ].join('\n'),
    );
    expect(csvLines(batch, 3, 4)).toBe('-0,-0,true,"say ""x"""\n');
  });
});
