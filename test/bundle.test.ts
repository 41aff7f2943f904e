/** The build, in a folder of its own: beside it programs run from `dist`. */
import { execFileSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
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

test('a chunk out of use stays for programs that run, and is removed a day later', () => {
  build();
  const name = 'src/chunk-0LD0LD00.js';
  const chunk = join(folder, name);
  writeFileSync(chunk, '');
  const longAgo = new Date(0);
  utimesSync(chunk, longAgo, longAgo); // A chunk may be old and have gone out of use just now.
  build();
  build();
  expect(existsSync(chunk)).toBe(true);
  const record = join(folder, 'obsolete.json');
  const since = JSON.parse(readFileSync(record, 'utf8'))[name];
  writeFileSync(record, JSON.stringify({ [name]: since - 25 * 3_600_000 }));
  build();
  expect([existsSync(chunk), readFileSync(record, 'utf8')]).toEqual([false, '{}']);
});

test('parts that a killed build has left are removed after an hour', () => {
  build();
  const [old, young] = ['1', '2'].map((pid) => join(folder, 'src', `main.js.${pid}.part`));
  for (const part of [old, young]) writeFileSync(part, '');
  const earlier = new Date(Date.now() - 2 * 3_600_000);
  utimesSync(old, earlier, earlier);
  build();
  expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
});
