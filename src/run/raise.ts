/**
 * Raises the epochs of a run. Labels and counts look at the end of a run, so a network of a longer run goes back to its newest checkpoint that has seen
 * nothing of the new end, and what was written beyond is written again.
 *
 *     rows up to there copied to new segments ─► fsync ─► raise appended to the journal ─► fsync ─► old segments removed,
 *     (.part: debris for whoever comes next)                                                        new ones sealed, run.json
 *
 * Until the raise is on disk a crash leaves the shorter run as it was. From then on it leaves the longer one, and whoever opens
 * it next does what is left to do.
 */
import type { RaisedRecord, SegmentCommit } from '../../schemas/journal.ts';
import type { Network } from '../../schemas/network.ts';
import { SEGMENTED_TABLE_NAMES, SEGMENTED_TABLES, type SegmentedTableName } from '../../schemas/trace.ts';
import { arrowSchema, recordBatch } from '../storage/arrow.ts';
import { batchesOf } from '../storage/batches.ts';
import { someRows } from '../storage/rows.ts';
import { SegmentAppender } from '../storage/segments.ts';
import type { Progress, Results } from './results.ts';
import type { SegmentBook } from './segment-book.ts';

/** What a run is, as far as raising it goes. Every segment is sealed. */
export interface RaisableRun {
  readonly runKey: string;
  readonly networks: readonly Network[];
  readonly results: Results;
  readonly segments: SegmentBook;
}

/**
 * Writes the rows that stay where they have to be written anew, and says what the raise comes to. It counts once it is in the journal.
 *
 * @throws RunError where the disk fails; the run is then as it was.
 */
export function prepareRaise(run: RaisableRun, of: { epochs: number; newEpochs: number }): RaisedRecord {
  const { networks, results, segments } = run;
  const restarts = new Map<number, Progress>();
  for (const { id } of networks) {
    const restart = restartOf(results, id, restartLimit(of));
    if (restart !== null) restarts.set(id, restart);
  }
  const isKept = (network: number, epoch: number) => epoch <= (restarts.get(network)?.epoch ?? 0);
  try {
    const rewritten = SEGMENTED_TABLE_NAMES.flatMap((table) =>
      segments.filesOf(table).flatMap((file) => rewriteSegment(run, { table, file, isKept }) ?? []),
    );
    return {
      kind: 'raised',
      epochs: of.newEpochs,
      restarts: byCheckpoint(restarts),
      removed: rewritten.map(({ removed }) => removed),
      segments: rewritten.flatMap(({ commit }) => commit ?? []),
    };
  } catch (error) {
    segments.sealAll(); // removes what no commit names: on a full disk it would take the room that is left
    throw error;
  }
}

/** The last epoch that a network may go on from: its end was not yet in sight, and no label looks at more than the last fifth. */
export function restartLimit({ epochs, newEpochs }: { epochs: number; newEpochs: number }): number {
  return Math.min(epochs, Math.floor((4 * newEpochs) / 5));
}

function restartOf(results: Results, id: number, limit: number): Progress | null {
  const progress = results.isDone(id) ? null : results.progressOf(id);
  if (progress !== null && progress.epoch <= limit) return progress;
  return results.keptOf(id).findLast(({ epoch }) => epoch <= limit) ?? null;
}

/** Networks by the checkpoint that they go on from. */
function byCheckpoint(restarts: ReadonlyMap<number, Progress>): RaisedRecord['restarts'] {
  const lists = new Map<string, Progress & { ids: number[] }>();
  for (const [id, { epoch, checkpoint }] of restarts) {
    const key = `${epoch} ${checkpoint}`;
    const list = lists.get(key) ?? { epoch, checkpoint, ids: [] };
    list.ids.push(id);
    lists.set(key, list);
  }
  return Array.from(lists.values(), ({ ids, ...at }) => ({ network: Uint32Array.from(ids), ...at }));
}

/** A segment without the rows beyond; null where it has none of them. */
function rewriteSegment(
  { runKey, segments }: RaisableRun,
  of: { table: SegmentedTableName; file: string; isKept: (network: number, epoch: number) => boolean },
): { removed: { table: SegmentedTableName; file: string }; commit: SegmentCommit | null } | null {
  const { table, file, isKept } = of;
  const spec = SEGMENTED_TABLES[table];
  const schema = arrowSchema({ table: spec, runKey });
  let rowsBefore = 0;
  const kept = Array.from(batchesOf(segments.pathOf(table, file)), (batch) => {
    rowsBefore += batch.numRows;
    const [network, epoch] = ['network', 'epoch'].map((name) => batch.getChild(name)?.toArray() as Uint32Array);
    return someRows(batch, spec, (row) => isKept(network[row], epoch[row]));
  });
  const rowsAfter = kept.reduce((sum, { rowCount }) => sum + rowCount, 0);
  if (rowsAfter === rowsBefore) return null;
  if (rowsAfter === 0) return { removed: { table, file }, commit: null };
  const grant = segments.newSegment(table);
  const appender = new SegmentAppender(grant.path, schema, grant);
  try {
    for (const { rows, rowCount } of kept)
      if (rowCount > 0) appender.append(recordBatch({ schema, table: spec, rows, rowCount }));
    return { removed: { table, file }, commit: { table, file: grant.file, ...appender.finish() } };
  } finally {
    appender.abandon();
  }
}
