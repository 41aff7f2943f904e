/**
 * Where the user is on the screen, and where a key takes them: a pure function from a place and a key to a place, and
 * to what is wanted of the run. Knows how large the map is and how many events there are, not what stands in them.
 */

import { MEASURES, type Measure } from './map.ts';
import type { CellPlace } from './map-lines.ts';

const PANES = ['map', 'network', 'events'] as const;
export type Pane = (typeof PANES)[number];

/** The user's place. */
export interface Place {
  readonly pane: Pane;
  readonly cell: CellPlace;
  readonly measure: Measure;
  /** Index of the axis across and of the one down; the latter counts only where there are two. */
  readonly x: number;
  readonly y: number;
  /** The network the user has chosen; null: the latest that diverged or spiked. */
  readonly network: number | null;
  /** Index in the latest events. */
  readonly event: number;
  /** What is typed after /; null while nothing is searched. */
  readonly search: string | null;
  readonly isHelpShown: boolean;
  /** Whether q was pressed once on a run that trains. */
  readonly isStopAsked: boolean;
  /** A word about the last key, until the next one. */
  readonly remark: string | null;
}

export const FIRST_PLACE: Place = {
  pane: 'map',
  cell: { column: 0, row: 0 },
  measure: 'diverged',
  x: 0,
  y: 1,
  network: null,
  event: 0,
  search: null,
  isHelpShown: false,
  isStopAsked: false,
  remark: null,
};

/** A key press: a printable character, or a named key. */
export type Key =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'enter'
  | 'tab'
  | 'back-tab'
  | 'escape'
  | 'backspace'
  | 'interrupt'
  | { readonly character: string };

/** What a key may want of the run. */
export type Wish = 'pause' | 'stop' | 'leave' | 'interrupt' | null;

/** What is there to move on. */
export interface ScreenContext {
  readonly columns: number;
  readonly rows: number;
  readonly axes: number;
  /** Ascending; those of a shard are not dense. */
  readonly networks: readonly number[];
  readonly events: number;
  /** Networks of the cell under the cursor, the most notable first. */
  readonly cellNetworks: readonly number[];
  /** The network of the event under the cursor. */
  readonly eventNetwork: number | null;
  /** The network that the pane shows. */
  readonly shownNetwork: number | null;
  /** Whether the run trains, so that q stops it instead of leaving. */
  readonly isTraining: boolean;
  /** Whether this process trains it, so that p and q are about the run and not about this screen. */
  readonly isOwn: boolean;
}

/** The place after a key, and what is wanted. */
export function afterKey(
  place: Place,
  key: Key,
  context: ScreenContext,
): { readonly place: Place; readonly wish: Wish } {
  if (key === 'interrupt') return { place, wish: 'interrupt' };
  if (place.search !== null) return { place: afterSearchKey(place, place.search, key, context), wish: null };
  const calm = { ...place, remark: null, isStopAsked: false };
  if (place.isHelpShown) return { place: { ...calm, isHelpShown: false }, wish: null };
  if (typeof key === 'object') return afterCharacter(place, calm, key.character, context);
  return { place: afterNamedKey(calm, key, context), wish: null };
}

function afterCharacter(before: Place, calm: Place, character: string, context: ScreenContext) {
  const stay = (place: Place, wish: Wish = null) => ({ place, wish });
  switch (character) {
    case 'h':
      return stay(moved(calm, -1, 0, context));
    case 'j':
      return stay(moved(calm, 0, 1, context));
    case 'k':
      return stay(moved(calm, 0, -1, context));
    case 'l':
      return stay(moved(calm, 1, 0, context));
    case 'm':
      return stay({ ...calm, measure: next(MEASURES, calm.measure) });
    case 'x':
      return stay(withAxis(calm, 'x', context));
    case 'y':
      return stay(withAxis(calm, 'y', context));
    case '/':
      return stay({ ...calm, search: '' });
    case '?':
      return stay({ ...calm, isHelpShown: true });
    case 'p':
      return context.isOwn && context.isTraining ? stay(calm, 'pause') : stay(calm);
    case 'q':
      if (!context.isOwn || !context.isTraining) return stay(calm, 'leave');
      return before.isStopAsked ? stay(calm, 'stop') : stay({ ...calm, isStopAsked: true });
    default:
      return stay(calm);
  }
}

function afterNamedKey(place: Place, key: Exclude<Key, object | 'interrupt'>, context: ScreenContext): Place {
  switch (key) {
    case 'up':
      return moved(place, 0, -1, context);
    case 'down':
      return moved(place, 0, 1, context);
    case 'left':
      return moved(place, -1, 0, context);
    case 'right':
      return moved(place, 1, 0, context);
    case 'tab':
      return { ...place, pane: next(PANES, place.pane) };
    case 'back-tab':
      return { ...place, pane: next([...PANES].reverse(), place.pane) };
    case 'enter':
      return chosen(place, context);
    case 'escape':
      return { ...place, network: null };
    case 'backspace':
      return place;
  }
}

/** In the network pane left and right go to its neighbours in the plan. */
function moved(place: Place, across: number, down: number, context: ScreenContext): Place {
  const within = (value: number, length: number) => Math.max(0, Math.min(length - 1, value));
  switch (place.pane) {
    case 'map':
      return {
        ...place,
        cell: {
          column: within(place.cell.column + across, context.columns),
          row: within(place.cell.row + down, context.rows),
        },
      };
    case 'network':
      return { ...place, network: neighbourOf(context, across + down) };
    case 'events':
      return { ...place, event: within(place.event + down, context.events) };
  }
}

function neighbourOf({ networks, shownNetwork }: ScreenContext, by: number): number | null {
  const index = shownNetwork === null ? 0 : networks.indexOf(shownNetwork) + by;
  return networks[Math.max(0, Math.min(networks.length - 1, index))] ?? null;
}

/** Enter on a cell goes through its networks, one press after another. */
function chosen(place: Place, { cellNetworks, eventNetwork }: ScreenContext): Place {
  if (place.pane === 'events') return eventNetwork === null ? place : { ...place, network: eventNetwork };
  if (place.pane !== 'map') return place;
  if (cellNetworks.length === 0) return { ...place, remark: 'no network of this cell is done yet' };
  return { ...place, network: next(cellNetworks, place.network ?? -1) };
}

function withAxis(place: Place, direction: 'x' | 'y', { axes }: ScreenContext): Place {
  if (axes < 3) return { ...place, remark: axes < 2 ? 'the sweep has no other axis' : 'x and y are all of its axes' };
  const other = direction === 'x' ? place.y : place.x;
  let axis = (place[direction] + 1) % axes;
  if (axis === other) axis = (axis + 1) % axes;
  return { ...place, [direction]: axis, cell: FIRST_PLACE.cell };
}

function afterSearchKey(place: Place, search: string, key: Key, { networks }: ScreenContext): Place {
  if (key === 'escape') return { ...place, search: null, remark: null };
  if (key === 'backspace') return { ...place, search: search.slice(0, -1) };
  if (key === 'enter') {
    const id = Number(search);
    const remark = `no network ${search}: they are ${networks[0]} to ${networks[networks.length - 1]}`;
    if (search === '') return { ...place, search: null, remark: null };
    if (!networks.includes(id)) return { ...place, search: null, remark };
    return { ...place, search: null, remark: null, network: id };
  }
  if (typeof key === 'object' && /^[0-9]$/.test(key.character))
    return { ...place, search: `${search}${key.character}` };
  return place;
}

/** The item after one in a list, round and round; the first where it is not in it. */
function next<T>(list: readonly T[], item: T): T {
  return list[(list.indexOf(item) + 1) % list.length];
}
