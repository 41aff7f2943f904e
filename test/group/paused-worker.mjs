/**
 * A thread that sleeps while there is a pause, and then says so.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Control } from '../../dist/src/group/control.js';

const control = new Control(workerData);
parentPort.postMessage('sleeps');
control.waitWhilePaused();
parentPort.postMessage(`goes on, stop ${control.stopRequested}`);
