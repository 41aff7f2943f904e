/**
 * Mounts the dashboard on a terminal and takes it off again. With the screen beside it, the only place that knows Ink
 * and React; imported only when there is a terminal to draw on.
 */
import { type Key as InkKey, render, useInput } from 'ink';
import type { ReactElement } from 'react';
import type { Notice } from '../../../schemas/notices.ts';
import type { Dashboard } from '../dashboard.ts';
import type { Key, Wish } from '../screen/navigation.ts';
import { Screen } from './screen.tsx';
import { CLEAR, enterOtherScreen, type Terminal } from './terminal.ts';

/** Drawing takes at most this share of a core: after a frame that took long, the next one waits. */
const DRAWING_SHARE = 0.05;
const FRAME_MS_MIN = 250;

export interface InkDisplay {
  readonly notify: (notice: Notice) => void;
  /** Resolves once the user wants to leave the screen; rejects where drawing fails, with the screen off by then. */
  readonly left: Promise<void>;
  /** Takes the screen off; what was on the terminal before is there again. */
  readonly close: () => void;
}

/** What keys may want, but to leave the screen. */
export type WishHandler = (wish: Exclude<Wish, null | 'leave'>) => void;

/** Draws a dashboard on `stdout` and takes keys from `stdin`. */
export function inkDisplay(
  dashboard: Dashboard,
  { stdout, stdin, onWish }: { stdout: Terminal; stdin: NodeJS.ReadStream; onWish: WishHandler },
): InkDisplay {
  const hasColour = process.env.NO_COLOR === undefined || process.env.NO_COLOR === '';
  const { left, leave, fail } = leaving();
  const press = (key: Key) => {
    const wish = guarded(() => dashboard.press(key)) ?? null;
    draw();
    if (wish === 'leave') leave();
    else if (wish !== null) onWish(wish);
  };
  const size = () => ({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 });
  const screen = () => (
    <Keys onKey={press} isActive={stdin.isTTY === true}>
      <Screen lines={dashboard.lines(size())} hasColour={hasColour} />
    </Keys>
  );
  const firstScreen = screen(); // what goes wrong with it can still be told on the screen that is there
  const restore = enterOtherScreen(stdout, stdin);
  const app = render(firstScreen, {
    stdout: withoutHeight(stdout),
    stdin,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 30,
  });
  // Where a component throws, Ink ends and says so here.
  app.waitUntilExit().catch(giveUp);
  const pace = new FramePace(() => guarded(() => app.rerender(screen())));
  let isClosed = false;

  /** A defect of the screen is none of the run: whoever waits for `left` hears of it, and nobody else. */
  function guarded<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      giveUp(error);
      return undefined;
    }
  }

  function giveUp(error: unknown): void {
    fail(error);
    close();
  }

  function draw(): void {
    if (!isClosed) pace.draw();
  }

  const resized = () => {
    stdout.write(CLEAR);
    app.clear();
    draw();
  };
  stdout.on('resize', resized);

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    pace.stop();
    stdout.off('resize', resized);
    app.unmount();
    restore();
    leave();
  }

  return {
    left,
    notify(notice) {
      if (!isClosed && guarded(() => dashboard.notify(notice)) === true) pace.drawSoon();
    },
    close,
  };
}

/** A promise of the user's leave, with what keeps and breaks it. */
function leaving(): { left: Promise<void>; leave: () => void; fail: (error: unknown) => void } {
  let leave = () => {};
  let fail = (_error: unknown) => {};
  const left = new Promise<void>((resolve, reject) => {
    leave = resolve;
    fail = reject;
  });
  return { left, leave, fail };
}

/** When frames are drawn. */
class FramePace {
  readonly #drawFrame: () => void;
  #timer: NodeJS.Timeout | null = null;
  #nextFrameMs = 0;

  constructor(drawFrame: () => void) {
    this.#drawFrame = drawFrame;
  }

  /** Draws now. */
  draw(): void {
    this.stop();
    const begunMs = performance.now();
    this.#drawFrame();
    const tookMs = performance.now() - begunMs;
    this.#nextFrameMs = begunMs + Math.max(FRAME_MS_MIN, tookMs / DRAWING_SHARE);
  }

  /** Draws soon, but no sooner than the share of drawing allows. */
  drawSoon(): void {
    const waitMs = this.#nextFrameMs - performance.now();
    if (waitMs <= 0) this.draw();
    else this.#timer ??= setTimeout(() => this.draw(), waitMs);
  }

  /** Forgets the frame that waits. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/**
 * A terminal whose height Ink does not know: it would wipe all that the terminal has scrolled away where the frame
 * before is taller than the terminal has become. Frames are as tall as they may be without it.
 */
function withoutHeight(stdout: Terminal): Terminal {
  return new Proxy(stdout, {
    get(target, name) {
      if (name === 'rows') return Number.POSITIVE_INFINITY;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Takes keys for its children. */
function Keys(props: { onKey: (key: Key) => void; isActive: boolean; children: ReactElement }): ReactElement {
  useInput(
    (input, key) => {
      for (const pressed of keysOf(input, key)) props.onKey(pressed);
    },
    { isActive: props.isActive },
  );
  return props.children;
}

/** What control characters mean in a piece of text that was typed quickly, or pasted. */
const CONTROL_KEYS: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\u0003': 'interrupt',
};

/** The keys in a piece of input. */
function keysOf(input: string, key: InkKey): Key[] {
  if (key.ctrl) return input === 'c' ? ['interrupt'] : [];
  if (key.upArrow) return ['up'];
  if (key.downArrow) return ['down'];
  if (key.leftArrow) return ['left'];
  if (key.rightArrow) return ['right'];
  if (key.return) return ['enter'];
  if (key.tab) return [key.shift ? 'back-tab' : 'tab'];
  if (key.escape) return ['escape'];
  if (key.backspace || key.delete) return ['backspace'];
  return [...input].map((character) => CONTROL_KEYS[character] ?? { character });
}
