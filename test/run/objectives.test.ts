/** Runs of objectives: by either engine the same, in tables that have nothing to say of layers and data. */
import { readFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { parseSweep } from '../../src/plan/read.ts';
import { windowFiles } from '../../src/replay/windows.ts';
import { readRun, runPaths } from '../../src/run/folder.ts';
import { execute, scratchFolder } from '../support/runs.ts';

/** At a learning rate above 2 each step of gradient descent on ½x² makes x larger; below, smaller. */
const sweep = parseSweep(
  `name: objectives
epochs: 2000
objective: { kind: power, start: [1, 1.0e-6] }
optimizer: { kind: sgd, learningRate: [2.002, 1] }
precision: [float32, float64]
`,
  'objectives.yaml',
);
const INAPPLICABLE = ['layers', 'activation', 'data', 'init', 'points', 'batch', 'shuffle'];

test('networks.arrow has nulls for what an objective lacks, and labels that compare with the first loss', async () => {
  const folder = scratchFolder();
  const { ending } = await execute({ sweep, folder });
  expect(ending).toBe('done');
  const rows = tableFromIPC(readFileSync(runPaths(folder).networks)).toArray();
  expect(rows).toHaveLength(8);
  for (const row of rows) for (const name of INAPPLICABLE) expect(row?.[name], name).toBe(null);
  // However small the start is: what counts is how the loss has grown since.
  expect(rows.map((row) => [row?.learning_rate, row?.outcome, row?.motion])).toEqual(
    [1, 1e-6].flatMap(() => [
      ...[
        [2.002, 'exploded', 'fluctuating'],
        [2.002, 'exploded', 'fluctuating'],
      ],
      ...[
        [1, 'learned', 'frozen'],
        [1, 'learned', 'frozen'],
      ],
    ]),
  );
});

test('either engine finds the same', async () => {
  const whole = await execute({ sweep, folder: scratchFolder(), engine: 'reference' });
  const kernel = await execute({ sweep, folder: scratchFolder() });
  expect(whole.fingerprint).not.toBe(null);
  expect(kernel.fingerprint).toBe(whole.fingerprint);
});

test('windows of objectives stand in folders of their kind and precision', async () => {
  const folder = scratchFolder();
  await execute({ sweep, folder });
  const { networks } = readRun(folder);
  const wanted = networks.slice(0, 2).map((network) => ({ network, windows: [] }));
  const paths = windowFiles('windows', wanted, 'epochs-1-2').map(({ path }) => path);
  expect(paths).toEqual([
    'windows/power-float32/networks-0-epochs-1-2.arrow',
    'windows/power-float64/networks-1-epochs-1-2.arrow',
  ]);
});
