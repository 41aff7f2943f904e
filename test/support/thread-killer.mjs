/**
 * Ends threads of `gyre run` from outside, as `node --import` of it: at each of the moments in GYRE_TEST_THREAD_KILLS
 * (milliseconds of processors since the first thread was started) one of those that are started, whatever it does.
 * Leaves a mark a thread in the file GYRE_TEST_THREAD_KILLS_MARKS.
 */
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const POLL_MS = 5;
/** In the order in which they were made; Node 20 aborts where a thread is ended that still loads its modules. */
const started = new Set();

// Threads of the process import this as well.
if (isMainThread) process.on('worker', watch);

function watch(worker) {
  worker.on('message', (message) => {
    if (message.startedThread === undefined) return;
    if (started.size === 0) plan();
    started.add(worker);
  });
  worker.once('exit', () => started.delete(worker));
}

let isPlanned = false;

function plan() {
  if (isPlanned) return;
  isPlanned = true;
  const moments = JSON.parse(process.env.GYRE_TEST_THREAD_KILLS);
  const before = process.cpuUsage();
  let next = 0;
  setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 >= moments[next]) end(next++);
  }, POLL_MS).unref();
}

/** The threads take turns, as far as they live. */
function end(turn) {
  const worker = [...started][turn % Math.max(1, started.size)];
  if (worker === undefined) return;
  started.delete(worker);
  appendFileSync(process.env.GYRE_TEST_THREAD_KILLS_MARKS, '.');
  void worker.terminate();
}
