/**
 * The lock of a run's folder: one living process at a time, and none that is dead.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireLock, lockHolder } from '../../src/run/lock.ts';
import { scratchFolder } from '../support/runs.ts';

const lockPath = () => join(scratchFolder(), 'lock');

test('a lock names its process, is refused to a second one, and is gone when released', () => {
  const path = lockPath();
  expect(lockHolder(path)).toBe(null);
  const release = acquireLock(path);
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  expect(lockHolder(path)).toBe(process.pid);
  expect(() => acquireLock(path)).toThrow(
    `${path}: got a run that process ${process.pid} works on, expected one process a run (wait for it, or stop it; `,
  );
  release();
  expect(existsSync(path)).toBe(false);
  acquireLock(path)();
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
