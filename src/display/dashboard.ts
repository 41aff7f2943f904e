/**
 * The dashboard without a terminal: takes notices and keys, and says what stands on the screen. Everything that it
 * shows of a network it asks of a source when the network is looked at; it draws nothing and knows no clock.
 */
import { isDiverged, type Labels } from '../../schemas/labels.ts';
import type { Network } from '../../schemas/network.ts';
import type { Notice } from '../../schemas/notices.ts';
import { type Axis, axesOf } from '../plan/axes.ts';
import { frame, type Scene, type Size } from './screen/frame.ts';
import type { Line } from './screen/lines.ts';
import { type MapGrid, mapGrid } from './screen/map.ts';
import { afterKey, FIRST_PLACE, type Key, type Place, type ScreenContext, type Wish } from './screen/navigation.ts';
import type { NetworkDetail } from './screen/network-pane.ts';
import { EMPTY_VIEW, reduce, type View } from './view-model.ts';

/** What can be asked of a run. */
export interface DashboardSource {
  readonly networks: readonly Network[];
  /** Null while a network is not done. */
  labelsOf(id: number): Labels | null;
  /** The committed trace and events of a network. */
  detailOf(network: Network): Pick<NetworkDetail, 'losses' | 'events'>;
  /** Epochs of the run. */
  readonly epochs: number;
  /** Whether this process trains it. */
  readonly isOwn: boolean;
}

/** Networks in the order in which one would rather look at them. */
const NOTABLE: readonly ((labels: Labels) => boolean)[] = [
  ({ outcome }) => isDiverged(outcome),
  ({ motion }) => motion === 'spiking',
  ({ motion }) => motion === 'bursting',
  ({ motion }) => motion === 'fluctuating' || motion === 'oscillating',
];
/** Up to here a network stays on the screen until one as notable is done. */
const WORTH_IT = 2;

/** The axes that are looked at first, where a sweep has them. */
const FAVOURITE_AXES = { x: 'beta2', y: 'learning_rate' } as const;

export class Dashboard {
  readonly #source: DashboardSource;
  readonly #axes: readonly Axis[];
  readonly #networkOf: ReadonlyMap<number, Network>;
  readonly #ids: readonly number[];
  #view: View = EMPTY_VIEW;
  #place: Place;
  #grid: { readonly x: number; readonly y: number; readonly grid: MapGrid } | null = null;
  /** The latest network that is done and notable, or just done. */
  #latest: number | null = null;
  /** The detail at hand, read anew where its network has committed more. */
  #detail: NetworkDetail | null = null;
  #isDetailStale = true;

  constructor(source: DashboardSource) {
    this.#source = source;
    this.#axes = axesOf(source.networks);
    this.#networkOf = new Map(source.networks.map((network) => [network.id, network]));
    this.#ids = source.networks.map(({ id }) => id);
    const at = (name: string) => this.#axes.findIndex((axis) => axis.name === name);
    const y = Math.max(0, at(FAVOURITE_AXES.y));
    const x = at(FAVOURITE_AXES.x);
    this.#place = { ...FIRST_PLACE, y, x: x >= 0 ? x : Number(y === 0 && this.#axes.length > 1) };
    for (const { id } of source.networks) if (source.labelsOf(id) !== null) this.#take(id);
  }

  get view(): View {
    return this.#view;
  }

  /** Takes a notice. Returns whether the screen may have changed. */
  notify(notice: Notice): boolean {
    this.#view = reduce(this.#view, notice);
    if (notice.kind === 'committed') for (const { network } of notice.networks) this.#take(network);
    if (notice.kind === 'committed' || notice.kind === 'events') this.#isDetailStale = true;
    // What is committed shows with the progress that follows a quarter of a second later.
    return notice.kind !== 'committed' && notice.kind !== 'events';
  }

  /** Takes a key. Returns what is wanted of the run. */
  press(key: Key): Wish {
    const { place, wish } = afterKey(this.#place, key, this.#context());
    if (place.network !== this.#place.network) this.#isDetailStale = true;
    this.#place = place;
    return wish;
  }

  /** The screen for a terminal of a size. */
  lines(size: Size): readonly Line[] {
    const scene: Scene = {
      view: this.#view,
      place: this.#place,
      networkOf: (id) => this.#networkOf.get(id),
      grid: this.#currentGrid(),
      labelsOf: (id) => this.#source.labelsOf(id),
      detail: this.#currentDetail(),
      isOwn: this.#source.isOwn,
    };
    return frame(scene, size);
  }

  #take(id: number): void {
    const isWorthIt = (id: number) => this.#rank(id) <= WORTH_IT;
    if (this.#latest === null || isWorthIt(id) || !isWorthIt(this.#latest)) this.#latest = id;
  }

  /** The place of a network among the notable ones. */
  #rank(id: number): number {
    const labels = this.#source.labelsOf(id);
    const place = labels === null ? -1 : NOTABLE.findIndex((holds) => holds(labels));
    return place < 0 ? NOTABLE.length : place;
  }

  #currentGrid(): MapGrid | null {
    if (this.#axes.length === 0) return null;
    const { x, y } = this.#place;
    if (this.#grid?.x !== x || this.#grid.y !== y) {
      const down = this.#axes.length > 1 ? this.#axes[y] : null;
      this.#grid = { x, y, grid: mapGrid(this.#source.networks, this.#axes[x], down) };
    }
    return this.#grid.grid;
  }

  #currentDetail(): NetworkDetail | null {
    const id = this.#place.network ?? this.#latest;
    if (id === null) return null;
    if (this.#isDetailStale || this.#detail?.network.id !== id) {
      const network = this.#networkOf.get(id);
      if (network === undefined) return null;
      const { epochs } = this.#source;
      this.#detail = { network, labels: this.#source.labelsOf(id), epochs, ...this.#source.detailOf(network) };
      this.#isDetailStale = false;
    }
    return this.#detail;
  }

  #context(): ScreenContext {
    const grid = this.#currentGrid();
    const { cell, event } = this.#place;
    const ids = grid?.networks[cell.row]?.[cell.column] ?? [];
    return {
      columns: grid?.x.labels.length ?? 1,
      rows: grid?.networks.length ?? 1,
      axes: this.#axes.length,
      networks: this.#ids,
      events: this.#view.latestEvents.length,
      cellNetworks: ids
        .filter((id) => this.#source.labelsOf(id) !== null)
        .sort((a, b) => this.#rank(a) - this.#rank(b)),
      eventNetwork: this.#view.latestEvents[event]?.network ?? null,
      shownNetwork: this.#place.network ?? this.#latest,
      isTraining: this.#view.state !== 'ended',
      isOwn: this.#source.isOwn,
    };
  }
}
