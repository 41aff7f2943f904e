/**
 * A run trained in this process without threads, commit by commit as a test says, as quick as thousands of resumed runs
 * must be.
 */

import type { Sweep } from '../../schemas/sweep.ts';
import { Plan } from '../../src/plan/plan.ts';
import { runPaths } from '../../src/run/folder.ts';
import { writeNetworksTable } from '../../src/run/networks-table.ts';
import { type OpenRun, openRun } from '../../src/run/open-run.ts';
import { removeCheckpoints } from '../../src/storage/checkpoints/checkpoints.ts';
import { runTask } from '../../src/train/task.ts';
import { groupsOf, taskOf } from '../train/requests.ts';

/** Opens a folder for a sweep. */
export function openThreadless(sweep: Sweep, folder: string): OpenRun {
  return openRun({ plan: new Plan(sweep), folder, engine: 'reference', hasHeartbeat: false });
}

/** Trains networks, all equally far and to an epoch, in one group by the reference, and commits them. */
export function trainTo(run: OpenRun, ids: readonly number[], untilEpoch: number): void {
  const { manifest, results, segments, journal, folder } = run;
  const { epochs, trace } = manifest.sweep;
  const networks = run.networks.filter(({ id }) => ids.includes(id));
  const epoch = results.progressOf(networks[0].id)?.epoch ?? 0;
  const checkpoints = networks.flatMap(({ id }) => results.checkpointsOf(id));
  const groups = groupsOf(networks, networks.length).map((group) => ({ ...group, epoch, untilEpoch, checkpoints }));
  const networkCount = results.networkCount;
  const { request } = taskOf({ groups, folder, epochs, bucketEpochs: trace.epochs.every, networkCount });
  const outcome = runTask({
    ...request,
    ...{
      session: journal.session,
      runKey: manifest.key,
      keepEvery: trace.checkpoints.every,
      compression: trace.compression,
    },
    ...{ checkpointFolder: runPaths(folder).checkpoints, segments: segments.grant(0) },
  });
  if (outcome.kind === 'storage-failed') throw new Error(JSON.stringify(outcome.problem));
  if (outcome.kind !== 'trained') throw new Error(outcome.kind);
  const overtaken = run.record({ ...outcome, kind: 'commit', elapsedMs: 0, epochs });
  removeCheckpoints(runPaths(folder).checkpoints, overtaken);
}

/** Trains whatever is not done, and leaves finished files. */
export function trainRest(run: OpenRun): void {
  const { manifest, results, segments, journal, folder, networks } = run;
  const { epochs, trace } = manifest.sweep;
  for (const { id } of networks) if (!results.isDone(id)) trainTo(run, [id], epochs);
  segments.sealAll();
  writeNetworksTable({
    ...{ path: runPaths(folder).networks, runKey: manifest.key, networks, results, epochs },
    compression: trace.compression,
  });
  journal.append({ kind: 'end', reason: 'done', elapsedMs: 1 });
}
