/**
 * Starts the process that opens hostile runs and hears of it. A process that says nothing for long hangs in the run
 * that it has begun last, and is ended.
 */
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** No run takes a second; a machine may be busy. */
const SILENCE_MS_MAX = 60_000;

/** What became of hostile runs. */
export interface HostileOutcome {
  readonly count: number;
  /** Commands that refused one. */
  readonly refused: number;
  /** Lists of runs in which the run beside the hostile one was. */
  readonly listed: number;
  readonly offences: readonly string[];
}

type Message = HostileOutcome | { readonly begun: string };

/** Opens every `step`-th hostile run from `first` on. */
export function openHostileRuns({ step, first }: { step: number; first: number }): Promise<HostileOutcome> {
  const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'gyre-hostile-'));
  const program = new URL('hostile-child.ts', import.meta.url);
  const child = fork(program, [scratch, String(step), String(first)], {
    execArgv: ['--import', 'tsx'],
    stdio: 'inherit',
  });
  let begun = 'nothing';
  let outcome: HostileOutcome | null = null;
  let killer = setTimeout(() => child.kill('SIGKILL'), SILENCE_MS_MAX);
  child.on('message', (message: Message) => {
    clearTimeout(killer);
    killer = setTimeout(() => child.kill('SIGKILL'), SILENCE_MS_MAX);
    if ('begun' in message) begun = message.begun;
    else outcome = message;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(killer);
      rmSync(scratch, { recursive: true, force: true });
      if (outcome !== null) resolve(outcome);
      else reject(new Error(`ended by ${signal ?? `code ${code}`} in the run with ${begun}`));
    });
  });
}
