/**
 * What the model of a power failure leaves of a folder, call by call, against what the rules of POSIX promise.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LoggedCall } from './fault-shim.ts';
import { PowerModel, type PowerPolicy } from './power-loss.ts';
import { scratchFolder } from './runs.ts';

/** A folder with one old file, its model, and what a failure leaves of it: names with contents. */
function folderOf(old: Readonly<Record<string, string>>) {
  const root = join(scratchFolder(), 'root');
  mkdirSync(root);
  for (const [name, text] of Object.entries(old)) writeFileSync(join(root, name), text);
  const model = new PowerModel(root);
  let number = 0;
  return {
    call(call: LoggedCall['call'], changes: Partial<LoggedCall>): void {
      const data = changes.data ?? Buffer.alloc(0);
      const path = changes.path === undefined ? root : join(root, changes.path);
      const path2 = changes.path2 === undefined ? '' : join(root, changes.path2);
      const places = { handle: 0, offsetBytes: 0, lengthBytes: data.length, hasHappened: true };
      model.take({ ...places, ...changes, number: ++number, call, data, path, path2 });
    },
    left(policy: PowerPolicy, seed = 1): Record<string, string> {
      model.write(root, policy, seed);
      const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
      const files = names.filter((name) => statSync(join(root, name)).isFile());
      return Object.fromEntries(files.map((name) => [name, readFileSync(join(root, name), 'latin1')]));
    },
  };
}

const seeds = Array.from({ length: 40 }, (_, seed) => seed);
const data = Buffer.from('new');

test('a new file needs its own sync for its bytes and that of its folder for its name', () => {
  const { call, left } = folderOf({});
  call('create', { path: 'a', handle: 1 });
  call('write', { path: 'a', handle: 1, data });
  expect(left('nothing')).toEqual({});
  call('fsync', { path: 'a', handle: 1 });
  expect(left('nothing')).toEqual({});
  call('open', { handle: 2 });
  call('fsync', { handle: 2 });
  for (const policy of ['nothing', 'everything', 'zeros', 'garbage'] as const)
    expect(left(policy)).toEqual({ a: 'new' });
  for (const seed of seeds) expect(left('random', seed)).toEqual({ a: 'new' });
});

test('a name without synced bytes is an empty file, zeros of its size, or garbage of its size', () => {
  const { call, left } = folderOf({});
  call('create', { path: 'a', handle: 1 });
  call('write', { path: 'a', handle: 1, data });
  call('open', { handle: 2 });
  call('fsync', { handle: 2 });
  expect(left('nothing')).toEqual({ a: '' });
  expect(left('everything')).toEqual({ a: 'new' });
  expect(left('zeros')).toEqual({ a: '\0\0\0' });
  expect(left('garbage').a).toHaveLength(3);
  expect(new Set(seeds.map((seed) => left('random', seed).a))).toEqual(new Set(['', 'new', '\0\0\0']));
});

test('a file that takes the place of another by its name is the old or the new one, never none', () => {
  const { call, left } = folderOf({ a: 'old' });
  call('create', { path: 'a.new', handle: 1 });
  call('write', { path: 'a.new', handle: 1, data });
  call('fsync', { path: 'a.new', handle: 1 });
  call('rename', { path: 'a.new', path2: 'a' });
  expect(left('nothing')).toEqual({ a: 'old' });
  expect(left('everything')).toEqual({ a: 'new' });
  expect(new Set(seeds.map((seed) => left('random', seed).a))).toEqual(new Set(['old', 'new']));
});

test('what is appended, cut or removed without a sync may be there or not', () => {
  const { call, left } = folderOf({ a: 'old', b: 'old', c: 'old' });
  call('open', { path: 'a', handle: 1 });
  call('write', { path: 'a', handle: 1, offsetBytes: 3, data });
  call('open', { path: 'b', handle: 2 });
  call('truncate', { path: 'b', handle: 2, lengthBytes: 1 });
  call('unlink', { path: 'c' });
  expect(left('nothing')).toEqual({ a: 'old', b: 'old', c: 'old' });
  expect(left('everything')).toEqual({ a: 'oldnew', b: 'o' });
  expect(left('zeros')).toEqual({ a: 'old\0\0\0', b: 'o' });
  expect(new Set(seeds.map((seed) => left('random', seed).b))).toEqual(new Set(['old', 'o']));
  expect(new Set(seeds.map((seed) => 'c' in left('random', seed)))).toEqual(new Set([true, false]));
});

test('a folder is there once the one above it is synced, with what was synced in it', () => {
  const { call, left } = folderOf({});
  call('mkdir', { path: 'in' });
  call('create', { path: 'in/a', handle: 1 });
  call('write', { path: 'in/a', handle: 1, data });
  call('fdatasync', { path: 'in/a', handle: 1 });
  call('open', { path: 'in', handle: 2 });
  call('fsync', { path: 'in', handle: 2 });
  expect(left('nothing')).toEqual({});
  call('open', { handle: 3 });
  call('fsync', { handle: 3 });
  expect(left('nothing')).toEqual({ 'in/a': 'new' });
});

test('a call that failed or was killed changes nothing', () => {
  const { call, left } = folderOf({ a: 'old' });
  call('unlink', { path: 'a', hasHappened: false });
  expect(left('everything')).toEqual({ a: 'old' });
});
