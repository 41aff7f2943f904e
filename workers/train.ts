/** The Piscina entry of the training threads: one task in, one outcome back. No mathematics. */
import { parentPort } from 'node:worker_threads';

export { runTask } from '../src/train/task.ts';

// Runs once all modules are loaded: from here on the thread may be ended. A test may call the task in a thread of its own.
parentPort?.postMessage('started');
