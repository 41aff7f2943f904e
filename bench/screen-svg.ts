/**
 * From a captured terminal screen to an SVG: understands the few escapes that Gyre's screen uses, places every piece of
 * text at its exact column, and draws block characters as rectangles, so that they join in any font. For
 * bench/picture.ts; knows nothing of runs or tmux.
 */

/** How a character looks. */
export interface Look {
  readonly bold: boolean;
  readonly dim: boolean;
  readonly colour: Colour | null;
}
type Colour = 'cyan' | 'red';

/** One character of the screen. */
export interface Cell extends Look {
  readonly character: string;
}

/** Measures in pixels, of a font of which a character is 0.6 em wide, as nearly all monospace fonts are. */
const FONT_SIZE = 14;
const CELL = { width: 8.4, height: 20 } as const;
const TITLE_BAR_HEIGHT = 38;
const PADDING = { left: 16, right: 16, top: 12, bottom: 16 } as const;
const FONTS =
  "ui-monospace, SFMono-Regular, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";
/** Each legible on the window (contrast 4.5 and more), whichever theme the page around it has. */
const PALETTE = {
  window: '#0f141a',
  titleBar: '#171d25',
  border: '#39424e',
  text: '#dbe2ea',
  dim: '#8b97a6',
  cyan: '#45d0e6',
  red: '#ff7b72',
  track: '#2a343f',
  lights: ['#e5675d', '#e2b33f', '#58b85c'],
} as const;

const ESCAPE = String.fromCharCode(27);
const PLAIN: Look = { bold: false, dim: false, colour: null };

/**
 * The cells of a screen, `[line][column]`, blank lines at the end left out.
 *
 * @throws where the screen uses an escape that is not understood.
 */
export function parseScreen(screen: string): Cell[][] {
  let look = PLAIN;
  const lines = screen.split('\n').map((line) => {
    const cells: Cell[] = [];
    for (const piece of line.split(new RegExp(`(${ESCAPE}\\[[\\d;]*m)`))) {
      if (piece.startsWith(ESCAPE)) look = piece.slice(2, -1).split(';').map(Number).reduce(withCode, look);
      else for (const character of piece) cells.push({ character, ...look });
    }
    return cells;
  });
  while (lines.length > 0 && lines[lines.length - 1].every(({ character }) => character === ' ')) lines.pop();
  return lines;
}

/** The look after one code of a "select graphic rendition". */
function withCode(look: Look, code: number): Look {
  switch (code) {
    case 0:
      return PLAIN;
    case 1:
      return { ...look, bold: true };
    case 2:
      return { ...look, dim: true };
    case 22:
      return { ...look, bold: false, dim: false };
    case 31:
      return { ...look, colour: 'red' };
    case 36:
      return { ...look, colour: 'cyan' };
    case 39:
      return { ...look, colour: null };
    case 49:
      return look;
    default:
      throw new Error(`escape code ${code}: not one that Gyre's screen is known to use`);
  }
}

/** The picture: a terminal window with a title and the lines of a screen. */
export function picture(
  lines: readonly (readonly Cell[])[],
  { columns, title }: { columns: number; title: string },
): string {
  const width = rounded(columns * CELL.width + PADDING.left + PADDING.right);
  const height = TITLE_BAR_HEIGHT + PADDING.top + lines.length * CELL.height + PADDING.bottom;
  const alternative = lines
    .map((line) =>
      line
        .map(({ character }) => character)
        .join('')
        .trimEnd(),
    )
    .join('\n');
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title screen">
<title id="title">The live screen of ${escaped(title)}</title>
<desc id="screen">
${escaped(alternative)}
</desc>
<style>
text { font: ${FONT_SIZE}px ${FONTS}; fill: ${PALETTE.text}; white-space: pre }
.bold { font-weight: 700 }
.dim { fill: ${PALETTE.dim} }
.cyan { fill: ${PALETTE.cyan} }
.red { fill: ${PALETTE.red} }
.track { fill: ${PALETTE.track} }
</style>
${frame(width, height, title)}
${lines.flatMap((line, row) => lineElements(line, TITLE_BAR_HEIGHT + PADDING.top + row * CELL.height)).join('\n')}
</svg>
`;
}

function frame(width: number, height: number, title: string): string {
  const middle = TITLE_BAR_HEIGHT / 2;
  const lights = PALETTE.lights.map((fill, i) => `<circle cx="${20 + 20 * i}" cy="${middle}" r="6" fill="${fill}"/>`);
  return [
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="9.5" fill="${PALETTE.window}"/>`,
    `<path d="M0.5 ${TITLE_BAR_HEIGHT}V10a9.5 9.5 0 0 1 9.5-9.5` +
      `H${width - 10}a9.5 9.5 0 0 1 9.5 9.5V${TITLE_BAR_HEIGHT}Z" fill="${PALETTE.titleBar}"/>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="9.5" fill="none" ` +
      `stroke="${PALETTE.border}"/>`,
    ...lights,
    `<text class="dim" x="${width / 2}" y="${middle + FONT_SIZE * 0.35}" text-anchor="middle">${escaped(title)}</text>`,
  ].join('\n');
}

/** One line at `top`: its bars as rectangles, its words as one text. */
function lineElements(line: readonly Cell[], top: number): string[] {
  const elements = barElements(line, top);
  const words = wordsOf(line).map(({ column, cells }) => {
    const text = cells.map(({ character }) => character).join('');
    // The length holds the columns where a font is wider or narrower than 0.6 em.
    const place = `x="${xOf(column)}" textLength="${rounded(cells.length * CELL.width)}"`;
    return `<tspan ${place} lengthAdjust="spacingAndGlyphs"${classAttribute(cells[0])}>${escaped(text)}</tspan>`;
  });
  const baseline = top + CELL.height / 2 + FONT_SIZE * 0.35;
  if (words.length > 0) elements.push(`<text xml:space="preserve" y="${rounded(baseline)}">${words.join('')}</text>`);
  return elements;
}

interface Word {
  readonly column: number;
  readonly cells: Cell[];
}

/** Stretches of one look without two blanks in a row; blanks and blocks at their ends left out. */
function wordsOf(line: readonly Cell[]): Word[] {
  const words: Word[] = [];
  let word: Word | null = null;
  for (const [column, cell] of line.entries()) {
    const isGap = cell.character === ' ' && (line[column + 1]?.character ?? ' ') === ' ';
    const isLeading = cell.character === ' ' && (line[column - 1]?.character ?? ' ') === ' ';
    if (isGap || isLeading || eighthsOf(cell) !== null) {
      word = null;
      continue;
    }
    if (word === null || !sameLook(word.cells[0], cell)) {
      word = { column, cells: [] };
      words.push(word);
    }
    word.cells.push(cell);
  }
  return words.filter(({ cells }) => cells.some(({ character }) => character !== ' '));
}

/** The bars of a line: a track under all of a bar's cells, and upon it what is full. */
function barElements(line: readonly Cell[], top: number): string[] {
  const elements: string[] = [];
  for (let start = 0; start < line.length; start++) {
    if (eighthsOf(line[start]) === null) continue;
    let end = start;
    let eighths = 0;
    while (end < line.length && eighthsOf(line[end]) !== null) eighths += eighthsOf(line[end++]) ?? 0;
    elements.push(barElement(start, 8 * (end - start), top, 'track'));
    if (eighths > 0) elements.push(barElement(start, eighths, top, line[start].colour ?? 'dim'));
    start = end;
  }
  return elements;
}

function barElement(column: number, eighths: number, top: number, className: string): string {
  const size = `width="${rounded((eighths * CELL.width) / 8)}" height="${CELL.height - 7}"`;
  return `<rect class="${className}" x="${xOf(column)}" y="${rounded(top + 3.5)}" ${size} rx="2"/>`;
}

/** How much of a cell a block character fills; null for any other character. */
function eighthsOf({ character }: Cell): number | null {
  const eighths = ['░', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'].indexOf(character);
  return eighths < 0 ? null : eighths;
}

function classAttribute({ bold, dim, colour }: Look): string {
  const names = [bold && 'bold', dim && 'dim', colour].filter((name) => typeof name === 'string');
  return names.length > 0 ? ` class="${names.join(' ')}"` : '';
}

function sameLook(a: Look, b: Look): boolean {
  return a.bold === b.bold && a.dim === b.dim && a.colour === b.colour;
}

const xOf = (column: number): number => rounded(PADDING.left + column * CELL.width);
const rounded = (value: number): number => Math.round(100 * value) / 100;
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
