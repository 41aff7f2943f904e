/**
 * What `npx` needs: npx passes no signal on to the program that it starts. It ends, the program does not, and a run
 * would continue unseen. So under npx, and only there, a parent that has gone means SIGTERM.
 *
 *     npm exec gyre  ──►  sh -c 'gyre run …'  ──►  gyre
 *
 * SIGTERM to npx ends the shell as well. SIGHUP and SIGKILL leave the shell waiting, so that both ancestors are
 * watched.
 */
import { readFileSync } from 'node:fs';
import { stopOnce } from './stop-signals.ts';

/** How often the parents are looked at: reading one small file of the system each time. */
const LOOK_MS = 250;

/** Under npx, sends this process SIGTERM once its parent has gone. Keeps no process alive. */
export function stopWithNpx(environment: NodeJS.ProcessEnv = process.env): void {
  if (!isUnderNpx(environment) || process.platform === 'win32') return;
  const [shell, npx] = ancestors();
  const timer = setInterval(() => {
    const [parent, grandparent] = ancestors();
    if (parent === shell && grandparent === npx) return;
    clearInterval(timer);
    stopOnce('SIGTERM');
  }, LOOK_MS).unref();
}

/**
 * Whether npx, or `npm exec`, has started gyre. Other programs that npx has started hand on the same environment, so
 * that the command counts too. npm 10 and 11 write it with and without quotes.
 */
function isUnderNpx(environment: NodeJS.ProcessEnv): boolean {
  const { npm_command, npm_lifecycle_event, npm_lifecycle_script = '' } = environment;
  return npm_command === 'exec' && npm_lifecycle_event === 'npx' && /\bgyre\b/.test(npm_lifecycle_script);
}

/** The parent, and behind a shell the process that started the shell, where the system tells. */
function ancestors(): [number, number?] {
  const parent = process.ppid;
  try {
    const [, option] = readFileSync(`/proc/${parent}/cmdline`, 'utf8').split('\0');
    if (option !== '-c') return [parent]; // A shell that has become gyre: what is above npx does not matter.
    // `6266 (sh) S 6255 …`: the name may hold anything, the state and the parent follow its last bracket.
    const fields = readFileSync(`/proc/${parent}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
    return [parent, Number(fields?.[1])];
  } catch {
    return [parent];
  }
}
