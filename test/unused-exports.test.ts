/**
 * Nothing is exported, and no library installed, that nobody uses. Tests count as users: what they look at from inside
 * may be exported for them. knip.json says where programs begin.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = new URL('..', import.meta.url).pathname;

test('every file, export and dependency has a user', () => {
  const knip = join(ROOT, 'node_modules/knip/bin/knip.js');
  const { stdout, stderr, status } = spawnSync(process.execPath, [knip, '--no-progress'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect([stdout, stderr, status]).toEqual(['', '', 0]);
});
