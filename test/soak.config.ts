import { defineConfig } from 'vitest/config';

/** Exhaustive and long runs: minutes to an hour, never part of `npm test`; each writes its result to bench/results. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.soak.ts'],
    pool: 'forks',
    testTimeout: 3_600_000,
  },
});
