/**
 * Files are whole or not there, and what the system refuses comes out with the file's name and a remedy.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RunError } from '../../schemas/problems.ts';
import { withPath, writeFileAtomically } from '../../src/storage/files.ts';
import { onFullDisk } from '../support/full-disk.ts';
import { scratchFolder } from '../support/runs.ts';

describe('writing a file atomically', () => {
  test('replaces the old content and leaves nothing else in the folder', () => {
    const folder = scratchFolder();
    const path = join(folder, 'run.json');
    writeFileAtomically(path, 'old');
    writeFileAtomically(path, Uint8Array.of(110, 101, 119));
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['run.json']);
  });

  test('keeps the old content where the disk is full, and tidies up', () => {
    const folder = scratchFolder();
    const path = join(folder, 'networks.arrow');
    writeFileAtomically(path, 'old');
    const write = () => writeFileAtomically(path, 'new');
    expect(() => onFullDisk(write)).toThrow(
      `${path}: no space left on the device (free some space and run the same command again`,
    );
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['networks.arrow']);
    write();
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  test('killed at any moment leaves one whole content or the other', async () => {
    const path = join(scratchFolder(), 'networks.arrow');
    const contents = ['a', 'b'].map((letter) => letter.repeat(300_000));
    writeFileAtomically(path, contents[0]);
    const module = new URL('../../src/storage/files.ts', import.meta.url).href;
    const script = `
      import { writeFileAtomically } from ${JSON.stringify(module)};
      const contents = ['a', 'b'].map((letter) => letter.repeat(300_000));
      process.stdout.write('ready');
      for (let i = 0; ; i++) writeFileAtomically(${JSON.stringify(path)}, contents[i % 2]);`;
    const writer = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(writer.stdout, 'data');
    for (let reading = 0; reading < 200; reading++) expect(contents).toContain(readFileSync(path, 'utf8'));
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    expect(contents).toContain(readFileSync(path, 'utf8'));
  });
});

describe('an error of the system', () => {
  test('where a folder is a file names the path and what to do', () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, 'epochs'), '');
    const path = join(folder, 'epochs', '00001.arrow');
    expect(() => writeFileAtomically(path, '')).toThrow(
      `${path}: a file where a folder is expected (choose another folder`,
    );
  });

  test('where a folder is gone names the path and what to do', () => {
    const path = join(scratchFolder(), 'gone', 'networks.arrow');
    expect(() => writeFileAtomically(path, '')).toThrow(`${path}: a file or folder that is gone (`);
  });

  test('that nobody foresaw still names the path and says what the system said', () => {
    const path = join(scratchFolder(), 'folder');
    mkdirSync(join(path, 'inside'), { recursive: true });
    expect(() => writeFileAtomically(path, '')).toThrow(RunError);
    expect(() => writeFileAtomically(path, '')).toThrow(new RegExp(`^${path}: EISDIR`));
  });

  test.each(['ENOSPC', 'EDQUOT', 'EFBIG', 'EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EIO', 'EMFILE'])(
    '%s is told in words, with a remedy and the error itself as its cause',
    (code) => {
      const cause = Object.assign(new Error(`${code}: as the system says`), { code });
      const problem = problemOf(() => {
        throw cause;
      });
      expect(problem.message).toMatch(/^\/traces\/run: [a-z][^:]+ \([a-z][^)]{10,}( \([^)]+\))?.*\)$/);
      expect(problem.message).not.toContain(code);
      expect(problem.cause).toBe(cause);
    },
  );

  test('keeps its own words where it has passed through already, and other errors pass as they are', () => {
    const told = new RunError({ where: '/inner', got: 'something' });
    expect(() => withPath('/outer', () => raise(told))).toThrow(told);
    const defect = new TypeError('a defect');
    expect(() => withPath('/outer', () => raise(defect))).toThrow(defect);
    expect(withPath('/outer', () => 7)).toBe(7);
  });
});

function raise(error: Error): never {
  throw error;
}

function problemOf(operation: () => void): RunError {
  try {
    withPath('/traces/run', operation);
  } catch (error) {
    if (error instanceof RunError) return error;
  }
  throw new Error('no RunError came');
}
