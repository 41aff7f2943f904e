/**
 * `gyre check`: whether a run's folder is whole, by names, lengths and checksums, without training anything.
 */
import { describeProblem } from '../../schemas/problems.ts';
import { bytes, count } from '../display/format.ts';
import { checkRun } from '../run/integrity.ts';
import { readManifest } from '../run/manifest.ts';
import { prepareCompression } from '../storage/tables/compression.ts';
import { findRun } from './find-run.ts';
import { printJson, printLine } from './output.ts';

/** Checks a run. Returns the exit code: 1 where something is missing or damaged. */
export async function checkCommand(name: string, { json }: { json?: boolean }): Promise<number> {
  const folder = findRun(name);
  await prepareCompression(readManifest(folder).sweep.trace.compression);
  const { problems, committedBytes, checkpoints, state } = checkRun(folder);
  if (json === true) {
    for (const problem of problems) printJson({ kind: 'problem', ...problem });
    printJson({ kind: 'check', folder, state, isWhole: problems.length === 0, committedBytes, checkpoints });
  } else {
    for (const problem of problems) printLine(describeProblem(problem));
    const checked = `${bytes(committedBytes)} of rows and ${count(checkpoints)} files of checkpoints compared`;
    const verdict =
      problems.length === 0 ? 'whole' : `${count(problems.length)} problem${problems.length === 1 ? '' : 's'}`;
    printLine(`${folder}: ${verdict} (${state}; ${checked})`);
  }
  return problems.length === 0 ? 0 : 1;
}
