/**
 * Joins the shards of a sweep into one run, as if it had never been shared out. Segments are copied as they are, byte
 * for byte, under new numbers; the journal is made of those of the shards. Everything is written into `OUT.part`, which
 * is no run to anybody until it is complete and renamed: a merge that is cut short leaves nothing that could be taken
 * for a run, and is begun anew.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { JournalRecord, SegmentCommit } from '../../schemas/journal.ts';
import type { Manifest } from '../../schemas/manifest.ts';
import { type Problem, RunError, UsageError } from '../../schemas/problems.ts';
import { type Shard, shardText } from '../../schemas/shard.ts';
import { SEGMENTED_TABLE_NAMES, type SegmentedTableName } from '../../schemas/trace.ts';
import { sweepDifferences } from '../plan/identify.ts';
import { Plan } from '../plan/plan.ts';
import { copyFileDurably, makeFolder, syncFolderOf, withPath } from '../storage/files.ts';
import { readJournal, writeJournal } from '../storage/journal/journal.ts';
import { isName, isOwnCheckpoint } from '../storage/names.ts';
import { foreignNames, refuseLinksBelow } from '../storage/plain-files.ts';
import { prepareCompression } from '../storage/tables/compression.ts';
import { openName } from '../storage/tables/segments.ts';
import { foldRun, type RunRecord, readRun, runPaths } from './folder.ts';
import { LEASE_SECONDS_DEFAULT } from './heartbeat.ts';
import { acquireLease, watchLease } from './lease.ts';
import { newManifest, writeManifest } from './manifest.ts';
import { writeNetworksTable } from './networks-table.ts';
import { ownerText } from './owner.ts';
import { NO_RESULTS } from './results.ts';
import { SegmentBook, segmentName } from './segment-book.ts';

/**
 * Merges the runs in `folders`, in any order, into the new folder `out`.
 *
 * @returns the merged run, as read from its folder.
 * @throws UsageError with everything that stands in the way: other sweeps, shards that are missing, there twice or not
 *   complete.
 */
export async function mergeRuns(folders: readonly string[], out: string): Promise<RunRecord> {
  const aside = `${resolve(out)}.part`;
  const shards = shardsIn(folders, [...problemsOf(out), ...problemsOfAside(aside)]);
  await prepareCompression(shards[0].manifest.sweep.trace.compression);
  makeFolder(dirname(resolve(out)));
  const lock = `${resolve(out)}.lock`;
  const stoodStill = await watchLease(lock, { seconds: LEASE_SECONDS_DEFAULT, onWait: () => {} });
  const lease = acquireLease(lock, { stoodStill });
  try {
    withPath(aside, () => {
      rmSync(aside, { recursive: true, force: true });
      mkdirSync(aside);
    });
    writeRun(shards, aside);
    withPath(out, () => {
      renameSync(aside, out);
      syncFolderOf(resolve(out));
    });
  } finally {
    lease.release();
  }
  return readRun(out, shards[0].state.plan);
}

/**
 * The session of a merged run: the last one of any shard. Checkpoints keep the names that they have, and the next
 * session must have a larger number.
 */
const mergedSession = (shards: readonly ShardRecord[]): number =>
  shards
    .flatMap(({ journal }) => journal)
    .reduce((last, record) => (record.kind === 'header' ? Math.max(last, record.session) : last), 1);

/** A run that is a shard, by its number. */
type ShardRecord = RunRecord & { readonly shard: Shard };

/** The shards of one sweep, all of them, in their order. */
function shardsIn(folders: readonly string[], problems: Problem[]): ShardRecord[] {
  // Shards of one sweep share its networks.
  const records: RunRecord[] = [];
  for (const folder of folders) records.push(readRun(folder, records[0]?.state.plan));
  const shards = records.flatMap((record) => {
    const { shard } = record.manifest;
    if (shard !== undefined) return [{ ...record, shard }];
    problems.push({
      where: record.folder,
      got: 'a whole run',
      expected: 'a shard of one, made by gyre run --shard I/N',
    });
    return [];
  });
  const [first] = shards;
  if (first !== undefined) {
    for (const shard of shards.slice(1)) problems.push(...differencesOf(first, shard));
    for (const shard of shards) problems.push(...incompletenessOf(shard));
    problems.push(...problemsOfNumbers(shards));
  }
  if (problems.length > 0) throw new UsageError(problems);
  return shards.sort((a, b) => a.shard.index - b.shard.index);
}

/** How a shard's run is another one than that of the first shard. */
function differencesOf(first: ShardRecord, { folder, manifest, shard }: ShardRecord): Problem[] {
  const expected = (value: unknown) => `${JSON.stringify(value)}, as in ${first.folder}`;
  const problems: Problem[] = sweepDifferences(first.manifest.sweep, manifest.sweep).map(({ path, before, now }) => ({
    where: `${folder}: ${path}`,
    got: JSON.stringify(now) ?? 'nothing',
    expected: expected(before),
  }));
  const [before, now] = [first.manifest.arithmetic, manifest.arithmetic];
  if (before !== now) problems.push({ where: `${folder}: arithmetic`, got: now, expected: expected(before) });
  if (shard.count !== first.shard.count)
    problems.push({ where: folder, got: `shard ${shardText(shard)}`, expected: `one of ${first.shard.count} shards` });
  return problems;
}

function incompletenessOf({ folder, networks, results, owner, shard }: ShardRecord): Problem[] {
  const expected = 'a shard that is done';
  if (owner !== null)
    return [{ where: folder, got: `shard ${shardText(shard)}, which ${ownerText(owner)} works on`, expected }];
  const missing = networks.length - results.doneCount;
  if (missing === 0) return [];
  const got = `shard ${shardText(shard)}, of which ${missing} of ${networks.length} networks are not done`;
  return [{ where: folder, got, expected, remedy: 'continue it with the gyre run command that began it' }];
}

/** Shards that are missing, or there twice. */
function problemsOfNumbers(shards: readonly ShardRecord[]): Problem[] {
  const { count } = shards[0].shard;
  const foldersOf = new Map<number, string[]>();
  for (const { shard, folder } of shards) foldersOf.set(shard.index, [...(foldersOf.get(shard.index) ?? []), folder]);
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((index) => !foldersOf.has(index));
  const problems: Problem[] = [...foldersOf].flatMap(([index, folders]) =>
    folders.length === 1
      ? []
      : [{ where: folders.join(' and '), got: `shard ${index}/${count} twice`, expected: 'each once' }],
  );
  if (missing.length > 0)
    problems.push({
      where: 'gyre merge',
      got: `${foldersOf.size} of ${count} shards, without ${missing.map((index) => `${index}/${count}`).join(', ')}`,
      expected: 'all of them',
    });
  return problems;
}

/** The merged run must be new. */
function problemsOf(out: string): Problem[] {
  if (!existsSync(out)) return [];
  const names = withPath(out, () => readdirSync(out));
  if (names.length === 0) return [];
  return [
    { where: out, got: `a folder with files (${names.slice(0, 3).join(', ')})`, expected: 'a new or empty folder' },
  ];
}

/** What an earlier merge has left is overwritten; what anybody else has put there is not. */
function problemsOfAside(aside: string): Problem[] {
  refuseLinksBelow(dirname(aside), aside);
  if (!existsSync(aside)) return [];
  const foreign = foreignNames(aside);
  if (foreign.length === 0) return [];
  return [{ where: aside, got: `a folder with other files (${foreign.slice(0, 3).join(', ')})`, expected: 'nothing' }];
}

/** Writes the run of all shards together. */
function writeRun(shards: readonly ShardRecord[], folder: string): void {
  const paths = runPaths(folder);
  const { sweep } = shards[0].manifest;
  const plan = new Plan(sweep, null, shards[0].state.plan);
  const manifest = mergedManifest(shards, plan);
  const { key: runKey, sweepHash } = manifest;
  const session = mergedSession(shards);
  for (const table of SEGMENTED_TABLE_NAMES) makeFolder(join(folder, table));
  const records = shards.flatMap((shard) => joinShard(shard, { folder, session }));
  for (const shard of shards) {
    const from = runPaths(shard.folder);
    copyFolder(from.checkpoints, paths.checkpoints, isOwnCheckpoint);
    copyFolder(from.data, paths.data, (file) => isName('dataCopy', file));
  }
  writeJournal(paths.journal, { runKey, session, epochs: sweep.epochs, sweepHash }, records);
  const { state } = foldRun(folder, { manifest, plan, records: readJournal(paths.journal)?.records ?? [] });
  if (!state.isDone) throw new Error(`${folder}: shards that are done make no whole run`);
  const book = new SegmentBook({ folder, runKey, committed: state.segments, session });
  book.check();
  book.sealAll();
  writeManifest(folder, manifest);
  const { networks, results } = state;
  const { compression } = sweep.trace;
  writeNetworksTable({ path: paths.networks, runKey, networks, results, epochs: sweep.epochs, compression });
}

/** Begun when the first of the shards was, by the engine of shard 1. */
function mergedManifest(shards: readonly ShardRecord[], plan: Plan): Manifest {
  const { engine, gyre } = shards[0].manifest;
  const createdAt = shards.map(({ manifest }) => manifest.createdAt).sort()[0];
  return { ...newManifest(plan, engine), createdAt, gyre };
}

/**
 * Copies a shard's segments into the folder of the merged run and returns the records that its journal needs of the
 * shard's. The merged run has its final epochs from its header on: what a shard had finished before it was extended is
 * left out, as the extension undid it.
 */
function joinShard(shard: ShardRecord, to: { folder: string; session: number }): JournalRecord[] {
  const { journal, state } = shard;
  const { epochs } = state;
  const rename = segmentRenamer(shard, to);
  const lastExtension = journal.findLastIndex(({ kind }) => kind === 'extended');
  // Of rows before it no commit says any more whose they are: their segments go with those that the extension rewrote.
  const before = journal.slice(0, Math.max(0, lastExtension)).flatMap((record) => {
    return record.kind === 'commit' || record.kind === 'extended' ? record.segments : [];
  });
  return journal.flatMap((record, i): JournalRecord[] => {
    if (record.kind === 'session' || record.kind === 'end') return [record];
    if (record.kind === 'commit') {
      if (i < lastExtension) return [{ ...record, epochs, results: NO_RESULTS, segments: [] }];
      return [{ ...record, epochs, segments: record.segments.flatMap(rename) }];
    }
    if (record.kind === 'extended') {
      const segments = i < lastExtension ? [] : [...before, ...record.segments].flatMap(rename);
      return [{ ...record, epochs, removed: [], segments }];
    }
    // Of a session that was cut short the last snapshot says how long it was; all others are the shard's own history.
    const isLast = record.kind === 'snapshot' && (journal[i + 1]?.kind ?? 'header') === 'header';
    return isLast ? [record] : [];
  });
}

/** Gives the commits of a shard's segments the names of the merged run, and copies each file with the first of them. */
function segmentRenamer({ folder: from, state }: ShardRecord, to: { folder: string; session: number }) {
  const newNames = new Map<string, string>();
  return (commit: SegmentCommit): SegmentCommit[] => {
    // A task may have had no row for a table; its segment then does not exist.
    if (commit.blocks.length === 0 || state.segments.isReplaced(commit)) return [];
    const place = `${commit.table}/${commit.file}`;
    const known = newNames.get(place);
    const file = known ?? copySegment(commit, from, to);
    newNames.set(place, file);
    const { headCrc32: _, ...rest } = commit;
    if (known !== undefined) return [{ ...rest, file }];
    // The commit that began the segment may have had no row.
    const { headCrc32 } = state.segments.stateOf(commit);
    return [{ ...rest, file, ...(headCrc32 !== undefined && { headCrc32 }) }];
  };
}

/** Copies a segment under the next free number; one that is open stays so until the book seals it. */
function copySegment({ table, file }: SegmentCommit, from: string, to: { folder: string; session: number }): string {
  const source = join(from, table, file);
  const name = nextName(to, table);
  const target = join(to.folder, table, name);
  if (existsSync(source)) copyFileDurably(source, target);
  else if (existsSync(openName(source))) copyFileDurably(openName(source), openName(target));
  else {
    throw new RunError({
      where: source,
      got: 'a segment that is gone',
      expected: 'the rows that the journal says are there',
      remedy: 'restore it from a copy, or run the shard anew in another folder with --out',
    });
  }
  return name;
}

function nextName({ folder, session }: { folder: string; session: number }, table: SegmentedTableName): string {
  return segmentName(session, 1 + withPath(folder, () => readdirSync(join(folder, table))).length);
}

/**
 * Copies Gyre's files of a folder, where there is one; of files of one name any will do, since names say what is in
 * them.
 */
function copyFolder(from: string, to: string, isOwn: (file: string) => boolean): void {
  if (!existsSync(from)) return;
  makeFolder(to);
  for (const name of withPath(from, () => readdirSync(from)).filter(isOwn)) {
    if (!existsSync(join(to, name))) copyFileDurably(join(from, name), join(to, name));
  }
}
