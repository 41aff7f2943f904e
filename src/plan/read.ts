/**
 * Reads a sweep file: bytes → YAML → plain values, which are parsed and checked elsewhere. Every mistake of the file is
 * thrown at once, each with its line, what stands there, what was expected and a remedy. Knows nothing of the keys of a
 * sweep.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import { PROBLEMS_MAX, type Problem, UsageError, unreadableText } from '../../schemas/problems.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { describeValue, pathText } from './explain.ts';
import { isMapping, parseValues } from './parse.ts';

type Path = readonly PropertyKey[];

/**
 * A sweep is a page of text, and a list of ten thousand networks two megabytes; a file above this size is something
 * else.
 */
const SWEEP_BYTES_MAX = 4 * 1024 * 1024;

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
  // The library compares each key with all others of its mapping: of a hundred thousand keys that takes a minute.
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error', uniqueKeys: false });
  throwProblems(document.errors, file, (error) => yamlProblem(error, { lines, file }));
  throwProblems(repeatedKeys(document), file, ({ key, offset }) => {
    const { line, col } = lines.linePos(offset);
    return { where: `${file}:${line}:${col}`, got: `the key ${describeValue(key)} twice`, expected: 'each key once' };
  });
  const raw = valuesOf(document, file);
  if (!isMapping(raw)) {
    throw new UsageError({
      where: file,
      got: raw === null || raw === undefined ? 'an empty file' : describeValue(raw),
      expected: 'a mapping with the keys name, epochs, layers, data, optimizer and seeds',
    });
  }
  const { sweep, findings } = parseValues(raw, file);
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
  return sweep;
}

/** Throws what stands in a list, as problems; an empty list is none. */
function throwProblems<T>(mistakes: readonly T[], file: string, problemOf: (mistake: T) => Problem): void {
  if (mistakes.length === 0) return;
  const problems = mistakes.slice(0, PROBLEMS_MAX).map(problemOf);
  const rest = mistakes.length - problems.length;
  const more = { where: file, got: `at least ${rest.toLocaleString('en')} more problems` };
  throw new UsageError(rest === 0 ? problems : [...problems, more]);
}

/** The keys that stand in a mapping before, wherever in the document. */
function repeatedKeys(document: Document): { key: unknown; offset: number }[] {
  const repeated: { key: unknown; offset: number }[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) repeated.push({ key: key.value, offset: key.range?.[0] ?? 0 });
        seen.add(key.value);
      }
    },
  });
  return repeated;
}

function yamlProblem(
  { code, message, pos }: YAMLError,
  { lines, file }: { lines: LineCounter; file: string },
): Problem {
  const { line, col } = lines.linePos(pos[0]);
  const what = code === 'MULTIPLE_DOCS' ? 'A second document begins' : message.split(' at line ')[0].split('\n')[0];
  return { where: `${file}:${line}:${col}`, got: `not readable as YAML: ${what.slice(0, 120)}` };
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
  if (bytes.length > SWEEP_BYTES_MAX) throw new UsageError({ where: file, got: 'more than 4 MB', ...expected });
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
