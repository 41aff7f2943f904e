/**
 * The process that times Gyre itself on a problem: the kernel alone (its function, given the corrections) and the
 * engine of a run (which computes them), in WebAssembly or in native code. Prints an outcome.
 *
 *     node --import tsx bench/peers/gyre.ts FOLDER webassembly|native
 */
import { NativeKernels } from '../../src/kernel/native/native.ts';
import { findToolchain } from '../../src/kernel/native/toolchain.ts';
import { LANES_DEFAULT, lanesOfVectors } from '../../src/plan/pack.ts';
import { type BenchGroup, benchGroup, benchShape, engineTrainee, kernelTrainee, trainThrough } from './group.ts';
import { measure, type Outcome, type Problem, readProblem } from './problem.ts';

const [folder, engine] = process.argv.slice(2);
const problem = readProblem(folder);
const { group, version } = engine === 'native' ? await nativeGroup(problem) : webAssemblyGroup(problem);
const outcome: Outcome = {
  version: `Node ${process.version}${version}`,
  variants: [
    measure('kernel', kernelTrainee(group, trainThrough(group, problem.epochs)), problem),
    measure('engine', engineTrainee(group), problem),
  ],
};
process.stdout.write(`${JSON.stringify(outcome)}\n`);

interface Engine {
  readonly group: BenchGroup;
  /** What is to be said of it beside the version of Node. */
  readonly version: string;
}

function webAssemblyGroup(problem: Problem): Engine {
  return { group: benchGroup(problem, LANES_DEFAULT), version: '' };
}

/** A group as wide as the vectors of this processor. */
async function nativeGroup(problem: Problem): Promise<Engine> {
  const toolchain = await findToolchain();
  const lanes = lanesOfVectors(toolchain.vectorBytes).float32.at(-1) as number;
  const kernels = new NativeKernels(toolchain, { atOnce: 1 });
  const kernel = await kernels.compile(benchShape(problem, lanes));
  if (kernel === null) throw new Error('stopped');
  const group = benchGroup(problem, lanes, kernel);
  kernels.close();
  return { group, version: `, vectors of ${toolchain.vectorBytes * 8} bits` };
}
