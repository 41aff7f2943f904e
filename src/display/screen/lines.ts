/**
 * Lines of text with tones: what panes are made of before anything knows of a terminal. A tone says what a piece of
 * text means; Ink, or nobody where there is no colour, gives it one. Every character here is one column wide.
 */
import { printable } from '../printable.ts';

/** What a piece of text is: the accent, an alarm (divergence alone), a warning, in the background, or in front. */
export type Tone = 'plain' | 'accent' | 'alarm' | 'warm' | 'dim' | 'bold' | 'chosen';

/** Text of one tone. */
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** Spans side by side. */
export type Line = readonly Span[];

/** One span. */
export const span = (text: string, tone: Tone = 'plain'): Span => ({ text: printable(text), tone });

/** A line of one tone. */
export const line = (text: string, tone: Tone = 'plain'): Line => [span(text, tone)];

export const EMPTY_LINE: Line = [];

/** Columns that a line takes. */
export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + [...text].length, 0);
}

/** The line cut off, or filled up with spaces, to `width` columns; a cut is marked by …. */
export function fitted(line: Line, width: number): Line {
  const have = widthOf(line);
  if (have <= width) return have === width ? line : [...line, span(' '.repeat(width - have))];
  const spans: Span[] = [];
  let room = width - 1;
  for (const { text, tone } of line) {
    const characters = [...text].slice(0, room);
    if (characters.length > 0) spans.push(span(characters.join(''), tone));
    room -= characters.length;
    if (room === 0) break;
  }
  return width > 0 ? [...spans, span('…', 'dim')] : [];
}

/** A block of lines with its width. */
export interface Block {
  readonly lines: readonly Line[];
  readonly width: number;
}

/** Exactly `height` lines: cut off at the end, or filled up with empty ones. */
export function tall(lines: readonly Line[], height: number): readonly Line[] {
  return Array.from({ length: height }, (_, i) => lines[i] ?? EMPTY_LINE);
}

/** Blocks side by side, `gap` columns apart, as tall as the tallest. */
export function beside(blocks: readonly Block[], gap: number): readonly Line[] {
  const height = Math.max(...blocks.map(({ lines }) => lines.length));
  return Array.from({ length: height }, (_, row) =>
    blocks.flatMap(({ lines, width }, i) => [
      ...fitted(lines[row] ?? EMPTY_LINE, width),
      ...(i < blocks.length - 1 ? [span(' '.repeat(gap))] : []),
    ]),
  );
}

/** As many of the parts as fit into `width`, joined; the ones named first in `dispensable` go first. */
export function joinedToFit(
  parts: readonly string[],
  options: { separator: string; width: number; dispensable: readonly string[] },
): string {
  let shown = [...parts];
  for (const part of options.dispensable) {
    if ([...shown.join(options.separator)].length <= options.width) break;
    shown = shown.filter((other) => other !== part);
  }
  return shown.join(options.separator);
}
