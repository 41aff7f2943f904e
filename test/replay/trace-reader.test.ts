/**
 * What a run has kept of its networks, read back where the run was extended: the rows that others were written in the
 * place of are not found, and those that stand there now are, in order.
 */
import { expect, test } from 'vitest';
import { Plan } from '../../src/plan/plan.ts';
import { TraceReader } from '../../src/replay/trace-reader.ts';
import { type RunRecord, readRun } from '../../src/run/folder.ts';
import { openRun } from '../../src/run/open-run.ts';
import { execute, scratchFolder, sweepOf } from '../support/runs.ts';

const sweepTo = (epochs: number) =>
  sweepOf({
    epochs,
    seeds: 2,
    optimizer: { kind: 'adam', learningRate: [0.01, 0.2, 0.5], beta2: 0.9 },
    detectors: { spikeLookback: 40, spikeStart: 10, spikeRise: 1.5, spikeFallEpochs: 5, levelShiftEpochs: 60 },
    trace: { epochs: { every: 7 }, checkpoints: { every: 300 } },
  });

/** All that is kept of each network up to an epoch. */
function readBack(run: RunRecord, last: number) {
  const reader = new TraceReader(run);
  return run.networks.map(({ id: network }) => {
    const wanted = { network, first: 1, last };
    return { blocks: reader.blocks(wanted), buckets: reader.buckets(wanted), events: reader.events(wanted) };
  });
}

test('a run that was extended twice is read like one that was as long from the beginning', async () => {
  const [extended, fresh] = [scratchFolder(), scratchFolder()];
  for (const epochs of [700, 1500, 2600]) await execute({ sweep: sweepTo(epochs), folder: extended });
  await execute({ sweep: sweepTo(2600), folder: fresh });
  const expected = readBack(readRun(fresh), 2600);
  expect(JSON.stringify(expected)).toContain('level-shift');
  expect(readBack(readRun(extended), 2600)).toEqual(expected);
});

test('a run that was extended and not trained since has the rows up to where its networks go on', async () => {
  const [extended, fresh] = [scratchFolder(), scratchFolder()];
  await execute({ sweep: sweepTo(1500), folder: extended });
  openRun({ plan: new Plan(sweepTo(2600)), folder: extended }).close();
  await execute({ sweep: sweepTo(2600), folder: fresh });
  const [{ blocks, buckets }] = readBack(readRun(extended), 2600);
  expect(Array.from(blocks.epoch)).toEqual([1000]);
  expect(buckets.epoch.at(-1)).toBe(1197);
  const known = readBack(readRun(fresh), 1200);
  expect(buckets).toEqual(known[0].buckets);
});
