/**
 * Reads a sweep file: YAML text → plain values → zod → the plan's own checks. Every mistake of the file is collected and
 * thrown at once, each with its line, what stands there, what was expected and a remedy. Knows nothing of networks.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type YAMLError } from 'yaml';
import type { z } from 'zod';
import { type Problem, UsageError, unreadableText } from '../../schemas/problems.ts';
import {
  dataMappingOf,
  SHUFFLE_DEFAULT,
  SWEEP_MAPPINGS,
  type Sweep,
  type SweepIssue,
  sweepSchema,
} from '../../schemas/sweep.ts';
import { checkSweep, type ParsedSweep } from './check.ts';
import { readDataFiles } from './data-files.ts';
import { describeValue, findingsOf, pathText } from './explain.ts';

type Path = readonly PropertyKey[];
type Mapping = Readonly<Record<string, unknown>>;

/** A sweep is a page of text; a file above this size is something else. */
const SWEEP_BYTES_MAX = 16 * 1024 * 1024;
/** As many as a person reads at once: what is no sweep at all may have thousands. */
const PROBLEMS_MAX = 50;

/**
 * The sweep in a file, resolved: defaults filled in and every axis a list.
 *
 * @throws UsageError with every problem of the file.
 */
export function readSweep(file: string): Sweep {
  return parseSweep(readText(file), file);
}

/** As {@link readSweep}, from text; `file` is what the messages call it. */
export function parseSweep(text: string, file: string): Sweep {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' });
  throwProblems(document.errors, file, (error) => yamlProblem(error, { lines, file }));
  const raw = valuesOf(document, file);
  if (!isMapping(raw)) {
    throw new UsageError({
      where: file,
      got: raw === null || raw === undefined ? 'an empty file' : describeValue(raw),
      expected: 'a mapping with the keys name, epochs, layers, data, optimizer and seeds',
    });
  }
  const { value, issues } = parseMapping(raw, sweepSchema);
  const withData = readDataFiles(value as ParsedSweep, file);
  const found = [...withData.findings, ...checkSweep(withData.sweep)];
  const findings = [
    ...issues.flatMap((issue) => findingsOf(issue, raw)),
    ...found.map((finding) => ({ ...finding, path: pathInFile(raw, finding.path) })),
  ];
  throwProblems(findings, file, ({ path, within, ...rest }) => {
    const offset = offsetOf(document, path);
    const line = offset === null ? '' : `:${lines.linePos(offset).line}`;
    const places = [
      `${file}${line}`,
      ...(path.length === 0 ? [] : [pathText(path)]),
      ...(within === undefined ? [] : [within]),
    ];
    return { where: places.join(': '), ...rest };
  });
  return withShuffle(withData.sweep as Sweep);
}

/** A sweep with mini-batches says whether they are shuffled; others have nothing to shuffle. */
function withShuffle(sweep: Sweep): Sweep {
  const hasBatches = sweep.batch.some((batch) => batch !== 'full');
  return hasBatches && sweep.shuffle === undefined ? { ...sweep, shuffle: [SHUFFLE_DEFAULT] } : sweep;
}

interface Parsed {
  /** Undefined where nothing could be parsed. */
  readonly value?: unknown;
  /** Their paths begin at the value that was parsed. */
  readonly issues: readonly SweepIssue[];
}

/**
 * Parses each key of a mapping on its own, and those of its blocks likewise, so that a mistake in one does not hide the
 * mistakes of the others from the checks that follow.
 */
function parseMapping(raw: Mapping, schema: z.ZodObject): Parsed {
  const keys = Object.keys(raw).filter((key) => !Object.hasOwn(schema.shape, key));
  const unknown: SweepIssue[] = [{ code: 'unrecognized_keys', keys, path: [], message: '', input: raw }];
  const parts = Object.entries(schema.shape as Record<string, z.ZodType>).map(([key, field]) => {
    const given = raw[key];
    const parsed = key === 'data' || key === 'optimizer' ? parseBlocks(given, key) : parseValue(given, field);
    return { key, value: parsed.value, issues: issuesAt([key], parsed.issues) };
  });
  return {
    value: Object.fromEntries(parts.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value]]))),
    issues: [...(keys.length > 0 ? unknown : []), ...parts.flatMap(({ issues }) => issues)],
  };
}

/** One block or a list of them: as a whole where it is right, else block by block and key by key. */
function parseBlocks(given: unknown, key: 'data' | 'optimizer'): Parsed {
  const whole = parseValue(given, sweepSchema.shape[key]);
  const blocks = Array.isArray(given) ? given : [given];
  if (whole.issues.length === 0 || !blocks.some(isMapping)) return whole;
  const parts = blocks.map((block, i) => {
    const mapping = key === 'data' && isMapping(block) ? dataMappingOf(block) : SWEEP_MAPPINGS[key];
    const parsed = isMapping(block) ? parseMapping(block, mapping) : parseValue(block, mapping);
    return { value: parsed.value ?? {}, issues: issuesAt(Array.isArray(given) ? [i] : [], parsed.issues) };
  });
  return { value: parts.map(({ value }) => value), issues: parts.flatMap(({ issues }) => issues) };
}

function parseValue(given: unknown, schema: z.ZodType): Parsed {
  const parsed = schema.safeParse(given);
  return parsed.success ? { value: parsed.data, issues: [] } : { issues: parsed.error.issues };
}

function issuesAt(path: readonly (string | number)[], issues: readonly SweepIssue[]): SweepIssue[] {
  return issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
}

/** Throws what stands in a list, as problems; an empty list is none. */
function throwProblems<T>(mistakes: readonly T[], file: string, problemOf: (mistake: T) => Problem): void {
  if (mistakes.length === 0) return;
  const problems = mistakes.slice(0, PROBLEMS_MAX).map(problemOf);
  const rest = mistakes.length - problems.length;
  throw new UsageError(rest === 0 ? problems : [...problems, { where: file, got: `${rest} more problems` }]);
}

function yamlProblem(
  { code, message, pos }: YAMLError,
  { lines, file }: { lines: LineCounter; file: string },
): Problem {
  const { line, col } = lines.linePos(pos[0]);
  const what = code === 'MULTIPLE_DOCS' ? 'A second document begins' : message.split(' at line ')[0].split('\n')[0];
  return { where: `${file}:${line}:${col}`, got: `not readable as YAML: ${what.slice(0, 120)}` };
}

/** The path of a resolved sweep as the file has it: what stands alone there has no index. */
function pathInFile(raw: Mapping, path: Path): Path {
  const [key, index, ...rest] = path;
  if (typeof index !== 'number') return path;
  const given = raw[String(key)];
  // `layers: [1, 8, 1]` is a list, yet one value.
  const isList = Array.isArray(given) && (key !== 'layers' || Array.isArray(given[0]));
  return isList ? path : [key, ...rest];
}

/** Where the last part of a path that the file has begins: its key, or its place in a list. Null for the whole file. */
function offsetOf(document: Document, path: Path): number | null {
  let node: unknown = document.contents;
  let offset: number | null = null;
  for (const part of path) {
    let place: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? (key.value ?? '') : key) === part);
      place = pair?.key;
      node = pair?.value;
    } else if (isSeq(node)) {
      place = node.items[Number(part)];
      node = place;
    }
    if (!isNode(place)) break;
    offset = place.range?.[0] ?? offset;
  }
  return offset;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valuesOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new UsageError({ where: file, got: `not readable as YAML: ${(error as Error).message}` });
  }
}

function readText(file: string): string {
  const expected = { expected: 'a sweep file (YAML)', remedy: 'sweeps/ holds examples' };
  const bytes = readBytes(file, expected);
  if (bytes.length > SWEEP_BYTES_MAX) throw new UsageError({ where: file, got: 'more than 16 MB', ...expected });
  if (bytes.includes(0)) throw new UsageError({ where: file, got: 'a binary file', ...expected });
  return bytes.toString('utf8');
}

/** The bytes of a file, or of a pipe or device that may never end: at most one more than the limit. */
function readBytes(file: string, expected: Pick<Problem, 'expected' | 'remedy'>): Buffer {
  const buffer = Buffer.allocUnsafe(SWEEP_BYTES_MAX + 1);
  let length = 0;
  try {
    const descriptor = openSync(file, 'r');
    try {
      for (let read = -1; read !== 0; length += read) {
        read = readSync(descriptor, buffer, length, buffer.length - length, null);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new UsageError({ where: file, got: unreadableText(error), ...expected });
  }
  return buffer.subarray(0, length);
}
