/**
 * `npm run golden`: trains the golden run again with the built program and replays two windows of it. The run in
 * traces/golden is replaced; read what has changed in the diff.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { goldenCommands } from './commands.ts';

const ROOT = join(import.meta.dirname, '../..');
const RUN = 'traces/golden';

rmSync(join(ROOT, RUN), { recursive: true, force: true });
for (const args of goldenCommands('test/golden', RUN))
  execFileSync(process.execPath, ['dist/src/main.js', ...args], { cwd: ROOT, stdio: 'inherit' });
