/** The Piscina entry of the analysing threads: one site of one network in, rows of findings out. No mathematics. */
import { parentPort, threadId } from 'node:worker_threads';
import type { StartedMessage } from '../schemas/training-messages.ts';

export { analyseSite } from '../src/analysis/site-rows.ts';

// Runs once all modules are loaded: from here on the thread may be ended.
parentPort?.postMessage({ startedThread: threadId } satisfies StartedMessage);
