/** What `npm run soak` runs: exhaustive and long, minutes to an hour; each file writes its result to bench/results. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The dashboard is drawn as users have it: React's development build takes many times as long.
  oxc: { jsx: { development: false } },
  test: {
    env: { NODE_ENV: 'production' },
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.soak.ts'],
    pool: 'forks',
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
  },
});
