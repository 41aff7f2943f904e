/** Signals that ask a command to stop, and the exit codes that shells expect of it then: 128 + the signal's number. */

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Tidies up and leaves where a signal comes before the returned function is called. */
export function leaveOnSignals(tidyUp: () => void): () => void {
  const leave = (name: NodeJS.Signals) => {
    try {
      tidyUp();
    } finally {
      process.exit(EXIT_CODES[name as keyof typeof EXIT_CODES]);
    }
  };
  const names = Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[];
  for (const name of names) process.once(name, leave);
  return () => {
    for (const name of names) process.off(name, leave);
  };
}
