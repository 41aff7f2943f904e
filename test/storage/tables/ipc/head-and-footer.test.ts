/**
 * Every Arrow file of a run is a stream behind its first eight bytes, for readers that know streams alone. Looks at a
 * copy of the golden run, which has a file of every kind but findings, with its findings; the reader is flechette,
 * which shares no code with the writer.
 */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from '@uwdata/flechette';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TABLES } from '../../../../schemas/trace.ts';
import { gyre, newFolder, removeFolder } from '../../../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));

/** The Arrow files of the run, by their paths in its folder. */
let files: ReadonlyMap<string, Uint8Array>;

beforeAll(async () => {
  const folder = join(cwd, 'run');
  cpSync(new URL('../../../../traces/golden', import.meta.url), folder, { recursive: true });
  const { code, stderr } = await gyre(['analyse', folder, '--spikes', '4'], { cwd });
  expect(code, stderr).toBe(0);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.arrow'));
  files = new Map(names.sort().map((name) => [name, readFileSync(join(folder, name))]));
});

test('the run has files of every table and of data', () => {
  const kinds = new Set([...files.keys()].map((name) => name.split(/[/.]/)[0]));
  expect([...kinds].sort()).toEqual([...Object.keys(TABLES), 'data'].sort());
});

/** Names, types and values of all columns: what a reader makes of a file or of a stream. */
function contentOf(bytes: Uint8Array) {
  const table = tableFromIPC(bytes);
  return table.schema.fields.map(({ name, type, nullable }) => {
    const values = Array.from(table.getChild(name).toArray(), (value) =>
      ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value,
    );
    return { name, type: type.typeId, nullable, values };
  });
}

test('a reader of streams finds in each file, behind its first eight bytes, what a reader of files finds', () => {
  for (const [name, bytes] of files) {
    expect(Buffer.from(bytes.subarray(0, 8)).toString('latin1'), name).toBe('ARROW1\0\0');
    const content = contentOf(bytes);
    expect(content[0].values.length, name).toBeGreaterThan(0);
    expect(contentOf(bytes.subarray(8)), name).toEqual(content);
  }
});
