/**
 * Extends a run to more epochs. Labels and counts look at the end of a run, so a network of a longer run goes back to
 * its newest checkpoint that has seen nothing of the new end, and what was written beyond is written again.
 *
 *     rows up to there copied to new segments ─► fsync ─► extension appended to the journal ─► fsync ─┐
 *     (.part: debris for whoever comes next)                                                      │
 *                                       old segments removed, new ones sealed, run.json written ◄─┘
 *
 * Until the extension is on disk a crash leaves the shorter run as it was. From then on it leaves the longer one, and
 * whoever opens it next does what is left to do.
 */
import { join } from 'node:path';
import type { EventKind } from '../../schemas/catalogue.ts';
import type { Thresholds } from '../../schemas/detectors.ts';
import type { ExtendedRecord, SegmentCommit } from '../../schemas/journal.ts';
import type { Manifest } from '../../schemas/manifest.ts';
import type { Network } from '../../schemas/network.ts';
import { SEGMENTED_TABLE_NAMES, SEGMENTED_TABLES, type SegmentedTableName } from '../../schemas/trace.ts';
import { eventsTold } from '../detect/observer.ts';
import { firstTailEpoch } from '../detect/tail.ts';
import { readCheckpoints } from '../storage/checkpoints/checkpoints.ts';
import { segmentSchema } from '../storage/tables/arrow.ts';
import { batchesOf } from '../storage/tables/arrow-files.ts';
import { type PlacedRows, placedRows, someRows } from '../storage/tables/rows.ts';
import { SegmentAppender } from '../storage/tables/segments.ts';
import type { Progress, Results } from './results.ts';
import type { SegmentBook } from './segment-book.ts';

/** What a run is, as far as extending it goes. Every segment is sealed. */
export interface ExtendableRun {
  readonly manifest: Manifest;
  readonly checkpointFolder: string;
  readonly networks: readonly Network[];
  readonly results: Results;
  readonly segments: SegmentBook;
}

/** Which rows of a batch stay. */
type RowFilter = (rows: PlacedRows) => (row: number) => boolean;

/**
 * Writes the rows that stay where they have to be written anew, and says what the extension changes. It counts once it
 * is in the journal. Where tables are compressed, `prepareCompression` must have been awaited.
 *
 * @throws RunError where the disk fails; the run is then as it was.
 */
export function prepareExtension(run: ExtendableRun, newEpochs: number): ExtendedRecord {
  const { networks, results, segments, manifest } = run;
  const { epochs, detectors } = manifest.sweep;
  const limit = restartLimit({ epochs, newEpochs, detectors });
  const restarts = new Map<number, Progress>();
  for (const { id } of networks) {
    const restart = restartOf(results, id, limit);
    if (restart !== null) restarts.set(id, restart);
  }
  const byFile = byCheckpoint(restarts);
  const isBefore = rowsBefore(restarts);
  try {
    const isKept = { epochs: isBefore, blocks: isBefore, events: eventsBefore(run, byFile) };
    const rewritten = SEGMENTED_TABLE_NAMES.flatMap((table) =>
      segments.filesOf(table).flatMap((file) => rewriteSegment(run, { table, file, isKept: isKept[table] }) ?? []),
    );
    return {
      kind: 'extended',
      epochs: newEpochs,
      network: Uint32Array.from(networks, ({ id }) => id),
      restarts: byFile,
      removed: rewritten.map(({ removed }) => removed),
      segments: rewritten.flatMap(({ commit }) => commit ?? []),
    };
  } catch (error) {
    removeUncommitted(segments);
    throw error;
  }
}

/**
 * On a full disk, segments that no commit names would take the room that is left. What stands in the way is not worth a
 * word beside the error that led here.
 */
function removeUncommitted(segments: SegmentBook): void {
  try {
    segments.sealAll();
  } catch {}
}

/**
 * The last epoch that a network may go on from: its end was not yet in sight, and no label looks at more than the last
 * fifth, unless the thresholds say otherwise.
 */
export function restartLimit(options: { epochs: number; newEpochs: number; detectors: Thresholds }): number {
  const { epochs, newEpochs, detectors } = options;
  return Math.min(epochs, Math.floor((4 * newEpochs) / 5), firstTailEpoch(newEpochs, detectors) - 1);
}

function restartOf(results: Results, id: number, limit: number): Progress | null {
  const progress = results.isDone(id) ? null : results.progressOf(id);
  if (progress !== null && progress.epoch <= limit) return progress;
  return results.keptOf(id).findLast(({ epoch }) => epoch <= limit) ?? null;
}

/** Networks by the checkpoint that they go on from. */
function byCheckpoint(restarts: ReadonlyMap<number, Progress>): ExtendedRecord['restarts'] {
  const lists = new Map<string, Progress & { ids: number[] }>();
  for (const [id, { epoch, checkpoint }] of restarts) {
    const key = `${epoch} ${checkpoint}`;
    const list = lists.get(key) ?? { epoch, checkpoint, ids: [] };
    list.ids.push(id);
    lists.set(key, list);
  }
  return Array.from(lists.values(), ({ ids, ...at }) => ({ network: Uint32Array.from(ids), ...at }));
}

/** Rows of epochs that a network has behind it where it goes on. */
function rowsBefore(restarts: ReadonlyMap<number, Progress>): RowFilter {
  return ({ network, epoch }) =>
    (row) =>
      epoch[row] <= (restarts.get(network[row])?.epoch ?? 0);
}

/**
 * Events that a network had been told of where it goes on. When an event is told does not show in its row, but how many
 * of each kind there were stands in the checkpoint, and they are told in the order of their epochs.
 */
function eventsBefore(run: ExtendableRun, restarts: ExtendedRecord['restarts']): RowFilter {
  const told = toldAt(run, restarts);
  const lastEpochs = new Map<string, number>();
  for (const [key, epochs] of eventEpochs(run)) {
    const [id, kind] = key.split(' ') as [string, EventKind];
    const count = told.get(Number(id))?.[kind] ?? 0;
    if (count > epochs.length) throw new Error(`network ${id}: ${epochs.length} rows of ${kind}, of ${count} told`);
    if (count > 0) lastEpochs.set(key, epochs.sort((a, b) => a - b)[count - 1]);
  }
  return ({ network, epoch, kindOf }) =>
    (row) =>
      epoch[row] <= (lastEpochs.get(eventKey(network[row], kindOf(row))) ?? 0);
}

const eventKey = (network: number, kind: string): string => `${network} ${kind}`;

/** How many events of each kind each network had been told of where it goes on. */
function toldAt({ manifest, checkpointFolder }: ExtendableRun, restarts: ExtendedRecord['restarts']) {
  const told = new Map<number, Readonly<Record<EventKind, number>>>();
  for (const { network, epoch, checkpoint } of restarts) {
    const own = new Set(network);
    const checkpoints = readCheckpoints(join(checkpointFolder, checkpoint), manifest.key);
    for (const { networks } of checkpoints.filter((checkpoint) => checkpoint.epoch === epoch)) {
      for (const { network: id, observer: numbers, lossWindow: window } of networks)
        if (own.has(id)) told.set(id, eventsTold({ numbers, window }));
    }
  }
  return told;
}

/** The epochs of all events, by network and kind. */
function eventEpochs({ segments }: ExtendableRun): ReadonlyMap<string, number[]> {
  const epochs = new Map<string, number[]>();
  for (const file of segments.filesOf('events')) {
    for (const batch of batchesOf(segments.pathOf('events', file))) {
      const { network, epoch, kindOf } = placedRows(batch);
      for (let row = 0; row < batch.numRows; row++) {
        const key = eventKey(network[row], kindOf(row));
        const own = epochs.get(key);
        if (own === undefined) epochs.set(key, [epoch[row]]);
        else own.push(epoch[row]);
      }
    }
  }
  return epochs;
}

/** A segment without the rows beyond; null where it has none of them. */
function rewriteSegment(
  { manifest, segments }: ExtendableRun,
  segment: { table: SegmentedTableName; file: string; isKept: RowFilter },
): { removed: { table: SegmentedTableName; file: string }; commit: SegmentCommit | null } | null {
  const { table, file, isKept } = segment;
  const { key: runKey } = manifest;
  const { compression } = manifest.sweep.trace;
  const spec = SEGMENTED_TABLES[table];
  let rowsOfAll = 0;
  const kept = Array.from(batchesOf(segments.pathOf(table, file)), (batch) => {
    rowsOfAll += batch.numRows;
    return someRows(batch, spec, isKept(placedRows(batch)));
  });
  const rowsKept = kept.reduce((sum, { rowCount }) => sum + rowCount, 0);
  if (rowsKept === rowsOfAll) return null;
  if (rowsKept === 0) return { removed: { table, file }, commit: null };
  const { path, file: newFile, committedBytes } = segments.newSegment(table);
  const appender = new SegmentAppender(path, segmentSchema(table, runKey), { committedBytes, compression });
  try {
    for (const { rows, rowCount } of kept) if (rowCount > 0) appender.append(rows, rowCount);
    return { removed: { table, file }, commit: { table, file: newFile, ...appender.finish() } };
  } finally {
    appender.abandon();
  }
}
