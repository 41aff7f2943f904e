/**
 * The lock of a run's folder: one living process at a time, and none that is dead.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { acquireLock, lockHolder } from '../../src/run/lock.ts';
import { scratchFolder } from '../support/runs.ts';

const lockPath = () => join(scratchFolder(), 'lock');

test('a lock names its process, is refused to a second one, and is gone when released', () => {
  const path = lockPath();
  expect(lockHolder(path)).toBe(null);
  const release = acquireLock(path);
  expect(readFileSync(path, 'utf8').split('\n')[0]).toBe(`${process.pid}`);
  expect(readdirSync(dirname(path))).toEqual(['lock']);
  expect(lockHolder(path)).toBe(process.pid);
  expect(() => acquireLock(path)).toThrow(
    `${path}: got a run that process ${process.pid} works on, expected one process a run (wait for it, or stop it; `,
  );
  release();
  expect(existsSync(path)).toBe(false);
  acquireLock(path)();
});

test('a lock may have any name, and what dead processes have left under it goes', () => {
  const path = join(scratchFolder(), 'a+b(.lock');
  const { pid } = spawnSync('true');
  for (const left of [`${path}.${pid}`, `${path}.${pid}.new`]) writeFileSync(left, `${pid}\n`);
  const other = `${path}.txt`;
  writeFileSync(other, '');
  const release = acquireLock(path);
  expect(readdirSync(dirname(path)).sort()).toEqual(['a+b(.lock', 'a+b(.lock.txt']);
  release();
});

test('a lock of another living process is refused', async () => {
  const path = lockPath();
  const other = spawn('sleep', ['600']);
  writeFileSync(path, `${other.pid}\n`);
  expect(lockHolder(path)).toBe(other.pid);
  expect(() => acquireLock(path)).toThrow(`process ${other.pid} works on`);
  other.kill();
  await once(other, 'exit');
  expect(lockHolder(path)).toBe(null);
});

test('a lock whose process is gone counts for nothing', () => {
  const path = lockPath();
  const { pid } = spawnSync('true');
  writeFileSync(path, `${pid}\n`);
  expect(lockHolder(path)).toBe(null);
  acquireLock(path);
  expect(lockHolder(path)).toBe(process.pid);
});

test('a lock without a process id, as a process killed at the wrong moment leaves it, counts for nothing', () => {
  for (const text of ['', 'no number', '0\n', '-1\n']) {
    const path = lockPath();
    writeFileSync(path, text);
    expect(lockHolder(path), JSON.stringify(text)).toBe(null);
    acquireLock(path)();
  }
});

test('a lock left by a killed process that had the same id, as in a container that is started anew, counts for nothing', () => {
  const path = lockPath();
  writeFileSync(path, `${process.pid}\n`);
  expect(lockHolder(path)).toBe(null);
  const release = acquireLock(path);
  expect(lockHolder(path)).toBe(process.pid);
  release();
  writeFileSync(path, `${process.pid}\n`);
  expect(lockHolder(path)).toBe(null);
});

test.runIf(existsSync('/proc/self/stat'))(
  'a lock whose number was given to another process since counts for nothing, and so does one of a process that is not yet buried',
  async () => {
    const path = lockPath();
    const other = spawn('sleep', ['600']);
    const release = acquireLock(path);
    const [, began] = readFileSync(path, 'utf8').split('\n');
    release();
    expect(began).toMatch(/^\d+ [0-9a-f-]{36}$/);
    writeFileSync(path, `${other.pid}\n${began}\n`);
    expect(lockHolder(path)).toBe(null);
    acquireLock(path)();
    other.kill();
    await once(other, 'exit');

    // A child of a shell that is another program by the time it dies, and does not bury it.
    const parent = spawn('bash', ['-c', 'exec 3<&0; (read <&3) & echo $!; exec sleep 600']);
    const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
    const dead = Number(chunk.toString());
    while (readFileSync(`/proc/${parent.pid}/comm`, 'latin1') !== 'sleep\n') await setTimeout(5);
    parent.stdin.end();
    while (!/\) Z /.test(readFileSync(`/proc/${dead}/stat`, 'latin1'))) await setTimeout(5);
    writeFileSync(path, `${dead}\n${began}\n`);
    expect(lockHolder(path)).toBe(null);
    parent.kill();
  },
);

test('a stale lock is left alone while another living process claims it too', () => {
  const path = lockPath();
  const { pid: gone } = spawnSync('true');
  writeFileSync(path, `${gone}\n`);
  writeFileSync(`${path}.1`, '1\n'); // there is always a process 1
  expect(() => acquireLock(path)).toThrow('process 1 works on');
  expect(readFileSync(path, 'utf8')).toBe(`${gone}\n`);
  writeFileSync(`${path}.1`, `${gone}\n`);
  writeFileSync(`${path}.${gone}`, `${gone}\n`);
  writeFileSync(`${path}.${gone}.new`, '');
  const release = acquireLock(path);
  expect(existsSync(`${path}.${gone}`)).toBe(false);
  expect(existsSync(`${path}.${gone}.new`)).toBe(false);
  release();
});

test('of many processes that take over one stale lock, again and again, one has it at a time', async () => {
  const path = lockPath();
  const { pid: gone } = spawnSync('true');
  const log = join(dirname(path), 'log');
  const script = `
    import { appendFileSync, writeFileSync } from 'node:fs';
    import { acquireLock } from ${JSON.stringify(new URL('../../src/run/lock.ts', import.meta.url).href)};
    for (let taken = 0; taken < 40; ) {
      try {
        const release = acquireLock(${JSON.stringify(path)});
        taken++;
        appendFileSync(${JSON.stringify(log)}, 'taken ' + process.pid + '\\n');
        const end = performance.now() + 0.05;
        while (performance.now() < end);
        appendFileSync(${JSON.stringify(log)}, 'left ' + process.pid + '\\n');
        // As a process leaves it that is killed; while it stands there nobody else removes it but by taking it over.
        if (taken % 4 === 0) release();
        else writeFileSync(${JSON.stringify(path)}, '${gone}\\n');
      } catch (error) {
        if (!String(error.message).includes('works on')) throw error;
      }
    }`;
  const program = ['--import', 'tsx', '--input-type=module', '-e', script];
  const children = Array.from({ length: 3 }, () => spawn(process.execPath, program));
  const ends = await Promise.all(children.map(async (child) => await once(child, 'exit')));
  expect(ends).toEqual(children.map(() => [0, null]));
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(3 * 40 * 2);
  for (let i = 0; i < lines.length; i += 2)
    expect([lines[i], lines[i + 1]]).toEqual([lines[i], lines[i].replace('taken', 'left')]);
  acquireLock(path)();
  expect(readdirSync(dirname(path))).toEqual(['log']);
});

test('releasing a lock that is gone already is no error', () => {
  const path = lockPath();
  const release = acquireLock(path);
  rmSync(path);
  expect(release).not.toThrow();
});

test('a lock that cannot be written is an error that names it', () => {
  const path = join(scratchFolder(), 'gone', 'lock');
  expect(() => acquireLock(path)).toThrow(`${path}: a file or folder that is gone`);
});
