/**
 * Groups for the tests of kernels: networks of one shape with hyper-parameters, weights and samples that differ from
 * lane to lane, in two memories, one for the kernel and one for the reference, that train side by side.
 */
import {
  type ActivationName,
  type FORMS,
  OPTIMIZERS,
  type OptimizerOption,
  type Precision,
  type SubnormalsName,
} from '../../schemas/catalogue.ts';
import type { Network, OptimizerConfig } from '../../schemas/network.ts';
import { OPTIMIZER_DEFAULTS } from '../../schemas/sweep.ts';
import {
  chunkWithin,
  type GroupMemory,
  type GroupShape,
  groupBytes,
  groupMemory,
  readLane,
  STATE_SECTIONS,
  sharedMemory,
  writeLane,
} from '../../src/group/layout.ts';
import { floatArray } from '../../src/numeric/bits.ts';
import { groupShape } from '../../src/plan/pack.ts';
import {
  type Engine,
  type GroupInMemory,
  initialiseGroup,
  kernelEngine,
  referenceEngine,
} from '../../src/train/engine.ts';
import { networkConfig } from '../reference/networks.ts';
import { kernelOf } from '../support/kernels.ts';
import { differencesOf } from './compare.ts';

/** An optimiser in one of its forms. */
export type Update = Pick<OptimizerConfig, 'kind' | 'form'>;

/** Every form of every optimiser. */
export const UPDATES: readonly Update[] = Object.entries(OPTIMIZERS).flatMap(([kind, { forms }]) =>
  forms.map((form) => ({ kind: kind as Update['kind'], form: form as keyof typeof FORMS })),
);

/** One lane: what its network has of its own. */
export interface Lane {
  readonly learningRate?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
  readonly curvature?: number;
  /** The parameter, input or target that stands in for the one at hand, `i` counting in the lane. */
  readonly parameter?: (i: number, value: number) => number;
  readonly input?: (i: number, value: number) => number;
  readonly target?: (i: number, value: number) => number;
}

/** All that a group of a test is made from. */
export interface GroupCase {
  readonly layers: readonly number[];
  readonly activation: ActivationName;
  readonly update: Update;
  readonly precision: Precision;
  readonly subnormals: SubnormalsName;
  /** Of an objective, in place of layers, activation and samples. */
  readonly exponent?: number | undefined;
  readonly sampleCount: number;
  /** Samples a step, where they are fewer than there are, and whether each epoch has an order of its own. */
  readonly batch?: number | undefined;
  readonly shuffle?: boolean;
  readonly lanes: number;
  readonly chunkEpochs: number;
  /** Epochs of a subchunk of a chunk, where it has several. */
  readonly subchunkEpochs?: number;
  /** One for each network. */
  readonly networks: readonly Lane[];
  /** Of weights and samples. */
  readonly seed: number;
}

/** A case in one line. */
export function caseName(groupCase: GroupCase): string {
  const { kind, form } = groupCase.update;
  const loss =
    groupCase.exponent === undefined
      ? [groupCase.layers.join('-'), groupCase.activation]
      : [`power ${groupCase.exponent}`];
  const what = [...loss, kind, form, groupCase.precision, groupCase.subnormals];
  const batches =
    groupCase.batch === undefined ? '' : ` by ${groupCase.batch}${groupCase.shuffle === true ? ' shuffled' : ''}`;
  const size = `${groupCase.sampleCount} samples${batches}, ${groupCase.networks.length} of ${groupCase.lanes} lanes`;
  return `${what.join(' ')}, ${size}, seed ${groupCase.seed}`;
}

/** Hyper-parameters that differ from lane to lane. */
export function variedLanes(count: number, turn = 0): Lane[] {
  const pick = (values: readonly number[], i: number) => values[(i + turn) % values.length];
  return Array.from({ length: count }, (_, lane) => ({
    learningRate: pick([0.01, 0.25, 1e-3, 0.05, 2], lane),
    beta1: pick([0.9, 0.5, 0, 0.99], lane),
    beta2: pick([0.999, 0.9, 0.99, 0, 0.75], lane),
    epsilon: pick([1e-8, 1e-3, 0, 1e-30, 1e-5, 0.1], lane),
    weightDecay: pick([0.01, 0, 0.5, 3, 1e-9], lane),
  }));
}

/** Numbers on [−1, 1) from a seed (Marsaglia, "Xorshift RNGs", 2003). */
export function numbersOf(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
}

/** Networks and shape of a case. */
export function networksOf(groupCase: GroupCase): { networks: Network[]; shape: GroupShape } {
  const { update, precision, subnormals, lanes, chunkEpochs, subchunkEpochs = chunkEpochs } = groupCase;
  const options: readonly OptimizerOption[] = OPTIMIZERS[update.kind].options;
  const networks = groupCase.networks.map(({ learningRate = 0.01, curvature = 1, ...own }, id): Network => {
    const optimizer = {
      ...{ ...update, learningRate },
      ...Object.fromEntries(options.map((option) => [option, own[option] ?? OPTIMIZER_DEFAULTS[option]])),
    };
    const ofAnyKind = { optimizer, precision, subnormals, id, key: '' };
    if (groupCase.exponent === undefined) return { ...layeredConfig(groupCase, id), ...ofAnyKind };
    const objective = { kind: 'power', exponent: groupCase.exponent, curvature, start: 1 + id / 8 } as const;
    return { objective, seed: 0, ...ofAnyKind };
  });
  return { networks, shape: { ...groupShape({ networks, lanes }, chunkEpochs), chunkEpochs, subchunkEpochs } };
}

function layeredConfig({ layers, activation, sampleCount, batch, shuffle = false, seed }: GroupCase, id: number) {
  const config = networkConfig({ layers, activation, seed: seed + id, init: 'torch-linear' });
  const data = { kind: 'sine', points: sampleCount } as const;
  return batch === undefined ? { ...config, data } : { ...config, data, batch, shuffle };
}

/** Writes the start of a case into a memory, the samples and weights of its lanes in place of the data set's. */
export function start(groupCase: GroupCase, memory: WebAssembly.Memory): GroupInMemory {
  const { networks, shape } = networksOf(groupCase);
  const { lanes } = shape;
  const inMemory = initialiseGroup({ networks, shape, memory });
  const { sections } = inMemory;
  const number = numbersOf(groupCase.seed);
  for (const [lane, { parameter, input, target }] of groupCase.networks.entries()) {
    const write = (section: 'theta' | 'inputs' | 'targets', valueAt: (i: number, value: number) => number) => {
      const values = floatArray(shape.precision, sections[section].length / lanes);
      readLane(sections[section], lanes, lane, values);
      writeLane(
        sections[section],
        lanes,
        lane,
        values.map((value, i) => valueAt(i, value)),
      );
    };
    write('theta', parameter ?? ((_, value) => value));
    write('inputs', (i) => (input ?? ((_, value) => value))(i, number()));
    write('targets', (i) => (target ?? ((_, value) => value))(i, number()));
  }
  return inMemory;
}

/** One group twice: under the kernel and under the reference. */
export class Pair {
  readonly shape: GroupShape;
  readonly kernel: GroupMemory;
  readonly reference: GroupMemory;
  readonly #name: string;
  readonly #networkCount: number;
  readonly #trainKernel: Engine;
  readonly #trainReference: Engine;

  constructor(groupCase: GroupCase) {
    const { networks, shape } = networksOf(groupCase);
    const compiled = kernelOf(shape);
    const ofKernel = start(groupCase, sharedMemory(compiled.memoryBytes));
    const ofReference = start(groupCase, sharedMemory(groupBytes(shape)));
    this.kernel = ofKernel.sections;
    this.reference = ofReference.sections;
    this.#trainKernel = kernelEngine(ofKernel, compiled);
    this.#trainReference = referenceEngine(ofReference);
    this.#name = caseName(groupCase);
    this.#networkCount = networks.length;
    this.shape = shape;
  }

  /**
   * Trains both for lengths of epochs, one after another, each in as few chunks as it takes; throws the first epoch's
   * differences. Returns the epoch after the last.
   */
  train(lengths: readonly number[], firstEpoch = 1): number {
    let next = firstEpoch;
    for (const length of lengths) {
      const end = next + length;
      while (next < end) {
        const count = chunkWithin(this.shape, end - next);
        const before = [this.kernel, this.reference].map(stateOf);
        if (this.#differences({ firstEpoch: next, count }).length > 0) this.#throwFirst(next, count, before);
        next += count;
      }
    }
    return next;
  }

  trainKernel(chunk: { firstEpoch: number; count: number }): void {
    this.#trainKernel(chunk);
  }

  trainReference(chunk: { firstEpoch: number; count: number }): void {
    this.#trainReference(chunk);
  }

  #differences(chunk: { firstEpoch: number; count: number }): string[] {
    this.#trainKernel(chunk);
    this.#trainReference(chunk);
    const { shape, kernel, reference } = this;
    return differencesOf({ shape, networkCount: this.#networkCount, chunk, found: kernel, expected: reference });
  }

  /** Trains a chunk again epoch by epoch, so that the difference is that of its first epoch. */
  #throwFirst(firstEpoch: number, count: number, before: readonly State[]): never {
    for (const [i, memory] of [this.kernel, this.reference].entries()) copyState(before[i], memory);
    for (let i = 0; i < count; i++) {
      const lines = this.#differences({ firstEpoch: firstEpoch + i, count: 1 });
      if (lines.length > 0) throw new Error([this.#name, ...lines.slice(0, 5)].join('\n  '));
    }
    throw new Error(`${this.#name}\n  epochs ${firstEpoch} to ${firstEpoch + count - 1} differ only as one chunk`);
  }
}

type State = Pick<GroupMemory, (typeof STATE_SECTIONS)[number]>;

/** A copy of a group's state. */
export function stateOf(memory: GroupMemory): State {
  return Object.fromEntries(STATE_SECTIONS.map((name) => [name, memory[name].slice()])) as unknown as State;
}

/** Writes a state into a group's memory. */
export function copyState(from: State, to: GroupMemory): void {
  for (const name of STATE_SECTIONS) to[name].set(from[name]);
}

/** A view of a plain memory for tests that need no engine. */
export const memoryOf = (shape: GroupShape): GroupMemory =>
  groupMemory(shape, new SharedArrayBuffer(groupBytes(shape)));
