/**
 * Notices of a made-up run, for the tests of the displays: one function a kind, with what a test cares about as its
 * argument.
 */
import { MOTION_NAMES, type MotionName, OUTCOME_NAMES, type OutcomeName } from '../../schemas/catalogue.ts';
import type { LabelCounts } from '../../schemas/labels.ts';
import type { BegunNotice, EndedNotice, Notice, ProgressNotice } from '../../schemas/notices.ts';
import { EMPTY_VIEW, reduce, type View } from '../../src/display/view-model.ts';

/** Counts of outcomes and motions by their names, 0 where nothing is said. */
export function labels(counts: Partial<Record<OutcomeName | MotionName, number>> = {}): LabelCounts {
  const countsOf = <Name extends OutcomeName | MotionName>(names: readonly Name[]) =>
    Object.fromEntries(names.map((name) => [name, counts[name] ?? 0])) as Record<Name, number>;
  return { outcomes: countsOf(OUTCOME_NAMES), motions: countsOf(MOTION_NAMES) };
}

export const begun = (changes: Partial<BegunNotice> = {}): BegunNotice => ({
  kind: 'begun',
  name: 'made-up',
  key: '01234567',
  folder: 'traces/runs/made-up-01234567',
  networks: 1620,
  epochs: 50_000,
  groups: 408,
  threads: 3,
  engine: 'reference',
  networksDone: 0,
  ...changes,
});

export const progress = (changes: Partial<ProgressNotice> = {}): ProgressNotice => ({
  kind: 'progress',
  elapsedMs: 0,
  epochsTrained: 0,
  epochsPlanned: 81_000_000,
  share: 0,
  networksDone: 0,
  labels: labels(),
  threads: ['1-8-1 tanh float32', null, '1-8-8-1 relu float64'],
  residentBytes: 212_000_000,
  writtenBytes: 1_440_000_000,
  ...changes,
});

export const ended = (changes: Partial<EndedNotice> = {}): EndedNotice => ({
  kind: 'ended',
  reason: 'done',
  elapsedMs: 60_000,
  networksDone: 1620,
  networksFailed: 0,
  labels: labels({ learned: 1620, steady: 1620 }),
  fingerprint: 'f'.repeat(64),
  ...changes,
});

/** The view after some notices. */
export const viewAfter = (...notices: readonly Notice[]): View => notices.reduce(reduce, EMPTY_VIEW);

/** A view in full swing: rates, time left, all labels that are shown, some threads idle. */
export const RUNNING: View = viewAfter(
  begun(),
  progress({ elapsedMs: 0 }),
  progress({ elapsedMs: 4000, epochsTrained: 1_000_000, share: 0.1 }),
  progress({
    elapsedMs: 8000,
    epochsTrained: 3_000_000,
    share: 0.2,
    networksDone: 324,
    labels: labels({
      ...{ 'non-finite': 2, exploded: 1, collapsed: 30, untrained: 100, learned: 1104 },
      ...{ frozen: 4, spiking: 620, descending: 400, steady: 211 },
    }),
  }),
);
