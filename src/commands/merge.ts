/**
 * `gyre merge`: joins the shards of a sweep into one run.
 */
import { summaryLines } from '../display/run-summary.ts';
import { runState } from '../run/folder.ts';
import { mergeRuns } from '../run/merge-shards.ts';
import { findRun } from './find-run.ts';
import { printJson, printLine } from './output.ts';
import { summaryInput } from './show.ts';

/** Merges runs and prints the summary of what comes out. Returns the exit code. */
export async function mergeCommand(
  names: readonly string[],
  { out, json }: { out: string; json?: boolean },
): Promise<number> {
  const merged = await mergeRuns(names.map(findRun), out);
  const { folder, networks, results } = merged;
  if (json === true) printJson({ folder, networks: networks.length, fingerprint: results.fingerprint(networks) });
  else for (const line of summaryLines(summaryInput(merged, runState(merged)))) printLine(line);
  return 0;
}
