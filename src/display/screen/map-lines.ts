/**
 * The map drawn: a cell's share as a shade, which needs no colour to be read, with a colour where there is one.
 */
import type { Labels } from '../../../schemas/labels.ts';
import { count } from '../format.ts';
import { fitted, type Line, line, type Span, span, type Tone } from './lines.ts';
import { type CellCount, countCell, type MapGrid, type Measure, shareOf } from './map.ts';

/** A cell's place. */
export interface CellPlace {
  readonly column: number;
  readonly row: number;
}

/** Columns of a cell: two of shade, and as much of its name as there is room for. */
const CELL_WIDTH_MIN = 2;
const CELL_WIDTH_MAX = 9;

/** Nothing counted, and the quarters. */
const SHADES = ['··', '░░', '▒▒', '▓▓', '██'] as const;

/** What is drawn. */
export interface MapDrawing {
  readonly grid: MapGrid;
  readonly measure: Measure;
  readonly labelsOf: (id: number) => Labels | null;
  readonly chosen: CellPlace;
  /** Whether keys move on the map now. */
  readonly isFocused: boolean;
  readonly width: number;
  readonly height: number;
}

/** Heading, names of columns, rows of cells, legend, and what the chosen cell holds. */
export function mapLines(drawing: MapDrawing): Line[] {
  const { grid, measure, width, height, chosen } = drawing;
  const names = grid.y?.labels ?? [''];
  const nameWidth = Math.min(10, Math.max(0, ...names.map((name) => name.length)));
  const room = Math.max(CELL_WIDTH_MIN, width - nameWidth - 2);
  const wanted = Math.max(CELL_WIDTH_MIN + 2, ...grid.x.labels.map((name) => name.length + 1));
  const cellWidth = Math.max(CELL_WIDTH_MIN, Math.min(CELL_WIDTH_MAX, wanted, Math.floor(room / grid.x.labels.length)));
  const columns = window(grid.x.labels.length, Math.floor(room / cellWidth), chosen.column);
  const rows = window(names.length, Math.max(1, height - 4), chosen.row);
  const title = `${measure} by ${grid.x.name}${grid.y === null ? '' : ` × ${grid.y.name}`}`;
  const head: Line = [
    span(' '.repeat(nameWidth + 1)),
    ...columns.map((column) => span(cellName(grid.x.labels[column], cellWidth), 'dim')),
  ];
  return [
    line(title, 'bold'),
    head,
    ...rows.map(
      (row): Line => [
        ...fitted(line(names[row], 'dim'), nameWidth),
        span(' '),
        ...columns.flatMap((column) => cellSpans(drawing, { column, row }, cellWidth)),
      ],
    ),
    legendLine(measure),
    chosenLine(drawing),
  ];
}

/** As many neighbours as there is room for, the chosen one among them. */
function window(length: number, room: number, chosen: number): number[] {
  const first = Math.max(0, Math.min(chosen - Math.floor(room / 2), length - room));
  return Array.from({ length: Math.min(length, room) }, (_, i) => first + i);
}

function cellName(name: string, width: number): string {
  return name.length < width ? name.padStart(Math.ceil((width + name.length) / 2)).padEnd(width) : ' '.repeat(width);
}

function cellSpans(drawing: MapDrawing, place: CellPlace, width: number): Span[] {
  const { grid, measure, labelsOf, chosen, isFocused } = drawing;
  const cell = countCell(grid.networks[place.row][place.column], measure, labelsOf);
  const { shade, tone } = shadeOf(cell, measure);
  const isChosen = place.row === chosen.row && place.column === chosen.column;
  if (width < CELL_WIDTH_MIN + 2) return [span(shade.padEnd(width), isChosen && isFocused ? 'chosen' : tone)];
  const left = Math.floor((width - CELL_WIDTH_MIN) / 2);
  const mark = (text: string) => (isChosen ? text : ' ');
  return [
    span(mark('[').padStart(left), isFocused ? 'accent' : 'dim'),
    span(shade, tone),
    span(mark(']').padEnd(width - CELL_WIDTH_MIN - left), isFocused ? 'accent' : 'dim'),
  ];
}

function shadeOf(cell: CellCount, measure: Measure): { shade: string; tone: Tone } {
  const share = shareOf(cell, measure);
  if (share === null) return { shade: cell.planned === 0 ? '  ' : ' ·', tone: 'dim' };
  const step = share === 0 ? 0 : Math.min(4, 1 + Math.floor(share * 4));
  const tone =
    step === 0
      ? 'dim'
      : measure === 'diverged'
        ? 'alarm'
        : measure === 'spiking' || measure === 'bursting'
          ? 'warm'
          : 'accent';
  return { shade: SHADES[step], tone };
}

function legendLine(measure: Measure): Line {
  return line(`${measure === 'done' ? 'done' : 'of done'} ··0 ░░<25 ▒▒<50 ▓▓<75 ██≤100 %`, 'dim');
}

function chosenLine({ grid, measure, labelsOf, chosen }: MapDrawing): Line {
  const ids = grid.networks[chosen.row]?.[chosen.column] ?? [];
  const { planned, done, counted } = countCell(ids, measure, labelsOf);
  const at = [grid.x.labels[chosen.column], ...(grid.y === null ? [] : [grid.y.labels[chosen.row]])].join(' × ');
  const what = measure === 'done' ? '' : `, ${count(counted)} ${measure}`;
  return line(`${at}: ${count(done)} of ${count(planned)} done${what}`);
}
