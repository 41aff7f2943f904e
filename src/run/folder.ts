/**
 * A run's folder, read without touching it. The manifest says what the run is, the journal what has happened; whatever
 * contradicts them is refused with words.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ARITHMETIC_ID } from '../../schemas/arithmetic.ts';
import type { Ending, JournalRecord } from '../../schemas/journal.ts';
import type { Manifest } from '../../schemas/manifest.ts';
import type { Network } from '../../schemas/network.ts';
import { RunError, UsageError } from '../../schemas/problems.ts';
import { shardText } from '../../schemas/shard.ts';
import { Plan } from '../plan/plan.ts';
import { membersHash } from '../plan/shard.ts';
import { RESTORE_REMEDY } from '../storage/files.ts';
import { type JournalContent, journalFile, readJournal, sessionsIn } from '../storage/journal/journal.ts';
import { reading } from '../storage/reading.ts';
import { provideKeptData } from './kept-data.ts';
import { leaseHolder } from './lease.ts';
import { manifestPath, readManifest, withEpochs } from './manifest.ts';
import type { Owner } from './owner.ts';
import { GYRE_VERSION } from './package.ts';
import type { Results } from './results.ts';
import { RunState } from './run-state.ts';

/** The files of a run's folder. */
export const runPaths = (folder: string) => ({
  manifest: manifestPath(folder),
  /** A folder, with a file per session. */
  journal: join(folder, 'journal'),
  networks: join(folder, 'networks.arrow'),
  checkpoints: join(folder, 'checkpoints'),
  data: join(folder, 'data'),
  lock: join(folder, 'lock'),
});

/** A run as its folder tells it. */
export interface RunRecord {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Those of this folder, ids ascending: of a shard not all of the plan. */
  readonly networks: readonly Network[];
  /** By id in the plan. */
  readonly results: Results;
  /** What the journal comes to: networks and results are its own. */
  readonly state: RunState;
  readonly journal: readonly JournalRecord[];
  /** The process that works on it now, or null. */
  readonly owner: Owner | null;
}

/** Where the run of a plan goes unless the user says otherwise. */
export function defaultRunFolder({ sweep, key, shard }: Plan): string {
  const part = shard === null ? '' : `-${shard.index}of${shard.count}`;
  return join('traces', 'runs', `${sweep.name}-${key}${part}`);
}

/**
 * Tells sessions that another one has overtaken: they wrote behind what was continued, or began and were passed over.
 */
export function overtakenIn(
  journalFolder: string,
  content: JournalContent | null,
  before = Number.POSITIVE_INFINITY,
): (session: number) => boolean {
  const parts = content?.parts ?? [];
  const present = new Set(sessionsIn(journalFolder).filter((session) => session < before));
  return (session) => {
    const part = parts.find((position) => position.session === session);
    if (part === undefined) return present.has(session);
    return part !== parts.at(-1) && statSync(journalFile(journalFolder, session)).size > part.bytes;
  };
}

/** A run's folder as run.json and the journal have it, before anything of it is trusted to go together. */
export interface FoldedRun {
  /** With the epochs that the journal says: a crash right after an extension leaves those before it in run.json. */
  readonly manifest: Manifest;
  readonly state: RunState;
}

/**
 * Folds a journal into the state of the run that a manifest describes.
 *
 * @throws RunError where a record does not continue the state, or run.json is not that of the journal.
 */
export function foldRun(
  folder: string,
  found: { manifest: Manifest; plan: Plan; records: readonly JournalRecord[] },
): FoldedRun {
  const { manifest, plan, records } = found;
  refuseOtherMembers(folder, manifest, plan);
  const state = new RunState({ journal: runPaths(folder).journal, plan, epochs: manifest.sweep.epochs });
  for (const record of records) state.take(record);
  refuseOtherManifest(folder, manifest, state);
  return { manifest: withEpochs(manifest, state.epochs), state };
}

/**
 * The journal knows the run's sweep, and its epochs: in run.json stand those, or the ones before where a crash came in
 * between.
 */
function refuseOtherManifest(folder: string, manifest: Manifest, state: RunState): void {
  const { header, epochs } = state;
  const where = runPaths(folder).manifest;
  const now = manifest.sweep.epochs;
  if (header !== null && !state.hasHadEpochs(now))
    throw new RunError({
      where,
      got: `a run of ${now} epochs`,
      expected: `${epochs} epochs, as the journal says`,
      remedy: RESTORE_REMEDY,
    });
  if (header === null || withEpochs(manifest, header.epochs).sweepHash === header.sweepHash) return;
  throw new RunError({
    where,
    got: 'another sweep than the run was begun with',
    expected: `the sweep whose hash is ${header.sweepHash}, as the journal says`,
    remedy: RESTORE_REMEDY,
  });
}

/** Reads a run for looking at it; nothing is changed. A `known` plan of the same sweep saves expanding it again. */
export function readRun(folder: string, known?: Plan): RunRecord {
  return reading(folder, () => {
    const onDisk = readManifest(folder);
    const journal = readOwnJournal(folder, onDisk)?.records ?? [];
    const plan = new Plan(onDisk.sweep, onDisk.shard, known);
    const { manifest, state } = foldRun(folder, { manifest: onDisk, plan, records: journal });
    const { networks, results } = state;
    return { folder, manifest, networks, results, state, journal, owner: leaseHolder(runPaths(folder).lock) };
  });
}

/** The folder of a shard is for certain networks: this version must share the plan out as the one that made it did. */
function refuseOtherMembers(folder: string, { shard, gyre }: Manifest, { networks }: Plan): void {
  if (shard === undefined || membersHash(networks) === shard.members) return;
  throw new RunError({
    where: runPaths(folder).manifest,
    got: `shard ${shardText(shard)} with networks of hash ${shard.members}`,
    expected: `${membersHash(networks)}, as Gyre ${GYRE_VERSION} shares the plan out`,
    remedy: `read it with Gyre ${gyre}`,
  });
}

/**
 * Reads a run to train its networks again.
 *
 * @throws UsageError where it was trained by another arithmetic.
 * @throws RunError where a data file that it keeps is gone or damaged.
 */
export function readRunToReplay(folder: string): RunRecord {
  const run = readRun(folder);
  const { arithmetic, gyre, sweep } = run.manifest;
  if (arithmetic !== ARITHMETIC_ID) {
    const got = `a run by arithmetic ${arithmetic}`;
    const remedy = `replay it with Gyre ${gyre}`;
    throw new UsageError({ where: folder, got, expected: `arithmetic ${ARITHMETIC_ID}`, remedy });
  }
  provideKeptData(runPaths(folder).data, sweep);
  return run;
}

/** The journal that goes with a manifest, or what of it stands before a session. */
export function readOwnJournal(folder: string, { key }: Manifest, before?: number): JournalContent | null {
  const path = runPaths(folder).journal;
  const content = readJournal(path, before);
  if (content === null || content.runKey === key) return content;
  throw new RunError({
    where: path,
    got: `the journal of a run with key ${content.runKey}`,
    expected: `that of the run with key ${key}, as in run.json`,
    remedy: RESTORE_REMEDY,
  });
}

/** How far a run is, from its record alone. */
export function runState({ state, owner }: RunRecord): 'running' | Ending {
  return owner !== null ? 'running' : state.ending;
}
