/**
 * Notices: what happened to a run, in the order it happened. The displays are functions of them, and `gyre run --json`
 * prints them one a line. Times are of this session, in milliseconds.
 */

import type { EventDigest } from './events.ts';
import type { Ending } from './journal.ts';
import type { LabelCounts, Labels } from './labels.ts';
import type { EngineName } from './manifest.ts';

/** The run is about to train. */
export interface BegunNotice {
  readonly kind: 'begun';
  readonly name: string;
  readonly key: string;
  readonly folder: string;
  readonly networks: number;
  readonly epochs: number;
  readonly groups: number;
  readonly threads: number;
  readonly engine: EngineName;
  /** Networks that earlier sessions trained. */
  readonly networksDone: number;
}

/** Where the run stands; several a second. */
export interface ProgressNotice {
  readonly kind: 'progress';
  readonly elapsedMs: number;
  /** By all networks together, earlier sessions included. */
  readonly epochsTrained: number;
  readonly epochsPlanned: number;
  /** Share of the planned operations that is done, 0 to 1; the fair measure where shapes differ in cost. */
  readonly share: number;
  readonly networksDone: number;
  /** Labels of networks done and, provisionally, of those that train. */
  readonly labels: LabelCounts;
  /** What each thread trains: `1-8-1 tanh`, or null; null as a whole to those who look from outside. */
  readonly threads: readonly (string | null)[] | null;
  /** Null to those who look from outside. */
  readonly residentBytes: number | null;
  readonly writtenBytes: number;
}

/** Networks are trained and on disk. */
interface CommittedNotice {
  readonly kind: 'committed';
  readonly elapsedMs: number;
  readonly networks: readonly (Labels & { readonly network: number })[];
}

/** Things happened to networks, of which some may have epochs to go; the rows are on disk. */
export interface EventsNotice extends EventDigest {
  readonly kind: 'events';
  readonly elapsedMs: number;
}

/** A task was lost with its worker and will be tried again. */
interface RetryNotice {
  readonly kind: 'retry';
  readonly networks: readonly number[];
  /** Which attempt comes next: 2 or 3. */
  readonly attempt: number;
  readonly reason: string;
}

/** A task was lost for the third time and its networks are given up. */
interface FailedNotice {
  readonly kind: 'failed';
  readonly networks: readonly number[];
  readonly reason: string;
}

/** The user has halted the threads; they keep what they have begun. */
export interface PausedNotice {
  readonly kind: 'paused';
  readonly elapsedMs: number;
}

/** The threads go on. */
export interface ResumedNotice {
  readonly kind: 'resumed';
  readonly elapsedMs: number;
  /** How long they stood still. */
  readonly pausedMs: number;
}

/** A stop was asked for; the workers leave their groups at the next chunk. */
interface StoppingNotice {
  readonly kind: 'stopping';
}

/** The run is over, for this session at least. */
export interface EndedNotice {
  readonly kind: 'ended';
  readonly reason: Ending;
  readonly elapsedMs: number;
  readonly networksDone: number;
  readonly networksFailed: number;
  readonly labels: LabelCounts;
  /** Null until every network is done. */
  readonly fingerprint: string | null;
}

export type Notice =
  | BegunNotice
  | ProgressNotice
  | CommittedNotice
  | EventsNotice
  | RetryNotice
  | FailedNotice
  | PausedNotice
  | ResumedNotice
  | StoppingNotice
  | EndedNotice;
