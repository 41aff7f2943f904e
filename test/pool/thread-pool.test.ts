/**
 * The pool of threads: that it ends none that is still starting, which Node 20 now and then answers with an abort, and
 * outlives those that are lost.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { TaskRequest } from '../../schemas/training-messages.ts';
import { TrainingPool } from '../../src/pool/thread-pool.ts';
import { scratchFolder } from '../support/runs.ts';

const workerUrl = new URL('./slow-worker.mjs', import.meta.url);

/** A pool of slow threads, and how many of them have loaded by now. */
function slowPool(threads: number) {
  const marks = join(scratchFolder(), 'marks');
  vi.stubEnv('GYRE_TEST_MARKS', marks); // threads take the environment along
  return { pool: new TrainingPool({ workerUrl, threads }), loaded: () => readFileSync(marks).length };
}

test('a pool that is closed at once, even twice, waits until its threads have loaded', async () => {
  const { pool, loaded } = slowPool(2);
  await Promise.all([pool.close(), pool.close()]);
  expect(loaded()).toBe(2);
});

test('so it does for the thread that replaces a lost one', async () => {
  const { pool, loaded } = slowPool(1);
  await expect(pool.run({} as TaskRequest)).rejects.toThrow('worker exited with code: 3');
  await pool.close();
  expect(loaded()).toBe(2);
});

test('threads that cannot be loaded reject their tasks with the reason, and the process continues', async () => {
  const pool = new TrainingPool({ workerUrl: new URL('../run/no-worker.mjs', import.meta.url), threads: 2 });
  for (let attempt = 1; attempt <= 3; attempt++)
    await expect(pool.run({} as TaskRequest)).rejects.toThrow('Cannot find module');
  await pool.close();
});

test('a pool without threads trains nothing and can be closed', async () => {
  const pool = new TrainingPool({ workerUrl, threads: 0 });
  await expect(pool.run({} as TaskRequest)).rejects.toThrow('without threads');
  await pool.close();
});
