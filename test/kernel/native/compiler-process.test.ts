/** The limits of a compiler: its time, its words, and that it never outlives whoever started it. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCompiler } from '../../../src/kernel/native/compiler-process.ts';
import { scratchFolder } from '../../support/runs.ts';
import { script, until } from '../../support/scripts.ts';

const MINUTE = { timeLimitMs: 60_000 };

/** A script that hangs together with a process of its own, and the file that then holds the number of its group. */
function hanging(): { path: string; pidFile: string } {
  const pidFile = join(scratchFolder(), 'pid');
  return {
    path: script('own-cc', `sleep 1000 & echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; wait`),
    pidFile,
  };
}

function isAliveGroup(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves once nobody of a group is left. */
const untilGone = (pidFile: string) => until(() => !isAliveGroup(Number(readFileSync(pidFile, 'utf8'))));

describe('a compiler', () => {
  test('that ends tells its exit code and its words', async () => {
    const path = script('own-cc', 'echo ignored; echo "no room for $1" >&2; exit 3');
    expect(await runCompiler([path, 'a b'], MINUTE)).toEqual({ kind: 'ended', code: 3, words: 'no room for a b\n' });
  });

  test('that is ended by a signal has no exit code', async () => {
    const path = script('own-cc', 'kill -9 $$');
    expect(await runCompiler([path], MINUTE)).toEqual({ kind: 'ended', code: null, words: '' });
  });

  test.each([['/nowhere/cc'], ['cc\0']])('that cannot be started is told of: %j', async (program) => {
    expect(await runCompiler([program], MINUTE)).toEqual({ kind: 'not-started', words: expect.stringMatching(/cc/) });
  });

  test('that prints megabytes has not failed, and the ends of its words are kept', async () => {
    const noise = 'head -c 5000000 /dev/zero | tr "\\0" x';
    const path = script('own-cc', `${noise}; echo first >&2; ${noise} >&2; echo last >&2`);
    const lines: string[] = [];
    const end = await runCompiler([path], { ...MINUTE, onLine: (line) => lines.push(line) });
    const words = end.kind === 'ended' && end.code === 0 ? end.words : end.kind;
    expect([words.slice(0, 8), words.slice(-6), words.length]).toEqual(['first\nxx', 'xlast\n', 2 * 4096 + 1]);
    expect(lines.map((line) => line.length)).toEqual([512]);
    expect(await runCompiler([path], MINUTE)).toMatchObject({ kind: 'ended', code: 0 });
  });

  test('is heard line by line, the last one too', async () => {
    const lines: string[] = [];
    const path = script('own-cc', 'printf "one\\ntwo\\nthree"');
    await runCompiler([path], { ...MINUTE, onLine: (line) => lines.push(line) });
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  test('that is too slow is ended with all of its processes', async () => {
    const { path, pidFile } = hanging();
    // The limit is long enough for the script to begin, however slow the machine: it is tried with longer ones until it
    // has.
    for (let timeLimitMs = 100; !existsSync(pidFile); timeLimitMs *= 2)
      expect(await runCompiler([path], { timeLimitMs })).toEqual({ kind: 'too-slow' });
    await untilGone(pidFile);
  });

  test('that is stopped is ended with all of its processes, and none is started after a stop', async () => {
    const { path, pidFile } = hanging();
    const stop = new AbortController();
    const end = runCompiler([path], { ...MINUTE, signal: stop.signal });
    await until(() => existsSync(pidFile));
    stop.abort();
    expect(await end).toEqual({ kind: 'stopped' });
    await untilGone(pidFile);
    expect(await runCompiler(['/nowhere/cc'], { ...MINUTE, signal: stop.signal })).toEqual({ kind: 'stopped' });
  });

  test('ends with all of its processes where its starter exits', async () => {
    const { path, pidFile } = hanging();
    const starter = new URL('compiler-starter.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), starter, path], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    const code = new Promise((resolve) => child.once('exit', resolve));
    await until(() => existsSync(pidFile));
    child.stdin.end('now');
    expect(await code).toBe(7);
    await untilGone(pidFile);
  });

  test('that leaves a process with its streams behind is over when it ends', async () => {
    const pidFile = join(scratchFolder(), 'pid');
    const path = script('own-cc', `sleep 1000 & echo $! > ${pidFile}`);
    expect(await runCompiler([path], MINUTE)).toMatchObject({ kind: 'ended', code: 0 });
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL'); // It is alive: the server of a cache may stay.
  });
});
