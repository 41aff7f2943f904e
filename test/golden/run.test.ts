/**
 * The committed run traces/golden: made anew from its sweep it has the same files, byte for byte but for what says when
 * and with what it was made, and every command that reads runs reads it. Where a change is meant, `npm run golden`
 * makes it anew, and its bytes are part of the change.
 */
import { goldenCommands } from './commands.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JournalRecord } from '../../schemas/journal.ts';
import { TABLES, type TableName } from '../../schemas/trace.ts';
import { readRun } from '../../src/run/folder.ts';
import { gyre, jsonLines, linesOf, newFolder, removeFolder } from '../support/cli.ts';

const root = new URL('../..', import.meta.url).pathname;
const golden = join(root, 'traces', 'golden');
const cwd = newFolder();
const made = join(cwd, 'golden');
afterAll(() => removeFolder(cwd));

beforeAll(async () => {
  for (const args of goldenCommands(join(root, 'test', 'golden'), made)) {
    const { code, stderr } = await gyre(args, { cwd });
    expect(code, stderr).toBe(0);
  }
});

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();

/** These say when and with what a run was made. */
const DATED = ['journal/0001.msgpack', 'run.json'];

test('the golden run has a file of every kind that the arithmetic decides, with the same bytes each time', () => {
  const files = filesIn(golden);
  expect(filesIn(made)).toEqual(files);
  expect(new Set(files.map((file) => file.split('/')[0]))).toEqual(
    new Set(['blocks', 'checkpoints', 'data', 'epochs', 'events', 'journal', 'networks.arrow', 'run.json', 'windows']),
  );
  for (const file of files.filter((name) => !DATED.includes(name)))
    expect(readFileSync(join(made, file)).equals(readFileSync(join(golden, file))), `${file} is as committed`).toBe(
      true,
    );
});

/** A record without what differs from one machine, or one moment, to another. */
function timeless(record: JournalRecord): object {
  if (record.kind === 'session') return { ...record, startedAt: '', node: '', gyre: '' };
  return record.kind === 'end' || record.kind === 'commit' ? { ...record, elapsedMs: 0 } : record;
}

test('its manifest and journal say the same but for times and versions', () => {
  const [before, now] = [readRun(golden), readRun(made)];
  const { createdAt, gyre: version } = before.manifest;
  expect({ ...now.manifest, createdAt, gyre: version }).toEqual(before.manifest);
  // A snapshot is taken each second, where a machine needs one.
  const [records, again] = [before, now].map(({ journal }) =>
    journal.filter(({ kind }) => kind !== 'snapshot').map(timeless),
  );
  expect(again).toEqual(records);
  expect(before.results.labelCounts()).toMatchObject({ outcomes: { 'non-finite': 4 }, motions: { fluctuating: 2 } });
});

/** What an Arrow or Parquet file says of each of its columns. */
function meaningsIn(path: string) {
  const bytes = readFileSync(path);
  const { schema } = tableFromIPC(path.endsWith('.arrow') ? bytes : readParquet(bytes).intoIPCStream());
  return schema.fields.map(({ name, metadata }) => {
    return [name, { unit: metadata.get('unit'), description: metadata.get('description') }];
  });
}

describe('the committed folder is read by', () => {
  const { networks, results } = readRun(golden);
  const read = async (...args: string[]) => {
    const { code, stdout, stderr } = await gyre([args[0], golden, ...args.slice(1)], { cwd });
    expect(code, `${args[0]}: ${stderr}`).toBe(0); // A slow machine is told of progress there.
    return stdout;
  };

  test('show, fingerprint and verify', async () => {
    expect(jsonLines(await read('show', '--json')).map(({ digest }) => digest)).toEqual(
      networks.map(({ id }) => results.digestOf(id)),
    );
    expect(linesOf(await read('fingerprint')).at(-1)).toBe(results.fingerprint(networks));
    expect(await read('verify', '--all')).toContain('8 of 8 networks');
  });

  test('replay and export, whose Parquet files carry the unit and the meaning of every column', async () => {
    const windows = jsonLines(await read('replay', '--around-events', '20', '--out', 'windows', '--json'));
    expect(windows.map(({ networks, proven }) => [networks, proven])).toEqual([
      [[0, 2, 4, 6], true],
      [[1, 3, 5, 7], true],
    ]);
    const tables = jsonLines(await read('export', '--format', 'parquet', '--out', 'parquet', '--json'));
    expect(tables.map(({ table }) => table)).toEqual([
      ...['networks', 'epochs', 'events', 'blocks'],
      ...['windows/1-3-1-float32', 'windows/1-3-1-float64'],
    ]);
    const own = filesIn(golden).filter((file) => file.endsWith('.arrow') && !file.startsWith('data/'));
    const exported = filesIn(join(cwd, 'parquet'));
    expect(exported).toHaveLength(own.length);
    for (const [folder, files] of [
      [golden, own],
      [join(cwd, 'parquet'), exported],
    ] as const)
      for (const file of files) {
        const { columns } = TABLES[file.split(/[/.]/)[0] as TableName];
        const meanings = columns.map(({ name, unit, description }) => [name, { unit, description }]);
        expect(meaningsIn(join(folder, file)), file).toEqual(meanings);
      }
  });
});
