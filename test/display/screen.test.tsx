/**
 * The live screen as a user sees it: what stands on it in each state, that it fits the terminal, and its colours.
 */
import type { ReactElement } from 'react';
import { afterEach, describe, expect, test, vi } from 'vitest';

// Colours as on a terminal that has them; read once, when the library is loaded.
vi.hoisted(() => {
  process.env.FORCE_COLOR = '1';
});
const { cleanup, render } = await import('ink-testing-library');
const { Screen } = await import('../../src/display/ink/screen.tsx');
const { EMPTY_VIEW, reduce } = await import('../../src/display/model.ts');
const { begun, ended, labels, progress, RUNNING, viewAfter } = await import('./notices.ts');
type View = typeof EMPTY_VIEW;

afterEach(cleanup);

const ESCAPE = '\u001b';
const COLOURS = new RegExp(`${ESCAPE}\\[(3[0-7]|9[0-7])m`, 'g');
const withoutEscapes = (text: string): string => text.replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g'), '');

interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly colour?: boolean;
}
const screenOf = (view: View, { columns = 80, rows = 24, colour = false }: ScreenOptions = {}): ReactElement => (
  <Screen view={view} columns={columns} rows={rows} colour={colour} />
);
/** The last frame with its escapes. */
const frameOf = (view: View, options?: ScreenOptions): string => render(screenOf(view, options)).lastFrame() ?? '';
const linesOf = (view: View, options?: ScreenOptions): string[] => withoutEscapes(frameOf(view, options)).split('\n');
const textOf = (view: View, options?: ScreenOptions): string => linesOf(view, options).join('\n');

const STOPPING = reduce(RUNNING, { kind: 'stopping' });
const TROUBLED = reduce(RUNNING, { kind: 'failed', networks: [1, 2, 3], reason: 'out of memory '.repeat(20) });
/** As much as there can be of everything. */
const CROWDED = viewAfter(
  begun({ name: 'n'.repeat(64), networks: 1_000_000, epochs: 2_147_483_647 }),
  progress({
    elapsedMs: 3_600_000_000,
    threads: Array(64).fill('1-4096-4096-1 identity float64'),
    networksDone: 999_999,
    share: 1,
    labels: labels({ 'non-finite': 1e6, diverged: 1e6, stagnated: 1e6, descending: 1e6, failed: 1e6 }),
  }),
  { kind: 'retry', networks: [1], attempt: 2, reason: 'a\nb\nc' },
);

describe('the screen', () => {
  test.each([80, 120])('of a run in full swing at %i columns', (columns) => {
    expect(`\n${textOf(RUNNING, { columns })}\n`).toMatchInlineSnapshot(`
      "
       gyre  made-up · 1,620 networks × 50,000 epochs
       ██████████▎░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    324/1,620 done  20.0 %
       00:00:08 elapsed   about 32 s left   375 k network-epochs/s
       threads 2/3   212 MB memory   1.44 GB written

       non-finite          2    0.1 %
       diverged           31    1.9 %
       stagnated           4    0.2 %
       spiking             0    0.0 %
       fluctuating         0    0.0 %
       converged           0    0.0 %
       descending      1,200   74.1 %

       thread 1  1-8-1 tanh float32
       thread 2  idle
       thread 3  1-8-8-1 relu float64

       Ctrl-C stops; the same command continues
      "
    `);
  });

  test('before there is progress says that it plans', () => {
    expect(textOf(EMPTY_VIEW)).toBe(' gyre planning…');
    expect(textOf(viewAfter(begun()))).toBe(' gyre planning…');
  });

  test('of a run that has just begun knows no rate and no time left', () => {
    expect(textOf(viewAfter(begun(), progress()))).toContain('00:00:00 elapsed   starting   – network-epochs/s');
  });

  test('says that a run is stopping, and no longer how to stop it', () => {
    expect(textOf(RUNNING)).toContain('Ctrl-C stops; the same command continues');
    expect(textOf(STOPPING)).toContain('stopping: what is committed is kept');
    expect(textOf(STOPPING)).toContain('00:00:08 elapsed   stopping   375 k network-epochs/s');
    expect(textOf(STOPPING)).not.toContain('Ctrl-C');
  });

  test('of a run that has ended knows no time left', () => {
    expect(textOf(reduce(RUNNING, ended()))).toContain('00:00:08 elapsed   ended   375 k network-epochs/s');
  });

  test('shows networks that failed and the latest trouble on one line', () => {
    const lines = linesOf(TROUBLED);
    expect(lines.filter((line) => line.startsWith(' networks 1–3 given up: out of memory out of memory'))).toHaveLength(
      1,
    );
    expect(textOf(CROWDED)).toMatch(/^ failed +1,000,000 +100\.0 %$/m);
  });

  test.each([0, 0.001, 0.5, 0.999, 1])('has a bar as long as the share: %d', (share) => {
    const bar = linesOf(viewAfter(begun({ networks: 10 }), progress({ share })))[1]
      .split('  ')[0]
      .trim();
    const eighths = [...bar].reduce((sum, cell) => sum + (cell === '█' ? 8 : Math.max(0, ' ▏▎▍▌▋▊▉'.indexOf(cell))), 0);
    expect(eighths).toBe(Math.round(share * [...bar].length * 8));
  });
});

describe('the screen fits', () => {
  const views = { RUNNING, STOPPING, TROUBLED, CROWDED, planning: EMPTY_VIEW };
  const sizes = [
    { columns: 80, rows: 24 },
    { columns: 120, rows: 50 },
    { columns: 79, rows: 12 },
    { columns: 40, rows: 16 },
    { columns: 300, rows: 8 },
  ];

  test.each(Object.entries(views))('%s into terminals of any size, and never wider than 78 columns', (_, view) => {
    for (const size of sizes) {
      const lines = linesOf(view, size);
      const widest = Math.max(...lines.map((line) => [...line].length));
      expect([size, widest <= Math.min(78, size.columns - 1)]).toEqual([size, true]);
      expect([size, lines.length < size.rows]).toEqual([size, true]);
    }
  });

  test('with threads and labels left out where there is no room for them, in that order', () => {
    const threads = (rows: number) => linesOf(CROWDED, { rows }).filter((line) => line.startsWith(' thread ')).length;
    expect([threads(100), threads(24), threads(16)]).toEqual([64, 5, 0]);
    expect(textOf(CROWDED, { rows: 16 })).toContain('non-finite');
    expect(textOf(CROWDED, { rows: 8 })).not.toContain('non-finite');
    expect(linesOf(RUNNING, { rows: 30 }).filter((line) => line.startsWith(' thread '))).toEqual([
      ' thread 1  1-8-1 tanh float32',
      ' thread 2  idle',
      ' thread 3  1-8-8-1 relu float64',
    ]);
  });
});

describe('colours', () => {
  test('are none where they are not wanted, and the words are the same', () => {
    for (const view of [RUNNING, STOPPING, TROUBLED, EMPTY_VIEW]) {
      expect(frameOf(view, { colour: false }).match(COLOURS)).toBeNull();
      expect(textOf(view, { colour: true })).toBe(textOf(view, { colour: false }));
    }
  });

  test('are one accent, and red for divergence alone', () => {
    const lines = frameOf(RUNNING, { colour: true }).split('\n');
    const red = lines.filter((line) => line.includes(`${ESCAPE}[31m`)).map(withoutEscapes);
    expect(red.map((line) => line.trim().split(' ')[0])).toEqual(['non-finite', 'diverged']);
    expect(new Set(lines.join('').match(COLOURS))).toEqual(new Set([`${ESCAPE}[36m`, `${ESCAPE}[31m`]));
  });

  test('have no red while nothing diverges', () => {
    const calm = viewAfter(begun(), progress({ labels: labels({ descending: 5, stagnated: 2 }) }));
    expect(frameOf(calm, { colour: true })).not.toContain(`${ESCAPE}[31m`);
  });
});
