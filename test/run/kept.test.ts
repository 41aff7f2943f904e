/**
 * Kept checkpoints of a run: listed by its commits, found again by network, left alone when the run goes on, and missed
 * by name where they are gone.
 */
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RunError } from '../../schemas/problems.ts';
import { readRun, runPaths } from '../../src/run/folder.ts';
import { NO_RESULTS, Results } from '../../src/run/results.ts';
import { execute, runBits, scratchFolder, sweepOf } from '../support/runs.ts';

const trace = (every: number) => ({ trace: { epochs: { every: 7 }, checkpoints: { every } } });
const namesIn = (folder: string) => readdirSync(runPaths(folder).checkpoints).sort();

test('a run of many short groups keeps its networks in few files, ascending by network', async () => {
  const folder = scratchFolder();
  const sweep = sweepOf({ seeds: 100, ...trace(20) });
  await execute({ sweep, folder });
  const { results, networks } = readRun(folder);
  expect(namesIn(folder)).toEqual(['0001-kept-00000-0-50.msgpack']);
  const [checkpoint] = namesIn(folder);
  for (const { id } of networks)
    expect(results.keptOf(id)).toEqual([
      { epoch: 20, checkpoint },
      { epoch: 40, checkpoint },
    ]);
  expect(results.keptOf(100)).toEqual([]);
});

test('what is kept is no part of the key, the rows or the fingerprint', async () => {
  const [one, other] = [scratchFolder(), scratchFolder()];
  const [many, none] = [
    await execute({ sweep: sweepOf(trace(3)), folder: one }),
    await execute({ sweep: sweepOf(), folder: other }),
  ];
  expect(many.fingerprint).toBe(none.fingerprint);
  expect(many.run.manifest.key).toBe(none.run.manifest.key);
  expect(runBits(one)).toEqual(runBits(other));
});

test('a slice that ends at a kept state continues from there, and what is kept outlives the run', async () => {
  const folder = scratchFolder();
  // One group of several slices, the first of which ends at a third of its epochs or a quarter.
  const long = {
    name: 'long',
    epochs: 4800,
    layers: [1, 16, 1],
    activation: 'relu',
    data: { kind: 'sine', points: 64 },
  };
  const sweep = sweepOf({ ...long, seeds: 4, ...trace(100) });
  const whole = await execute({ sweep, folder, engine: 'reference' });
  const commits = readRun(folder).journal.flatMap((record) => (record.kind === 'commit' ? [record] : []));
  expect(commits.length).toBeGreaterThan(1);
  for (const { unfinished, kept } of commits.slice(0, -1)) expect(unfinished).toEqual(kept?.at(-1));
  expect(namesIn(folder)).toHaveLength(commits.length);
  expect(
    readRun(folder)
      .results.keptOf(3)
      .map(({ epoch }) => epoch),
  ).toEqual(Array.from({ length: 47 }, (_, i) => 100 * (i + 1)));
  const undisturbed = await execute({
    sweep: sweepOf({ ...long, seeds: 4 }),
    folder: scratchFolder(),
    engine: 'kernel',
  });
  expect(whole.fingerprint).toBe(undisturbed.fingerprint);
});

test('a run that is opened again removes debris alone, and names what is kept no more or was cut', async () => {
  const folder = scratchFolder();
  const sweep = sweepOf(trace(20));
  await execute({ sweep, folder });
  const [file] = namesIn(folder);
  const path = join(runPaths(folder).checkpoints, file);
  const debris = ['0001-kept-00003-0-50.msgpack', `${file}.new`, '0001-00000-7.msgpack'];
  // Of a later session, or not Gyre's at all.
  const others = ['0099-00000-7.msgpack', 'notes.txt', 'kept.msgpack', '0001-00000-7.msgpack.old'];
  for (const name of [...debris, ...others]) writeFileSync(join(runPaths(folder).checkpoints, name), 'debris');
  await execute({ sweep, folder });
  expect(namesIn(folder)).toEqual([file, ...others].sort());

  const refusal = async () => await execute({ sweep, folder }).catch((error: unknown) => error);
  const whole = readFileSync(path);
  truncateSync(path, whole.length - 1);
  expect(await refusal()).toBeInstanceOf(RunError);
  expect(String(await refusal())).toMatch(new RegExp(`${path}, byte \\d+: got a damaged frame`));
  truncateSync(path, 0);
  expect(String(await refusal())).toContain(`${path}, byte 0: got a damaged frame`);
  rmSync(path);
  expect(String(await refusal())).toContain(`${path}: got nothing, expected a checkpoint of the run`);
  writeFileSync(path, whole);
  expect((await execute({ sweep, folder })).ending).toBe('done');
});

test('a network goes on from a kept checkpoint with the ones before it', () => {
  const results = new Results(2);
  const network = Uint32Array.of(0, 1);
  const at = (epoch: number, checkpoint: string) => ({ network, epoch, checkpoint });
  results.commit({ results: NO_RESULTS, unfinished: at(25, 'own'), kept: [at(10, 'first'), at(20, 'first')] });
  expect(results.checkpointsOf(1)).toEqual(['own']);
  expect(results.keptOf(1)).toHaveLength(2);
  const overtaken = results.commit({ results: NO_RESULTS, unfinished: at(30, 'second'), kept: [at(30, 'second')] });
  expect(overtaken).toEqual(['own']);
  expect(results.checkpointsOf(1)).toEqual(['first', 'first', 'second']);
  expect(results.commit({ results: NO_RESULTS, unfinished: at(35, 'last'), kept: [] })).toEqual([]);
  expect([...results.keptCheckpoints]).toEqual(['first', 'second']);
});
