/**
 * A run that a signal stops: its exit code, what is told of an incomplete run, and that the same command again ends
 * with the fingerprint of a run that nobody stopped.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Notice } from '../../schemas/notices.ts';
import { type CliOutcome, gyre, jsonLines, newFolder, removeFolder, writeSweep } from '../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));

/**
 * Networks 0 and 1 are done at once and networks 2 and 3 take seconds, whatever the machine; a thread for each pair.
 */
const uneven = writeSweep(cwd, {
  name: 'uneven',
  epochs: 250,
  layers: [
    [1, 1],
    [1, 64, 64, 1],
  ],
  data: { kind: 'sine', points: 32 },
  optimizer: { kind: 'adam', learningRate: 0.01 },
});
const endless = writeSweep(cwd, { name: 'endless', epochs: 2_000_000_000 });
const RUN = ['--json', '--threads', '2', '--kernel', 'reference'];

/** Runs and sends a signal as soon as a notice of some kind is told. */
async function runUntil(kind: Notice['kind'], signal: NodeJS.Signals, args: readonly string[]) {
  let isSent = false;
  return await gyre(['run', ...args, ...RUN], {
    cwd,
    onStdout: (text, child) => {
      if (!isSent && text.includes(`{"kind":"${kind}"`)) isSent = child.kill(signal);
    },
  });
}
const lastNotice = (stdout: string) => jsonLines<Notice>(stdout).at(-1);

test.concurrent.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s stops a run in good order, with exit code %i', async (signal, exitCode) => {
  const { code, stdout, stderr } = await runUntil('progress', signal, [endless, '--out', signal]);
  expect([code, stderr]).toEqual([exitCode, '']);
  expect(jsonLines<Notice>(stdout).some(({ kind }) => kind === 'stopping')).toBe(true);
  expect(lastNotice(stdout)).toMatchObject({ kind: 'ended', reason: 'stopped', networksDone: 0, fingerprint: null });
  expect(existsSync(join(cwd, signal, 'lock'))).toBe(false);
});

describe('an incomplete run', () => {
  test('is shown as stopped, has no fingerprint, and continues to the bits of a whole run', async () => {
    const stopped = await runUntil('committed', 'SIGINT', [uneven]);
    expect(stopped.code).toBe(130);
    expect(lastNotice(stopped.stdout)).toMatchObject({ kind: 'ended', reason: 'stopped', networksDone: 2 });

    const [fingerprint, show, runs] = await Promise.all(
      [['fingerprint'], ['show'], ['runs', '--json']].map((args) => gyre(args, { cwd })),
    );
    expect([fingerprint.code, fingerprint.stdout]).toEqual([1, '']);
    expect(fingerprint.stderr).toMatch(
      new RegExp(
        '^gyre: traces/runs/uneven-[0-9a-f]{8}: an incomplete run: 2 of 4 networks are missing \\(2–3\\) ' +
          '\\(continue it with the gyre run command that began it\\)\\n$',
      ),
    );
    expect(show.code).toBe(0);
    expect(show.stdout).toMatch(/^uneven · 4 networks × 250 epochs · stopped, 2 done/);
    expect(show.stdout).toContain('next  the same gyre run again continues where it stopped\n');
    expect(show.stdout).toMatch(/^ +2 {2}– +– +1-64-64-1 /m);
    expect(jsonLines(runs.stdout)).toMatchObject([{ name: 'uneven', state: 'stopped', networks: 4, networksDone: 2 }]);

    const [continued, whole] = await Promise.all([
      gyre(['run', uneven, ...RUN], { cwd }),
      gyre(['run', uneven, ...RUN, '--out', 'whole'], { cwd }),
    ]);
    expect([continued.code, whole.code]).toEqual([0, 0]);
    expect(jsonLines(continued.stdout)[0]).toMatchObject({ kind: 'begun', networksDone: 2, groups: 1 });
    const ends = [continued, whole].map(({ stdout }) => lastNotice(stdout));
    expect(ends[0]).toMatchObject({
      reason: 'done',
      networksDone: 4,
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(ends[1]).toMatchObject({ fingerprint: (ends[0] as { fingerprint: string }).fingerprint });
  });
});

test('of two processes on one folder the second is refused with words, and the first goes on', async () => {
  const out = join(cwd, 'shared');
  let second: Promise<CliOutcome> | undefined;
  let pid: number | undefined;
  const first = await gyre(['run', endless, '--out', out, ...RUN], {
    cwd,
    onStdout: (text, child) => {
      if (second !== undefined || !text.includes('{"kind":"progress"')) return;
      pid = child.pid;
      second = gyre(['run', endless, '--out', out, '--plain'], { cwd }).finally(() => child.kill('SIGTERM'));
    },
  });
  const { code, stdout, stderr } = (await second) as CliOutcome;
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(
    `gyre: ${join(out, 'lock')}: got a run that process ${pid} works on, expected one process per run`,
  );
  expect([first.code, lastNotice(first.stdout)]).toMatchObject([143, { kind: 'ended', reason: 'stopped' }]);
});
