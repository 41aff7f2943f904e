/** What `npm test` runs: everything that is done within minutes. Each test file has a process of its own. */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Only what hangs takes longer, on a machine that is busy with other work too. */
const HANG_MS = 900_000;

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.{ts,tsx}'],
    pool: 'forks',
    // Vitest leaves one core out, which is half of a small machine.
    maxWorkers: availableParallelism(),
    testTimeout: HANG_MS,
    hookTimeout: HANG_MS,
    env: { NODE_ENV: 'test' },
  },
});
