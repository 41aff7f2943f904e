/**
 * `npm run docs`: writes what is generated from code. From the schema of sweeps: schemas/sweep.schema.json, which
 * editors complete and check sweeps by, and the table of keys in README.md. From the records of commands: the table of
 * commands there, and docs/reference/commands.md.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { COMMAND_MARKERS, commandReference, commandTable } from './command-pages.ts';
import { optionTable, withTable } from './option-table.ts';
import { sweepJsonSchema } from './sweep-json-schema.ts';

const at = (file: string) => new URL(`../${file}`, import.meta.url);
const schema = sweepJsonSchema();
writeFileSync(at('schemas/sweep.schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
const readme = withTable(readFileSync(at('README.md'), 'utf8'), optionTable(schema));
writeFileSync(at('README.md'), withTable(readme, commandTable(), COMMAND_MARKERS));
mkdirSync(at('docs/reference/'), { recursive: true });
writeFileSync(at('docs/reference/commands.md'), commandReference());
