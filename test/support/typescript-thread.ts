/**
 * Threads of the sources: Node 20 knows no TypeScript by itself, and a thread does not get what its process has learnt.
 */
import { Worker } from 'node:worker_threads';

/** Starts a thread that runs a TypeScript file. */
export function typescriptThread(file: URL, workerData: unknown): Worker {
  const program = `import('tsx/esm/api').then(({ register }) => {
    register();
    return import(${JSON.stringify(file.href)});
  });`;
  return new Worker(program, { eval: true, workerData });
}
