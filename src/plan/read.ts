/**
 * Reads a sweep file: YAML text → plain values → zod → the plan's own checks. Every mistake of the file is collected and
 * thrown at once, each with its line, what stands there, what was expected and a remedy. Knows nothing of networks.
 */
import { readFileSync, statSync } from 'node:fs';
import { distance } from 'fastest-levenshtein';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Problem, systemErrorCode, UsageError } from '../../schemas/problems.ts';
import { type Sweep, sweepSchema } from '../../schemas/sweep.ts';
import { checkSweep, type Finding } from './check.ts';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** A sweep is a page of text; a file above this size is something else. */
const SWEEP_BYTES_MAX = 16 * 1024 * 1024;

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
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    throw new UsageError(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        const what = error.message.split(' at line ')[0].split('\n')[0];
        return { where: `${file}:${line}:${col}`, got: `not readable as YAML: ${what}` };
      }),
    );
  }
  const raw: unknown = valuesOf(document, file);
  const where = (path: Path): string => `${file}${lineOf(path)}: ${pathText(path)}`;
  const lineOf = (path: Path): string => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true);
      if (hasRange(node)) return `:${lines.linePos(node.range[0]).line}`;
    }
    return '';
  };

  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new UsageError({
      where: file,
      got: raw === null || raw === undefined ? 'an empty file' : describe(raw),
      expected: 'a mapping with the keys name, epochs, layers, data, optimizer and seeds',
    });
  }
  const { sweep, issues } = parseKeys(raw as Record<string, unknown>);
  const problems = issues.flatMap((issue) => problemsOf(issue, raw, where));
  const findings: Finding[] = checkSweep(sweep);
  problems.push(...findings.map(({ path, ...rest }) => ({ where: where(path), ...rest })));
  if (problems.length > 0) throw new UsageError(problems);
  return sweep as Sweep;
}

/**
 * Parses each top-level key on its own, so that a mistake in one does not hide the mistakes of the others from the checks
 * that follow.
 */
function parseKeys(raw: Record<string, unknown>): { sweep: Partial<Sweep>; issues: Issue[] } {
  const shape = sweepSchema.shape as Record<string, z.ZodType>;
  const unknown = Object.keys(raw).filter((key) => !(key in shape));
  const issues: Issue[] = [];
  if (unknown.length > 0) {
    issues.push({ code: 'unrecognized_keys', keys: unknown, path: [], message: '', input: raw });
  }
  const sweep: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(shape)) {
    const parsed = schema.safeParse(raw[key]);
    if (parsed.success) sweep[key] = parsed.data;
    else issues.push(...parsed.error.issues.map((issue) => ({ ...issue, path: [key, ...issue.path] })));
  }
  return { sweep: sweep as Partial<Sweep>, issues };
}

/** The problems behind a zod issue: one an unknown key, and for a union those of the branch that was meant. */
function problemsOf(issue: Issue, raw: unknown, where: (path: Path) => string): Problem[] {
  if (issue.code === 'invalid_union') {
    return meantBranch(issue.errors).flatMap((inner) =>
      problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, raw, where),
    );
  }
  const got = describe(valueAt(raw, issue.path));
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path);
    return issue.keys.map((key) => ({
      where: where([...issue.path, key]),
      got: 'unknown key',
      remedy: `${didYouMean(key, known)}known here: ${known.join(', ')}`,
    }));
  }
  const remedy =
    issue.code === 'invalid_value' ? didYouMean(String(valueAt(raw, issue.path)), issue.values.map(String)) : '';
  return [
    {
      where: where(issue.path),
      got,
      expected: expectation(issue),
      ...(remedy && { remedy: remedy.replace(/; $/, '') }),
    },
  ];
}

/** Of a union's failed branches the one that the user most likely meant: fewest wrong types, then the deepest. */
function meantBranch(branches: readonly Issue[][]): Issue[] {
  const wrongTypes = (branch: Issue[]) => branch.filter((issue) => issue.code === 'invalid_type').length;
  const depth = (branch: Issue[]) => Math.max(0, ...branch.map((issue) => issue.path.length));
  return [...branches].sort((a, b) => wrongTypes(a) - wrongTypes(b) || depth(b) - depth(a))[0];
}

/** What an issue says would have been right, in words. */
function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return (
        { int: 'a whole number', array: 'a list', object: 'a mapping', string: 'text' }[issue.expected as string] ??
        `a ${issue.expected}`
      );
    case 'too_small':
      return sizeText(issue.origin, issue.inclusive ? '≥' : '>', issue.minimum);
    case 'too_big':
      return sizeText(issue.origin, issue.inclusive ? '≤' : '<', issue.maximum);
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(', ')}`;
    default:
      return issue.message;
  }
}

function sizeText(origin: string, relation: string, limit: number | bigint): string {
  return origin === 'array' ? `a list of ${relation} ${limit} values` : `${relation} ${limit}`;
}

/** The keys that the schema knows at a path of the file; list indices are passed over. */
function knownKeys(path: Path): string[] {
  const block = {
    data: ['kind', 'points', 'seed'],
    optimizer: ['kind', 'form', 'learningRate', 'beta1', 'beta2', 'epsilon'],
  };
  const keys = path.filter((part) => typeof part === 'string').join('.');
  if (keys === '') return Object.keys(sweepSchema.shape);
  if (keys === 'trace') return ['epochs', 'compression'];
  if (keys === 'trace.epochs') return ['every'];
  return block[keys as keyof typeof block] ?? [];
}

/** `did you mean "x"? ` where a known word is near, else nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = known
    .map((candidate) => ({ candidate, edits: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)[0];
  return near !== undefined && near.edits <= Math.max(2, near.candidate.length / 3)
    ? `did you mean "${near.candidate}"?; `
    : '';
}

/** `optimizer.learningRate[2]` for a path of keys and indices. */
function pathText(path: Path): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}

function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part], raw);
}

/** A value as a message shows it: short, and recognisable in the file. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function valuesOf(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new UsageError({ where: file, got: `not readable as YAML: ${(error as Error).message}` });
  }
}

function readText(file: string): string {
  try {
    if (statSync(file).size > SWEEP_BYTES_MAX) {
      throw new UsageError({ where: file, got: 'a file of more than 16 MB', expected: 'a sweep file (YAML)' });
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = systemErrorCode(error);
    const got =
      { ENOENT: 'no such file', EISDIR: 'a folder', EACCES: 'a file that may not be read' }[code ?? ''] ??
      String(error);
    throw new UsageError({ where: file, got, expected: 'a sweep file (YAML)', remedy: 'sweeps/ holds examples' });
  }
}
