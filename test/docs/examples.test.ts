/** The sweeps that documents show are complete sweeps, and have as many networks as the documents say. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expandSweep } from '../../src/plan/expand.ts';
import { readSweep } from '../../src/plan/read.ts';

test.each([
  ['README.md', 120],
  ['docs/guides/write-a-sweep.md', 120],
])('the first sweep of %s has %i networks', (page, networkCount) => {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
  const sweep = /^```yaml\n(name: [\s\S]*?)^```/m.exec(text)?.[1];
  expect(sweep).toBeDefined();
  const folder = mkdtempSync(join(tmpdir(), 'gyre-example-'));
  try {
    writeFileSync(join(folder, 'sweep.yaml'), sweep ?? '');
    expect(expandSweep(readSweep(join(folder, 'sweep.yaml')))).toHaveLength(networkCount);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
