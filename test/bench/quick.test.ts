/**
 * The benches run, in small: they train, check what they train and print the hash of it. What they measure is no test's
 * business.
 */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const TSX = new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url).pathname;

test.each([
  ['kernels', ['--peers', 'reference']],
  ['runs', []],
  ['subnormals', []],
  ['replay', []],
  ['traces', []],
  ['batches', []],
  ['dashboard', []],
  ['detectors', []],
])('bench/%s.ts', (name, options) => {
  const command = [TSX, `bench/${name}.ts`, '--quick', ...options];
  const output = execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  expect(output).toMatch(/^result hash [0-9a-f]{64}$/m);
});
