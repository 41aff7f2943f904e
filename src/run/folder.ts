/**
 * A run's folder: making one for a sweep, continuing the one that is there, or reading it without touching it. The manifest
 * says what the run is, the journal what has happened; whatever contradicts them is refused with words.
 */
import { existsSync, readdirSync } from 'node:fs';
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
import { keepCheckpoints } from '../storage/checkpoints.ts';
import { makeFolder, RESTORE_REMEDY, withPath } from '../storage/files.ts';
import { Journal, type JournalContent, readJournal } from '../storage/journal.ts';
import { checkRunFolder } from '../storage/plain-files.ts';
import { reading } from '../storage/reading.ts';
import { keepData, provideKeptData } from './file-data.ts';
import { removeFindings } from './findings-tables.ts';
import { acquireLock, lockHolder } from './lock.ts';
import { manifestPath, newManifest, readManifest, withEpochs, writeManifest } from './manifest.ts';
import { GYRE_VERSION } from './package.ts';
import { prepareRaise } from './raise.ts';
import { Results } from './results.ts';
import { SegmentBook } from './segment-book.ts';

/** The files of a run's folder. */
export const runPaths = (folder: string) => ({
  manifest: manifestPath(folder),
  journal: join(folder, 'journal.msgpack'),
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
  /** Process id of the process that works on it now, or null. */
  readonly runningPid: number | null;
}

/** A run open for training. The process that holds it is the only one that writes to its folder. */
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
export function openRun({
  sweep,
  networks: planned,
  folder,
  engine = 'kernel',
  shard = null,
}: {
  sweep: Sweep;
  networks: readonly Network[];
  folder: string;
  engine?: EngineName;
  shard?: Shard | null;
}): OpenRun {
  const paths = runPaths(folder);
  const problem = folderProblem(folder, { sweep, shard });
  if (problem !== null) throw new UsageError(problem);
  const isNew = !existsSync(paths.manifest);
  asUsage(() => makeFolder(folder));
  const releaseLock = asUsage(() => acquireLock(paths.lock));
  try {
    const onDisk = isNew ? newManifest({ sweep, shard, networks: planned, engine }) : readManifest(folder);
    const networks = networksOf(onDisk, planned, folder);
    if (isNew) writeManifest(folder, onDisk);
    keepData(paths.data, sweep);
    const content = readOwnJournal(folder, onDisk);
    const { epochs } = asRaised(onDisk, content?.records ?? []).sweep;
    if (sweep.epochs < epochs) throw new UsageError(lowered(folder, { epochs, now: sweep.epochs, name: onDisk.name }));
    const results = reading(paths.journal, () => replayResults(planned.length, content?.records ?? []));
    const segments = replaySegments(new SegmentBook(folder, onDisk.key), content?.records ?? []);
    segments.refuseUnknown();
    segments.check();
    keepOwnCheckpoints(folder, results, onDisk.key);
    segments.sealAll();
    segments.removeReplaced();
    const journal =
      content === null ? Journal.create(paths.journal, onDisk.key) : Journal.resume(paths.journal, content);
    const close = () => {
      journal.close();
      releaseLock();
    };
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
        keepOwnCheckpoints(folder, results, onDisk.key);
      }
      const manifest = withEpochs(onDisk, sweep.epochs);
      if (manifest !== onDisk) {
        removeFindings(folder);
        writeManifest(folder, manifest);
      }
      const raisedFrom = sweep.epochs > epochs ? epochs : null;
      return { folder, manifest, engine, networks, results, journal, segments, raisedFrom, close };
    } catch (error) {
      journal.close();
      throw error;
    }
  } catch (error) {
    releaseLock();
    throw error;
  }
}

/** Keeps the checkpoints in use and removes debris. */
function keepOwnCheckpoints(folder: string, results: Results, runKey: string): void {
  keepCheckpoints(runPaths(folder).checkpoints, { used: results.checkpoints, kept: results.keptCheckpoints, runKey });
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
  return reading(folder, () => {
    const onDisk = readManifest(folder);
    const journal = readOwnJournal(folder, onDisk)?.records ?? [];
    const manifest = asRaised(onDisk, journal);
    const planned = known ?? expandSweep(manifest.sweep);
    const networks = networksOf(manifest, planned, folder);
    const results = replayResults(planned.length, journal);
    return { folder, manifest, networks, results, journal, runningPid: lockHolder(runPaths(folder).lock) };
  });
}

/** The networks of a plan that a folder is for. */
function networksOf({ shard, gyre }: Manifest, planned: readonly Network[], folder: string): readonly Network[] {
  if (shard === undefined) return planned;
  // No shard is empty, and to share a plan out takes time and memory for each.
  const networks = shard.count > planned.length ? [] : shardNetworks(planned, shard);
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

/** The journal that goes with a manifest. */
function readOwnJournal(folder: string, { key }: Manifest): JournalContent | null {
  const path = runPaths(folder).journal;
  const content = readJournal(path);
  if (content === null || content.header.runKey === key) return content;
  throw new RunError({
    where: path,
    got: `the journal of a run with key ${content.header.runKey}`,
    expected: `that of the run with key ${key}, as in run.json`,
    remedy: RESTORE_REMEDY,
  });
}

/** Why a sweep, or a shard of it, cannot be run in a folder; null where it can. */
function folderProblem(
  folder: string,
  { sweep, shard }: { sweep: Sweep; shard: Shard | null },
): Problem | readonly Problem[] | null {
  asUsage(() => checkRunFolder(folder));
  if (!existsSync(runPaths(folder).manifest)) {
    const others = existsSync(folder) ? asUsage(() => withPath(folder, () => readdirSync(folder))) : [];
    // A process killed between making the folder and writing the manifest leaves a lock or a claim on it, or run.json.new, and nothing else.
    if (others.every((name) => /^lock(\.\d+(\.new)?)?$/.test(name) || name === 'run.json.new')) return null;
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
export function runState({ results, networks, runningPid }: RunRecord): 'running' | 'done' | 'failed' | 'stopped' {
  if (runningPid !== null) return 'running';
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

function replaySegments(segments: SegmentBook, records: readonly JournalRecord[]): SegmentBook {
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
