/** The notices of a pause: one when it begins, one when it is over, and how long it was. */
import { expect, test } from 'vitest';
import { Control } from '../../src/group/control.ts';
import { PauseWatch } from '../../src/session/pause.ts';

test('a pause is told once when it begins and once when it is over, with its length', () => {
  const control = new Control();
  const watch = new PauseWatch(control);
  expect(watch.look(1)).toBeNull();
  control.pause();
  expect([watch.isPaused, watch.look(10), watch.isPaused]).toEqual([false, { kind: 'paused', elapsedMs: 10 }, true]);
  expect(watch.look(20)).toBeNull();
  control.resume();
  expect(watch.look(35)).toEqual({ kind: 'resumed', elapsedMs: 35, pausedMs: 25 });
  expect([watch.look(40), watch.isPaused]).toEqual([null, false]);
});
