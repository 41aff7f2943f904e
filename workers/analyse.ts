/** The Piscina entry of the analysing threads: one place of one network in, rows of findings out. No mathematics. */
import { parentPort } from 'node:worker_threads';

export { analysePlace } from '../src/analysis/analyse.ts';

// Runs once all modules are loaded: from here on the thread may be ended.
parentPort?.postMessage('started');
