/** The Piscina entry of the training threads: one task in, one outcome back. No mathematics. */
import { parentPort, threadId } from 'node:worker_threads';
import type { StartedMessage, TaskOutcome, TaskRequest } from '../schemas/training-messages.ts';
import { prepareCompression } from '../src/storage/tables/compression.ts';
import { runTask as run } from '../src/train/task.ts';

/**
 * Trains a task, in a thread that can write its segments, until it is due to be committed. The clock is here and not
 * below: it decides no bit.
 */
export async function runTask(request: TaskRequest): Promise<TaskOutcome> {
  const { commitMs } = request;
  const startedMs = performance.now();
  const isDue = () => commitMs !== null && performance.now() - startedMs >= commitMs;
  await prepareCompression(request.compression);
  return run(request, isDue);
}

// Runs once all modules are loaded: from here on the thread may be ended. A test may call the task in a thread of its
// own.
parentPort?.postMessage({ startedThread: threadId } satisfies StartedMessage);
