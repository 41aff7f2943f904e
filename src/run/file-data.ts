/**
 * The data files of a run: the copy that its folder keeps, and what a task's thread is given. Both come from the samples that the plan has
 * read and provided in this thread; the files themselves are not looked at again.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { GroupRequest, ProvidedDataset } from '../../schemas/messages.ts';
import { gridsOf, type Sweep } from '../../schemas/sweep.ts';
import { makeDataset } from '../data/datasets.ts';
import { dataArrow } from '../storage/data-arrow.ts';
import { withPath, writeFileAtomically } from '../storage/files.ts';

/**
 * Keeps a copy of each data file of a sweep in a folder, unless it is there: an Arrow file that a sweep may name like any other, called by
 * the first 16 hex digits of the hash.
 */
export function keepData(folder: string, sweep: Sweep): void {
  const contents = gridsOf(sweep).flatMap(({ data }) => data.flatMap(({ content = [] }) => content));
  for (const { hash, points, inputs, outputs } of contents) {
    const path = join(folder, `${hash.slice(0, 16)}.arrow`);
    if (existsSync(path)) continue;
    withPath(folder, () => mkdirSync(folder, { recursive: true }));
    const samples = makeDataset({ kind: 'file', hash, points });
    writeFileAtomically(path, dataArrow({ ...samples, inputNames: inputs, outputNames: outputs }));
  }
}

/** The data sets from files that groups are trained on, each once. */
export function fileDatasets(groups: readonly GroupRequest[]): ProvidedDataset[] {
  const datasets = new Map<string, ProvidedDataset>();
  for (const { networks } of groups) {
    for (const { data } of networks) {
      if (data.kind !== 'file' || datasets.has(data.hash)) continue;
      datasets.set(data.hash, { hash: data.hash, dataset: makeDataset(data) });
    }
  }
  return [...datasets.values()];
}
