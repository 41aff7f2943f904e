/**
 * A thread that sleeps while there is a pause, and then says so.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Control } from '../../src/group/control.ts';

const control = new Control(workerData);
parentPort?.postMessage('sleeps');
control.waitWhilePaused();
parentPort?.postMessage(`goes on, stop ${control.stopRequested}`);
