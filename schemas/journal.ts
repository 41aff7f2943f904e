/**
 * The records of a run's journal: a closed union. The journal is the truth on what is committed; every other file of
 * the folder can be checked against it, and networks.arrow can be made from it. Numbers that must keep their bits stand
 * in typed arrays, since a bare −0 does not survive msgpack.
 */

import type { MotionName, OutcomeName } from './catalogue.ts';
import type { EventDigest } from './events.ts';
import type { LabelCounts } from './labels.ts';
import type { EngineName } from './manifest.ts';
import type { ResultArrays } from './result-columns.ts';
import type { SegmentedTableName } from './trace.ts';

/** Results of trained networks, column by column, `[row]`. */
export interface NetworkResults extends ResultArrays {
  /** Ids in the plan. */
  readonly network: Uint32Array;
  /** An index would tie the file to an order of names, so the names themselves. */
  readonly outcome: readonly OutcomeName[];
  readonly motion: readonly (MotionName | null)[];
  /** [row][32 bytes] */
  readonly digest: Uint8Array;
}

/** Where one record batch stands in a segment. */
export interface BatchBlock {
  readonly offset: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
  readonly rows: number;
  /** CRC-32 of its bytes. */
  readonly crc32: number;
}

/** Record batches appended to one segment by one task. */
export interface SegmentCommit {
  readonly table: SegmentedTableName;
  /** Name in the folder of the table, without `.part`. */
  readonly file: string;
  /** Committed bytes of the segment from now on. */
  readonly endBytes: number;
  readonly blocks: readonly BatchBlock[];
  /** CRC-32 of all bytes before the first batch; only in the commit that began the segment. */
  readonly headCrc32?: number;
}

/** A place in the journal: the first bytes of the file of a session, which are whole frames. */
export interface JournalPosition {
  /** Counts from 1. */
  readonly session: number;
  readonly bytes: number;
}

/** The first record of each session's file. */
export interface HeaderRecord {
  readonly kind: 'header';
  readonly formatVersion: number;
  readonly runKey: string;
  readonly session: number;
  /** Epochs that each network is trained to, unless a later record says otherwise. */
  readonly epochs: number;
  /** Of the run's resolved sweep with these epochs, 64 hex digits: with it, run.json is as it was. */
  readonly sweepHash: string;
  /**
   * The place that the session goes on from; null for the first one. What stands behind it in that file counts for
   * nothing.
   */
  readonly after: JournalPosition | null;
}

/** A process begins to work on the run. */
export interface SessionRecord {
  readonly kind: 'session';
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly gyre: string;
  readonly node: string;
  /** Of this session; the bits are the same. */
  readonly engine: EngineName;
  readonly threads: number;
}

/** Networks that are trained to an epoch before their last one, and can be trained on from a checkpoint. */
export interface UnfinishedNetworks {
  readonly network: Uint32Array;
  /** Epochs trained. */
  readonly epoch: number;
  /** The checkpoint's name in the folder of checkpoints. */
  readonly checkpoint: string;
}

/** Networks whose state after `epoch` epochs is kept, whatever comes after it. */
export type KeptNetworks = UnfinishedNetworks;

/** A task's networks are trained further, to their last epoch or not, and the rows of those epochs are on disk. */
export interface CommitRecord {
  readonly kind: 'commit';
  /** Of this session. */
  readonly elapsedMs: number;
  /** Epochs that networks which are done are trained to. */
  readonly epochs: number;
  /** Of those that are done. */
  readonly results: NetworkResults;
  readonly unfinished: UnfinishedNetworks | null;
  /** Ascending. */
  readonly kept: readonly KeptNetworks[];
  readonly segments: readonly SegmentCommit[];
  /** What the rows of the events table are, for those who watch from outside. */
  readonly events: EventDigest;
}

/**
 * The run is to train more epochs than before. None of its networks is done any more: each goes back to where it has
 * not yet seen anything of the end of the longer run, and its rows and kept checkpoints beyond are no more.
 */
export interface ExtendedRecord {
  readonly kind: 'extended';
  /** From now on. */
  readonly epochs: number;
  /** All networks of the run; of one that was merged, those of the shard that was extended. */
  readonly network: Uint32Array;
  /** Where networks go on; those that are in none of them begin anew. */
  readonly restarts: readonly UnfinishedNetworks[];
  /** Segments that had rows beyond, and those that stand in their place. */
  readonly removed: readonly { readonly table: SegmentedTableName; readonly file: string }[];
  readonly segments: readonly SegmentCommit[];
}

/** Networks that are given up: their task was lost three times. */
interface FailedRecord {
  readonly kind: 'failed';
  readonly network: Uint32Array;
  readonly reason: string;
}

/** The board about once a second, for those who watch from outside. */
export interface SnapshotRecord {
  readonly kind: 'snapshot';
  /** Of this session. */
  readonly elapsedMs: number;
  readonly epochsTrained: number;
  readonly networksDone: number;
  readonly labels: LabelCounts;
}

/** How a session ended. */
export type Ending = 'done' | 'stopped' | 'failed';

/** A process stops working on the run in good order. */
interface EndRecord {
  readonly kind: 'end';
  readonly reason: Ending;
  readonly elapsedMs: number;
}

export type JournalRecord =
  | HeaderRecord
  | SessionRecord
  | CommitRecord
  | ExtendedRecord
  | FailedRecord
  | SnapshotRecord
  | EndRecord;
