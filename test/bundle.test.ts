/** The build, beside programs that run from it. Needs `npm run build`. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = new URL('..', import.meta.url).pathname;
const DIST = join(ROOT, 'dist');

/** Each file of the build with the identity that it has on the disk. */
const filesOfDist = () =>
  readdirSync(DIST, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((name) => {
      const { ino, mtimeMs } = statSync(join(DIST, name));
      return [name, ino, mtimeMs];
    });

test('to build again what is built leaves every file alone: npx does so the first time that it links the package', () => {
  const before = filesOfDist();
  execFileSync(process.execPath, [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), 'bundle.ts'], { cwd: ROOT });
  expect(filesOfDist()).toEqual(before);
});
