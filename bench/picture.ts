/**
 * Makes docs/screen.svg: a real screen of a real run. Runs the default sweep in a tmux pane, waits until some networks
 * have diverged, captures the pane with its colours and draws it as an SVG that needs nothing but a monospace font. The
 * only thing added is the window around it.
 *
 *     npm run build && npx tsx bench/picture.ts        (needs tmux; takes as long as the sweep)
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseScreen, picture } from './screen-svg.ts';

const root = new URL('..', import.meta.url).pathname;
const COLUMNS = 120;
/** As many as the screen of two threads takes. */
const ROWS = 36;
const PICTURE = 'docs/screen.svg';
const SWEEP = 'sweeps/default.yaml';
const TITLE = `npx gyre run ${SWEEP}`;
/** The picture is taken between these shares of the run, and not before a network has diverged. */
const SHARE = { min: 0.75, max: 0.9 };
const WAIT_MS_MAX = 30 * 60_000;

requireTmux();
const folder = mkdtempSync(join(tmpdir(), 'gyre-picture-'));
/** A server of its own, which reads no one's configuration. */
const socket = join(folder, 'tmux');
try {
  const screen = await captureRun();
  writeFileSync(join(root, PICTURE), picture(parseScreen(screen), { columns: COLUMNS, title: TITLE }));
  process.stdout.write(`written to ${PICTURE}\n`);
} finally {
  tmux('kill-server');
  rmSync(folder, { recursive: true, force: true });
}

/** Runs the sweep and returns the screen with its escapes at the right moment; then stops the run as a user would. */
async function captureRun(): Promise<string> {
  // What would make Gyre draw nothing, or draw it without colour, is taken out of the environment.
  const run = `env -u CI -u NO_COLOR node dist/src/main.js run ${SWEEP} --out '${join(folder, 'run')}'`;
  tmux(
    'set-option',
    '-g',
    'default-terminal',
    'screen-256color',
    ';',
    'set-option',
    '-g',
    'remain-on-exit',
    'on',
    ';',
    'new-session',
    '-d',
    '-x',
    String(COLUMNS),
    '-y',
    String(ROWS),
    '-c',
    root,
    run,
  );
  for (const until = Date.now() + WAIT_MS_MAX; Date.now() < until; await sleep(200)) {
    const screen = tmux('capture-pane', '-e', '-p');
    const text = parseScreen(screen).map((line) => line.map(({ character }) => character).join(''));
    if (tmux('display-message', '-p', '#{pane_dead}').trim() === '1') {
      throw new Error(`the run ended before the picture was taken:\n${text.join('\n')}`);
    }
    const share = Number(/ done +([\d.]+) %$/.exec(text[1]?.trimEnd() ?? '')?.[1] ?? 0) / 100;
    const diverged = Number(text.map((line) => /^ *diverged +([\d,]+)/.exec(line)?.[1]).find((count) => count) ?? 0);
    if (share > SHARE.max) throw new Error(`no network has diverged before ${100 * SHARE.max} %:\n${text.join('\n')}`);
    if (share < SHARE.min || diverged === 0) continue;
    process.stdout.write(`${text.join('\n').trimEnd()}\n`);
    await stopRun();
    return screen;
  }
  throw new Error(`the run has not come to ${100 * SHARE.min} % in ${WAIT_MS_MAX / 60_000} minutes`);
}

/** Ctrl-C, and time to leave the folder in good order before it is removed. */
async function stopRun(): Promise<void> {
  tmux('send-keys', 'C-c');
  for (let tries = 0; tries < 50; tries++) {
    if (tmux('display-message', '-p', '#{pane_dead}').trim() === '1') return;
    await sleep(200);
  }
  throw new Error('the run does not stop');
}

function requireTmux(): void {
  try {
    execFileSync('tmux', ['-V']);
  } catch {
    process.stderr.write('bench/picture.ts: needs tmux, and there is none here; install it and try again\n');
    process.exit(2);
  }
}

/** One tmux command on our own server; what it prints. */
function tmux(...command: string[]): string {
  return execFileSync('tmux', ['-u', '-f', '/dev/null', '-S', socket, ...command], { encoding: 'utf8' });
}
