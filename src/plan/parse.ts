/**
 * From the plain values of a sweep file to the resolved sweep: zod, data files and the plan's checks, with everything
 * that is wrong. An entry under `networks` is laid over the sweep's own keys and parsed as a grid of its own. Findings
 * carry paths as the file has them; lines and text are the reader's business.
 */
import type { z } from 'zod';
import { PROBLEMS_MAX } from '../../schemas/problems.ts';
import {
  BLOCK_KEYS,
  type BlockKey,
  blockMappingOf,
  type ExcludeRule,
  type Grid,
  gridSchema,
  listSchema,
  NO_LAYERS,
  objectiveGridSchema,
  objectiveSweepSchema,
  SHUFFLE_DEFAULT,
  type Sweep,
  type SweepIssue,
  sweepSchema,
} from '../../schemas/sweep.ts';
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
import { type DataFileReader, dataFileReader } from './load-data.ts';

type Path = readonly PropertyKey[];
type Mapping = Readonly<Record<string, unknown>>;

/** What became of a sweep file's values. */
export interface ParsedValues {
  /** Whole only where there are no findings. */
  readonly sweep: Sweep;
  readonly findings: readonly Finding[];
}

/** Parses and checks the values of a sweep file; data files are read relative to `file`. */
export function parseValues(raw: Mapping, file: string): ParsedValues {
  const reader = dataFileReader(file);
  const isList = Object.hasOwn(raw, 'networks');
  const ofGrid = hasObjective(raw) ? objectiveSweepSchema : sweepSchema;
  const { value, issues } = parseMapping(raw, isList ? listSchema : ofGrid, { partial: isList });
  const { exclude, ...rest } = value as Mapping & { readonly exclude?: readonly ExcludeRule[] };
  const rules = readRules(raw, exclude, reader);
  const told = issues.flatMap((issue) => findingsOf(issue, raw));
  const { sweep, findings } = isList ? parseList(raw, { value: rest, told, reader }) : parseGrid(raw, rest, reader);
  const count = (isList ? (sweep as { networks: ParsedSweep[] }).networks : [sweep as ParsedSweep]).reduce(
    (sum, grid) => sum + networkCount(grid),
    0,
  );
  return {
    sweep: { ...sweep, ...(rules.exclude !== undefined && { exclude: rules.exclude }) } as Sweep,
    findings: [
      ...told,
      ...findings,
      ...checkThresholds((value as Partial<Sweep>).detectors),
      ...rules.findings,
      ...checkRules(exclude?.length ?? 0, count),
    ],
  };
}

interface Part {
  readonly sweep: object;
  readonly findings: readonly Finding[];
}

/** A sweep of one grid. */
function parseGrid(raw: Mapping, value: object, reader: DataFileReader): Part {
  const { sweep, findings } = reader.readAll(value as ParsedSweep);
  const isSampled = Object.hasOwn(raw, 'sample');
  const found = [...findings, ...checkSweep(sweep, { isSampled }), ...checkCount(networkCount(sweep))];
  return {
    sweep: resolved(raw, sweep as Grid),
    findings: found.map((finding) => ({ ...finding, path: pathInFile(raw, finding.path) })),
  };
}

const hasObjective = (raw: Mapping): boolean => Object.hasOwn(raw, 'objective');

/**
 * A grid with the axes that objectives lack; one with mini-batches says whether they are shuffled, others have nothing
 * to shuffle.
 */
function resolved<T extends Grid>(raw: Mapping, grid: T): T {
  if (hasObjective(raw)) return { ...NO_LAYERS, ...grid };
  const hasBatches = grid.batch?.some((batch) => batch !== 'full') ?? false;
  return hasBatches && grid.shuffle === undefined ? { ...grid, shuffle: [SHUFFLE_DEFAULT] } : grid;
}

/**
 * A sweep of a list of networks. What is wrong beside the list is told once, although each entry has it; `told` is what
 * the schema of the whole file has said already.
 */
function parseList(
  raw: Mapping,
  { value, told, reader }: { value: Mapping; told: readonly Finding[]; reader: DataFileReader },
): Part {
  const given = ownOf(raw, 'networks');
  const places = new Set(told.map(({ path }) => JSON.stringify(path)));
  const findings = new Map<string, Finding>();
  let count = 0;
  const grids = (Array.isArray(given) ? given : []).flatMap((entry, i): Grid[] => {
    // What is wrong with fifty entries is wrong with those behind them, as a rule.
    if (!isMapping(entry) || findings.size >= PROBLEMS_MAX) return [];
    const merged = overlay(raw, entry);
    const schema = hasObjective(merged) ? objectiveGridSchema : gridSchema;
    const parsed = parseMapping(merged, schema, { partial: false });
    const { sweep: grid, findings: found } = reader.readAll(parsed.value as ParsedSweep);
    const ofSchema = parsed.issues
      .flatMap((issue) => findingsOf(issue, merged))
      .map((finding) => ({ ...finding, path: placeInList({ raw, entry, i }, finding.path) }))
      .filter(({ path }) => !places.has(JSON.stringify(path)));
    const ofPlan = [...found, ...checkSweep(grid, { isSampled: false })].map((finding) => ({
      ...finding,
      path: placeInList({ raw, entry, i }, pathInFile(merged, finding.path)),
    }));
    for (const finding of [...ofSchema, ...ofPlan]) findings.set(JSON.stringify(finding), finding);
    count += networkCount(grid);
    return [resolved(merged, grid as Grid)];
  });
  const { name, epochs, trace, detectors } = value;
  return {
    sweep: { name, epochs, trace, detectors, networks: grids },
    findings: [...findings.values(), ...checkCount(count)],
  };
}

/**
 * The grid of an entry: its keys over the sweep's. A block changes the sweep's block member by member, unless it says
 * of which kind it is: then it stands for itself. An entry with an objective takes nothing from the sweep that belongs
 * to networks, and one with layers or data no objective.
 */
function overlay(raw: Mapping, entry: Mapping): Mapping {
  const merged: Record<string, unknown> = {};
  for (const key of Object.keys(gridSchema.shape)) {
    const [below, above] = [isForeign(key, entry) ? undefined : ownOf(raw, key), ownOf(entry, key)];
    const value = isMerged(key, below, above) ? { ...(below as Mapping), ...(above as Mapping) } : (above ?? below);
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}

/** Whether a key of the sweep has no place beside what an entry is. */
function isForeign(key: string, entry: Mapping): boolean {
  if (hasObjective(entry)) return key === 'seeds' || Object.hasOwn(NO_LAYERS, key) || key === 'shuffle';
  return key === 'objective' && (Object.hasOwn(entry, 'layers') || Object.hasOwn(entry, 'data'));
}

function isMerged(key: string, below: unknown, above: unknown): boolean {
  if (!BLOCK_KEYS.includes(key as BlockKey) || !isMapping(below) || !isMapping(above)) return false;
  return !Object.hasOwn(above, 'kind') && !Object.hasOwn(above, 'file');
}

/** Where a value of an entry's grid stands in the file: in the entry, or in the sweep that it is laid over. */
function placeInList({ raw, entry, i }: { raw: Mapping; entry: Mapping; i: number }, path: Path): Path {
  const [key, member] = path.map(String);
  const [below, above] = [isForeign(key, entry) ? undefined : ownOf(raw, key), ownOf(entry, key)];
  const isBelow =
    above === undefined
      ? below !== undefined
      : isMerged(key, below, above) &&
        member !== undefined &&
        ownOf(above as Mapping, member) === undefined &&
        ownOf(below as Mapping, member) !== undefined;
  return isBelow ? path : ['networks', i, ...path];
}

/** The rules under `exclude` with the content of their data files. */
function readRules(
  raw: Mapping,
  exclude: readonly ExcludeRule[] | undefined,
  reader: DataFileReader,
): { exclude?: readonly ExcludeRule[]; findings: readonly Finding[] } {
  if (exclude === undefined) return { findings: [] };
  const rulesInFile = raw.exclude as readonly Mapping[];
  const read = exclude.map((rule) => reader.readAll(rule as ParsedSweep));
  return {
    exclude: read.map(({ sweep }) => sweep as ExcludeRule),
    findings: read.flatMap(({ findings }, i) =>
      findings.map((finding) => ({ ...finding, path: ['exclude', i, ...pathInFile(rulesInFile[i], finding.path)] })),
    ),
  };
}

interface Parsed {
  /** Undefined where nothing could be parsed. */
  readonly value?: unknown;
  /** Their paths begin at the value that was parsed. */
  readonly issues: readonly SweepIssue[];
}

/** Whether a mapping needs all of its blocks' keys, or takes some of them. */
interface Completeness {
  readonly partial: boolean;
}

/**
 * Parses each key of a mapping on its own, and those of its blocks likewise, so that a mistake in one does not hide the
 * mistakes of the others from the checks that follow.
 */
function parseMapping(raw: Mapping, schema: z.ZodObject, completeness: Completeness): Parsed {
  const keys = Object.keys(raw).filter((key) => !Object.hasOwn(schema.shape, key));
  const unknown: SweepIssue[] = [{ code: 'unrecognized_keys', keys, path: [], message: '', input: raw }];
  const parts = Object.entries(schema.shape as Record<string, z.ZodType>).map(([key, field]) => {
    const given = ownOf(raw, key);
    const isBlock = BLOCK_KEYS.includes(key as BlockKey);
    const parsed = isBlock
      ? parseBlocks(given, { key: key as BlockKey, field, completeness })
      : parseValue(given, field);
    return { key, value: parsed.value, issues: issuesAt([key], parsed.issues) };
  });
  return {
    value: Object.fromEntries(parts.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value]]))),
    issues: [...(keys.length > 0 ? unknown : []), ...parts.flatMap(({ issues }) => issues)],
  };
}

/** One block or a list of them: as a whole where it is right, else block by block and key by key. */
function parseBlocks(
  given: unknown,
  { key, field, completeness }: { key: BlockKey; field: z.ZodType; completeness: Completeness },
): Parsed {
  const blocks = Array.isArray(given) ? given : [given];
  const isLong = blocks.some((block) => isMapping(block) && Object.values(block).some(isLongList));
  if (!isLong || !blocks.some(isMapping)) {
    const whole = parseValue(given, field);
    if (whole.issues.length === 0 || !blocks.some(isMapping)) return whole;
  }
  let told = 0;
  const parts = blocks.map((block, i) => {
    if (told >= PROBLEMS_MAX) return { value: {}, issues: [] }; // blocks behind fifty wrong ones
    const mapping = blockMappingOf(key, isMapping(block) ? block : {}, completeness);
    const parsed = isMapping(block) ? parseMapping(block, mapping, completeness) : parseValue(block, mapping);
    told += parsed.issues.length;
    return { value: parsed.value ?? {}, issues: issuesAt(Array.isArray(given) ? [i] : [], parsed.issues) };
  });
  const issues = parts.flatMap((part) => part.issues);
  // Long lists were looked at piece by piece, and are right: now for what makes blocks of them.
  if (isLong && issues.length === 0) return parseWhole(given, field);
  return { value: parts.map(({ value }) => value), issues };
}

/**
 * A longer list is looked at in pieces, so that not each of a hundred thousand wrong values becomes an issue: of the
 * first piece with mistakes all are told.
 */
const PIECE_LENGTH = 1000;

const isLongList = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length > PIECE_LENGTH;

function parseValue(given: unknown, schema: z.ZodType): Parsed {
  if (isLongList(given)) {
    for (let first = 0; first < given.length; first += PIECE_LENGTH) {
      const { issues } = parseWhole(given.slice(first, first + PIECE_LENGTH), schema);
      if (issues.length > 0) return { issues: issues.map((issue) => movedBy(issue, first)) };
    }
  }
  return parseWhole(given, schema);
}

/** An issue of a piece of a list as one of the list. */
function movedBy(issue: SweepIssue, first: number): SweepIssue {
  const moved = ([index, ...rest]: readonly PropertyKey[]) =>
    typeof index === 'number' ? [index + first, ...rest] : [index, ...rest];
  const path = issue.path.length === 0 ? [] : moved(issue.path);
  if (issue.code !== 'invalid_union' || issue.path.length > 0) return { ...issue, path } as SweepIssue;
  return {
    ...issue,
    path,
    errors: issue.errors.map((branch) => branch.map((inner) => movedBy(inner, first))),
  } as SweepIssue;
}

function parseWhole(given: unknown, schema: z.ZodType): Parsed {
  const parsed = schema.safeParse(given);
  return parsed.success ? { value: parsed.data, issues: [] } : { issues: parsed.error.issues };
}

function issuesAt(path: readonly (string | number)[], issues: readonly SweepIssue[]): SweepIssue[] {
  return issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
}

/** The path of a resolved grid as the file has it: what stands alone there has no index. */
function pathInFile(raw: Mapping, path: Path): Path {
  const [key, index, ...rest] = path;
  if (typeof index !== 'number') return path;
  const given = ownOf(raw, String(key));
  // `layers: [1, 8, 1]` is a list, yet one value.
  const isList = Array.isArray(given) && (key !== 'layers' || Array.isArray(given[0]));
  return isList ? path : [key, ...rest];
}

/** A member that a mapping has of its own: what the file says, never what every object has. */
function ownOf(mapping: Mapping, key: string): unknown {
  return Object.hasOwn(mapping, key) ? mapping[key] : undefined;
}

/** Whether a value of a file is a mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
