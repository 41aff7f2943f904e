/**
 * Whether a run's folder is whole: every file that its journal names is there, as long as it should be and with the
 * checksum that it should have, and networks.arrow says what the journal says. Trains nothing and writes nothing.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FINDINGS_TABLES, type FindingsTableName } from '../../schemas/findings.ts';
import { type Problem, problemsIn } from '../../schemas/problems.ts';
import { checkCheckpoints, readCheckpoints } from '../storage/checkpoints/checkpoints.ts';
import { readPlain } from '../storage/plain-files.ts';
import { batchesOf } from '../storage/tables/arrow-files.ts';
import { findingsPath } from './findings-tables.ts';
import { overtakenIn, type RunRecord, readOwnJournal, readRun, runPaths, runState } from './folder.ts';
import { keptDataProblems } from './kept-data.ts';
import { networksTableFile } from './networks-table.ts';
import { SegmentBook } from './segment-book.ts';

/** What was found. */
export interface Integrity {
  /** In the order of the files; none where the folder is whole. */
  readonly problems: readonly Problem[];
  /** What was compared. */
  readonly committedBytes: number;
  readonly checkpoints: number;
  readonly state: ReturnType<typeof runState>;
}

/**
 * Checks the folder of a run. Where tables are compressed, `prepareCompression` must have been awaited.
 *
 * @throws RunError where run.json or the journal cannot be read: nothing else can then be judged.
 */
export function checkRun(folder: string): Integrity {
  const run = readRun(folder);
  const { manifest, results, state } = run;
  const paths = runPaths(folder);
  const content = readOwnJournal(folder, manifest);
  const session = (content?.end.session ?? 0) + 1;
  const segments = new SegmentBook({ folder, runKey: manifest.key, committed: state.segments, session });
  const inUse = { used: results.checkpoints, kept: results.keptCheckpoints };
  const files = [...new Set([...inUse.used, ...inUse.kept])];
  const checkpointProblems = files.flatMap((file) =>
    problemsIn(() => {
      checkCheckpoints(paths.checkpoints, { used: new Set(), kept: new Set([file]), runKey: manifest.key });
      readCheckpoints(join(paths.checkpoints, file), manifest.key);
    }),
  );
  return {
    problems: [
      ...segments.unknownSegments(overtakenIn(paths.journal, content)),
      ...segments.problems(),
      ...checkpointProblems,
      ...keptDataProblems(paths.data, manifest.sweep),
      ...networksProblems(run),
      ...findingsProblems(folder),
    ],
    committedBytes: state.segments.committedBytes,
    checkpoints: files.length,
    state: runState(run),
  };
}

/**
 * The table of networks is renewed once a minute while a run is trained and at its end; of one that was killed the next
 * session renews it.
 */
function networksProblems(run: RunRecord): readonly Problem[] {
  const path = runPaths(run.folder).networks;
  if (runState(run) !== 'done') return existsSync(path) ? problemsIn(() => drain(batchesOf(path))) : [];
  const { manifest, networks, results } = run;
  const { epochs, trace } = manifest.sweep;
  const expected = networksTableFile({
    runKey: manifest.key,
    networks,
    results,
    epochs,
    compression: trace.compression,
  });
  let found: Buffer | null = null;
  const unreadable = problemsIn(() => {
    found = readPlain(path);
  });
  if (found === null || (expected.length === (found as Buffer).length && (found as Buffer).equals(expected)))
    return unreadable;
  return [
    {
      where: path,
      got: 'another table than the journal makes',
      expected: 'the results of all networks',
      remedy: 'run the sweep again in this folder: it trains nothing and writes the table',
    },
  ];
}

/** Tables of findings are whole or not there; they have no checksums, and are read to their ends. */
function findingsProblems(folder: string): Problem[] {
  const paths = (Object.keys(FINDINGS_TABLES) as FindingsTableName[]).map((name) => findingsPath(folder, name));
  return paths.filter((path) => existsSync(path)).flatMap((path) => problemsIn(() => drain(batchesOf(path))));
}

function drain(batches: Iterable<unknown>): void {
  for (const _ of batches);
}
