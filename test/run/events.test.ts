/**
 * Events of a run: the same rows whatever the threads, the lanes and the interruptions, and the notices that tell of
 * them. The networks are small ones that spike within a few thousand epochs.
 */

import { readFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { readRun, runPaths } from '../../src/run/folder.ts';
import { execute, noticesOf, readSegments, rowTexts, runBits, scratchFolder, sweepOf } from '../support/runs.ts';

/**
 * Two kinds of networks, those of gradient descent overflow. At this size a slice of the reference is some thousand
 * epochs.
 */
const sweep = sweepOf({
  name: 'events',
  epochs: 4000,
  layers: [1, 2, 1],
  data: { kind: 'sine', points: 6 },
  optimizer: [
    { kind: 'adam', learningRate: 0.02, beta2: 0.99 },
    { kind: 'sgd', learningRate: 1e4 },
  ],
  seeds: 2,
  trace: { epochs: { every: 20 } },
});

/** Long enough for the reference to be told of, and stopped, on its way. */
const long = { ...sweep, epochs: 30_000 };

test('events are the same for any threads, lanes and engine, and for a run that stops repeatedly', async () => {
  const folder = scratchFolder();
  await execute({ sweep: long, folder });
  const expected = runBits(folder);
  const events = rowTexts(folder, 'events');
  for (const kind of ['onset', 'spike', 'non-finite'])
    expect([kind, events.filter((text) => text.split(' ')[1] === kind).length > 0]).toEqual([kind, true]);

  for (const [engine, lanes, threads] of [
    ['kernel', 8, 2],
    ['reference', 1, 2],
  ] as const) {
    const other = scratchFolder();
    await execute({ sweep: long, folder: other, engine, lanes, threads });
    expect(runBits(other)).toEqual(expected);
  }

  const stopped = scratchFolder();
  let sessions = 0;
  for (let ending = 'stopped'; ending === 'stopped' && sessions < 20; sessions++) {
    const session = await execute({
      sweep: long,
      folder: stopped,
      engine: 'reference',
      lanes: 2,
      // Once it has begun to train: each session gets on, and none gets far.
      onNotice: (notice, stop) => {
        if (notice.kind === 'progress' && notice.epochsTrained > 0 && sessions < 4) stop.abort();
      },
    });
    ending = session.ending;
  }
  expect(sessions).toBeGreaterThan(1);
  expect(runBits(stopped)).toEqual(expected);
});

test('what the networks table says of events is what the events say', async () => {
  const folder = scratchFolder();
  const session = await execute({ sweep, folder });
  const events = readSegments(folder, 'events')
    .toArray()
    .map((row) => row?.toJSON() as Record<string, number | string | null>);
  const networks = tableFromIPC(readFileSync(runPaths(folder).networks))
    .toArray()
    .map((row) => row?.toJSON() as Record<string, number | null>);
  for (const row of networks) {
    const own = events.filter(({ network }) => network === row.network);
    const epochOf = (kind: string) => own.find((event) => event.kind === kind)?.epoch ?? null;
    expect([row.onset_epoch, row.diverged_epoch, row.nonfinite_epoch]).toEqual([
      epochOf('onset'),
      epochOf('divergence'),
      epochOf('non-finite'),
    ]);
    const counted = own.filter(
      ({ kind, loss_peak: peak, loss_before: base }) => kind === 'spike' && Number(peak) >= 4 * Number(base),
    );
    expect(row.spike_count).toBe(counted.length);
    expect(row.tail_spike_count).toBe(counted.filter(({ epoch }) => Number(epoch) > 3200).length);
  }
  expect(networks.map(({ spike_count }) => Number(spike_count)).some((count) => count > 3)).toBe(true);

  const told = noticesOf(session, 'events');
  const { journal } = readRun(folder);
  const commits = journal.flatMap((record) => (record.kind === 'commit' ? [record.events] : []));
  expect(told.map(({ counts, notable }) => ({ counts, notable }))).toEqual(commits);
  const kinds = events.map(({ kind }) => kind);
  const spikes = told.reduce((sum, { counts }) => sum + (counts.spike ?? 0), 0);
  expect(spikes).toBe(kinds.filter((kind) => kind === 'spike').length);
  for (const { notable } of told) {
    const heights = notable.flatMap(({ kind, height }) => (kind === 'spike' ? [height] : []));
    expect(heights.length).toBeLessThanOrEqual(4);
    expect(heights).toEqual([...heights].sort((a, b) => Number(b) - Number(a)));
  }
});
