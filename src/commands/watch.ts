/**
 * `gyre watch`: the dashboard on a run of another process, or of the past; without a terminal, its progress as lines
 * until it is over.
 */

import { summaryLines } from '../display/run-summary.ts';
import { readRun, runState } from '../run/folder.ts';
import { RunFollower } from '../run/follow.ts';
import { prepareCompression } from '../storage/tables/compression.ts';
import { isInteractive, jsonLines, openDashboard, plainLines, RunSource } from './displays.ts';
import { findRun } from './find-run.ts';
import { printLine } from './output.ts';
import { summaryInput } from './show.ts';
import { noteStop, STOP_SIGNALS } from './stop-signals.ts';

export interface WatchOptions {
  readonly plain?: boolean;
  readonly json?: boolean;
}

/** Shows a run until the user leaves or, without a screen, until the run is over. Returns the exit code. */
export async function watchCommand(name: string, { plain, json }: WatchOptions): Promise<number> {
  const folder = findRun(name);
  const follower = new RunFollower(folder);
  const { manifest, state } = follower;
  await prepareCompression(manifest.sweep.trace.compression); // of the tables that are looked into
  const source = new RunSource({ folder, state, isOwn: false });
  const hasScreen = plain !== true && json !== true && isInteractive();
  let leave = () => {};
  let fail: (error: unknown) => void = () => {};
  const asked = new Promise<void>((resolve, reject) => {
    leave = resolve;
    fail = reject;
  });
  const display = hasScreen ? await openDashboard(source, leave) : json === true ? jsonLines() : plainLines();
  const onSignal = () => {
    noteStop();
    leave();
  };
  for (const signal of STOP_SIGNALS) process.once(signal, onSignal);
  process.stdout.once('error', leave);
  try {
    follower.start({
      fail,
      notify: (notice) => {
        display.notify(notice);
        if (!hasScreen && notice.kind === 'ended') leave();
      },
    });
    await (hasScreen ? Promise.race([display.left, asked]) : asked);
  } finally {
    follower.stop();
    display.close();
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
  }
  if (json !== true) {
    const record = readRun(folder);
    for (const line of summaryLines(summaryInput(record, runState(record)))) printLine(line);
  }
  return 0;
}
