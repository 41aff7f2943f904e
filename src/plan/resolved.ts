/**
 * A sweep that was resolved before, as run.json holds it: parsed again by the schema that resolved it, and held to the
 * limits of a plan. It differs from a sweep file in two ways: data files come with what was in them, and a grid of
 * objectives has empty axes in the place of layers.
 */
import {
  type Grid,
  gridSchema,
  NO_LAYERS,
  objectiveGridSchema,
  objectiveSweepSchema,
  ruleSchema,
  type Sweep,
  type SweepIssue,
  settingsSchema,
  sweepSchema,
} from '../../schemas/sweep.ts';
import { dataContentSchema } from '../../schemas/sweep-grid.ts';
import {
  checkCount,
  checkRules,
  checkSweep,
  checkThresholds,
  type Finding,
  networkCount,
  type ParsedSweep,
} from './check-sweep.ts';
import { findingsOf } from './explain.ts';

type Mapping = Readonly<Record<string, unknown>>;
type Path = readonly PropertyKey[];

interface Schema {
  safeParse(value: unknown): { success: true; data: unknown } | { success: false; error: { issues: SweepIssue[] } };
}

/** What became of a resolved sweep: whole where there are no findings. */
export interface ResolvedSweep {
  readonly sweep: Sweep;
  readonly findings: readonly Finding[];
}

/** Parses and checks a resolved sweep. */
export function parseResolved(raw: Mapping): ResolvedSweep {
  const { networks, exclude, ...rest } = raw;
  const isList = Array.isArray(networks);
  const parsed = isList ? parsedWith(settingsSchema, rest, []) : parsedGrid(rest, sweepSchemas, []);
  const grids = isList ? networks.map((grid, i) => parsedGrid(grid, gridSchemas, ['networks', i])) : [];
  const rules = Array.isArray(exclude)
    ? exclude.map((rule, i) => parsedWith(ruleSchema, rule, ['exclude', i]))
    : exclude === undefined
      ? null
      : [parsedWith(ruleSchema, exclude, ['exclude'])];
  const sweep = {
    ...parsed.value,
    ...(isList && { networks: grids.map(({ value }) => value) }),
    ...(rules !== null && { exclude: rules.map(({ value }) => value) }),
  } as unknown as Sweep;
  const findings = [parsed, ...grids, ...(rules ?? [])].flatMap(({ findings: own }) => own);
  if (isList && networks.length === 0)
    findings.push({ path: ['networks'], got: 'an empty list', expected: 'networks' });
  return { sweep, findings: findings.length > 0 ? findings : limitsOf(sweep) };
}

const sweepSchemas = { layers: sweepSchema, objectives: objectiveSweepSchema };
const gridSchemas = { layers: gridSchema, objectives: objectiveGridSchema };

interface Parsed {
  readonly value: Mapping;
  readonly findings: Finding[];
}

/** A grid, of layers or of objectives. */
function parsedGrid(raw: unknown, { layers, objectives }: { layers: Schema; objectives: Schema }, path: Path): Parsed {
  if (!isMapping(raw) || raw.objective === undefined) return parsedWith(layers, raw, path);
  const empty = Object.keys(NO_LAYERS).filter((key) => Array.isArray(raw[key]) && (raw[key] as unknown[]).length === 0);
  const own = Object.fromEntries(Object.entries(raw).filter(([key]) => !empty.includes(key)));
  const { value, findings } = parsedWith(objectives, own, path);
  return { value: { ...NO_LAYERS, ...value }, findings };
}

/** A mapping by its schema, which knows data files without their content. */
function parsedWith(schema: Schema, raw: unknown, path: Path): Parsed {
  const parsed = schema.safeParse(withoutContents(raw));
  if (!parsed.success) {
    const findings = parsed.error.issues.flatMap((issue) => findingsOf(issue, raw));
    return { value: {}, findings: findings.map((finding) => ({ ...finding, path: [...path, ...finding.path] })) };
  }
  const value = parsed.data as Mapping;
  const contents = dataBlocks(raw).map((block) => dataContentSchema.safeParse(block.content));
  const findings: Finding[] = [];
  const data = dataBlocks(value).map((block, i) => {
    if (block.file === undefined) return block;
    const content = contents[i];
    if (content.success && content.data.length === (block.file as string[]).length)
      return { ...block, content: content.data };
    findings.push({
      path: [...path, 'data', i, 'content'],
      got: 'something else',
      expected: 'hash, points and columns of each of its files',
    });
    return block;
  });
  return { value: value.data === undefined ? value : { ...value, data }, findings };
}

function withoutContents(raw: unknown): unknown {
  if (!isMapping(raw) || !Array.isArray(raw.data)) return raw;
  return {
    ...raw,
    data: raw.data.map((block) => {
      if (!isMapping(block) || block.file === undefined) return block;
      const { content: _content, ...own } = block;
      return own;
    }),
  };
}

const dataBlocks = (value: unknown): Mapping[] =>
  isMapping(value) && Array.isArray(value.data) ? value.data.map((block) => (isMapping(block) ? block : {})) : [];

/** What a plan must not exceed, as for a sweep file. */
function limitsOf(sweep: Sweep): Finding[] {
  const grids = (sweep.networks ?? [sweep]) as readonly Grid[];
  const isSampled = sweep.sample !== undefined;
  const count = grids.reduce((sum, grid) => sum + networkCount(grid as ParsedSweep), 0);
  return [
    ...grids.flatMap((grid) => checkSweep(grid as ParsedSweep, { isSampled })),
    ...checkCount(count),
    ...checkRules(sweep.exclude?.length ?? 0, count),
    ...checkThresholds(sweep.detectors),
  ];
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
