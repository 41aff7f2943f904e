/**
 * Lines as Ink draws them: their text as it is, each tone in its colour, and no colour at all where none is wanted.
 */
import { afterEach, describe, expect, test, vi } from 'vitest';

// Colours as on a terminal that has them; read once, when the library is loaded.
vi.hoisted(() => {
  process.env.FORCE_COLOR = '1';
});
const { cleanup, render } = await import('ink-testing-library');
const { Screen } = await import('../../src/display/ink/screen.tsx');
const { madeUpDashboard, textOf } = await import('./made-up.ts');

afterEach(cleanup);

const ESCAPE = '\u001b';
const COLOURS = new RegExp(`${ESCAPE}\\[(3[0-7]|9[0-7])m`, 'g');
const SIZE = { columns: 90, rows: 30 };

const frameOf = (hasColour: boolean): string =>
  render(<Screen lines={madeUpDashboard('running').lines(SIZE)} hasColour={hasColour} />).lastFrame() ?? '';
const withoutEscapes = (text: string): string =>
  text
    .replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g'), '')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');

describe('a screen', () => {
  test.each([true, false])('has the text of its lines (colour: %s)', (hasColour) => {
    expect(withoutEscapes(frameOf(hasColour)).trimEnd()).toBe(textOf(madeUpDashboard('running'), SIZE).trimEnd());
  });

  test('has no colour where none is wanted', () => {
    expect(frameOf(false).match(COLOURS)).toBeNull();
    expect(new Set(frameOf(true).match(COLOURS))).toEqual(new Set([`${ESCAPE}[36m`, `${ESCAPE}[31m`]));
  });
});
