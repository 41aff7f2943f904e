/**
 * `npm run docs`: writes what is generated from the code. From the schemas come schemas/sweep.schema.json, by which
 * editors complete and check sweeps, and the tables of keys and columns. From the records of commands come
 * docs/reference/commands.md and the table of commands in README.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { COLUMN_MARKERS, columnTables } from './column-tables.ts';
import { COMMAND_MARKERS, commandReference, commandTable } from './command-pages.ts';
import { KEY_MARKERS, optionTable, withTable } from './option-table.ts';
import { sweepJsonSchema } from './sweep-json-schema.ts';

const at = (file: string) => new URL(`../${file}`, import.meta.url);

/** Replaces what stands between the markers of a page. */
function writePage(file: string, table: string, markers: readonly [string, string]): void {
  writeFileSync(at(file), withTable(readFileSync(at(file), 'utf8'), table, markers));
}

const schema = sweepJsonSchema();
writeFileSync(at('schemas/sweep.schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
writePage('docs/reference/sweep-keys.md', optionTable(schema), KEY_MARKERS);
writePage('docs/reference/tables.md', columnTables(), COLUMN_MARKERS);
writePage('README.md', commandTable(), COMMAND_MARKERS);
writeFileSync(at('docs/reference/commands.md'), commandReference());
