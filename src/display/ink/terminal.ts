/**
 * The terminal's other screen: entered for as long as the dashboard is up and left on every road out of the process, so
 * that what was on the terminal before stands there again, with its cursor.
 */
import { writeSync } from 'node:fs';

/** A stream that is a terminal of this process. */
export type Terminal = NodeJS.WriteStream & { fd: number };

const ENTER = '\u001b[?1049h\u001b[2J\u001b[H\u001b[?25l';
/** Attributes off, cursor on, the first screen back. */
const LEAVE = '\u001b[0m\u001b[?25h\u001b[?1049l';
export const CLEAR = '\u001b[2J\u001b[H';

/**
 * Takes a terminal over. Returns what gives it back; it may be called again, and is called by itself when the process
 * ends.
 */
export function enterOtherScreen(stdout: Terminal, stdin: NodeJS.ReadStream): () => void {
  let isEntered = true;
  const leave = () => {
    if (!isEntered) return;
    isEntered = false;
    process.off('exit', leave);
    process.off('uncaughtExceptionMonitor', leave);
    if (stdin.isTTY) stdin.setRawMode(false);
    try {
      // Not stdout.write, which may not be done when the process ends.
      writeSync(stdout.fd, LEAVE);
    } catch {
      // The terminal is gone, and with it what there was to restore.
    }
  };
  process.on('exit', leave);
  // Before Node prints the error, which would otherwise go with the other screen.
  process.on('uncaughtExceptionMonitor', leave);
  writeSync(stdout.fd, ENTER);
  return leave;
}
