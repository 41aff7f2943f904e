/**
 * The JSON Schema of a sweep file, as editors want it: made from the zod schema, with the sentences that each key has
 * there. It says which keys and values there are and which are needed; what values mean together is for the plan to
 * check.
 */
import { z } from 'zod';
import { fileSchema, objectiveSweepSchema, sweepSchema } from '../schemas/sweep.ts';

/** A part of a JSON Schema (draft 2020-12), as far as zod makes them. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly not?: object;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema | false;
  readonly prefixItems?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

function jsonOf(schema: z.ZodType): JsonSchema {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    // zod leaves out the default of what it transforms, such as one value into a list.
    override: ({ zodSchema, jsonSchema }) => {
      const value = z.globalRegistry.get(zodSchema)?.default;
      if (value !== undefined) Object.assign(jsonSchema, { default: value });
    },
  });
  return withoutNever(json as JsonSchema);
}

/** The JSON Schema of a sweep file. */
export function sweepJsonSchema(): JsonSchema {
  const { properties = {}, ...file } = jsonOf(fileSchema);
  const entry = properties.networks?.items || {};
  const definitions = new Map<string, JsonSchema>();
  const keys = hoist({ properties }, '', definitions).properties ?? {};
  // An entry, and a rule, may have what the sweep has for its networks: it is said once.
  const within = Object.keys(entry.properties ?? {}).map((key) => [key, { $ref: `#/properties/${key}` }]);
  definitions.set('grid', {
    type: 'object',
    properties: Object.fromEntries(within),
    additionalProperties: false,
  } as JsonSchema);
  const entries = { items: { $ref: '#/$defs/grid' } };
  return {
    title: 'A sweep of Gyre',
    ...file,
    properties: { ...keys, networks: { ...keys.networks, ...entries }, exclude: { ...keys.exclude, ...entries } },
    if: { required: ['networks'] },
    else: {
      if: { required: ['objective'] },
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema calls it so.
      then: neededInGrid(objectiveSweepSchema, properties),
      else: neededInGrid(sweepSchema, properties),
    },
    $defs: Object.fromEntries(definitions),
  } as JsonSchema;
}

/**
 * What a sweep without a list of networks needs, its own keys and those of each block, and the keys that it may not
 * have.
 */
function neededInGrid(grid: z.ZodObject, some: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const { required = [], properties = {} } = jsonOf(grid);
  const blocks = Object.entries(properties)
    .filter(([key, schema]) => JSON.stringify(schema) !== JSON.stringify(some[key]))
    .flatMap(([key, schema]) => needsOf(schema).map((needs) => [key, needs]));
  const foreign = Object.keys(some).filter((key) => key !== 'networks' && !Object.hasOwn(properties, key));
  return { required, properties: Object.fromEntries([...blocks, ...foreign.map((key) => [key, false])]) };
}

/** The needed keys of the mappings that a schema allows; nothing where there are none. */
function needsOf({ anyOf, items, required, type = '' }: JsonSchema): [] | [JsonSchema] {
  if (required !== undefined) return [{ type, required }];
  if (anyOf !== undefined) {
    const branches = anyOf.flatMap(needsOf);
    return branches.length === 0 ? [] : [{ anyOf: branches }];
  }
  return items ? (needsOf(items).map((needs) => ({ type, items: needs })) as [] | [JsonSchema]) : [];
}

/** Without the keys that only say that they must not be there: nothing else may be there either. */
function withoutNever(schema: JsonSchema): JsonSchema {
  return mapParts(schema, (part) => {
    const { properties } = part;
    if (properties === undefined) return part;
    const kept = Object.entries(properties).filter(([, { not }]) => not === undefined);
    return { ...part, properties: Object.fromEntries(kept) };
  });
}

/** Blocks and ranges stand alone or in a list: each is defined once, under the name of its key. */
function hoist(schema: JsonSchema, key: string, definitions: Map<string, JsonSchema>): JsonSchema {
  const { properties, anyOf } = schema;
  if (properties !== undefined) {
    const hoisted = Object.entries(properties).map(([name, property]) => [
      name,
      hoist(property, key === '' ? name : `${key}.${name}`, definitions),
    ]);
    return { ...schema, properties: Object.fromEntries(hoisted) };
  }
  if (anyOf === undefined) return schema;
  const [one, list] = anyOf;
  const isAxis = anyOf.length === 2 && list.items && JSON.stringify(list.items) === JSON.stringify(one);
  const isLarge = one.anyOf !== undefined || one.properties !== undefined;
  if (!isAxis || !isLarge) return { ...schema, anyOf: anyOf.map((branch) => hoist(branch, key, definitions)) };
  definitions.set(key, hoist(one, key, definitions));
  const reference = { $ref: `#/$defs/${key}` };
  return { ...schema, anyOf: [reference, { ...list, items: reference }] };
}

/** A schema with a change of each of its parts, the innermost first. */
function mapParts(schema: JsonSchema, change: (part: JsonSchema) => JsonSchema): JsonSchema {
  const { anyOf, items, properties } = schema;
  const within = (part: JsonSchema) => mapParts(part, change);
  return change({
    ...schema,
    ...(anyOf !== undefined && { anyOf: anyOf.map(within) }),
    ...(items && { items: within(items) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, part]) => [key, within(part)])),
    }),
  });
}
