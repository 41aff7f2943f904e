/**
 * The dashboard drawn twenty thousand times over a changing run: what it keeps in memory must not grow with the frames.
 */

import { EventEmitter } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';

vi.hoisted(() => {
  process.env.CI = 'false';
});
const { inkDisplay } = await import('../../src/display/ink/mount.tsx');
const { Dashboard } = await import('../../src/display/dashboard.ts');
const { madeUpSource, RUNNING_NOTICES } = await import('./made-up.ts');
const { progress } = await import('./notices.ts');

const FRAMES = 20_000;
const GROWTH_MB_MAX = 10;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heapMB = () => {
  collect();
  return process.memoryUsage().heapUsed / 1e6;
};

test('memory is flat over twenty thousand frames', async () => {
  const fd = openSync(devNull, 'w');
  const stdout = Object.assign(new EventEmitter(), { isTTY: true, columns: 120, rows: 40, fd, write: () => true });
  const stdin = Object.assign(new EventEmitter(), { isTTY: false });
  const dashboard = new Dashboard(madeUpSource(480));
  const display = inkDisplay(dashboard, { stdout: stdout as never, stdin: stdin as never, onWish: () => {} });
  for (const notice of RUNNING_NOTICES) display.notify(notice);
  let early = Number.NaN;
  for (let frame = 0; frame < FRAMES; frame++) {
    display.notify(progress({ elapsedMs: 3_000_000 + 250 * frame, epochsTrained: 1e6 * frame, share: frame / FRAMES }));
    stdout.emit('resize'); // draws at once
    if (frame % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    if (frame === FRAMES / 4) early = heapMB();
  }
  const growth = heapMB() - early;
  display.close();
  closeSync(fd);
  process.stdout.write(`heap after ${FRAMES} frames: ${growth.toFixed(1)} MB more than after a quarter of them\n`);
  expect(growth).toBeLessThan(GROWTH_MB_MAX);
});
