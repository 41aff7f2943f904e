/**
 * The dashboard on a terminal: drawn on the other screen and no more often than it may be, keys taken, and the first
 * screen given back.
 */
import { EventEmitter } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

// Ink draws nothing before the end where it believes to be in CI; read once, when the library is loaded.
vi.hoisted(() => {
  process.env.CI = 'false';
});
const { inkDisplay } = await import('../../src/display/ink/mount.tsx');
const { Dashboard } = await import('../../src/display/dashboard.ts');
const { madeUpSource, RUNNING_NOTICES } = await import('./made-up.ts');
const { ended, progress } = await import('./notices.ts');

let folder: string;
let terminal: Terminal;

/** As much of a terminal as Ink uses; what goes around the stream, to the descriptor, ends in a file. */
class Terminal extends EventEmitter {
  readonly isTTY = true;
  columns = 100;
  rows = 30;
  readonly frames: string[] = [];
  readonly path = join(folder, 'terminal');
  readonly fd = openSync(this.path, 'w');

  write(text: string): boolean {
    this.frames.push(text);
    return true;
  }

  /** What was written around the stream. */
  get raw(): string {
    return readFileSync(this.path, 'utf8');
  }
}

/** As much of a keyboard as Ink uses. */
class Keyboard extends EventEmitter {
  readonly isTTY = true;
  isRaw = false;
  #typed: string[] = [];
  setRawMode = (isRaw: boolean) => {
    this.isRaw = isRaw;
  };
  setEncoding = () => {};
  ref = () => {};
  unref = () => {};
  read = () => this.#typed.shift() ?? null;

  type(text: string): void {
    this.#typed.push(text);
    this.emit('readable');
  }
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gyre-mount-'));
  terminal = new Terminal();
});
afterEach(() => {
  closeSync(terminal.fd);
  rmSync(folder, { recursive: true });
});

function mounted(dashboard = new Dashboard(madeUpSource(480))) {
  const keyboard = new Keyboard();
  const wishes: string[] = [];
  const display = inkDisplay(dashboard, {
    stdout: terminal as never,
    stdin: keyboard as never,
    onWish: (wish) => wishes.push(wish),
  });
  return { display, keyboard, wishes };
}

/**
 * Drawing in React's development build takes its time, and the next frame waits for twenty times as long: only a hang
 * takes longer.
 */
const shows = (what: () => void) => vi.waitFor(what, { timeout: 840_000 });

const shown = () => terminal.frames.join('');

describe('the screen', () => {
  test('is the other one, and the first is given back with its cursor, once', async () => {
    const { display, keyboard } = mounted();
    await shows(() => expect(keyboard.isRaw).toBe(true));
    expect(terminal.raw).toContain('\u001b[?1049h');
    expect(terminal.raw).not.toContain('\u001b[?1049l');
    display.close();
    display.close();
    expect(terminal.raw.match(/\[\?1049l/g)).toHaveLength(1);
    expect(terminal.raw.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(keyboard.isRaw).toBe(false);
    await display.left;
  });

  test('leaves no listener of the process or the terminal behind', () => {
    const before = [process.listenerCount('exit'), process.listenerCount('uncaughtExceptionMonitor')];
    const { display } = mounted();
    expect(process.listenerCount('uncaughtExceptionMonitor')).toBe(before[1] + 1);
    display.close();
    expect([process.listenerCount('exit'), process.listenerCount('uncaughtExceptionMonitor')]).toEqual(before);
    expect(terminal.listenerCount('resize')).toBe(0);
  });

  test('is drawn anew for a terminal of another size', async () => {
    const { display } = mounted();
    for (const notice of RUNNING_NOTICES) display.notify(notice);
    await shows(() => expect(shown()).toContain('480/560 done'));
    terminal.columns = 50;
    terminal.emit('resize');
    await shows(() => expect(shown()).toContain('this terminal has 50×30'));
    display.close();
  });
});

describe('drawing', () => {
  test('of many notices is one frame, soon; where nothing comes, there is none', async () => {
    const { display } = mounted();
    for (const notice of RUNNING_NOTICES) display.notify(notice);
    await shows(() => expect(shown()).toContain('480/560 done'));
    const frames = terminal.frames.length;
    for (let i = 0; i < 200; i++) display.notify(progress({ elapsedMs: 3_000_000 + i, networksDone: 481 }));
    await shows(() => expect(shown()).toContain('481/560 done'));
    const drawn = terminal.frames.length - frames;
    expect(drawn).toBeLessThan(10);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(terminal.frames.length).toBe(frames + drawn);
    display.close();
  });
});

describe('an error', () => {
  const defect = new Error('a defect');
  const throws = (): never => {
    throw defect;
  };

  test.each<[string, (dashboard: InstanceType<typeof Dashboard>) => void]>([
    ['of a component', (dashboard) => vi.spyOn(dashboard, 'lines').mockReturnValue([null as never])],
    ['of what is drawn', (dashboard) => vi.spyOn(dashboard, 'lines').mockImplementation(throws)],
    ['of what a notice changes', (dashboard) => vi.spyOn(dashboard, 'notify').mockImplementation(throws)],
    ['of what a key does', (dashboard) => vi.spyOn(dashboard, 'press').mockImplementation(throws)],
  ])('%s takes the screen off, and whoever waits for its end hears of it', async (name, breakIt) => {
    const dashboard = new Dashboard(madeUpSource(480));
    const { display, keyboard } = mounted(dashboard);
    await shows(() => expect(keyboard.isRaw).toBe(true));
    breakIt(dashboard);
    const hears = expect(display.left).rejects.toThrow(name === 'of a component' ? /null/ : 'a defect');
    display.notify(RUNNING_NOTICES[0]);
    keyboard.type('j');
    await hears;
    expect(terminal.raw.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(keyboard.isRaw).toBe(false);
    for (const notice of RUNNING_NOTICES) display.notify(notice);
    display.close();
  });
});

describe('keys', () => {
  test('become wishes; q on a run that is over leaves', async () => {
    const { display, keyboard, wishes } = mounted();
    for (const notice of RUNNING_NOTICES) display.notify(notice);
    await shows(() => expect(keyboard.isRaw).toBe(true));
    keyboard.type('p');
    keyboard.type('qq');
    keyboard.type('\u0003');
    expect(wishes).toEqual(['pause', 'stop', 'interrupt']);
    display.notify(ended());
    keyboard.type('q');
    await display.left;
    display.close();
  });

  test('with escapes are arrows and Tab', async () => {
    const { display, keyboard } = mounted();
    for (const notice of RUNNING_NOTICES) display.notify(notice);
    await shows(() => expect(keyboard.isRaw).toBe(true));
    keyboard.type('\u001b[C');
    keyboard.type('\u001b[B');
    await shows(() => expect(shown()).toContain('0.99 × 0.00032:'));
    keyboard.type('\t');
    await shows(() => expect(shown()).toContain('› network 479'));
    display.close();
  });
});
