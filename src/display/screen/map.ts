/**
 * The map: two axes of a sweep as a grid of cells, every other axis and the seeds added up in them. Which networks
 * stand in which cell is decided once for a pair of axes; counting them is done again whenever labels have changed.
 */
import { isDiverged, type Labels } from '../../../schemas/labels.ts';
import type { Network } from '../../../schemas/network.ts';
import type { Axis } from '../../plan/axes.ts';

/** Cells at most; an axis of more values is binned. */
const MAP_COLUMNS_MAX = 48;
const MAP_ROWS_MAX = 20;
/** Bins of an axis that has too many values, as a sampled one has. */
const BINS = 12;

/** What a cell's share is of. */
export const MEASURES = ['diverged', 'spiking', 'bursting', 'untrained', 'learned', 'done'] as const;
export type Measure = (typeof MEASURES)[number];

const COUNTED: Readonly<Record<Measure, (labels: Labels) => boolean>> = {
  diverged: ({ outcome }) => isDiverged(outcome),
  untrained: ({ outcome }) => outcome === 'untrained',
  learned: ({ outcome }) => outcome === 'learned',
  spiking: ({ motion }) => motion === 'spiking',
  bursting: ({ motion }) => motion === 'bursting',
  done: ({ outcome }) => outcome !== 'failed',
};

/** One direction of the map: its name and what its cells are called. */
interface MapAxis {
  readonly name: string;
  readonly labels: readonly string[];
}

/** A grid without counts. A sweep of one axis has one row. */
export interface MapGrid {
  readonly x: MapAxis;
  /** Null where the sweep has one axis. */
  readonly y: MapAxis | null;
  /** Ids, `[row][column]`. */
  readonly networks: readonly (readonly (readonly number[])[])[];
}

/** One cell counted. */
export interface CellCount {
  readonly planned: number;
  readonly done: number;
  readonly counted: number;
}

/** The grid of two axes, or of one. */
export function mapGrid(networks: readonly Network[], x: Axis, y: Axis | null): MapGrid {
  const columns = directionOf(x, networks, MAP_COLUMNS_MAX);
  const rows = y === null ? null : directionOf(y, networks, MAP_ROWS_MAX);
  const cells: number[][][] = Array.from({ length: rows?.labels.length ?? 1 }, () => columns.labels.map(() => []));
  for (const network of networks) {
    const column = columns.indexOf(network);
    const row = rows === null ? 0 : rows.indexOf(network);
    if (column >= 0 && row >= 0) cells[row][column].push(network.id);
  }
  return {
    x: { name: x.name, labels: columns.labels },
    y: rows === null || y === null ? null : { name: y.name, labels: rows.labels },
    networks: cells,
  };
}

/** Counts a cell's networks. */
export function countCell(
  ids: readonly number[],
  measure: Measure,
  labelsOf: (id: number) => Labels | null,
): CellCount {
  let done = 0;
  let counted = 0;
  for (const id of ids) {
    const labels = labelsOf(id);
    if (labels === null) continue;
    if (labels.outcome !== 'failed') done++;
    if (COUNTED[measure](labels)) counted++;
  }
  return { planned: ids.length, done, counted };
}

/** The share that a cell shows: of the networks that are done, or of all for the measure `done`; null where none is. */
export function shareOf({ planned, done, counted }: CellCount, measure: Measure): number | null {
  if (measure === 'done') return planned === 0 ? null : counted / planned;
  return done === 0 ? null : counted / done;
}

interface Direction {
  readonly labels: readonly string[];
  /** −1 where the axis does not apply to a network. */
  indexOf(network: Network): number;
}

function directionOf(axis: Axis, networks: readonly Network[], most: number): Direction {
  const values = axis.values.filter((value) => value !== undefined);
  if (values.length <= most) {
    const sorted = values.every((value) => typeof value === 'number')
      ? [...values].sort((a, b) => Number(a) - Number(b))
      : values;
    const index = new Map(sorted.map((value, i) => [value, i]));
    return {
      labels: sorted.map(String),
      indexOf: (network) => index.get(axis.valueFor(network) ?? Number.NaN) ?? -1,
    };
  }
  return binned(axis, networks);
}

/** Bins of equal counts: sampled values crowd where the sampling was dense, whatever its scale. */
function binned(axis: Axis, networks: readonly Network[]): Direction {
  const values = networks.flatMap((network) => axis.valueFor(network) ?? []);
  const sorted = values.every((value) => typeof value === 'number')
    ? [...values].sort((a, b) => Number(a) - Number(b))
    : values.map(String).sort();
  const edges = Array.from({ length: BINS }, (_, bin) => sorted[Math.floor((bin * sorted.length) / BINS)]);
  const lowest = [...new Set(edges)];
  return {
    labels: lowest.map((edge) => `≥${typeof edge === 'number' ? Number(edge.toPrecision(2)) : edge}`),
    indexOf: (network) => {
      const value = axis.valueFor(network);
      return value === undefined ? -1 : lowest.findLastIndex((edge) => edge <= value);
    },
  };
}
