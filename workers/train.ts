/** The Piscina entry of the training threads: one task in, one outcome back. No mathematics. */
export { runTask } from '../src/train/task.ts';
