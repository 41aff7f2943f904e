/**
 * What somebody else has put into a run's folder is not in the way of continuing the run, and is never removed.
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportRun } from '../../src/run/export-tables.ts';
import { runPaths } from '../../src/run/folder.ts';
import { scratchFolder, sweepOf } from '../support/runs.ts';
import { openThreadless, trainRest, trainTo } from '../support/threadless.ts';

const sweep = sweepOf({ seeds: 2, trace: { epochs: { every: 20 }, checkpoints: { every: 20 } } });

/** By their places in the folder: none of these names is one that Gyre gives. */
const FOREIGN = [
  'notes.txt',
  join('checkpoints', 'notes.txt'),
  join('checkpoints', 'mine.msgpack'),
  join('checkpoints', 'mine.msgpack.new'),
  join('checkpoints', 'sub', 'file'),
  join('epochs', 'mine.arrow'),
  join('epochs', 'mine.arrow.part'),
  join('events', 'README'),
  join('data', 'mine.arrow'),
];

test('foreign files and links stay where they are when a run is continued and exported', async () => {
  const scratch = scratchFolder();
  const folder = join(scratch, 'run');
  const first = openThreadless(sweep, folder);
  trainTo(first, [0, 1], 30);
  first.close();
  for (const file of FOREIGN) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), 'mine');
  }
  const elsewhere = join(scratch, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, '0001-00000-30.msgpack'), 'mine');
  symlinkSync(elsewhere, join(folder, 'checkpoints', 'link'));

  const second = openThreadless(sweep, folder);
  trainRest(second);
  second.close();
  const reports = [];
  for await (const report of exportRun({ folder, out: join(scratch, 'csv'), format: 'csv', table: 'epochs' }))
    reports.push(report);

  for (const file of FOREIGN) expect([file, readFileSync(join(folder, file), 'utf8')]).toEqual([file, 'mine']);
  expect(readFileSync(join(folder, 'checkpoints', 'link', '0001-00000-30.msgpack'), 'utf8')).toBe('mine');
  expect(reports.map(({ rows }) => rows)).toEqual([2 * Math.ceil(50 / 20)]);
});

test('checkpoints that are no longer in use, and what a crash left of writing one, are removed', () => {
  const folder = join(scratchFolder(), 'run');
  openThreadless(sweep, folder).close();
  const own = ['0001-00000-7.msgpack', '0001-00000-8.msgpack.new', '0001-kept-00000-0-50.msgpack'];
  for (const file of own) writeFileSync(join(runPaths(folder).checkpoints, file), '');
  openThreadless(sweep, folder).close();
  expect(own.filter((file) => existsSync(join(runPaths(folder).checkpoints, file)))).toEqual([]);
});

test('a kept checkpoint of zeros is refused at its first frame, however long it is', () => {
  const folder = join(scratchFolder(), 'run');
  const first = openThreadless(sweep, folder);
  trainTo(first, [0, 1], 30);
  first.close();
  const [kept] = first.results.keptCheckpoints;
  const path = join(runPaths(folder).checkpoints, kept);
  writeFileSync(path, '');
  truncateSync(path, 4096);
  expect(() => openThreadless(sweep, folder)).toThrow(`${path}, byte 0: got a damaged frame`);
});
