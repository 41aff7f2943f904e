/**
 * The process that times TensorFlow.js: one network, its own Adam. Its package is not a dependency of Gyre; the bench
 * installs it into a cache folder and names that here. Prints an outcome.
 *
 *     node --import tsx bench/peers/tfjs.ts FOLDER cpu|wasm NODE_MODULES
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { initialParameters } from '../../src/reference/init.ts';
import { measure, networkOf, OPTIMIZER, type Outcome, readProblem, samplesOf, type Trainee } from './problem.ts';

/** The little of TensorFlow.js that the peer uses. */
interface Tensor {
  add(other: Tensor): Tensor;
  sub(other: Tensor): Tensor;
  matMul(other: Tensor): Tensor;
  tanh(): Tensor;
  relu(): Tensor;
  square(): Tensor;
  mean(): Tensor;
  dataSync(): Float32Array;
  data(): Promise<Float32Array>;
  dispose(): void;
}
interface Variable extends Tensor {
  assign(value: Tensor): void;
}
interface TensorFlow {
  readonly version: { readonly tfjs: string };
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor(values: Float32Array, shape: number[]): Tensor;
  variable(start: Tensor): Variable;
  readonly train: {
    adam(
      learningRate: number,
      beta1: number,
      beta2: number,
      epsilon: number,
    ): { minimize(loss: () => Tensor, returnCost: boolean): Tensor; dispose(): void };
  };
}

const [, , folder, backend, modules] = process.argv;
const load = createRequire(join(modules, 'from-here.js'));
const tf = load('@tensorflow/tfjs') as TensorFlow;
if (backend === 'wasm') {
  const wasm = load('@tensorflow/tfjs-backend-wasm') as {
    setWasmPaths(path: string): void;
    setThreadsCount(count: number): void;
  };
  wasm.setWasmPaths(join(modules, '@tensorflow/tfjs-backend-wasm/dist/'));
  wasm.setThreadsCount(1);
}
if (!(await tf.setBackend(backend))) throw new Error(`no backend ${backend}`);
await tf.ready();

const problem = readProblem(folder);
const { layers, activation, points } = problem;
const { inputs, targets } = samplesOf(problem);
const x = tf.tensor(inputs, [points, layers[0]]);
const y = tf.tensor(targets, [points, layers[layers.length - 1]]);
const start = initialLayers();
const variables = start.map((tensor) => tf.variable(tensor));
const { learningRate, beta1, beta2, epsilon } = OPTIMIZER;
const newOptimizer = () => tf.train.adam(learningRate, beta1, beta2, epsilon);
let optimizer = newOptimizer();

const trainee: Trainee = {
  networks: 1,
  reset: () => {
    for (const [i, variable] of variables.entries()) variable.assign(start[i]);
    optimizer.dispose();
    optimizer = newOptimizer();
  },
  train: (_firstEpoch, count) => {
    for (let i = 1; i < count; i++) optimizer.minimize(loss, false);
    const cost = optimizer.minimize(loss, true);
    const [value] = cost.dataSync();
    cost.dispose();
    return [value];
  },
};
const outcome: Outcome = {
  version: `TensorFlow.js ${tf.version.tfjs}, Node ${process.version}`,
  variants: [measure('loop', trainee, problem)],
};
process.stdout.write(`${JSON.stringify(outcome)}\n`);

function loss(): Tensor {
  let a = x;
  for (let i = 0; i < variables.length; i += 2) {
    a = a.matMul(variables[i]).add(variables[i + 1]);
    if (i + 2 < variables.length) a = activation === 'relu' ? a.relu() : a.tanh();
  }
  return a.sub(y).square().mean();
}

/** W [input][output] and b [output] of each layer of network 0. */
function initialLayers(): Tensor[] {
  const theta = initialParameters(networkOf(problem, 0));
  let at = 0;
  return layers.slice(1).flatMap((outputs, i) => {
    const inputCount = layers[i];
    const first = at;
    const weights = Float32Array.from(
      { length: inputCount * outputs },
      (_, j) => theta[first + (j % outputs) * inputCount + Math.floor(j / outputs)],
    );
    at += weights.length;
    const biases = Float32Array.from(theta.subarray(at, at + outputs));
    at += outputs;
    return [tf.tensor(weights, [inputCount, outputs]), tf.tensor(biases, [outputs])];
  });
}
