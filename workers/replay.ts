/** The Piscina entry of the replay threads: one range of a group in, one outcome back. No mathematics. */
import { parentPort, threadId } from 'node:worker_threads';
import type { StartedMessage } from '../schemas/training-messages.ts';

export { runReplay } from '../src/train/replay-task.ts';

// Runs once all modules are loaded: from here on the thread may be ended. A test may call the task in a thread of its
// own.
parentPort?.postMessage({ startedThread: threadId } satisfies StartedMessage);
