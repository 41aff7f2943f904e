/**
 * The control words reach threads that are too busy for messages.
 */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { Control } from '../../src/group/control.ts';
import { typescriptThread } from '../support/typescript-thread.ts';

test('a stop is seen by every view of the words, and is not there before it is requested', () => {
  const control = new Control();
  const view = new Control(control.buffer);
  expect(view.stopRequested).toBe(false);
  control.requestStop();
  expect(view.stopRequested).toBe(true);
  expect(new Control().stopRequested).toBe(false);
});

test('two threads that never look at their messages see the stop', async () => {
  const control = new Control();
  const file = new URL('./busy-worker.ts', import.meta.url);
  const workers = [1, 2].map(() => typescriptThread(file, control.buffer));
  const ready = await Promise.all(workers.map((worker) => once(worker, 'message')));
  expect(ready).toEqual([[{ ready: true, before: false }], [{ ready: true, before: false }]]);
  const stopped = Promise.all(workers.map((worker) => once(worker, 'message')));
  control.requestStop();
  expect(await stopped).toEqual([[{ stopped: true }], [{ stopped: true }]]);
});

test('a pause keeps threads asleep until it is over, or a stop is asked for', async () => {
  const file = new URL('./paused-worker.ts', import.meta.url);
  for (const end of ['resume', 'requestStop'] as const) {
    const control = new Control();
    control.pause();
    expect(new Control(control.buffer).isPaused).toBe(true);
    const worker = typescriptThread(file, control.buffer);
    const told: unknown[] = [];
    worker.on('message', (message) => told.push(message));
    await once(worker, 'message');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(told).toEqual(['sleeps']);
    const ended = once(worker, 'exit');
    control[end]();
    await ended;
    expect(told).toEqual(['sleeps', `goes on, stop ${end === 'requestStop'}`]);
    expect(control.isPaused).toBe(false);
  }
});

test('after a stop there is no pause', () => {
  const control = new Control();
  control.requestStop();
  control.pause();
  expect(control.isPaused).toBe(false);
});
