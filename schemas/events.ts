/**
 * Events: what happened to a network, and when. The rows of the events table on their way from the detectors into
 * segments, and the few of them that the notices carry.
 */
import type { EventKind } from './catalogue.ts';

/** One event of a network; epochs count from 1. */
export interface NetworkEvent {
  readonly kind: EventKind;
  /** The first epoch of it; of a divergence, the last one before it. */
  readonly epoch: number;
  /** Null where the event is a moment, or lasts to the end. */
  readonly endEpoch: number | null;
  /** Of spikes and level shifts alone. */
  readonly spike: SpikeShape | null;
}

/** How far a loss rose above what it was before. */
export interface SpikeShape {
  readonly peakEpoch: number;
  /** log10(peak / base), in decades. */
  readonly height: number;
  /** Smallest loss of the window before. */
  readonly base: number;
  readonly peak: number;
}

/** An event as a notice tells of it. */
export interface NotableEvent {
  readonly network: number;
  readonly kind: EventKind;
  readonly epoch: number;
  /** Decades; null but for spikes and level shifts. */
  readonly height: number | null;
}

/** The events of one task in short: how many of each kind, and a few to name. */
export interface EventDigest {
  readonly counts: Readonly<Partial<Record<EventKind, number>>>;
  /** Of each kind the latest, of spikes and level shifts the tallest; at most {@link NOTABLE_EVENTS_MAX} a kind. */
  readonly notable: readonly NotableEvent[];
}

/** A screen has no room for more, and a task may have tens of thousands. */
export const NOTABLE_EVENTS_MAX = 4;
