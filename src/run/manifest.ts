/**
 * run.json, which says what a run is: made when it begins, read with suspicion ever after.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARITHMETIC_ID } from '../../schemas/arithmetic.ts';
import type { EngineName, Manifest } from '../../schemas/manifest.ts';
import type { Network } from '../../schemas/network.ts';
import { RunError } from '../../schemas/problems.ts';
import type { Shard } from '../../schemas/shard.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { FORMAT_VERSION } from '../../schemas/trace.ts';
import { sweepHash, sweepKey } from '../plan/identify.ts';
import { membersHash, shardNetworks } from '../plan/shard.ts';
import { RESTORE_REMEDY, withPath, writeFileAtomically } from '../storage/files.ts';
import { GYRE_VERSION } from './package.ts';

/** Where it stands in a run's folder. */
export const manifestPath = (folder: string): string => join(folder, 'run.json');

/** The manifest of a run's folder. */
export function readManifest(folder: string): Manifest {
  const path = manifestPath(folder);
  const text = withPath(path, () => readFileSync(path, 'utf8'));
  const manifest = parseManifest(text);
  if (manifest === null) {
    throw new RunError({ where: path, got: 'something else', expected: 'the manifest of a Gyre run' });
  }
  if (manifest.formatVersion !== FORMAT_VERSION) {
    throw new RunError({
      where: path,
      got: `format version ${manifest.formatVersion}`,
      expected: `format version ${FORMAT_VERSION}`,
      remedy: `read it with the Gyre ${manifest.gyre} that wrote it, or run its sweep anew in another folder`,
    });
  }
  if (!isWhole(manifest)) {
    throw new RunError({
      where: path,
      got: 'a damaged manifest',
      expected: 'all its members, and a sweep whose SHA-256 is `sweepHash` and whose key is `key`',
      remedy: RESTORE_REMEDY,
    });
  }
  return manifest;
}

function parseManifest(text: string): Manifest | null {
  try {
    const value = JSON.parse(text) as Partial<Manifest> | null;
    return value?.format === 'gyre-run' && typeof value.formatVersion === 'number' ? (value as Manifest) : null;
  } catch {
    return null;
  }
}

/** Members that are texts. The sweep has its own hash, and readers of a run depend on nothing else. */
const TEXTS = ['name', 'key', 'sweepHash', 'arithmetic', 'engine', 'createdAt', 'gyre'] as const;

function isWhole(manifest: Partial<Manifest>): boolean {
  const { sweep, networks } = manifest;
  if (typeof sweep !== 'object' || sweep === null || typeof networks !== 'number') return false;
  if (!TEXTS.every((name) => typeof manifest[name] === 'string')) return false;
  return sweepHash(sweep) === manifest.sweepHash && sweepKey(sweep) === manifest.key;
}

/** The manifest of a run, or of a shard of one, that begins now. */
export function newManifest(of: {
  sweep: Sweep;
  shard: Shard | null;
  /** Of the full plan. */
  networks: readonly Network[];
  engine: EngineName;
}): Manifest {
  const { sweep, shard, engine } = of;
  const networks = shard === null ? of.networks : shardNetworks(of.networks, shard);
  return {
    format: 'gyre-run',
    formatVersion: FORMAT_VERSION,
    name: sweep.name,
    key: sweepKey(sweep),
    sweepHash: sweepHash(sweep),
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
