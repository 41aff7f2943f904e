/**
 * A thread that never yields to its event loop, as one that trains: it looks at the control words until a stop is
 * requested, and then says so. Messages would not reach it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Control } from '../../src/group/control.ts';

const control = new Control(workerData);
const before = control.stopRequested;
parentPort?.postMessage({ ready: true, before });
while (!control.stopRequested);
parentPort?.postMessage({ stopped: true });
