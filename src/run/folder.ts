/**
 * A run's folder: making one for a sweep, continuing the one that is there, or reading it without touching it. The manifest
 * says what the run is, the journal what has happened; whatever contradicts them is refused with words.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ARITHMETIC_ID } from '../../schemas/arithmetic.ts';
import type { JournalRecord } from '../../schemas/journal.ts';
import type { EngineName, Manifest } from '../../schemas/manifest.ts';
import type { Network } from '../../schemas/network.ts';
import { type Problem, RunError, UsageError } from '../../schemas/problems.ts';
import { type Shard, shardText } from '../../schemas/shard.ts';
import type { Sweep } from '../../schemas/sweep.ts';
import { expandSweep } from '../plan/expand.ts';
import { sweepDifferences, sweepKey } from '../plan/identify.ts';
import { membersHash, shardNetworks } from '../plan/shard.ts';
import { checkCheckpoints, removeDebris } from '../storage/checkpoints.ts';
import { makeFolder, RESTORE_REMEDY, withPath } from '../storage/files.ts';
import {
  type Journal,
  JournalClaim,
  type JournalContent,
  journalFile,
  readJournal,
  sessionsIn,
} from '../storage/journal.ts';
import { keepData, provideKeptData } from './file-data.ts';
import { removeFindings } from './findings-tables.ts';
import { FolderGuard } from './guard.ts';
import { acquireLease, LEASE_NAMES, type Lease, leaseHolder, type Sighting, watchLease } from './lease.ts';
import { manifestPath, newManifest, readManifest, withEpochs, writeManifest } from './manifest.ts';
import type { Owner } from './owner.ts';
import { GYRE_VERSION } from './package.ts';
import { prepareRaise } from './raise.ts';
import { Results } from './results.ts';
import { SegmentBook } from './segment-book.ts';

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
  readonly journal: readonly JournalRecord[];
  /** The process that works on it now, or null. */
  readonly owner: Owner | null;
}

/** A run open for training, in a session of its own. The process that holds its lease is the only one that writes to its folder. */
export interface OpenRun {
  readonly folder: string;
  readonly manifest: Manifest;
  /** What trains in this session. */
  readonly engine: EngineName;
  /** Those of this folder, ids ascending: of a shard not all of the plan. */
  readonly networks: readonly Network[];
  /** By id in the plan. */
  readonly results: Results;
  readonly journal: Journal;
  readonly segments: SegmentBook;
  /** The epochs that the run had before this session raised them; null where it did not. */
  readonly raisedFrom: number | null;
  /** Closes the journal and gives the folder back. */
  close(): void;
}

/** Where a run of a sweep goes unless the user says otherwise. */
export function defaultRunFolder(sweep: Sweep, shard: Shard | null = null): string {
  const part = shard === null ? '' : `-${shard.index}of${shard.count}`;
  return join('traces', 'runs', `${sweep.name}-${sweepKey(sweep)}${part}`);
}

/**
 * Opens the folder for a sweep, or for a shard of it: a new run, or the one of the same sweep that is there already, whose open segments
 * are then sealed at their last commit. `networks` are those of the full plan.
 *
 * @throws UsageError where the folder holds something else, or may not be written, or another process works on it.
 */
export function openRun(options: OpenOptions): OpenRun {
  const { folder, stoodStill = null, hasHeartbeat = true } = options;
  refuseForeign(options);
  asUsage(() => makeFolder(folder));
  const lease = asUsage(() => acquireLease(runPaths(folder).lock, { stoodStill, hasHeartbeat }));
  try {
    refuseForeign(options); // another process may have begun a run here in the meantime
    return openLeased(options, lease);
  } catch (error) {
    lease.release();
    throw error;
  }
}

/**
 * The same, but a run that another process may work on is waited for: as long as it takes to see whether that one lives.
 *
 * @param lease how many seconds its heartbeat must stand still, and who is told that it may take so long.
 */
export async function openRunWhenFree(
  options: OpenOptions,
  lease: { seconds: number; onWait: (owner: Owner | null) => void },
): Promise<OpenRun> {
  refuseForeign(options);
  const { lock } = runPaths(options.folder);
  const stoodStill = await watchLease(lock, lease).catch((error) =>
    asUsage(() => {
      throw error;
    }),
  );
  return openRun({ ...options, stoodStill });
}

/** What is to be run, and where. */
export interface OpenOptions {
  readonly sweep: Sweep;
  /** Of the full plan. */
  readonly networks: readonly Network[];
  readonly folder: string;
  readonly engine?: EngineName;
  readonly shard?: Shard | null;
  /** A lease whose heartbeat was watched standing still. */
  readonly stoodStill?: Sighting | null;
  /** Whether a thread shows other machines that this process lives. */
  readonly hasHeartbeat?: boolean;
}

function refuseForeign({ folder, sweep, shard = null }: OpenOptions): void {
  const problem = folderProblem(folder, { sweep, shard });
  if (problem !== null) throw new UsageError(problem);
}

function openLeased(options: OpenOptions, lease: Lease): OpenRun {
  const { sweep, networks: planned, folder, engine = 'kernel', shard = null } = options;
  const paths = runPaths(folder);
  const isNew = !existsSync(paths.manifest);
  const onDisk = isNew ? newManifest({ sweep, shard, networks: planned, engine }) : readManifest(folder);
  const networks = networksOf(onDisk, planned, folder);
  if (isNew) writeManifest(folder, onDisk);
  keepData(paths.data, sweep);
  const guard = new FolderGuard(lease, paths.manifest);
  const { journal, results, segments, epochs } = beginSession({ folder, manifest: onDisk, sweep, planned, guard });
  try {
    if (sweep.epochs > epochs) {
      const before = withEpochs(onDisk, epochs);
      const checkpointFolder = paths.checkpoints;
      const raised = prepareRaise({ manifest: before, checkpointFolder, networks, results, segments }, sweep.epochs);
      journal.append(raised);
      segments.replace(raised);
      segments.sealAll();
      segments.removeReplaced();
      results.raise(raised);
      removeOwnDebris(folder, results, journal.session);
    }
    const manifest = withEpochs(onDisk, sweep.epochs);
    if (manifest !== onDisk) {
      removeFindings(folder);
      guard.replaceManifest(() => writeManifest(folder, manifest));
    }
    const raisedFrom = sweep.epochs > epochs ? epochs : null;
    const close = () => {
      journal.close();
      lease.release();
    };
    return { folder, manifest, engine, networks, results, journal, segments, raisedFrom, close };
  } catch (error) {
    journal.close();
    throw error;
  }
}

/**
 * Begins a session: reads what earlier ones have left and refuses what is wrong with it, writes the header of the session, and only then tidies up.
 * What is removed is of no use to the history up to that header, which every later session shares.
 */
function beginSession(of: {
  folder: string;
  manifest: Manifest;
  sweep: Sweep;
  planned: readonly Network[];
  guard: FolderGuard;
}) {
  const { folder, manifest, sweep, planned, guard } = of;
  const paths = runPaths(folder);
  const claim = JournalClaim.make(paths.journal);
  let journal: Journal | null = null;
  try {
    const content = readOwnJournal(folder, manifest, claim.session);
    const records = content?.records ?? [];
    const { epochs } = asRaised(manifest, records).sweep;
    if (sweep.epochs < epochs)
      throw new UsageError(lowered(folder, { epochs, now: sweep.epochs, name: manifest.name }));
    const results = replayResults(planned.length, records);
    const segments = replaySegments(new SegmentBook(folder, manifest.key, claim.session), records);
    segments.makeFolders();
    segments.refuseUnknown(overtakenIn(paths.journal, content, claim.session));
    segments.check();
    const inUse = { used: results.checkpoints, kept: results.keptCheckpoints };
    checkCheckpoints(paths.checkpoints, { ...inUse, runKey: manifest.key });
    journal = claim.begin({ runKey: manifest.key, after: content?.end ?? null }, () => guard.check());
    segments.mendFooters();
    removeOwnDebris(folder, results, journal.session);
    segments.sealAll();
    segments.removeReplaced();
    segments.removeOvertaken();
    return { journal, results, segments, epochs };
  } catch (error) {
    if (journal === null) claim.abandon();
    else journal.close();
    throw error;
  }
}

/** Tells sessions that another one has overtaken: they wrote behind what was continued, or began and were passed over. */
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

function removeOwnDebris(folder: string, results: Results, session: number): void {
  const inUse = { used: results.checkpoints, kept: results.keptCheckpoints };
  removeDebris(runPaths(folder).checkpoints, inUse, session);
}

/** A manifest with the epochs that the journal says: a crash right after a raise leaves those before it in run.json. */
function asRaised(manifest: Manifest, journal: readonly JournalRecord[]): Manifest {
  const raised = journal.findLast((record) => record.kind === 'raised');
  return raised === undefined ? manifest : withEpochs(manifest, raised.epochs);
}

function lowered(folder: string, of: { epochs: number; now: number; name: string }): Problem {
  return {
    where: `${folder}: epochs`,
    got: `${of.now} in the sweep`,
    expected: `${of.epochs} or more, as in the run "${of.name}" that the folder holds`,
    remedy: `epochs can be raised, never lowered: continue it with --epochs ${of.epochs}, or choose another folder with --out`,
  };
}

/** Reads a run for looking at it; nothing is changed. Whoever has the networks of its plan already may hand them in. */
export function readRun(folder: string, known?: readonly Network[]): RunRecord {
  const onDisk = readManifest(folder);
  const journal = readOwnJournal(folder, onDisk)?.records ?? [];
  const manifest = asRaised(onDisk, journal);
  const planned = known ?? expandSweep(manifest.sweep);
  const networks = networksOf(manifest, planned, folder);
  const results = replayResults(planned.length, journal);
  return { folder, manifest, networks, results, journal, owner: leaseHolder(runPaths(folder).lock) };
}

/** The networks of a plan that a folder is for. */
function networksOf({ shard, gyre }: Manifest, planned: readonly Network[], folder: string): readonly Network[] {
  if (shard === undefined) return planned;
  const networks = shardNetworks(planned, shard);
  if (membersHash(networks) === shard.members) return networks;
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

/** Why a sweep, or a shard of it, cannot be run in a folder; null where it can. */
function folderProblem(
  folder: string,
  { sweep, shard }: { sweep: Sweep; shard: Shard | null },
): Problem | readonly Problem[] | null {
  if (!existsSync(runPaths(folder).manifest)) {
    const others = existsSync(folder) ? asUsage(() => withPath(folder, () => readdirSync(folder))) : [];
    // A process killed between making the folder and writing the manifest leaves a lease or a claim on it, or run.json.new, and nothing else.
    if (others.every((name) => LEASE_NAMES.test(name) || name === 'run.json.new')) return null;
    return {
      where: folder,
      got: `a folder with other files (${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''})`,
      expected: 'a new or empty folder, or a run of this sweep',
      remedy: 'choose another folder with --out',
    };
  }
  const manifest = asUsage(() => readManifest(folder));
  const remedy = 'choose another folder with --out, or run the sweep that the folder holds';
  if (manifest.arithmetic !== ARITHMETIC_ID) {
    return {
      where: folder,
      got: `a run by arithmetic ${manifest.arithmetic}`,
      expected: `arithmetic ${ARITHMETIC_ID}`,
      remedy: `continue it with Gyre ${manifest.gyre}, or choose another folder with --out`,
    };
  }
  const { epochs } = manifest.sweep;
  const problems = sweep.epochs < epochs ? [lowered(folder, { epochs, now: sweep.epochs, name: manifest.name })] : [];
  const differences = sweepDifferences({ ...manifest.sweep, epochs: sweep.epochs }, sweep);
  problems.push(
    ...differences.map(({ path, before, now }) => ({
      where: `${folder}: ${path}`,
      got: `${valueText(now)} in the sweep`,
      expected: `${valueText(before)}, as in the run "${manifest.name}" that the folder holds`,
      remedy,
    })),
  );
  const [asked, held] = [partText(shard), partText(manifest.shard ?? null)];
  if (asked !== held)
    problems.push({ where: folder, got: `${asked} to be run`, expected: `${held}, which the folder holds`, remedy });
  return problems.length === 0 ? null : problems;
}

const partText = (shard: Shard | null): string => (shard === null ? 'the whole sweep' : `shard ${shardText(shard)}`);

const valueText = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

/** How far a run is, from its record alone. */
export function runState({ results, networks, owner }: RunRecord): 'running' | 'done' | 'failed' | 'stopped' {
  if (owner !== null) return 'running';
  if (results.doneCount === networks.length) return 'done';
  return results.failedCount > 0 ? 'failed' : 'stopped';
}

/** Time that all sessions of a run took together; of one that was cut short, up to its last snapshot. */
export function runElapsedMs(journal: readonly JournalRecord[]): number {
  let earlierMs = 0;
  let sessionMs = 0;
  for (const record of journal) {
    if (record.kind === 'session') {
      earlierMs += sessionMs;
      sessionMs = 0;
    } else if (record.kind === 'snapshot' || record.kind === 'end') {
      sessionMs = record.elapsedMs;
    }
  }
  return earlierMs + sessionMs;
}

/** Committed bytes of a run's segments, from its journal. */
export function runTraceBytes(journal: readonly JournalRecord[]): number {
  const endBytes = new Map<string, number>();
  for (const record of journal) {
    if (record.kind === 'raised') for (const { table, file } of record.removed) endBytes.delete(`${table}/${file}`);
    if (record.kind !== 'commit' && record.kind !== 'raised') continue;
    for (const segment of record.segments) endBytes.set(`${segment.table}/${segment.file}`, segment.endBytes);
  }
  return [...endBytes.values()].reduce((sum, size) => sum + size, 0);
}

export function replaySegments(segments: SegmentBook, records: readonly JournalRecord[]): SegmentBook {
  for (const record of records) {
    if (record.kind === 'commit') segments.commit(record.segments);
    else if (record.kind === 'raised') segments.replace(record);
  }
  return segments;
}

function replayResults(networkCount: number, records: readonly JournalRecord[]): Results {
  const results = new Results(networkCount);
  for (const record of records) {
    if (record.kind === 'commit') results.commit(record);
    else if (record.kind === 'raised') results.raise(record);
    else if (record.kind === 'failed') results.fail(record.network);
  }
  return results;
}

/** What goes wrong before anything is computed is for the user to mend: exit code 2. */
function asUsage<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw error instanceof RunError ? new UsageError(error.problem) : error;
  }
}
