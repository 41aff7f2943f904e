/**
 * The signals of one lane of a group over the chunk at hand, read where they stand in the group's memory: by epoch for those who must
 * look at each, and as extremes of the chunk for those who need not.
 */
import {
  EXTREMES,
  type ExtremeName,
  type GroupMemory,
  type GroupShape,
  SIGNALS,
  type SignalName,
} from '../group/layout.ts';
import type { FloatArray } from '../numeric/bits.ts';

/** Where each signal and each extreme stands in its section; known when the code is compiled, unlike a look-up by name. */
const [LOSS, GRADIENT_NORM, UPDATE_NORM, UPDATE_COSINE, CHANGED_PARAMETERS, NON_FINITE] = placesOf<SignalName>(
  SIGNALS,
  ['loss', 'gradientNorm', 'updateNorm', 'updateCosine', 'changedParameters', 'nonFinite'],
);
const [LOSS_MIN, LOSS_MAX, GRADIENT_NORM_MAX, UPDATE_COSINE_MIN, CHANGED_PARAMETERS_MAX, NON_FINITE_MAX] =
  placesOf<ExtremeName>(EXTREMES, [
    'lossMin',
    'lossMax',
    'gradientNormMax',
    'updateCosineMin',
    'changedParametersMax',
    'nonFiniteMax',
  ]);

function placesOf<Name extends string>(names: readonly Name[], wanted: readonly Name[]): number[] {
  return wanted.map((name) => names.indexOf(name));
}

/** One lane's signals; `begin` moves it to the chunk that the engine trained last. */
export class LaneSignals {
  firstEpoch = 1;
  count = 0;
  readonly #signals: FloatArray;
  readonly #extremes: FloatArray;
  readonly #lanes: number;
  readonly #lane: number;
  /** Numbers from one signal to the next. */
  readonly #signalLength: number;

  constructor({ shape, memory, lane }: { shape: GroupShape; memory: GroupMemory; lane: number }) {
    this.#signals = memory.signals;
    this.#extremes = memory.extremes;
    this.#lanes = shape.lanes;
    this.#lane = lane;
    this.#signalLength = shape.chunkEpochs * shape.lanes;
  }

  begin({ firstEpoch, count }: { firstEpoch: number; count: number }): void {
    this.firstEpoch = firstEpoch;
    this.count = count;
  }

  get lastEpoch(): number {
    return this.firstEpoch + this.count - 1;
  }

  /** Of epoch firstEpoch + i. */
  loss(i: number): number {
    return this.#signal(LOSS, i);
  }

  /** Copies the losses of `count` epochs from i = `first` on to `target`, from `at` on. */
  copyLosses(target: FloatArray, { at, first, count }: { at: number; first: number; count: number }): void {
    const [signals, lanes] = [this.#signals, this.#lanes];
    let from = this.#place(LOSS, first);
    for (let to = at; to < at + count; to++, from += lanes) target[to] = signals[from];
  }

  /** Copies the norms of all epochs of the chunk, from `at` on; the same for the others below. */
  copyGradientNorms(target: Float32Array, at: number): void {
    this.#copySingles(GRADIENT_NORM, target, at);
  }

  copyUpdateNorms(target: Float32Array, at: number): void {
    this.#copySingles(UPDATE_NORM, target, at);
  }

  copyUpdateCosines(target: Float32Array, at: number): void {
    this.#copySingles(UPDATE_COSINE, target, at);
  }

  copyChangedParameters(target: Uint32Array, at: number): void {
    const [signals, lanes] = [this.#signals, this.#lanes];
    let from = this.#place(CHANGED_PARAMETERS, 0);
    for (let to = at; to < at + this.count; to++, from += lanes) target[to] = signals[from];
  }

  /** A loop for each type of target: one for all would look up the type of each number it writes. */
  #copySingles(signal: number, target: Float32Array, at: number): void {
    const [signals, lanes] = [this.#signals, this.#lanes];
    let from = this.#place(signal, 0);
    for (let to = at; to < at + this.count; to++, from += lanes) target[to] = signals[from];
  }

  gradientNorm(i: number): number {
    return this.#signal(GRADIENT_NORM, i);
  }

  updateNorm(i: number): number {
    return this.#signal(UPDATE_NORM, i);
  }

  updateCosine(i: number): number {
    return this.#signal(UPDATE_COSINE, i);
  }

  changedParameters(i: number): number {
    return this.#signal(CHANGED_PARAMETERS, i);
  }

  /** 1 where NaN or ∞ stands in the loss, θ, m or v. */
  nonFinite(i: number): number {
    return this.#signal(NON_FINITE, i);
  }

  /** NaN where a loss of the chunk is. */
  get lossMin(): number {
    return this.#extreme(LOSS_MIN);
  }

  get lossMax(): number {
    return this.#extreme(LOSS_MAX);
  }

  /** NaN where a norm of the chunk is. */
  get gradientNormMax(): number {
    return this.#extreme(GRADIENT_NORM_MAX);
  }

  /** Of the cosines that are numbers; NaN where none is. */
  get updateCosineMin(): number {
    return this.#extreme(UPDATE_COSINE_MIN);
  }

  get changedParametersMax(): number {
    return this.#extreme(CHANGED_PARAMETERS_MAX);
  }

  get nonFiniteMax(): number {
    return this.#extreme(NON_FINITE_MAX);
  }

  #signal(place: number, i: number): number {
    return this.#signals[this.#place(place, i)];
  }

  /** Where a signal of epoch firstEpoch + i stands in its section. */
  #place(signal: number, i: number): number {
    return signal * this.#signalLength + i * this.#lanes + this.#lane;
  }

  #extreme(place: number): number {
    return this.#extremes[place * this.#lanes + this.#lane];
  }
}
