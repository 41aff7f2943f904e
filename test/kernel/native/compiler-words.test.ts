/** How CC is split into a program and its arguments. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compilerWords } from '../../../src/kernel/native/compiler-words.ts';
import { scratchFolder } from '../../support/runs.ts';

test.each([
  ['', []],
  ['  \t ', []],
  ['gcc', ['gcc']],
  ['  ccache   gcc\t-O3 ', ['ccache', 'gcc', '-O3']],
  [`'/opt/my cc' -DX="a b"`, ['/opt/my cc', '-DX=a b']],
  ['/opt/my\\ cc -O2', ['/opt/my cc', '-O2']],
  [`gcc '' ""`, ['gcc', '', '']],
  [`gcc -D'A="b"'`, ['gcc', '-DA="b"']],
  ['gcc "a\\"b" "c\\d" "\\\\" "\\$x"', ['gcc', 'a"b', 'c\\d', '\\', '$x']],
  [`gcc 'a\\b'`, ['gcc', 'a\\b']],
  ['gcc -O2 \\\n -g', ['gcc', '-O2', '-g']],
  ['gcc $HOME *', ['gcc', '$HOME', '*']],
])('%j has the words of a shell', (text, words) => {
  expect(compilerWords(text)).toEqual(words);
});

test.each(["'gcc", '"gcc', 'gcc \\', `gcc "a'`])('%j quotes without an end', (text) => {
  expect(compilerWords(text)).toBeNull();
});

test('the path of an executable file is one word, that of anything else is not', () => {
  const folder = join(scratchFolder(), 'a folder');
  mkdirSync(folder);
  const path = join(folder, "my 'cc");
  writeFileSync(path, '');
  expect(compilerWords(path)).toBeNull();
  chmodSync(path, 0o755);
  expect(compilerWords(` ${path} `)).toEqual([path]);
  expect(compilerWords(folder)).toEqual(folder.split(' '));
});
