/** A training thread that takes its time to load, and leaves a mark in a file when it has loaded. */
import { appendFileSync } from 'node:fs';
import { parentPort, threadId } from 'node:worker_threads';

const end = performance.now() + 200;
while (performance.now() < end);
appendFileSync(process.env.GYRE_TEST_MARKS, '.');
parentPort.postMessage({ startedThread: threadId });

export function runTask() {
  process.exit(3);
}
