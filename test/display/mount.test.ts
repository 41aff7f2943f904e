/**
 * The live screen on a terminal, seen as the terminal shows it: one screen that is drawn over itself, leaves what stood above
 * it alone and is gone when it is closed.
 */
import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';

// Ink draws nothing before the end where it believes to be in CI, and has colours; read once, when the library is loaded.
vi.hoisted(() => {
  process.env.CI = 'false';
  process.env.FORCE_COLOR = '1';
});
const { inkDisplay } = await import('../../src/display/ink/mount.tsx');
const { begun, ended, labels, progress } = await import('./notices.ts');

/** As much of a terminal as Ink uses: lines, a cursor, and the sequences that move it and erase. Others are an error. */
class Terminal extends EventEmitter {
  readonly isTTY = true;
  readonly columns = 100;
  readonly rows = 30;
  readonly lines: string[] = ['$ gyre run'];
  /** The colours that were ever used, as the numbers of their sequences. */
  readonly colours = new Set<string>();
  #row = 1;

  write(text: string): boolean {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are controlled by control characters.
    for (const [part, parameters, command] of text.matchAll(/\u001b\[([?\d;]*)([A-Za-z])|\n|[^\u001b\n]+/g)) {
      if (part === '\n') this.#row++;
      else if (command === undefined) this.lines[this.#row] = (this.lines[this.#row] ?? '') + part;
      else this.#obey(command, parameters);
    }
    return true;
  }

  #obey(command: string, parameters: string): void {
    if (command === 'A') this.#row -= Number(parameters || 1);
    else if (command === 'K') this.lines[this.#row] = '';
    else if (command === 'J') this.lines.length = this.#row;
    else if (command === 'm') this.colours.add(parameters);
    else if (!'GhlH'.includes(command)) throw new Error(`unknown sequence ${command}`);
  }

  /** What stands on it, without empty lines at the end. */
  get text(): string {
    return Array.from(this.lines, (line) => line ?? '')
      .join('\n')
      .trimEnd();
  }
}

test('the screen is drawn over itself and is gone when it is closed', async () => {
  const terminal = new Terminal();
  const display = inkDisplay(terminal as unknown as NodeJS.WriteStream);
  display.notify(begun());
  await vi.waitFor(() => expect(terminal.text).toContain('gyre planning…'));
  display.notify(progress({ labels: labels({ descending: 17 }) }));
  await vi.waitFor(() => expect(terminal.text).toMatch(/^ descending +17 /m));
  display.notify(progress({ labels: labels({ descending: 18, failed: 1 }), threads: ['1-1 tanh float32'] }));
  await vi.waitFor(() => expect(terminal.text).toMatch(/^ descending +18 /m));
  expect(terminal.text).toMatch(/^ failed +1 /m);
  expect(terminal.text).not.toContain('planning');
  expect(terminal.text).not.toMatch(/descending +17/);
  expect(terminal.text.match(/made-up/g)).toHaveLength(1);
  expect(terminal.text.startsWith('$ gyre run\n gyre  made-up')).toBe(true);
  display.notify(ended());
  display.close();
  display.close();
  expect(terminal.text).toBe('$ gyre run');
});

test.each([
  ['has colours', undefined, true],
  ['has colours where NO_COLOR is empty', '', true],
  ['has none under NO_COLOR', '1', false],
])('the screen %s', async (_, noColor, hasColours) => {
  vi.stubEnv('NO_COLOR', noColor);
  const terminal = new Terminal();
  const display = inkDisplay(terminal as unknown as NodeJS.WriteStream);
  display.notify(begun());
  display.notify(progress({ labels: labels({ diverged: 3 }) }));
  await vi.waitFor(() => expect(terminal.text).toMatch(/^ diverged +3 /m));
  display.close();
  vi.unstubAllEnvs();
  expect([terminal.colours.has('36'), terminal.colours.has('31')]).toEqual([hasColours, hasColours]);
});
