/**
 * The heartbeat of a lease: a thread that counts up a number in the lease's file once a second. It has a timer of its
 * own, so that no work of the main thread, such as checking the sums of a large run, stops it; a process that is halted
 * as a whole stops it at once, and that is what it is for.
 */
import { Worker } from 'node:worker_threads';

/** Milliseconds between two beats. */
export const BEAT_MS = 1000;
/** Seconds without a beat before another process may take over: longer than any file system caches an old state. */
export const LEASE_SECONDS_DEFAULT = 60;
export const LEASE_SECONDS_MIN = 5;
/** Digits of the number, so that it never changes its length. */
const BEAT_DIGITS = 12;

export const beatText = (beat: number): string => String(beat).padStart(BEAT_DIGITS, '0');

/** What the thread needs to know. */
interface HeartbeatData {
  readonly path: string;
  /** Must stand in the file: it may be another process's by the time that the thread has started. */
  readonly token: string;
  readonly offset: number;
  readonly digits: number;
  readonly everyMs: number;
}

/** Starts the thread; it does not keep the process alive. */
export function startHeartbeat(lease: { path: string; token: string; offset: number }): { stop(): void } {
  const data: HeartbeatData = { ...lease, digits: BEAT_DIGITS, everyMs: BEAT_MS };
  // The text of a function rather than a module: Node 20 aborts where a thread is ended while it loads modules, and a
  // lease may be given back at once.
  const thread = new Worker(`(${beat.toString()})(require)`, {
    eval: true,
    workerData: data,
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16, codeRangeSizeMb: 8, stackSizeMb: 1 },
  });
  // Without its heartbeat the lease runs out and another process may take the run over; this one sees that before it
  // writes.
  thread.on('error', () => {});
  thread.unref();
  return { stop: () => thread.postMessage('stop') };
}

/** Runs in the thread, and knows nothing of what stands around it. */
function beat(load: NodeRequire): void {
  const fs = load('node:fs') as typeof import('node:fs');
  const { parentPort, workerData } = load('node:worker_threads') as typeof import('node:worker_threads');
  const { path, token, offset, digits, everyMs } = workerData as HeartbeatData;
  let descriptor: number;
  try {
    descriptor = fs.openSync(path, 'r+');
  } catch {
    parentPort?.close();
    return;
  }
  const end = () => {
    clearInterval(timer);
    fs.closeSync(descriptor);
    parentPort?.close();
  };
  let count = 0;
  const timer = setInterval(() => {
    try {
      fs.writeSync(descriptor, String(++count).padStart(digits, '0'), offset);
    } catch {
      // A disk that fails is told by whoever writes rows to it.
    }
  }, everyMs);
  parentPort?.once('message', end);
  if (!fs.readFileSync(path, 'utf8').includes(token)) end();
}
