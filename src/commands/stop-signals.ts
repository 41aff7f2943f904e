/** Signals that ask a command to stop, and the exit codes that shells expect of it then: 128 + the signal's number. */

export const STOP_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof STOP_EXIT_CODES;
export const STOP_SIGNALS = Object.keys(STOP_EXIT_CODES) as StopSignal[];

let isStopping = false;

/** To be called by a command that takes its time to stop, at the first signal. */
export function noteStop(): void {
  isStopping = true;
}

/**
 * Sends this process a signal for a process above it, which has ended or has been told to stop. One signal may reach
 * all of them, so that this never counts as a second, impatient one.
 */
export function stopOnce(signal: StopSignal): void {
  if (isStopping) return;
  process.kill(process.pid, signal);
}

/** Tidies up and leaves where a signal comes before the returned function is called. */
export function leaveOnSignals(tidyUp: () => void): () => void {
  const leave = (name: NodeJS.Signals) => {
    try {
      tidyUp();
    } finally {
      process.exit(STOP_EXIT_CODES[name as StopSignal]);
    }
  };
  for (const name of STOP_SIGNALS) process.once(name, leave);
  return () => {
    for (const name of STOP_SIGNALS) process.off(name, leave);
  };
}
