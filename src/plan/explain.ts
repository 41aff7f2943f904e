/**
 * Says in words what zod says of a sweep: one finding a mistake, with what stands in the file, what was expected and a
 * word that may have been meant. Knows values and key paths, and nothing of files and lines.
 */
import { PROBLEMS_MAX } from '../../schemas/problems.ts';
import { SWEEP_MAPPINGS, type SweepIssue } from '../../schemas/sweep.ts';
import type { Finding } from './check-sweep.ts';
import { didYouMean } from './did-you-mean.ts';

type Path = readonly PropertyKey[];

/** The mistakes behind a zod issue: one an unknown key, and for a union those of the branch that was meant. */
export function findingsOf(issue: SweepIssue, raw: unknown): Finding[] {
  const { path } = issue;
  // A union that has words of its own for all its branches says those.
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') {
    return meantBranch(issue.errors).flatMap((inner) => findingsOf({ ...inner, path: [...path, ...inner.path] }, raw));
  }
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path);
    const more = issue.keys.length - PROBLEMS_MAX;
    return [
      ...issue.keys.slice(0, PROBLEMS_MAX).map((key) => unknownKey([...path, key], key, known)),
      ...(more > 0 ? [{ path, got: `${more.toLocaleString('en')} more unknown keys` }] : []),
    ];
  }
  const value = valueAt(raw, path);
  const isWord = issue.code === 'invalid_value' && typeof value === 'string';
  const [remedy] = isWord ? didYouMean(value, issue.values.map(String)) : [];
  return [{ path, got: describeValue(value), expected: expectation(issue), ...(remedy !== undefined && { remedy }) }];
}

function unknownKey(path: Path, key: string, known: readonly string[]): Finding {
  if (known.includes(key)) {
    const expected = 'nothing: it stands in place of layers and data';
    return { path, got: `${key} beside an objective`, expected };
  }
  return {
    path,
    got: 'unknown key',
    remedy: [...didYouMean(key, known), `known here: ${known.join(', ')}`].join('; '),
  };
}

/**
 * Of a union's failed branches the one that the user most likely meant: one of the right type before others, then one
 * that goes wrong deepest, then latest, and with the fewest mistakes.
 */
function meantBranch(branches: readonly SweepIssue[][]): SweepIssue[] {
  const depth = (branch: SweepIssue[]) => branch.reduce((deepest, issue) => Math.max(deepest, issue.path.length), 0);
  const place = ([first]: SweepIssue[]) => (typeof first.path[0] === 'number' ? first.path[0] : -1);
  const type = (branch: SweepIssue[]) => (fits(branch) ? 1 : 0);
  return [...branches].sort(
    (a, b) => type(b) - type(a) || depth(b) - depth(a) || place(b) - place(a) || a.length - b.length,
  )[0];
}

/** Whether a branch takes values of the type that was given. */
function fits([first]: SweepIssue[]): boolean {
  if (first.path.length > 0) return true;
  return first.code === 'invalid_union' ? first.errors.some(fits) : first.code !== 'invalid_type';
}

/** What an issue says would have been right, in words. */
function expectation(issue: SweepIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return (
        {
          int: 'a whole number',
          array: 'a list',
          tuple: 'a list',
          object: 'a mapping',
          string: 'text',
          never: issue.message,
        }[issue.expected as string] ?? `a ${issue.expected}`
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

/**
 * The keys that the schema knows at a path of the file; list indices are passed over, and blocks have their keys
 * wherever they stand.
 */
function knownKeys(path: Path): string[] {
  const [first, ...rest] = path.filter((part) => typeof part === 'string');
  const isWithin = rest.length > 0 && (first === 'networks' || first === 'exclude');
  const keys = (isWithin ? rest : [first, ...rest]).join('.');
  return Object.hasOwn(SWEEP_MAPPINGS, keys) ? Object.keys(SWEEP_MAPPINGS[keys].shape) : RANGE_KEYS;
}

/** What stands deeper than the mappings is a range. */
const RANGE_KEYS = ['log', 'linear'];

/** `optimizer.learningRate[2]` for a path of keys and indices; an odd key stands in quotes, a long one is cut. */
export function pathText(path: Path): string {
  const keyText = (key: string) => (/^[\w-]{1,64}$/.test(key) ? key : describeValue(key));
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${keyText(String(part))}`))
    .join('');
}

function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part], raw);
}

/** A value as a message shows it: short, and recognisable in the file. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value);
  const text = jsonOf(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** YAML's aliases can make a list that holds itself. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'a value that holds itself';
  }
}
