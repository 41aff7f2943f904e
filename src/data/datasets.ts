/**
 * The data sets a network is trained on. Everything is computed in float64 and rounded to float32 at the end, for
 * float64 networks too, so that twins start from the same numbers. Those from files are provided: by whoever reads the
 * files in the main thread, by a task's request in the others.
 */
import type { Dataset, Samples } from '../../schemas/dataset.ts';
import type { DataConfig, FormulaData } from '../../schemas/network.ts';
import { elementaryOf } from '../numeric/elementary.ts';
import { uniform } from '../numeric/philox.ts';

type Curve = (x: number) => number;

const { sin, tanh } = elementaryOf('float64');

/** Many networks of a sweep share one configuration of data. */
const made = new WeakMap<FormulaData, Dataset>();

/** By the hash of their content, so that it does not matter who provides them, nor how often. */
const provided = new Map<string, Dataset>();

/** Makes the samples of a data file known to this thread. */
export function provideDataset(hash: string, dataset: Dataset): void {
  provided.set(hash, dataset);
}

/** Samples with the variance of their targets. */
export function datasetOf(samples: Samples): Dataset {
  const { inputs, targets, inputCount, outputCount } = samples;
  return { inputs, targets, inputCount, outputCount, targetVariance: meanVariance(targets, outputCount) };
}

/**
 * The samples of a data set: `points` values of x with both ends of its interval, and y(x); or those of a file, which
 * must have been provided. Not to be changed.
 */
export function makeDataset(data: DataConfig): Dataset {
  if (data.kind === 'file') {
    const dataset = provided.get(data.hash);
    if (dataset === undefined) throw new Error(`nobody has provided the data with hash ${data.hash}`);
    return dataset;
  }
  let dataset = made.get(data);
  if (dataset === undefined) {
    dataset = computeDataset(data);
    made.set(data, dataset);
  }
  return dataset;
}

function computeDataset(data: FormulaData): Dataset {
  const { start, end, curve } = CURVES[data.kind](data);
  const x = linspace(start, end, data.points);
  const inputs = Float32Array.from(x);
  const targets = Float32Array.from(x, curve);
  return datasetOf({ inputs, targets, inputCount: 1, outputCount: 1 });
}

/**
 * Intervals are never symmetric where the curve is odd: gradients that cancel exactly would turn rounding into the
 * signal.
 */
const CURVES: Readonly<
  Record<FormulaData['kind'], (data: FormulaData) => { start: number; end: number; curve: Curve }>
> = {
  sine: () => ({ start: 0, end: 1, curve: (x) => sin(2 * Math.PI * x) }),
  polynomial: () => ({ start: -1, end: 1, curve: (x) => 2 * (x * x * x) + 0.3 * (x * x) - x }),
  absolute: () => ({ start: -1, end: 1, curve: (x) => Math.abs(x - 0.4) }),
  teacher: ({ seed = 0 }) => ({ start: 0, end: 1, curve: teacherCurve(seed) }),
};

/** x_i = start + ((end − start)·i) / (count − 1). */
function linspace(start: number, end: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => start + ((end - start) * i) / (count - 1));
}

/** Units of the teacher's one hidden layer. */
const TEACHER_UNITS = 3;

/**
 * The output of a 1-3-1 tanh network whose ten parameters, in the order of any network's parameters, are uniform on
 * (−3, 3): the draws of stream `teacher` with layer and index as for weights.
 */
function teacherCurve(seed: number): Curve {
  const draw = (layer: number, index: number) => 6 * uniform({ seed, stream: 'teacher', layer, index }) - 3;
  const hidden = Array.from({ length: TEACHER_UNITS }, (_, unit) => ({
    weight: draw(0, unit),
    bias: draw(0, TEACHER_UNITS + unit),
    outputWeight: draw(1, unit),
  }));
  const outputBias = draw(1, TEACHER_UNITS);
  return (x) =>
    hidden.reduce((sum, { weight, bias, outputWeight }) => sum + outputWeight * tanh(bias + weight * x), outputBias);
}

/** Mean over outputs of the population variance of each; `values` are `[sample][output]`. */
function meanVariance(values: Float32Array, outputCount: number): number {
  const sampleCount = values.length / outputCount;
  let sumOfVariances = 0;
  for (let output = 0; output < outputCount; output++) {
    let [sum, squares] = [0, 0];
    for (let i = output; i < values.length; i += outputCount) sum += values[i];
    const mean = sum / sampleCount;
    for (let i = output; i < values.length; i += outputCount) squares += (values[i] - mean) * (values[i] - mean);
    sumOfVariances += squares / sampleCount;
  }
  return sumOfVariances / outputCount;
}
