/**
 * What is generated from the schemas: the JSON Schema that editors use, the table of keys and the tables of columns are
 * those of the code. Every key is explained, and the shipped sweeps begin with the schema and keep to it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { COLUMN_MARKERS, columnTables } from '../../docs/column-tables.ts';
import { KEY_MARKERS, optionTable, withTable } from '../../docs/option-table.ts';
import { type JsonSchema, sweepJsonSchema } from '../../docs/sweep-json-schema.ts';
import { sweepKeys } from '../plan/sweeps.ts';

const at = (file: string) => new URL(`../../${file}`, import.meta.url);
const read = (file: string): string => readFileSync(at(file), 'utf8');
const schema = sweepJsonSchema();
const validate = new Ajv2020({ allErrors: true, strictTypes: false, strictRequired: false }).compile(schema);
/** What the schema says of the values of a sweep file. */
const mistakesOf = (values: unknown): string[] =>
  validate(values) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);

const GOOD = {
  name: 'good',
  epochs: 10,
  layers: [1, 2, 1],
  data: { kind: 'sine', points: 4 },
  optimizer: { kind: 'adam', learningRate: 0.1 },
  seeds: 1,
};

describe('is as the code has it (run `npm run docs` and commit what it writes)', () => {
  test('schemas/sweep.schema.json', () => {
    expect(JSON.parse(read('schemas/sweep.schema.json'))).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  test('the table of keys in docs/reference/sweep-keys.md', () => {
    const page = read('docs/reference/sweep-keys.md');
    expect(page).toBe(withTable(page, optionTable(schema), KEY_MARKERS));
  });

  test('the tables of columns in docs/reference/tables.md', () => {
    const page = read('docs/reference/tables.md');
    expect(page).toBe(withTable(page, columnTables(), COLUMN_MARKERS));
  });
});

describe('every key', () => {
  /** The keys of a schema, and of all mappings in it, that nobody explains. */
  function unexplained({ properties = {}, anyOf = [], items }: JsonSchema): string[] {
    const own = Object.entries(properties).flatMap(([key, { $ref, description = '' }]) =>
      $ref !== undefined || /^[A-Z].*\.$/s.test(description) ? [] : [key],
    );
    const parts = [...Object.values(properties), ...anyOf, ...(items ? [items] : [])];
    return [...own, ...parts.flatMap(unexplained)];
  }

  test('has a sentence', () => {
    expect([schema, ...Object.values(schema.$defs ?? {})].flatMap(unexplained)).toEqual([]);
  });

  test('has a row of the table', () => {
    const table = optionTable(schema);
    for (const key of [
      'name',
      'data.points',
      'data.file',
      'optimizer.learningRate',
      'sample.count',
      'trace.epochs.every',
    ])
      expect(table).toContain(`| \`${key}\` |`);
    expect(table).toContain(
      '| `optimizer.beta2` | number ≥ 0, < 1, or `{ log: … }`, or `{ linear: … }`, or a list | `0.999` |',
    );
  });
});

describe('a shipped sweep', () => {
  const sweeps = readdirSync(at('sweeps')).filter((file) => file.endsWith('.yaml'));

  test.each(sweeps)('%s begins with the schema and keeps to it', (file) => {
    const text = read(`sweeps/${file}`);
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../schemas/sweep.schema.json');
    expect(mistakesOf(parse(text))).toEqual([]);
  });
});

describe('the schema', () => {
  test('has nothing against any valid sweep', () => {
    const holds = fc.property(sweepKeys, (keys) => {
      expect(mistakesOf(keys)).toEqual([]);
    });
    fc.assert(holds, { numRuns: 200 });
    expect(mistakesOf({ name: 'list', epochs: 1, networks: [{ activation: ['tanh', 'relu'] }] })).toEqual([]);
    expect(mistakesOf({ ...GOOD, data: { file: ['a.csv', 'b.arrow'] } })).toEqual([]);
  });

  test.each<[string, object]>([
    ['an unknown key', { epoch: 3 }],
    ['an unknown key of a block', { optimizer: { kind: 'adam', learningRate: 0.1, lerningRate: 1 } }],
    ['an unknown name', { activation: ['tanh', 'tan'] }],
    ['a number beyond its limit', { optimizer: { kind: 'adam', learningRate: 0.1, beta1: 1 } }],
    ['a list without values', { precision: [] }],
    ['a missing key of a block', { optimizer: { kind: 'adam' } }],
    ['a missing key of a block in a list', { data: [{ kind: 'sine', points: 4 }, { kind: 'sine' }] }],
    ['a missing key', { seeds: undefined }],
    ['a formula beside a file', { data: { kind: 'sine', points: 4, file: 'a.csv' } }],
    ['half a range', { optimizer: { kind: 'adam', learningRate: { log: [1] } } }],
    ['an unknown key of a rule', { exclude: [{ epochs: 3 }] }],
  ])('knows %s as a mistake', (_, keys) => {
    expect(mistakesOf(JSON.parse(JSON.stringify({ ...GOOD, ...keys })))).not.toEqual([]);
  });
});
