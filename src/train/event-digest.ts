/**
 * The events of a task in short, for the notices: how many of each kind, and the few that are worth a line on a screen.
 */
import { EVENT_KINDS, type EventKind } from '../../schemas/catalogue.ts';
import { type EventDigest, type NetworkEvent, NOTABLE_EVENTS_MAX, type NotableEvent } from '../../schemas/events.ts';

/** Counts events and keeps the latest of each kind; of spikes and level shifts the tallest. */
export class EventDigester {
  readonly #counts: Partial<Record<EventKind, number>> = {};
  readonly #notable = new Map<EventKind, NotableEvent[]>();

  add(network: number, { kind, epoch, spike }: NetworkEvent): void {
    this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
    const kept = this.#notable.get(kind) ?? [];
    this.#notable.set(kind, kept);
    const height = spike?.height ?? null;
    // Of equal ones the later: without a height, all are.
    let place = 0;
    while (place < kept.length && (kept[place].height ?? 0) > (height ?? 0)) place++;
    if (place >= NOTABLE_EVENTS_MAX) return;
    kept.splice(place, 0, { network, kind, epoch, height });
    if (kept.length > NOTABLE_EVENTS_MAX) kept.pop();
  }

  digest(): EventDigest {
    return { counts: { ...this.#counts }, notable: EVENT_KINDS.flatMap((kind) => this.#notable.get(kind) ?? []) };
  }
}
