/** Programs for the tests that are scripts of the shell: compilers that need no compiler. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from './runs.ts';

/** A program in a new folder. */
export function script(name: string, lines: string): string {
  const path = join(scratchFolder(), name);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Waits until something is so; a test that waits in vain runs into its time limit. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}
