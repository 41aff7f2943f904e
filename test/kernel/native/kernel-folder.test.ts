/** Folders of kernels: those of processes that are gone for certain are removed, and no others. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeKernelFolder, removeForgottenFolders } from '../../../src/kernel/native/kernel-folder.ts';
import { scratchFolder } from '../../support/runs.ts';

interface Owner {
  readonly [name: string]: unknown;
  readonly pid: number;
}

const ownerOf = (folder: string): Owner => JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'));

/** A folder whose owner is this process, but for what is changed. */
function folderOf(parent: string, changes: Record<string, unknown> = {}): string {
  const folder = makeKernelFolder(parent);
  writeFileSync(join(folder, 'owner.json'), JSON.stringify({ ...ownerOf(folder), ...changes }));
  mkdirSync(join(folder, 'inner'));
  writeFileSync(join(folder, 'inner/kernel-0.c'), '');
  return folder;
}

/** The number of a process that has ended. */
async function deadProcess(): Promise<number> {
  const child = spawn('true');
  await new Promise((resolve) => child.once('close', resolve));
  return child.pid as number;
}

test('the folder of a process that is gone is removed with all that is in it, that of a living one stays', async () => {
  const parent = scratchFolder();
  const own = folderOf(parent);
  const dead = folderOf(parent, { pid: await deadProcess() });
  const reused = folderOf(parent, { start: '1' });
  removeForgottenFolders(parent);
  expect([own, dead, reused].map((folder) => existsSync(folder))).toEqual([true, false, false]);
});

test.each([
  ['another host', { host: 'elsewhere' }],
  ['another boot', { boot: '00000000-0000-0000-0000-000000000000' }],
  ['another name space of processes', { processes: 'pid:[1]' }],
  ['no process', { pid: 0 }],
  ['half a process', { pid: 1.5 }],
  ['no start', { start: '' }],
  ['a host that is no text', { host: 7 }],
])('a folder with an owner of %s stays', async (_, changes) => {
  const parent = scratchFolder();
  const folder = folderOf(parent, { pid: await deadProcess(), ...changes });
  removeForgottenFolders(parent);
  expect(existsSync(folder)).toBe(true);
});

test('a folder stays if its owner is missing, damaged or a link, and so does what is no folder', async () => {
  const parent = scratchFolder();
  const dead = await deadProcess();
  const [without, damaged, linked] = [1, 2, 3].map(() => folderOf(parent, { pid: dead }));
  const aside = join(parent, 'owner.json');
  renameSync(join(linked, 'owner.json'), aside);
  symlinkSync(aside, join(linked, 'owner.json'));
  rmSync(join(without, 'owner.json'));
  writeFileSync(join(damaged, 'owner.json'), '{');
  const file = join(parent, 'gyre-kernels-file');
  writeFileSync(file, '');
  removeForgottenFolders(parent);
  expect([without, damaged, linked, file].filter((path) => !existsSync(path))).toEqual([]);
});

test('links are never followed: neither one in place of a folder, nor one within', async () => {
  const [parent, elsewhere] = [scratchFolder(), scratchFolder()];
  const pid = await deadProcess();
  const target = folderOf(elsewhere, { pid });
  const link = join(parent, 'gyre-kernels-link');
  symlinkSync(target, link);
  const kept = join(elsewhere, 'kept');
  mkdirSync(kept);
  writeFileSync(join(kept, 'file'), '');
  const folder = folderOf(parent, { pid });
  symlinkSync(kept, join(folder, 'link'));
  removeForgottenFolders(parent);
  expect([link, target, join(kept, 'file'), folder].map((path) => existsSync(path))).toEqual([true, true, true, false]);
});

test('folders of other names stay, and a parent that is not there is no mistake', async () => {
  const parent = scratchFolder();
  const folder = folderOf(parent, { pid: await deadProcess() });
  const other = join(parent, 'other-kernels');
  renameSync(folder, other);
  removeForgottenFolders(parent);
  removeForgottenFolders(join(parent, 'nowhere'));
  expect(existsSync(other)).toBe(true);
});
