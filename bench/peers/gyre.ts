/**
 * The process that times Gyre itself on a problem: the kernel alone (the exported function, given the corrections) and the engine of a
 * run (which computes them). Prints an outcome.
 *
 *     node --import tsx bench/peers/gyre.ts FOLDER
 */
import { LANES_DEFAULT } from '../../src/plan/pack.ts';
import { benchGroup, engineTrainee, kernelTrainee, trainThrough } from './group.ts';
import { measure, type Outcome, readProblem } from './problem.ts';

const problem = readProblem(process.argv[2]);
const group = benchGroup(problem, LANES_DEFAULT);
const outcome: Outcome = {
  version: `Node ${process.version}`,
  variants: [
    measure('kernel', kernelTrainee(group, trainThrough(group, problem.epochs)), problem),
    measure('engine', engineTrainee(group), problem),
  ],
};
process.stdout.write(`${JSON.stringify(outcome)}\n`);
