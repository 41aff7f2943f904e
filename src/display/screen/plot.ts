/**
 * A curve in braille: each character is two columns of four dots, and each column of dots reaches from the smallest to
 * the largest value that falls on it, so that no spike is thinned away, however many epochs share a column.
 */
import { type Line, span } from './lines.ts';

/** What was seen over some consecutive epochs: those behind the extent before. */
export interface Extent {
  /** The last of them. */
  readonly epoch: number;
  /** Smallest and largest value; a value that is no number leaves its column empty. */
  readonly low: number;
  readonly high: number;
}

const BRAILLE = 0x2800;
/** The bits of a braille character by column and row of its dots. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
const DOTS_ACROSS = 2;
const DOTS_DOWN = 4;
/** Columns of the scale at the left: `-12 `. */
const SCALE_WIDTH = 4;

/**
 * log10 of positive values over epochs `first` to `last`, in `height` lines of `width` columns. The scale at the left
 * names whole decades.
 */
export function plotDecades(
  extents: readonly Extent[],
  area: { first: number; last: number; width: number; height: number },
): Line[] {
  const { first, last, width, height } = area;
  const columns = (width - SCALE_WIDTH) * DOTS_ACROSS;
  const decades = extents
    .map(({ epoch, low, high }, i) => ({
      from: (extents[i - 1]?.epoch ?? 0) + 1,
      to: epoch,
      low: Math.log10(low),
      high: Math.log10(high),
    }))
    .filter(({ from, to, low, high }) => to >= first && from <= last && Number.isFinite(low) && Number.isFinite(high));
  if (decades.length === 0) return Array.from({ length: height }, () => []);
  const bottom = Math.floor(Math.min(...extremes(decades, ({ low }) => low)));
  const top = Math.max(bottom + 1, Math.ceil(Math.max(...extremes(decades, ({ high }) => high))));
  const dots = Array.from({ length: columns }, () => ({
    low: Number.POSITIVE_INFINITY,
    high: Number.NEGATIVE_INFINITY,
  }));
  const columnOf = (epoch: number) =>
    Math.max(0, Math.min(columns - 1, Math.floor(((epoch - first) / (last - first + 1)) * columns)));
  for (const { from, to, low, high } of decades) {
    for (let column = columnOf(from); column <= columnOf(to); column++) {
      dots[column].low = Math.min(dots[column].low, low);
      dots[column].high = Math.max(dots[column].high, high);
    }
  }
  const rows = height * DOTS_DOWN;
  const rowOf = (value: number) => Math.min(rows - 1, Math.floor(((top - value) / (top - bottom)) * rows));
  return Array.from({ length: height }, (_, row) => {
    const cells = Array.from({ length: width - SCALE_WIDTH }, (_, cell) => {
      let bits = 0;
      for (let across = 0; across < DOTS_ACROSS; across++) {
        const { low, high } = dots[cell * DOTS_ACROSS + across];
        if (low > high) continue;
        for (let down = 0; down < DOTS_DOWN; down++) {
          const at = row * DOTS_DOWN + down;
          if (at >= rowOf(high) && at <= rowOf(low)) bits |= DOTS[across][down];
        }
      }
      return bits === 0 ? ' ' : String.fromCharCode(BRAILLE + bits);
    });
    return [span(scaleText(row, { height, top, bottom }).padStart(SCALE_WIDTH - 1), 'dim'), span(` ${cells.join('')}`)];
  });
}

/** Not Math.min over a spread of all: there may be more than a call has arguments. */
function extremes<T>(items: readonly T[], numberOf: (item: T) => number): [number, number] {
  return items.reduce<[number, number]>(
    ([low, high], item) => [Math.min(low, numberOf(item)), Math.max(high, numberOf(item))],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

/** The decade that begins in a row, top and bottom always. */
function scaleText(row: number, { height, top, bottom }: { height: number; top: number; bottom: number }): string {
  if (row === 0) return String(top);
  if (row === height - 1) return String(bottom);
  const at = (edge: number) => top - (edge / height) * (top - bottom);
  const decade = Math.floor(at(row));
  return decade > at(row + 1) && decade !== bottom ? String(decade) : '';
}
