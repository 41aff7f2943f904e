/**
 * `gyre runs`: the runs under traces/runs, the latest first.
 */
import { divergenceCount } from '../../schemas/labels.ts';
import { RunError, UsageError } from '../../schemas/problems.ts';
import { columns, count, duration } from '../display/format.ts';
import { readRun, runState } from '../run/folder.ts';
import { listRunFolders } from './find-run.ts';
import { printJson, printLine, tellUser } from './output.ts';
import { RUNS_FOLDER } from './registry/value-kinds.ts';

/** Lists the runs. Returns the exit code. */
export function runsCommand({ json }: { json?: boolean }): number {
  const runs = listRunFolders().flatMap((folder) => describeRun(folder) ?? []);
  if (json === true) {
    for (const run of runs) printJson(run);
  } else if (runs.length === 0) {
    tellUser(`no runs under ${RUNS_FOLDER}; start one with gyre run sweeps/quickstart.yaml`);
  } else {
    const rows = runs.map((run) => [
      run.folder.slice(RUNS_FOLDER.length + 1),
      run.state,
      `${count(run.networksDone)}/${count(run.networks)}`,
      count(run.epochs),
      count(run.diverged),
      duration(run.elapsedMs),
      run.createdAt.slice(0, 16).replace('T', ' '),
    ]);
    const head = ['run', 'state', 'networks', 'epochs', 'diverged', 'time', 'begun (UTC)'];
    for (const line of columns([head, ...rows], ['left', 'left', 'right', 'right', 'right', 'right', 'left']))
      printLine(line);
  }
  return 0;
}

/** One run that cannot be read must not hide the others: why is told on one line. */
function describeRun(folder: string) {
  try {
    const record = readRun(folder);
    const { manifest, results, networks, state } = record;
    return {
      name: manifest.name,
      folder,
      state: runState(record),
      networks: networks.length,
      networksDone: results.doneCount,
      epochs: manifest.sweep.epochs,
      diverged: divergenceCount(results.labelCounts()),
      elapsedMs: state.elapsedMs,
      createdAt: manifest.createdAt,
    };
  } catch (error) {
    if (!(error instanceof RunError || error instanceof UsageError)) throw error;
    tellUser(error.message);
    return null;
  }
}
