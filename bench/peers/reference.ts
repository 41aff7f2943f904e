/**
 * The process that times plain JavaScript: the scalar reference, one network, loops over numbers. Prints an outcome.
 *
 *     node --import tsx bench/peers/reference.ts FOLDER
 */
import { parameterCount } from '../../schemas/network.ts';
import { makeEpoch } from '../../src/reference/epoch.ts';
import { initialParameters } from '../../src/reference/init.ts';
import { measure, networkOf, type Outcome, readProblem, samplesOf, type Trainee } from './problem.ts';

const problem = readProblem(process.argv[2]);
const network = networkOf(problem, 0);
const epoch = makeEpoch(network, samplesOf(problem));
const zeros = () => new Float32Array(parameterCount(problem.layers));
const state = {
  theta: zeros(),
  firstMoment: zeros(),
  secondMoment: zeros(),
  maxSecondMoment: new Float32Array(0),
  previousUpdate: zeros(),
};

const trainee: Trainee = {
  networks: 1,
  reset: () => {
    for (const values of Object.values(state)) values.fill(0);
    state.theta.set(initialParameters(network));
  },
  train: (firstEpoch, count) => {
    let loss = 0;
    for (let t = firstEpoch; t < firstEpoch + count; t++) loss = epoch(state, t).loss;
    return [loss];
  },
};

const outcome: Outcome = { version: `Node ${process.version}`, variants: [measure('loop', trainee, problem)] };
process.stdout.write(`${JSON.stringify(outcome)}\n`);
