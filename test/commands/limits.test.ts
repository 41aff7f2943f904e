/**
 * Commands under limits of the system, as batch systems set them: they do their work, or say which limit stands in the
 * way. Never an error of the program. Real processes under `ulimit`; Linux alone has limits that can be read.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Notice } from '../../schemas/notices.ts';
import { type CliOutcome, gyre, jsonLines, newFolder, removeFolder, shell, writeSweep } from '../support/cli.ts';
import { MAIN_PATH } from '../support/runs.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));
const sweep = writeSweep(cwd, { trace: { compression: 'zstd' } });
const endless = writeSweep(cwd, { name: 'endless', epochs: 2_000_000_000 });
beforeAll(async () => {
  expect((await gyre(['run', sweep, '--out', 'whole', '--plain'], { cwd })).code).toBe(0);
});

/** Every command that starts threads or compiles kernels, and two that only read. */
const COMMANDS = [
  ['run', `run ${sweep} --threads 2 --plain --out made`],
  ['plan', `plan ${sweep}`],
  ['replay', 'replay whole --network 0 --epochs 0..5 --out windows'],
  ['verify', 'verify whole --all'],
  ['analyse', 'analyse whole'],
  ['show', 'show whole'],
  ['export', 'export whole --format parquet --out exported'],
] as const;

/** What a user may see of a limit: nothing, or one sentence that names it. */
function expectWords({ code, stderr }: CliOutcome, limit: string): void {
  expect(stderr).not.toMatch(/defect|\n\s+at |Fatal|FATAL/);
  if (code === 0) return;
  expect([code, stderr]).toEqual([1, expect.stringContaining(`(${limit}`)]);
}

describe.each(COMMANDS)('gyre %s', (_, command) => {
  const under = async (limit: string) =>
    await shell(`rm -rf made windows exported; ulimit ${limit}; gyre ${command}`, { cwd });

  test('does its work in 1.5 GB of address space', async () => {
    const { code, stderr } = await under('-v 1500000');
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('gyre:')]);
  });

  test.each([850_000, 12_000_000])('under ulimit -v %i works, or names it', async (limit) => {
    expectWords(await under(`-v ${limit}`), `ulimit -v ${limit}`);
  });

  test.each([32, 44])('under ulimit -n %i works, or names it', async (limit) => {
    expectWords(await under(`-n ${limit}`), 'ulimit -n');
  });
});

describe('a limit that is too narrow is told with what is needed and what to do', () => {
  test('address space for the threads', async () => {
    const { code, stderr } = await shell(`ulimit -v 1200000; gyre run ${sweep} --threads 32 --out narrow`, { cwd });
    expect([code, stderr]).toEqual([0, expect.any(String)]); // As many threads as there is work for are started.
    const many = writeSweep(cwd, { name: 'many', epochs: 100_000, seeds: 64 });
    const refused = await shell(`ulimit -v 1200000; gyre run ${many} --threads 32 --plain --out refused`, { cwd });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      new RegExp(
        [
          'gyre: --threads: got \\d+ threads; the address space is limited to 1,172 MiB \\(ulimit -v 1200000\\), ',
          'expected at least [\\d,]+ MiB of address space ',
          '\\(use --threads [1-9], or raise the limit \\(ulimit -v unlimited\\)\\)\\n$',
        ].join(''),
      ),
    );
  });

  test('open files', async () => {
    expect(await shell(`ulimit -n 32; gyre run ${sweep} --plain`, { cwd })).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'gyre: system: too many open files; the limit is 32 (ulimit -n) ' +
        '(raise the limit, for example with ulimit -n 1024, and run the same command again)\n',
    });
  });
});

describe('a run under a limit is stopped in good order, though it runs in a process below', () => {
  const stopped = async (out: string, send: (pid: number) => void) => {
    let isSent = false;
    const outcome = await shell(
      `ulimit -v 2000000; exec ${process.execPath} ${MAIN_PATH} run ${endless} --json --threads 1 --out ${out}`,
      {
        cwd,
        onStdout: (text, child) => {
          if (isSent || !text.includes('{"kind":"progress"')) return;
          isSent = true;
          send(Number(child.pid));
        },
      },
    );
    expect(jsonLines<Notice>(outcome.stdout).at(-1)).toMatchObject({ kind: 'ended', reason: 'stopped' });
    return outcome.code;
  };

  test('by a signal to the process that was started', async () => {
    expect(await stopped('one', (pid) => process.kill(pid, 'SIGTERM'))).toBe(143);
  });

  test('by a signal to all processes of the job', async () => {
    expect(await stopped('all', (pid) => process.kill(-pid, 'SIGINT'))).toBe(130);
  });

  test('by the death of the process that was started', async () => {
    expect(await stopped('dead', (pid) => process.kill(pid, 'SIGKILL'))).toBeNull();
  });

  test('by the death of the process that was started, before it can look', async () => {
    const args = ['--disable-wasm-trap-handler', MAIN_PATH, 'runs'];
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  });
});
