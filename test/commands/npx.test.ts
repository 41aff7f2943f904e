/**
 * Commands that npx has started: they stop with it, although it passes no signal on. Started otherwise, they outlive
 * whoever has started them. Real processes of npx, and a shell in its place where npx cannot be had to differ.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Notice } from '../../schemas/notices.ts';
import { gyre, jsonLines, newFolder, npxGyre, removeFolder, shell, writeSweep } from '../support/cli.ts';
import { MAIN_PATH } from '../support/runs.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
const endless = writeSweep(cwd, { name: 'endless', epochs: 2_000_000_000 });
const RUN = ['run', endless, '--json', '--threads', '1', '--out'];
const PROGRESS = '{"kind":"progress"';

const lastNotice = (stdout: string) => jsonLines<Notice>(stdout).at(-1);

describe('under npx', () => {
  test.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('a run stops in good order when npx gets %s', async (signal) => {
    let isSent = false;
    // Its stdout is closed when the program has ended, not when npx has.
    const { stdout } = await npxGyre([...RUN, signal], {
      cwd,
      onStdout: (text, npx) => {
        if (!isSent && text.includes(PROGRESS)) isSent = npx.kill(signal);
      },
    });
    expect(lastNotice(stdout)).toMatchObject({ kind: 'ended', reason: 'stopped', networksDone: 0 });
    expect(readdirSync(join(cwd, signal))).not.toContain('lock');
  });

  test('a command that leaves signals to the system ends too', async () => {
    let [isRunning, isSent] = [false, false];
    const run = gyre([...RUN, 'watched'], {
      cwd,
      onStdout: async (text, child) => {
        if (isRunning || !text.includes(PROGRESS)) return;
        isRunning = true;
        const watch = await npxGyre(['watch', 'watched', '--json'], {
          cwd,
          onStdout: (seen, npx) => {
            if (!isSent && seen.includes('{"kind":"begun"')) isSent = npx.kill('SIGTERM');
          },
        });
        expect(watch.stdout).not.toContain('{"kind":"ended"');
        child.kill('SIGTERM');
      },
    });
    expect(lastNotice((await run).stdout)).toMatchObject({ kind: 'ended', reason: 'stopped' });
    expect(isSent).toBe(true);
  });
});

describe('a run whose parent has gone', () => {
  /** Progress that a run tells afterwards, several times what it takes to stop. */
  const PROGRESS_AFTER = 12;

  /** The last notice of a run in this environment whose shell ends at the first progress. */
  const orphan = async (out: string, environment: Readonly<Record<string, string>>) => {
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const program = ['env', ...variables, process.execPath, MAIN_PATH, ...RUN, out].join(' ');
    const { stdout } = await shell(`${program} & read`, {
      cwd,
      onStdout: (text, child) => {
        const progress = text.split(PROGRESS).length - 1;
        if (progress > 0) child.stdin?.end();
        if (progress > PROGRESS_AFTER && child.exitCode !== null) process.kill(-Number(child.pid), 'SIGINT');
      },
    });
    return { told: stdout.split(PROGRESS).length - 1, last: lastNotice(stdout) };
  };

  test('is stopped where npx has started gyre', async () => {
    const environment = { npm_command: 'exec', npm_lifecycle_event: 'npx', npm_lifecycle_script: 'gyre' };
    const { told, last } = await orphan('own', environment);
    expect(told).toBeLessThan(PROGRESS_AFTER);
    expect(last).toMatchObject({ kind: 'ended', reason: 'stopped' });
  });

  test.each([
    ['nothing of npm', {}],
    ['npx and another program', { npm_command: 'exec', npm_lifecycle_event: 'npx', npm_lifecycle_script: 'vitest' }],
    ['npm run', { npm_command: 'run', npm_lifecycle_event: 'train', npm_lifecycle_script: 'gyre' }],
  ])('goes on where there is %s above it', async (name, environment) => {
    const { told } = await orphan(name.replaceAll(' ', '-'), environment);
    expect(told).toBeGreaterThan(PROGRESS_AFTER);
  });
});

test('gyre --where prints the path of the program, which node can start', async () => {
  expect(await npxGyre(['--where'], { cwd })).toEqual({ code: 0, stdout: `${MAIN_PATH}\n`, stderr: '' });
  const { code, stdout } = await shell('node "$(gyre --where)" --version', { cwd });
  expect([code, stdout]).toEqual([0, (await gyre(['--version'], { cwd })).stdout]);
});
