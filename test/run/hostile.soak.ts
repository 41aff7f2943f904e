/**
 * Every hostile run: each name, member and file of a run replaced by everything that it must not be. Counts go to
 * bench/results/hostile.json.
 */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { machine } from '../../bench/peers/installed.ts';
import { openHostileRuns } from '../support/hostile-runs.ts';

const resultFile = new URL('../../bench/results/hostile.json', import.meta.url);

test('all hostile runs', async () => {
  const outcome = await openHostileRuns({ step: 1, first: 0 });
  const { processor, cores } = machine();
  const result = {
    command: 'npm run build && npx vitest run --config test/soak.config.ts test/run/hostile.soak.ts',
    machine: { processor, cores, node: process.version },
    ...outcome,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  expect(outcome.offences).toEqual([]);
  writeFileSync(resultFile, `${JSON.stringify(result, null, 2)}\n`);
}, 3_600_000);
