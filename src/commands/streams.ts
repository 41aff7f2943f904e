/** What the process does when its streams or its terminal go away while it runs. */
import { isatty } from 'node:tty';
import { tellUser } from './output.ts';

/**
 * A reader or a terminal that goes away (`gyre show | head`) ends the output and not the program. Any other error of
 * stdout, such as a full disk, is reported once, with exit code 1. An error of stderr cannot be reported to anybody.
 */
export function surviveLostReaders(): void {
  let isOutputLost = false;
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || code === 'EIO' || isOutputLost) return;
    isOutputLost = true;
    process.once('exit', () => {
      process.exitCode = 1;
    });
    tellUser(`gyre: stdout: ${message}`);
  });
  process.stderr.on('error', () => {});
}

/**
 * Node 20 aborts at its end when it gives a terminal that has hung up its mode back. All work is done by then, so the
 * signal of a hang-up ends the process before Node can try.
 */
export function endWithTerminal(): void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  process.on('exit', () => {
    if (terminals.every((descriptor) => isatty(descriptor))) return;
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  });
}
