/**
 * The data files of a run: the copy that its folder keeps, and what a task's thread is given. Both come from the
 * samples that the plan has read and provided in this thread; the files themselves are not looked at again.
 */
import { join } from 'node:path';
import type { DataFileContent } from '../../schemas/dataset.ts';
import { type Problem, problemsIn, RunError, UsageError } from '../../schemas/problems.ts';
import { gridsOf, type Sweep } from '../../schemas/sweep.ts';
import type { GroupRequest, ProvidedDataset } from '../../schemas/training-messages.ts';
import { datasetOf, makeDataset, provideDataset } from '../data/datasets.ts';
import { contentOf } from '../plan/load-data.ts';
import { makeFolder, writeFileAtomically } from '../storage/files.ts';
import { hasPlainFile, readPlain } from '../storage/plain-files.ts';
import { dataArrow } from '../storage/user-data/arrow-data.ts';
import { readDataFile } from '../storage/user-data/read-data.ts';

/**
 * Keeps a copy of each data file of a sweep in a folder, unless it is there: an Arrow file that a sweep may name like
 * any other, called by the first 16 hex digits of the hash.
 */
export function keepData(folder: string, sweep: Sweep): void {
  for (const content of contentsOf(sweep)) {
    const path = copyOf(folder, content.hash);
    if (hasPlainFile(path)) continue;
    makeFolder(folder);
    writeFileAtomically(path, copyBytes(content));
  }
}

/** The copy of a data file: equal contents have equal bytes. */
function copyBytes({ hash, points, inputs, outputs }: DataFileContent): Uint8Array {
  const samples = makeDataset({ kind: 'file', hash, points });
  return dataArrow({ ...samples, inputNames: inputs, outputNames: outputs });
}

/** What is wrong with the copies that a folder keeps, byte by byte. */
export function keptDataProblems(folder: string, sweep: Sweep): readonly Problem[] {
  const unreadable = problemsIn(() => provideKeptData(folder, sweep));
  if (unreadable.length > 0) return unreadable;
  return contentsOf(sweep).flatMap((content) => {
    const where = copyOf(folder, content.hash);
    if (readPlain(where).equals(copyBytes(content))) return [];
    return { where, got: 'other bytes around the right samples', expected: 'the copy as Gyre writes it' };
  });
}

/** What stands in the data files of a sweep. */
const contentsOf = (sweep: Sweep): DataFileContent[] =>
  gridsOf(sweep).flatMap(({ data }) => data.flatMap(({ content = [] }) => content));

/** Where the copy of a data file stands. */
const copyOf = (folder: string, hash: string): string => join(folder, `${hash.slice(0, 16)}.arrow`);

/**
 * Provides the data sets of a run from the copies that its folder keeps: the files that its sweep names may be gone or
 * others by now.
 *
 * @throws RunError where a copy is gone or is not what the run was trained on.
 */
export function provideKeptData(folder: string, sweep: Sweep): void {
  for (const { hash } of contentsOf(sweep)) {
    const path = copyOf(folder, hash);
    const refuse = (got: string): never => {
      const expected = `the data with hash ${hash.slice(0, 16)}`;
      throw new RunError({
        where: path,
        got,
        expected,
        remedy: 'restore it from a copy, or from the file of the sweep',
      });
    };
    hasPlainFile(path); // a link is refused, whatever it leads to
    try {
      const file = readDataFile(path);
      const found = contentOf(file).hash;
      if (found !== hash) refuse(`data with hash ${found.slice(0, 16)}`);
      provideDataset(hash, datasetOf(file));
    } catch (error) {
      if (error instanceof UsageError) refuse(error.problems[0].got);
      throw error;
    }
  }
}

/** The data sets from files that groups are trained on, each once. */
export function fileDatasets(groups: readonly Pick<GroupRequest, 'networks'>[]): ProvidedDataset[] {
  const datasets = new Map<string, ProvidedDataset>();
  for (const { networks } of groups) {
    for (const { data } of networks) {
      if (data?.kind !== 'file' || datasets.has(data.hash)) continue;
      datasets.set(data.hash, { hash: data.hash, dataset: makeDataset(data) });
    }
  }
  return [...datasets.values()];
}
