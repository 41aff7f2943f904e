/**
 * Identity by content: the key of a network, the key of a sweep and what differs between two sweeps. A key is SHA-256
 * over canonical JSON (RFC 8785: members sorted by name, no white space, numbers as JavaScript prints them).
 */
import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ARITHMETIC_ID } from '../../schemas/arithmetic.ts';
import { DEFAULT_THRESHOLDS, THRESHOLD_NAMES } from '../../schemas/detectors.ts';
import type { NetworkConfig } from '../../schemas/network.ts';
import type { Sweep } from '../../schemas/sweep.ts';

/**
 * The key of a network: first 16 hex digits of the hash of all that decides its bits but the number of epochs, the
 * version of the declared arithmetic included. Equal configurations have equal keys in any sweep.
 */
export function networkKey(config: NetworkConfig): string {
  if (lastKeyed === null || !isReplicate(config, lastKeyed.config)) lastKeyed = { config, ...aroundSeed(config) };
  const { before, after } = lastKeyed;
  // A slice of a text keeps the whole of it in memory: the digits are copied.
  KEY_DIGITS.latin1Write(hash('sha256', `${before}${config.seed}${after}`, 'hex'), 0, 16);
  return KEY_DIGITS.latin1Slice(0, 16);
}

const KEY_DIGITS = Buffer.alloc(16) as Buffer & {
  latin1Write(text: string, offset: number, length: number): number;
  latin1Slice(start: number, end: number): string;
};

/** Most networks differ from the one before by their seed alone: what its canonical JSON had around it serves again. */
let lastKeyed: { readonly config: NetworkConfig; readonly before: string; readonly after: string } | null = null;

/** Whether two configurations differ by their seeds at most; equal members that are not shared do not count. */
function isReplicate(a: NetworkConfig, b: NetworkConfig): boolean {
  for (const name of SHARED_MEMBERS) if (a[name] !== b[name]) return false;
  return true;
}

function aroundSeed(config: NetworkConfig): { before: string; after: string } {
  let [before, text] = ['', '{'];
  for (const name of DECISIVE_MEMBERS) {
    const value = name === 'arithmetic' ? ARITHMETIC_ID : config[name];
    if (value === undefined) continue;
    if (text !== '{') text += ',';
    text += `"${name}":`;
    if (name === 'seed') [before, text] = [text, ''];
    else text += canonicalJson(value);
  }
  return { before, after: `${text}}` };
}

/** What decides a network's bits, in the order of canonical JSON: sorted once, not for each of a million networks. */
const DECISIVE_MEMBERS = (
  [
    'arithmetic',
    'layers',
    'objective',
    'activation',
    'data',
    'init',
    'optimizer',
    'batch',
    'shuffle',
    'precision',
    'subnormals',
    'seed',
  ] as const
).toSorted();

/** What replicates have in common of a configuration. */
const SHARED_MEMBERS = DECISIVE_MEMBERS.filter((name) => name !== 'arithmetic' && name !== 'seed');

/**
 * The key of a sweep: first 8 hex digits of the hash of the resolved sweep without name, epochs, trace and the paths of
 * data files. Of the thresholds of events and labels those count that are not the default ones: a run that judges
 * otherwise is another run of the same networks.
 */
export function sweepKey(sweep: Sweep): string {
  return contentHash(gridOf(sweep)).slice(0, 8);
}

/** The whole hash of a resolved sweep, 64 hex digits. */
export function sweepHash(sweep: Sweep): string {
  return contentHash(sweep);
}

/** One key path (`optimizer[0].learningRate`) whose value differs between a run's sweep and the one at hand. */
export interface Difference {
  readonly path: string;
  readonly before: unknown;
  readonly now: unknown;
}

/**
 * Where two resolved sweeps differ, the name and the paths of data files apart; empty where one continues the other.
 * The trace counts too: half a run in buckets of 20 epochs and half in single ones would be no table.
 */
export function sweepDifferences(before: Sweep, now: Sweep): Difference[] {
  return differences({ ...withoutPaths(before), name: now.name }, withoutPaths(now), '');
}

function gridOf({ name: _name, epochs: _epochs, trace: _trace, detectors, ...grid }: Sweep): object {
  const own = THRESHOLD_NAMES.filter((name) => detectors[name] !== DEFAULT_THRESHOLDS[name]);
  if (own.length === 0) return withoutPaths(grid);
  return { ...withoutPaths(grid), detectors: Object.fromEntries(own.map((name) => [name, detectors[name]])) };
}

/** A sweep, its grids and its rules know data files by their content alone. */
function withoutPaths<T extends Partial<Pick<Sweep, 'networks' | 'exclude' | 'data'>>>(sweep: T): object {
  const { networks, exclude, data } = sweep;
  return {
    ...sweep,
    ...(data !== undefined && { data: data.map(withoutPath) }),
    ...(networks !== undefined && {
      networks: networks.map((grid) => ({ ...grid, data: grid.data.map(withoutPath) })),
    }),
    ...(exclude !== undefined && {
      exclude: exclude.map((rule) => (rule.data === undefined ? rule : { ...rule, data: rule.data.map(withoutPath) })),
    }),
  };
}

function withoutPath(block: object): object {
  return 'file' in block && 'content' in block ? { file: block.content } : block;
}

function differences(before: unknown, now: unknown, path: string): Difference[] {
  if (isDeepStrictEqual(before, now)) return [];
  if (!isMapping(before) || !isMapping(now)) return [{ path, before, now }];
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  const pathOf = (key: string) => (Array.isArray(before) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
  return [...keys].flatMap((key) => differences(before[key], now[key], pathOf(key)));
}

/** Blocks in a list of one read better by their keys than as a whole. */
function isMapping(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && (!Array.isArray(value) || value.some((item) => isMapping(item)))
  );
}

function contentHash(value: unknown): string {
  return hash('sha256', canonicalJson(value), 'hex');
}

/** The networks of a sweep share their layers, data and optimizers, which nobody changes. */
const textOf = new WeakMap<object, string>();

/** JSON with sorted keys; undefined members are left out. */
function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  let text = textOf.get(value);
  if (text === undefined) {
    text = canonicalText(value);
    textOf.set(value, text);
  }
  return text;
}

function canonicalText(value: object): string {
  // Of a million seeds a text each would take a hundred megabytes.
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}
