/**
 * The table of all keys of a sweep for docs/reference/sweep-keys.md, from their JSON Schema: one row per key, with its
 * values, its default and the first sentence of its description. Knows schemas, and nothing of the keys themselves.
 */
import type { JsonSchema } from './sweep-json-schema.ts';

/** Between these two lines of the page stands the table. */
export const KEY_MARKERS = ['<!-- keys of a sweep: npm run docs -->', '<!-- end of keys -->'] as const;

/** A text of Markdown with what stands between two markers replaced. */
export function withTable(page: string, table: string, markers: readonly [string, string]): string {
  const [start, end] = markers.map((marker) => page.indexOf(marker));
  if (start < 0 || end < start) throw new Error(`no lines ${markers.join(' and ')}`);
  return `${page.slice(0, start + markers[0].length)}\n${table}\n${page.slice(end)}`;
}

/** The table, line by line. */
export function optionTable(schema: JsonSchema): string {
  const resolve = (part: JsonSchema): JsonSchema => {
    if (part.$ref === undefined) return part;
    const name = part.$ref.replace('#/$defs/', '');
    return { ...resolve(schema.$defs?.[name] ?? {}), ...part };
  };
  const rows = rowsOf(schema, '', resolve).map((cells) => `| ${cells.join(' | ')} |`);
  return ['| key | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

type Resolve = (part: JsonSchema) => JsonSchema;

function rowsOf(schema: JsonSchema, prefix: string, resolve: Resolve): string[][] {
  const rows = new Map<string, string[]>();
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const path = `${prefix}${key}`;
    const blocks = blocksOf(property, resolve);
    for (const [first, ...rest] of blocks.flatMap((block) => rowsOf(block, `${path}.`, resolve)))
      rows.set(first, [first, ...rest]);
    if (blocks.length > 0) continue;
    const { description = '' } = property;
    const value = property.default === undefined ? '' : `\`${JSON.stringify(property.default).replaceAll('"', '')}\``;
    rows.set(`\`${path}\``, [`\`${path}\``, valueText(property, resolve), value, firstSentence(description)]);
  }
  return [...rows.values()];
}

/** The mappings that a key may hold, alone or in a list, other than ranges of numbers; none where it holds values. */
function blocksOf(part: JsonSchema, resolve: Resolve): JsonSchema[] {
  const { anyOf, properties } = resolve(part);
  if (properties !== undefined) return [resolve(part)];
  const branches = (anyOf ?? []).map(resolve);
  if (branches.some(({ type }) => type === 'number')) return [];
  return branches.flatMap((branch) => blocksOf(branch, resolve));
}

/** What a value may be: `tanh \| relu`, `1 … 4096`, `> 0`. */
function valueText(part: JsonSchema, resolve: Resolve): string {
  const { anyOf, type, items, ...schema } = resolve(part);
  if (anyOf !== undefined)
    return anyOf
      .map((branch) => valueText(branch, resolve))
      .filter(isNew)
      .join(', or ');
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(' \\| ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (type === 'array') {
    const inner = items ? resolve(items) : {};
    if (inner.type === 'array') return 'a list of lists';
    return inner.properties === undefined ? 'a list' : 'a list of mappings';
  }
  if (type === 'object') return `\`{ ${Object.keys(schema.properties ?? {}).join(', ')}: … }\``;
  if (type === 'integer' || type === 'number')
    return `${type === 'integer' ? 'whole number' : 'number'}${limitText(schema)}`;
  if (type === 'boolean') return '`true` \\| `false`';
  return type === 'string' ? 'text' : (type ?? '');
}

const isNew = (text: string, place: number, all: readonly string[]) => all.indexOf(text) === place;

/** The limits that a reader may run into. */
function limitText({ minimum, exclusiveMinimum, exclusiveMaximum, maximum }: JsonSchema): string {
  const limits = [
    ...(exclusiveMinimum === undefined ? [] : [`> ${exclusiveMinimum}`]),
    ...(minimum === undefined || minimum <= -(2 ** 31) ? [] : [`≥ ${minimum}`]),
    ...(exclusiveMaximum === undefined ? [] : [`< ${exclusiveMaximum}`]),
    ...(maximum === undefined || maximum >= 2 ** 31 - 1 ? [] : [`≤ ${maximum.toLocaleString('en')}`]),
  ];
  return limits.length === 0 ? '' : ` ${limits.join(', ')}`;
}

function firstSentence(text: string): string {
  const end = text.indexOf('. ');
  return (end < 0 ? text.replace(/\.$/, '') : text.slice(0, end)).replaceAll('|', '\\|');
}
