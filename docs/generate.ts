/**
 * `npm run docs`: writes what is generated from the schema of sweeps: schemas/sweep.schema.json, which editors complete and check
 * sweeps by, and the table of keys in README.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { optionTable, withTable } from './option-table.ts';
import { sweepJsonSchema } from './sweep-json-schema.ts';

const at = (file: string) => new URL(`../${file}`, import.meta.url);
const schema = sweepJsonSchema();
writeFileSync(at('schemas/sweep.schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
writeFileSync(at('README.md'), withTable(readFileSync(at('README.md'), 'utf8'), optionTable(schema)));
