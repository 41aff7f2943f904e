/**
 * Opens a run's folder for training: a new run of a sweep, or the one that is there already, continued in a session of
 * its own. Whatever contradicts the sweep or the journal is refused with words before anything is changed.
 */
import { existsSync, readdirSync } from 'node:fs';
import { ARITHMETIC_ID } from '../../schemas/arithmetic.ts';
import type { JournalRecord } from '../../schemas/journal.ts';
import type { EngineName, Manifest } from '../../schemas/manifest.ts';
import type { Network } from '../../schemas/network.ts';
import { type Problem, RunError, UsageError } from '../../schemas/problems.ts';
import { type Shard, shardText } from '../../schemas/shard.ts';
import { sweepDifferences } from '../plan/identify.ts';
import type { Plan } from '../plan/plan.ts';
import { checkCheckpoints, removeDebris } from '../storage/checkpoints/checkpoints.ts';
import { makeFolder, withPath } from '../storage/files.ts';
import { type Journal, NewJournal } from '../storage/journal/journal.ts';
import { checkRunFolder } from '../storage/plain-files.ts';
import { reading } from '../storage/reading.ts';
import { prepareExtension } from './extend.ts';
import { removeFindings } from './findings-tables.ts';
import { foldRun, overtakenIn, readOwnJournal, runPaths } from './folder.ts';
import { FolderGuard } from './guard.ts';
import { keepData } from './kept-data.ts';
import { acquireLease, LEASE_NAMES, type Lease, type Sighting, watchLease } from './lease.ts';
import { newManifest, readManifest, withEpochs, writeManifest } from './manifest.ts';
import type { Owner } from './owner.ts';
import type { Results } from './results.ts';
import type { RunState } from './run-state.ts';
import { SegmentBook } from './segment-book.ts';

/**
 * A run open for training, in a session of its own. The process that holds its lease is the only one that writes to its
 * folder.
 */
export interface OpenRun {
  readonly folder: string;
  readonly manifest: Manifest;
  /** What trains in this session. */
  readonly engine: EngineName;
  /** Those of this folder, ids ascending: of a shard not all of the plan. */
  readonly networks: readonly Network[];
  /** By id in the plan. */
  readonly results: Results;
  readonly state: RunState;
  readonly journal: Journal;
  readonly segments: SegmentBook;
  /**
   * Appends a record to the journal and takes it into the state. Returns the checkpoints that no network needs any
   * more.
   */
  record(record: JournalRecord): string[];
  /** The epochs that the run had before this session extended them; null where it did not. */
  readonly extendedFrom: number | null;
  /** Closes the journal and gives the folder back. */
  close(): void;
}

/**
 * Opens the folder for a plan: a new run, or the one of the same plan that is there already, whose open segments are
 * then sealed at their last commit.
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
 * The same, but a run that another process may work on is waited for: as long as it takes to see whether that one
 * lives.
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
  readonly plan: Plan;
  readonly folder: string;
  readonly engine?: EngineName;
  /** A lease whose heartbeat was watched standing still. */
  readonly stoodStill?: Sighting | null;
  /** Whether a thread shows other machines that this process lives. */
  readonly hasHeartbeat?: boolean;
}

function refuseForeign({ folder, plan }: OpenOptions): void {
  const problem = folderProblem(folder, plan);
  if (problem !== null) throw new UsageError(problem);
}

function openLeased(options: OpenOptions, lease: Lease): OpenRun {
  const { plan, folder, engine = 'kernel' } = options;
  const { sweep } = plan;
  const paths = runPaths(folder);
  const isNew = !existsSync(paths.manifest);
  const onDisk = isNew ? newManifest(plan, engine) : readManifest(folder);
  if (isNew) writeManifest(folder, onDisk);
  keepData(paths.data, sweep);
  const guard = new FolderGuard(lease, paths.manifest);
  const { journal, state, segments } = beginSession({ folder, manifest: onDisk, plan, guard });
  const { networks, results, epochs } = state;
  const record = (next: JournalRecord) => {
    state.check(next);
    journal.append(next);
    return state.take(next);
  };
  try {
    if (sweep.epochs > epochs) {
      const before = withEpochs(onDisk, epochs);
      const checkpointFolder = paths.checkpoints;
      record(prepareExtension({ manifest: before, checkpointFolder, networks, results, segments }, sweep.epochs));
      segments.sealAll();
      segments.removeReplaced();
      removeOwnDebris(folder, results, journal.session);
    }
    const manifest = withEpochs(onDisk, sweep.epochs);
    if (manifest !== onDisk) {
      removeFindings(folder);
      guard.replaceManifest(() => writeManifest(folder, manifest));
    }
    const extendedFrom = sweep.epochs > epochs ? epochs : null;
    const close = () => {
      journal.close();
      lease.release();
    };
    return { folder, manifest, engine, networks, results, state, journal, segments, record, extendedFrom, close };
  } catch (error) {
    journal.close();
    throw error;
  }
}

/**
 * Begins a session: reads what earlier ones have left and refuses what is wrong with it, writes the header of the
 * session, and only then tidies up. What is removed is of no use to the history up to that header, which every later
 * session shares.
 */
function beginSession(opened: { folder: string; manifest: Manifest; plan: Plan; guard: FolderGuard }) {
  const { folder, manifest, plan, guard } = opened;
  const { sweep } = plan;
  const { key: runKey, name } = manifest;
  const paths = runPaths(folder);
  const newJournal = NewJournal.make(paths.journal);
  let journal: Journal | null = null;
  try {
    const content = readOwnJournal(folder, manifest, newJournal.session);
    const folded = reading(paths.journal, () => foldRun(folder, { manifest, plan, records: content?.records ?? [] }));
    const { state } = folded;
    const { results, epochs } = state;
    if (sweep.epochs < epochs) throw new UsageError(shortened(folder, { epochs, now: sweep.epochs, name }));
    const segments = new SegmentBook({ folder, runKey, committed: state.segments, session: newJournal.session });
    segments.makeFolders();
    segments.refuseUnknown(overtakenIn(paths.journal, content, newJournal.session));
    segments.check();
    const inUse = { used: results.checkpoints, kept: results.keptCheckpoints };
    checkCheckpoints(paths.checkpoints, { ...inUse, runKey });
    const { sweepHash } = folded.manifest;
    const header = newJournal.headerOf({ runKey, epochs, sweepHash, after: content?.end ?? null });
    journal = newJournal.begin(header, () => guard.check());
    state.take(header);
    segments.mendFooters();
    removeOwnDebris(folder, results, journal.session);
    segments.sealAll();
    segments.removeReplaced();
    segments.removeOvertaken();
    return { journal, state, segments };
  } catch (error) {
    if (journal === null) newJournal.abandon();
    else journal.close();
    throw error;
  }
}

function removeOwnDebris(folder: string, results: Results, session: number): void {
  const inUse = { used: results.checkpoints, kept: results.keptCheckpoints };
  removeDebris(runPaths(folder).checkpoints, inUse, session);
}

function shortened(folder: string, asked: { epochs: number; now: number; name: string }): Problem {
  return {
    where: `${folder}: epochs`,
    got: `${asked.now} in the sweep`,
    expected: `${asked.epochs} or more, as in the run "${asked.name}" that the folder holds`,
    remedy:
      `a run can be extended, never shortened: continue it with --epochs ${asked.epochs}, ` +
      'or choose another folder with --out',
  };
}

/** Why a plan cannot be run in a folder; null where it can. */
function folderProblem(folder: string, { sweep, shard }: Plan): Problem | readonly Problem[] | null {
  asUsage(() => checkRunFolder(folder));
  if (!existsSync(runPaths(folder).manifest)) {
    const others = existsSync(folder) ? asUsage(() => withPath(folder, () => readdirSync(folder))) : [];
    // A process killed between making the folder and writing the manifest leaves a lease or a claim on it, or
    // run.json.new, and nothing else.
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
  const problems = sweep.epochs < epochs ? [shortened(folder, { epochs, now: sweep.epochs, name: manifest.name })] : [];
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

/** What goes wrong before anything is computed is for the user to mend: exit code 2. */
function asUsage<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw error instanceof RunError ? new UsageError(error.problem) : error;
  }
}
