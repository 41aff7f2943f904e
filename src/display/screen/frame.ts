/**
 * The whole screen as lines: which panes there is room for, and where. Never taller than the terminal less one line,
 * which would make Ink wipe what the terminal has scrolled away, and never wider than it less one column.
 */
import type { Labels } from '../../../schemas/labels.ts';
import type { Network } from '../../../schemas/network.ts';
import type { View } from '../view-model.ts';
import { headerLines } from './header.ts';
import { LABELS_WIDTH, labelBars, labelLines } from './label-counts.ts';
import { eventLines } from './latest-events.ts';
import { beside, EMPTY_LINE, fitted, joinedToFit, type Line, line, span, tall } from './lines.ts';
import type { MapGrid } from './map.ts';
import { mapLines } from './map-lines.ts';
import type { Pane, Place } from './navigation.ts';
import { type NetworkDetail, networkLines } from './network-pane.ts';

/** The smallest terminal that a screen fits into. */
const COLUMNS_MIN = 60;
const ROWS_MIN = 16;

/** From here on labels, map and network stand side by side. */
const WIDE_COLUMNS = 110;
const GAP = 2;
/** Columns of the map and the events between labels and network. */
const MIDDLE_WIDTH_MIN = 40;
const MIDDLE_SHARE = 0.45;
const EVENT_ROWS_MIN = 5;

/** Everything that is on the screen. */
export interface Scene {
  readonly view: View;
  readonly place: Place;
  readonly networkOf: (id: number) => Network | undefined;
  /** Null for a sweep without axes. */
  readonly grid: MapGrid | null;
  readonly labelsOf: (id: number) => Labels | null;
  readonly detail: NetworkDetail | null;
  /** Whether this process trains the run. */
  readonly isOwn: boolean;
}

/** The size of a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The screen for a terminal, one line less than it has. */
export function frame(scene: Scene, { columns, rows }: Size): readonly Line[] {
  const width = columns - 2;
  const height = rows - 1;
  if (columns < COLUMNS_MIN || rows < ROWS_MIN) {
    const words = [`gyre needs ${COLUMNS_MIN}×${ROWS_MIN}`, `this terminal has ${columns}×${rows}`];
    return words.slice(0, Math.max(0, height)).map((text) => fitted(line(text), Math.max(0, width)));
  }
  const header = [...headerLines(scene.view, width), EMPTY_LINE];
  const foot = [line(wordsOf(scene), 'warm'), footer(scene, width)];
  const body = bodyLines(scene, width, height - header.length - foot.length);
  const lines = [...header, ...tall(body, height - header.length - foot.length), ...foot];
  return lines.map((line) => [span(' '), ...fitted(line, width)]);
}

function bodyLines(scene: Scene, width: number, height: number): readonly Line[] {
  if (scene.place.isHelpShown) return HELP.map((text) => line(text));
  if (scene.view.run === null) return [];
  return width >= WIDE_COLUMNS - 2 ? wideBody(scene, width, height) : narrowBody(scene, width, height);
}

/** Labels and map side by side; the other panes take the place of both. */
function narrowBody(scene: Scene, width: number, height: number): readonly Line[] {
  const { pane } = scene.place;
  if (pane === 'network') return paneOf(scene, 'network', width, height);
  if (pane === 'events') return paneOf(scene, 'events', width, height);
  const right = width - LABELS_WIDTH - GAP;
  return beside(
    [
      { lines: leftLines(scene, height), width: LABELS_WIDTH },
      { lines: paneOf(scene, 'map', right, height), width: right },
    ],
    GAP,
  );
}

/** Labels and threads, map over events, network: the network takes what is left. */
function wideBody(scene: Scene, width: number, height: number): readonly Line[] {
  const middle = Math.max(MIDDLE_WIDTH_MIN, Math.floor((width - LABELS_WIDTH - 2 * GAP) * MIDDLE_SHARE));
  const right = width - LABELS_WIDTH - middle - 2 * GAP;
  const mapRows = Math.min(height - EVENT_ROWS_MIN - 1, 4 + (scene.grid?.networks.length ?? 7) + 1);
  const map = tall(paneOf(scene, 'map', middle, mapRows), mapRows);
  const events = paneOf(scene, 'events', middle, height - mapRows - 1);
  return beside(
    [
      { lines: leftLines(scene, height), width: LABELS_WIDTH },
      { lines: [...map, EMPTY_LINE, ...events], width: middle },
      { lines: paneOf(scene, 'network', right, height), width: right },
    ],
    GAP,
  );
}

function paneOf(scene: Scene, pane: Pane, width: number, height: number): readonly Line[] {
  const [title, ...rest] = linesOf(scene, pane, width, height);
  if (title === undefined || pane !== scene.place.pane) return title === undefined ? [] : [title, ...rest];
  return [[span('› ', 'accent'), ...title], ...rest];
}

function linesOf(scene: Scene, pane: Pane, width: number, height: number): readonly Line[] {
  const { view, place, networkOf, grid, labelsOf, detail } = scene;
  switch (pane) {
    case 'map':
      if (grid === null) return [line('outcome and motion', 'bold'), ...labelBars(view, width)];
      return mapLines({
        grid,
        measure: place.measure,
        labelsOf,
        chosen: place.cell,
        isFocused: place.pane === 'map',
        width,
        height,
      });
    case 'network':
      return networkLines(detail, { width, height });
    case 'events':
      return eventLines(view.latestEvents, { networkOf, height, chosen: place.pane === 'events' ? place.event : null });
  }
}

function leftLines(scene: Scene, height: number): readonly Line[] {
  const labels = labelLines(scene.view);
  const threads = scene.view.progress?.threads ?? [];
  const room = height - labels.length - 2;
  if (threads.length === 0 || room < 1) return labels;
  const shown = threads
    .slice(0, room)
    .map((trains, i) => line(`${String(i + 1).padStart(2)} ${trains ?? 'idle'}`, 'dim'));
  return [...labels, EMPTY_LINE, line('threads', 'bold'), ...shown];
}

/** What there is to say: the latest trouble, a remark on the last key, what a stop waits for. */
function wordsOf({ view, place }: Scene): string {
  if (place.remark !== null) return place.remark;
  if (view.state === 'stopping') return 'stopping: threads write what they have trained; the same command continues';
  if (view.state === 'paused') return 'paused: the threads sleep, p goes on';
  if (view.state === 'ended' && view.ending === 'failed')
    return `failed, the same command tries again${view.trouble === null ? '' : `: ${view.trouble}`}`;
  return view.trouble ?? '';
}

function footer(scene: Scene, width: number): Line {
  const { place, view, isOwn } = scene;
  if (place.search !== null)
    return [span(`find network ${place.search}▏`, 'accent'), span('  Enter go  Esc back', 'dim')];
  if (place.isStopAsked)
    return [span('stop the run? ', 'accent'), span('q stops it, resumable; any other key goes on', 'plain')];
  if (place.isHelpShown) return line('any key goes back', 'dim');
  const trains = isOwn && view.state !== 'ended';
  const keys = [
    place.pane === 'events' ? '↑↓ move' : '←↑↓→ move',
    ...(place.pane === 'network' ? [] : ['Enter select']),
    'Tab pane',
    ...(place.pane === 'map' && scene.grid !== null ? ['m measure', 'x/y axes'] : []),
    '/ find',
    ...(trains ? [view.state === 'paused' ? 'p go on' : 'p pause', 'q stop'] : ['q leave']),
    '? help',
  ];
  const dispensable = ['x/y axes', '/ find', 'm measure', 'Enter select'];
  return line(joinedToFit(keys, { separator: '  ', width, dispensable }), 'dim');
}

const HELP = [
  '← ↑ ↓ →  h j k l   move: over the map, to the next network, through the events',
  'Enter              the networks of the cell one after another; the network of the event',
  'Tab  Shift-Tab     the next pane: map, network, events',
  'm                  what the map counts: diverged, spiking, bursting, untrained, learned, done',
  'x  y               the next axis across, and down',
  '/                  find a network by its number',
  'Esc                back to the latest network that diverged or spiked',
  'p                  pause, and go on',
  'q                  stop, once confirmed: what is committed is kept, the same command continues',
  'Ctrl-C             stop at once; a second one leaves',
  '',
  'A cell of the map shades the share of its networks that are done and have that label; seeds and the',
  'axes that are not shown are added up. A curve keeps the smallest and the largest loss of each column.',
];
