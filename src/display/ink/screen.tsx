/**
 * The screen as Ink draws it: lines of spans, each tone in the colour that it has. What stands in them is decided
 * elsewhere.
 */
import { Box, Text, type TextProps } from 'ink';
import type { ReactElement } from 'react';
import type { Line, Tone } from '../screen/lines.ts';

/** One accent; red is for divergence alone. */
const COLOURED: Readonly<Record<Tone, TextProps>> = {
  plain: {},
  accent: { color: 'cyan' },
  alarm: { color: 'red' },
  warm: { color: 'yellow' },
  dim: { dimColor: true },
  bold: { bold: true },
  chosen: { inverse: true },
};

/** Under NO_COLOR weight alone tells tones apart. */
const COLOURLESS: Readonly<Record<Tone, TextProps>> = {
  ...COLOURED,
  accent: {},
  alarm: { bold: true },
  warm: {},
  dim: {},
};

/** Lines, from the top of the screen down. */
export function Screen({ lines, hasColour }: { lines: readonly Line[]; hasColour: boolean }): ReactElement {
  const styles = hasColour ? COLOURED : COLOURLESS;
  return (
    <Box flexDirection="column">
      {lines.map((spans, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen.
        <Text key={row} wrap="truncate">
          {spans.length === 0
            ? ' '
            : spans.map(({ text, tone }, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a span is its place in the line.
                <Text key={i} {...styles[tone]}>
                  {text}
                </Text>
              ))}
        </Text>
      ))}
    </Box>
  );
}
