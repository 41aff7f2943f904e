/**
 * The checks of a sweep that need more than one key: crossings that do not exist, options that nothing takes, values given
 * twice, sizes. Works on whatever keys could be parsed, so that all mistakes of a file come out together.
 */
import { OPTIMIZERS, type OptimizerOption } from '../../schemas/catalogue.ts';
import { parameterCount } from '../../schemas/network.ts';
import type { Problem } from '../../schemas/problems.ts';
import { type DataBlock, type OptimizerBlock, SWEEP_LIMITS, type Sweep } from '../../schemas/sweep.ts';

/** A problem at a key path of the sweep. */
export type Finding = Omit<Problem, 'where'> & { readonly path: readonly PropertyKey[] };

/** Everything that is wrong with the parsed keys of a sweep; empty where all is well. */
export function checkSweep(sweep: Partial<Sweep>): Finding[] {
  const findings: Finding[] = [];
  const { layers, data, optimizer } = sweep;
  for (const axis of ['layers', 'activation', 'init', 'batch', 'precision', 'subnormals', 'seeds'] as const) {
    findings.push(...repeats(sweep[axis] ?? [], [axis]));
  }
  if (layers) findings.push(...layers.flatMap((sizes, i) => checkLayers(sizes, ['layers', i])));
  if (data) findings.push(...data.flatMap((block, i) => checkData(block, ['data', i])));
  if (optimizer) findings.push(...optimizer.flatMap((block, i) => checkOptimizer(block, ['optimizer', i])));
  const count = networkCount(sweep);
  if (count > SWEEP_LIMITS.networkCountMax) {
    findings.push({
      path: [],
      got: `a grid of ${count.toLocaleString('en')} networks`,
      expected: `at most ${SWEEP_LIMITS.networkCountMax.toLocaleString('en')}`,
      remedy: 'shorten an axis, or split the sweep over several files',
    });
  }
  return findings;
}

/** How many networks the grid has: the product over its axes, where an option multiplies only those that take it. */
export function networkCount(sweep: Partial<Sweep>): number {
  const length = (list: readonly unknown[] | undefined) => list?.length ?? 1;
  const data = sweep.data?.reduce((sum, block) => sum + dataCount(block), 0) ?? 1;
  const optimizers = sweep.optimizer?.reduce((sum, block) => sum + optimizerCount(block), 0) ?? 1;
  return (
    length(sweep.layers) *
    length(sweep.activation) *
    data *
    length(sweep.init) *
    optimizers *
    length(sweep.batch) *
    length(sweep.subnormals) *
    length(sweep.precision) *
    length(sweep.seeds)
  );
}

function dataCount({ kind, points, seed }: DataBlock): number {
  return points.length * kind.reduce((sum, name) => sum + (name === 'teacher' ? (seed?.length ?? 1) : 1), 0);
}

function optimizerCount(block: OptimizerBlock): number {
  return block.kind.reduce((sum, kind) => {
    const options: readonly OptimizerOption[] = OPTIMIZERS[kind].options;
    const ofOptions = options.reduce((product, option) => product * (block[option]?.length ?? 1), 1);
    return sum + block.form.length * block.learningRate.length * ofOptions;
  }, 0);
}

function checkLayers(sizes: readonly number[], path: readonly PropertyKey[]): Finding[] {
  const findings: Finding[] = [];
  const got = sizes.join('-');
  if (sizes[0] !== 1) {
    findings.push({ path, got, expected: '1 input, as the data set has', remedy: `write [1, …, ${sizes.at(-1)}]` });
  }
  if (sizes.at(-1) !== 1) {
    findings.push({ path, got, expected: '1 output, as the data set has', remedy: `write [${sizes[0]}, …, 1]` });
  }
  const count = parameterCount(sizes);
  if (count > SWEEP_LIMITS.parameterCountMax) {
    findings.push({
      path,
      got: `${got} with ${count.toLocaleString('en')} parameters`,
      expected: `at most ${SWEEP_LIMITS.parameterCountMax.toLocaleString('en')}`,
    });
  }
  return findings;
}

function checkData(block: DataBlock, path: readonly PropertyKey[]): Finding[] {
  const findings = [
    ...repeats(block.kind, [...path, 'kind']),
    ...repeats(block.points, [...path, 'points']),
    ...repeats(block.seed ?? [], [...path, 'seed']),
  ];
  if (block.seed !== undefined && !block.kind.includes('teacher')) {
    findings.push({
      path: [...path, 'seed'],
      got: `a seed for ${block.kind.join(', ')}`,
      expected: 'no seed: only the teacher is drawn',
    });
  }
  return findings;
}

function checkOptimizer(block: OptimizerBlock, path: readonly PropertyKey[]): Finding[] {
  const findings: Finding[] = [];
  for (const [key, values] of Object.entries(block)) findings.push(...repeats(values ?? [], [...path, key]));
  for (const kind of block.kind) {
    const forms: readonly string[] = OPTIMIZERS[kind].forms;
    for (const form of block.form.filter((name) => !forms.includes(name))) {
      findings.push({
        path: [...path, 'form'],
        got: `${kind} × ${form}, a crossing that does not exist`,
        expected: `for ${kind} one of ${forms.join(', ')}`,
        remedy: 'give optimizers with different forms as a list of blocks',
      });
    }
  }
  for (const option of ['beta1', 'beta2', 'epsilon'] as const) {
    const takesIt = (kind: keyof typeof OPTIMIZERS) => (OPTIMIZERS[kind].options as readonly string[]).includes(option);
    if (block[option] !== undefined && !block.kind.some(takesIt)) {
      findings.push({
        path: [...path, option],
        got: `${option} for ${block.kind.join(', ')}`,
        expected: 'no such option there',
      });
    }
  }
  return findings;
}

/** A value that stands twice on an axis would train the same network twice. */
function repeats(values: readonly unknown[], path: readonly PropertyKey[]): Finding[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const value of values) {
    const text = JSON.stringify(value);
    if (seen.has(text)) repeated.add(text);
    seen.add(text);
  }
  return [...repeated].map((text) => ({ path, got: `${text} twice`, expected: 'each value once' }));
}
