/**
 * The pane of one network: its configuration, its label and events, and its loss, over all epochs and around its last
 * event.
 */

import type { NetworkEvent } from '../../../schemas/events.ts';
import { isDiverged, type Labels } from '../../../schemas/labels.ts';
import { type Network, shapeLabel } from '../../../schemas/network.ts';
import { count } from '../format.ts';
import { type Line, line, span } from './lines.ts';
import { type Extent, plotDecades } from './plot.ts';

/** Epochs shown on either side of the last event. */
const AROUND_EVENT = 500;
/** Epochs on either side of it that the replay command asks for. */
const REPLAYED_EPOCHS = 200;

/** What is known of a network. */
export interface NetworkDetail {
  readonly network: Network;
  /** Null while it is not done. */
  readonly labels: Labels | null;
  /** Epochs of the run. */
  readonly epochs: number;
  /** The committed part of its trace, ascending; null where it cannot be read. */
  readonly losses: readonly Extent[] | null;
  /** Committed events, ascending. */
  readonly events: readonly NetworkEvent[];
}

/** The lines of the pane, at most `height` of them. */
export function networkLines(detail: NetworkDetail | null, area: { width: number; height: number }): Line[] {
  if (detail === null) return [line('network', 'bold'), line('none is done yet', 'dim')];
  const { network, labels, events, losses, epochs } = detail;
  const head = [titleLine(network), settingLine(network), stateLine(labels, events)];
  const foot = [line(replayCommand(detail), 'dim')];
  const room = area.height - head.length - foot.length;
  if (losses === null) return [...head, line('its trace cannot be read', 'dim'), ...foot];
  if (losses.length === 0 || room < 4) return [...head, ...(room >= 1 ? [line('no trace yet', 'dim')] : []), ...foot];
  const last = events.findLast(({ kind }) => kind !== 'freeze');
  const isTwo = last !== undefined && room >= 10;
  const whole = isTwo ? Math.ceil((room - 2) / 2) : room - 1;
  const overall = [
    line('loss, decades, all epochs', 'dim'),
    ...plotDecades(losses, { first: 1, last: epochs, width: area.width, height: whole }),
  ];
  if (!isTwo || last === undefined) return [...head, ...overall, ...foot];
  const centre = last.spike?.peakEpoch ?? last.epoch;
  const around = { first: Math.max(1, centre - AROUND_EVENT), last: Math.min(epochs, centre + AROUND_EVENT) };
  return [
    ...head,
    ...overall,
    line(`last ${last.kind} ± ${AROUND_EVENT} epochs`, 'dim'),
    ...plotDecades(losses, { ...around, width: area.width, height: room - 2 - whole }),
    ...foot,
  ];
}

/** In short what a network is: `1-8-8-1 tanh lr 0.1`. */
export function shortName(network: Network): string {
  const parts = [shapeLabel(network), network.activation, `lr ${network.optimizer.learningRate}`];
  return parts.filter((part) => part !== undefined).join(' ');
}

function titleLine(network: Network): Line {
  const { id, activation, data, batch } = network;
  const what = [shapeLabel(network), activation, data?.kind, typeof batch === 'number' ? `batch ${batch}` : undefined];
  return [
    span('network ', 'bold'),
    span(count(id), 'bold'),
    span(`  ${what.filter((part) => part !== undefined).join(' ')}`),
  ];
}

function settingLine({ optimizer, precision, seed }: Network): Line {
  const { kind, form, learningRate, beta1, beta2, epsilon } = optimizer;
  const betas = [beta1, beta2].filter((beta) => beta !== undefined);
  const parts = [
    `${kind} ${form}`,
    `lr ${learningRate}`,
    ...(betas.length > 0 ? [`β ${betas.join(' ')}`] : []),
    ...(epsilon === undefined ? [] : [`ε ${epsilon}`]),
    precision,
    `seed ${seed}`,
  ];
  return line(parts.join('  '));
}

function stateLine(labels: Labels | null, events: readonly NetworkEvent[]): Line {
  const counts = new Map<string, number>();
  for (const { kind } of events) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const told = Array.from(counts, ([kind, n]) => (n === 1 ? `1 ${kind}` : `${count(n)} ${kind}s`));
  return [
    ...(labels === null
      ? [span('in training', 'accent')]
      : [
          span(labels.outcome, isDiverged(labels.outcome) ? 'alarm' : 'accent'),
          span(labels.motion === null ? '' : `, ${labels.motion}`),
        ]),
    span(told.length > 0 ? ` · ${told.join(', ')}` : ''),
  ];
}

/** The epochs around its last event, or the first ones, with all there is to know of them. */
function replayCommand({ network, events, epochs }: NetworkDetail): string {
  const last = events.at(-1);
  const centre = last?.spike?.peakEpoch ?? last?.epoch ?? 0;
  const range = `${Math.max(0, centre - REPLAYED_EPOCHS)}..${Math.min(epochs, centre + REPLAYED_EPOCHS)}`;
  return `gyre replay --network ${network.id} --epochs ${range}`;
}
