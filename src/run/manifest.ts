/**
 * run.json, which says what a run is: made when it begins, read with suspicion ever after.
 */
import { join } from 'node:path';
import { ARITHMETIC_ID } from '../../schemas/arithmetic.ts';
import { ENGINE_NAMES, type EngineName, type Manifest } from '../../schemas/manifest.ts';
import { type Problem, RunError } from '../../schemas/problems.ts';
import { SWEEP_LIMITS, type Sweep } from '../../schemas/sweep.ts';
import { FORMAT_VERSION } from '../../schemas/trace.ts';
import type { Finding } from '../plan/check-sweep.ts';
import { pathText } from '../plan/explain.ts';
import { sweepHash, sweepKey } from '../plan/identify.ts';
import type { Plan } from '../plan/plan.ts';
import { parseResolved } from '../plan/resolved.ts';
import { membersHash } from '../plan/shard.ts';
import { RESTORE_REMEDY, writeFileAtomically } from '../storage/files.ts';
import { checkRunFolder, readPlain } from '../storage/plain-files.ts';
import { reading } from '../storage/reading.ts';
import {
  checkedShape,
  isMapping,
  mapping,
  named,
  optional,
  ShapeError,
  text,
  valueText,
  whole,
  word,
} from '../storage/record-checks.ts';
import { GYRE_VERSION } from './package.ts';

/** Where it stands in a run's folder. */
export const manifestPath = (folder: string): string => join(folder, 'run.json');

/** A list of a million seeds takes 20 MB. */
const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;
/** As many as a person reads. */
const FINDINGS_MAX = 3;

/**
 * The manifest of a run's folder, its sweep parsed by the schema that it was resolved by.
 *
 * @throws RunError where it is none, is damaged, is beyond the limits of a plan, or where the folder holds links or
 *   worse under Gyre's names.
 */
export function readManifest(folder: string): Manifest {
  const path = manifestPath(folder);
  return reading(path, () => {
    checkRunFolder(folder);
    return checkedManifest(readPlain(path, MANIFEST_BYTES_MAX).toString('utf8'), path);
  });
}

function checkedManifest(content: string, path: string): Manifest {
  const manifest = parseManifest(content);
  if (manifest === null) {
    throw new RunError({ where: path, got: 'something else', expected: 'the manifest of a Gyre run' });
  }
  const writer = `the Gyre ${versionText(manifest.gyre)} that wrote it`;
  const remedy = `read it with ${writer}, or run its sweep anew in another folder`;
  if (manifest.formatVersion !== FORMAT_VERSION) {
    throw new RunError({
      where: path,
      got: `format version ${manifest.formatVersion}`,
      expected: `format version ${FORMAT_VERSION}`,
      remedy,
    });
  }
  const raw = manifest.sweep as unknown;
  if (!isMapping(raw)) throw damaged(path);
  const { sweep, findings } = parseResolved(raw);
  if (findings.length > 0) {
    const { where, got, expected } = problemsOf(findings, path);
    throw new RunError({ where, got, ...(expected !== undefined && { expected }), remedy });
  }
  if (sweepHash(raw as unknown as Sweep) !== manifest.sweepHash || sweepKey(sweep) !== manifest.key)
    throw damaged(path);
  const own = checkedShape(() => checkMembers(manifest, ''), { where: path, what: 'a damaged manifest' });
  return { ...(own as Manifest), sweep };
}

/** A version as it is written, or what stands in its place. */
const versionText = (gyre: unknown): string =>
  typeof gyre === 'string' && /^[\w.+-]{1,40}$/.test(gyre) ? gyre : valueText(gyre);

/** What is wrong with the sweep, as one problem. */
function problemsOf(findings: readonly Finding[], path: string): Problem {
  const [{ path: key, got, expected }] = findings;
  const more = findings.slice(1, FINDINGS_MAX).map((finding) => `${pathText(finding.path)} ${finding.got}`);
  const rest = findings.length > FINDINGS_MAX ? ', …' : '';
  const where = key.length === 0 ? `${path}: sweep` : `${path}: sweep.${pathText(key)}`;
  return {
    where,
    got: more.length === 0 ? got : `${got}, and ${more.join(', ')}${rest}`,
    ...(expected !== undefined && { expected }),
  };
}

function damaged(path: string): RunError {
  return new RunError({
    where: path,
    got: 'a damaged manifest',
    expected: 'all its members, and a sweep whose SHA-256 is `sweepHash` and whose key is `key`',
    remedy: RESTORE_REMEDY,
  });
}

function parseManifest(content: string): Manifest | null {
  try {
    const value = JSON.parse(content) as Partial<Manifest> | null;
    return value?.format === 'gyre-run' && typeof value.formatVersion === 'number' ? (value as Manifest) : null;
  } catch {
    return null;
  }
}

const networkCount = whole(1, SWEEP_LIMITS.networkCountMax);

const checkMembers = mapping({
  format: word(['gyre-run']),
  formatVersion: whole(FORMAT_VERSION, FORMAT_VERSION),
  name: text(64),
  key: named('runKey'),
  sweepHash: named('contentHash'),
  arithmetic: text(40),
  engine: word(ENGINE_NAMES),
  networks: networkCount,
  shard: optional(
    mapping({ index: networkCount, count: networkCount, members: named('membersHash') }, ({ index, count }, place) => {
      if ((index as number) > (count as number))
        throw new ShapeError(`${place}.index`, String(index), `at most ${String(count)}`);
    }),
  ),
  createdAt: text(40),
  gyre: text(40),
});

/** The manifest of a run that begins now. */
export function newManifest({ sweep, shard, networks, key, hash }: Plan, engine: EngineName): Manifest {
  return {
    format: 'gyre-run',
    formatVersion: FORMAT_VERSION,
    name: sweep.name,
    key,
    sweepHash: hash,
    arithmetic: ARITHMETIC_ID,
    engine,
    networks: networks.length,
    ...(shard !== null && { shard: { ...shard, members: membersHash(networks) } }),
    createdAt: new Date().toISOString(),
    gyre: GYRE_VERSION,
    sweep,
  };
}

/** The manifest of a run that has other epochs. */
export function withEpochs(manifest: Manifest, epochs: number): Manifest {
  if (manifest.sweep.epochs === epochs) return manifest;
  const sweep = { ...manifest.sweep, epochs };
  return { ...manifest, sweep, sweepHash: sweepHash(sweep) };
}

/** Writes it as a whole. */
export function writeManifest(folder: string, manifest: Manifest): void {
  writeFileAtomically(manifestPath(folder), `${JSON.stringify(manifest, null, 2)}\n`);
}
