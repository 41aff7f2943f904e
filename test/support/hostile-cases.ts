/**
 * Hostile runs, made in a loop: every name, every member and every file of a run, each replaced by everything that it
 * must not be. A case changes the folder of a run that was right.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sweepHash, sweepKey } from '../../src/plan/identify.ts';
import type { HostileBase } from './hostile-base.ts';

/** One hostile run. */
export interface HostileCase {
  readonly name: string;
  readonly prepare: () => void;
}

/** Characters that a terminal obeys: a title, a colour, C1, a bidi override, a line, a lone surrogate. */
export const STRANGE_TEXT = '\u001b]0;x\u0007\u001b[31m\u009b2J\u202eabc\u2066\u2028\u007f\nnext\ttab\ud800';

/** What is no name of any kind. */
const NAMES = (scratch: string): readonly string[] => [
  '../../../canary.txt',
  '../../../canary/0001-00001.arrow',
  '../../../../canary/0001-00001.arrow',
  join(scratch, 'canary', '0001-00001.arrow'),
  '..',
  '.',
  '',
  'a/b',
  '0001-00001.arrow/../../x.arrow',
  '0001-00001.arrow\n',
  '0001-00001.arrow\0',
  'C:\\0001-00001.arrow',
  '1'.repeat(5000),
  STRANGE_TEXT,
  '__proto__',
];

/** What a member must not be; `undefined` takes it away. */
const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  1e12,
  'other',
  STRANGE_TEXT,
  [],
  {},
  [[[[]]]],
  { __proto__: null, constructor: 1, length: 4e9 },
  new Float64Array(3),
  Uint32Array.of(0xffffffff),
  Uint8Array.of(9),
];

type Path = readonly (string | number)[];

/** All hostile runs, in a fixed order. */
export function* hostileCases(base: HostileBase): Generator<HostileCase> {
  yield* namesInJournals(base);
  yield* membersOfRecords(base);
  yield* networksBeyond(base);
  yield* namesInManifests(base);
  yield* membersOfManifests(base);
  yield* strangeFiles(base);
  yield* strangeBytes(base);
}

function* namesInJournals(base: HostileBase): Generator<HostileCase> {
  for (const [i, record] of base.records.entries())
    for (const path of pathsOf(record))
      if (typeof valueAt(record, path) === 'string')
        for (const name of NAMES(base.scratch)) yield journalCase(base, i, path, name);
}

function* membersOfRecords(base: HostileBase): Generator<HostileCase> {
  const seen = new Set<string>();
  for (const [i, record] of base.records.entries()) {
    if (seen.has(record.kind)) continue;
    seen.add(record.kind);
    for (const path of pathsOf(record)) for (const value of VALUES) yield journalCase(base, i, path, value);
  }
}

/** Networks that the plan does not have, in arrays that are right by themselves. */
function* networksBeyond(base: HostileBase): Generator<HostileCase> {
  for (const [i, record] of base.records.entries())
    for (const path of pathsOf(record)) {
      const value = valueAt(record, path);
      if (value instanceof Uint32Array && path.at(-1) === 'network')
        for (const id of [999_999, base.networkCount])
          yield journalCase(
            base,
            i,
            path,
            value.map(() => id),
          );
    }
}

/** The journal with one member of one record replaced, and nothing of it after a record that the run does not have. */
function journalCase(base: HostileBase, i: number, path: Path, value: unknown): HostileCase {
  const { kind } = base.records[i];
  return {
    name: `${kind} ${i}: ${path.join('.')} = ${text(value)}`,
    prepare: () => {
      const records = base.records
        .slice(0, Math.max(i + 1, 6))
        .map((one, j) => (j === i ? replaced(one, path, value) : one));
      base.writeJournal(records);
    },
  };
}

function* namesInManifests(base: HostileBase): Generator<HostileCase> {
  const manifest = manifestOf(base);
  for (const path of pathsOf(manifest))
    if (typeof valueAt(manifest, path) === 'string')
      for (const name of NAMES(base.scratch)) yield manifestCase(base, path, name);
}

function* membersOfManifests(base: HostileBase): Generator<HostileCase> {
  const manifest = manifestOf(base);
  for (const path of pathsOf(manifest)) for (const value of VALUES) yield manifestCase(base, path, value);
  const shards = [
    { index: 1, count: 1e9, members: '0123456789abcdef' },
    { index: 2, count: 1, members: '0123456789abcdef' },
    { index: 0, count: 2, members: '../../canary' },
    { index: 1, count: 1_000_000, members: '0123456789abcdef' },
  ];
  for (const shard of shards) yield manifestCase(base, ['shard'], shard);
  const many = Array.from({ length: 1000 }, (_, i) => i);
  yield manifestCase(
    base,
    ['sweep', 'seeds'],
    Array.from({ length: 1_000_001 }, (_, i) => i),
  );
  yield manifestCase(base, ['sweep'], {
    ...manifest.sweep,
    seeds: many,
    optimizer: many.map(() => manifest.sweep.optimizer[0]),
  });
  yield manifestCase(base, ['sweep', 'sample'], { kind: 'random', count: 1e12, seed: 0 });
  yield manifestCase(base, ['sweep', 'sample'], { kind: 'random', count: 1_000_000, seed: 0 });
  yield manifestCase(base, ['sweep', 'layers'], [Array.from({ length: 32 }, () => 4096)]);
  yield manifestCase(base, ['sweep', 'networks'], []);
  yield manifestCase(base, ['sweep', 'exclude'], [{}]);
  yield manifestCase(base, ['sweep', 'optimizer', 0, 'kind'], ['lion']);
}

/** run.json with one member replaced, and hashes that are right where the sweep has some. */
function manifestCase(base: HostileBase, path: Path, value: unknown): HostileCase {
  return {
    name: `run.json: ${path.join('.')} = ${text(value)}`,
    prepare: () => {
      const manifest = replaced(manifestOf(base), path, value) as ManifestText;
      if (path[0] === 'sweep') {
        try {
          manifest.sweepHash = sweepHash(manifest.sweep as never);
          manifest.key = sweepKey(manifest.sweep as never);
        } catch {
          // Such a sweep has no key; the one of the run it was made of stays.
        }
      }
      writeFileSync(join(base.folder, 'run.json'), JSON.stringify(manifest));
    },
  };
}

interface ManifestText {
  sweepHash: string;
  key: string;
  sweep: { readonly optimizer: readonly unknown[] };
}

const manifestOf = (base: HostileBase): ManifestText => JSON.parse(String(base.files.get('run.json'))) as ManifestText;

/** What may stand in the place of a file or folder. */
function makersOf(scratch: string): Readonly<Record<string, (path: string) => void>> {
  return {
    'a link to a file': (path) => symlinkSync(join(scratch, 'canary.txt'), path),
    'a link to a folder': (path) => symlinkSync(join(scratch, 'canary'), path),
    'a link that leads nowhere yet': (path) => symlinkSync(join(scratch, 'new-canary'), path),
    'a link to itself': (path) => symlinkSync(path, path),
    'a pipe': (path) => execFileSync('mkfifo', [path]),
    'a folder': (path) => mkdirSync(path),
    'a folder with a file': (path) => {
      mkdirSync(path);
      writeFileSync(join(path, '0001-00001.arrow'), 'x');
    },
    nothing: () => {},
    'an empty file': (path) => writeFileSync(path, ''),
    '3 GB': (path) => {
      writeFileSync(path, '{');
      truncateSync(path, 3e9);
    },
  };
}

/** Names that Gyre gives itself, there or not. */
const ENTRIES = [
  'run.json',
  'run.json.new',
  'journal',
  'journal/0001.msgpack',
  'journal/0002.msgpack',
  'journal/0003.msgpack',
  'journal/0001.msgpack.new',
  'networks.arrow',
  'networks.arrow.new',
  'spirals.arrow',
  'lock',
  `lock.${'0'.repeat(32)}`,
  `lock.${'0'.repeat(32)}.old`,
  'epochs',
  'events',
  'blocks',
  'checkpoints',
  'data',
  'windows',
  'windows/1-2-1-float32',
  'csv',
  'csv/epochs.part',
  'csv/columns.csv.new',
  'epochs/0001-00001.arrow',
  'epochs/0002-00001.arrow',
  'epochs/0001-00002.arrow.part',
  'epochs/0001-00003.arrow.part',
  'events/0001-00003.arrow.part',
  'checkpoints/0001-00009-10.msgpack.new',
];

function* strangeFiles(base: HostileBase): Generator<HostileCase> {
  const kept = [...base.files.keys()].filter((file) => /^(checkpoints|data|blocks)\//.test(file));
  for (const entry of [...ENTRIES, ...kept])
    for (const [what, make] of Object.entries(makersOf(base.scratch))) {
      yield {
        name: `${entry} is ${what}`,
        prepare: () => {
          const path = join(base.folder, entry);
          rmSync(path, { recursive: true, force: true });
          mkdirSync(dirname(path), { recursive: true });
          make(path);
        },
      };
    }
}

/** Files cut, and filled with what is none of theirs. */
function* strangeBytes(base: HostileBase): Generator<HostileCase> {
  const contents: readonly [string, (bytes: Buffer) => Buffer][] = [
    ['half of it', (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ['all but a byte', (bytes) => bytes.subarray(0, -1)],
    ['zeros', (bytes) => Buffer.alloc(bytes.length)],
    ['other bytes', (bytes) => Buffer.alloc(bytes.length, 0xc1)],
    ['twice', (bytes) => Buffer.concat([bytes, bytes])],
    ['a long list', () => Buffer.from(`${'['.repeat(200_000)}`)],
  ];
  for (const [file, bytes] of base.files)
    for (const [what, change] of contents)
      yield { name: `${file} holds ${what}`, prepare: () => writeFileSync(join(base.folder, file), change(bytes)) };
}

/** The paths of all members of a value, those within included. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [path];
  const members = Array.isArray(value) ? value.slice(0, 2).map((one, i) => [i, one] as const) : Object.entries(value);
  const within = members.flatMap(([key, one]) => pathsOf(one, [...path, key]));
  return path.length === 0 ? within : [path, ...within];
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((one, key) => (one as Record<string | number, unknown>)[key], value);
}

/** A copy with one member replaced, or taken away. */
function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  const member = replaced(copy[key], rest, by);
  if (member === undefined) delete copy[key];
  else copy[key] = member;
  return copy;
}

function text(value: unknown): string {
  const json = ArrayBuffer.isView(value) ? value.constructor.name : JSON.stringify(value);
  return String(json).slice(0, 60);
}
