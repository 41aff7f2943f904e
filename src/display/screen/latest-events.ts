/**
 * The latest events, the last first: onsets, spikes, divergences and what else happened to networks.
 */
import type { NotableEvent } from '../../../schemas/events.ts';
import type { Network } from '../../../schemas/network.ts';
import { count } from '../format.ts';
import { type Line, line, span } from './lines.ts';
import { shortName } from './network-pane.ts';

/** A heading and as many events as there is room for; the chosen one is marked and kept in sight. */
export function eventLines(
  events: readonly NotableEvent[],
  options: { networkOf: (id: number) => Network | undefined; height: number; chosen: number | null },
): Line[] {
  const room = options.height - 1;
  if (events.length === 0) return [line('events', 'bold'), line('none yet', 'dim')];
  const first = Math.max(0, Math.min((options.chosen ?? 0) - room + 1, events.length - room));
  const shown = events.slice(first, first + room);
  return [
    line('events', 'bold'),
    ...shown.map((event, i) => eventLine(event, options.networkOf(event.network), first + i === options.chosen)),
  ];
}

function eventLine(
  { network, kind, epoch, height }: NotableEvent,
  shownNetwork: Network | undefined,
  isChosen: boolean,
): Line {
  const isAlarm = kind === 'divergence' || kind === 'non-finite';
  const size = height === null ? '' : `${height.toFixed(1)} decades`;
  return [
    span(isChosen ? '›' : ' ', 'accent'),
    span(count(network).padStart(8), isChosen ? 'chosen' : 'plain'),
    span(`  ${kind.padEnd(12)}`, isAlarm ? 'alarm' : 'plain'),
    span(`epoch ${count(epoch).padStart(9)}  ${size.padEnd(12)}`),
    span(shownNetwork === undefined ? '' : `  ${shortName(shownNetwork)}`, 'dim'),
  ];
}
