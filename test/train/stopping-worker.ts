/**
 * A thread that waits until the board shows a trained epoch of one network and then requests the stop, while the test's
 * own thread trains.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Board } from '../../src/group/board.ts';
import { Control } from '../../src/group/control.ts';

const board = new Board(workerData.board, workerData.board.buffer);
const control = new Control(workerData.control);
parentPort?.postMessage('ready');
while (board.epochsOf(workerData.watched) === 0);
control.requestStop();
