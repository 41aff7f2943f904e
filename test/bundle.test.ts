/** The build, in a folder of its own: beside it programs run from `dist`. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { newFolder, removeFolder } from './support/cli.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const folder = newFolder();
afterAll(() => removeFolder(folder));

const build = () =>
  execFileSync(process.execPath, [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), 'bundle.ts', folder], { cwd: ROOT });

/** Each file of the build with the identity that it has on the disk. */
const filesOfBuild = () =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((name) => {
      const { ino, mtimeMs } = statSync(join(folder, name));
      return [name, ino, mtimeMs];
    });

test('building again leaves every file alone, as npx does when it first links the package', () => {
  build();
  const before = filesOfBuild();
  build();
  expect(filesOfBuild()).toEqual(before);
});

test('a program that is replaced can be started by its name: npx does so, and links the package only once', () => {
  const program = join(folder, 'src', 'main.js');
  rmSync(program);
  build();
  accessSync(program, constants.X_OK);
});
