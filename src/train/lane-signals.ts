/**
 * The signals of one lane of a group over the chunk at hand, read where they stand in the group's memory: by epoch for
 * those who must look at each, and as extremes of the chunk, or of a subchunk of it, for those who need not.
 */
import {
  EXTREMES,
  type ExtremeName,
  type GroupMemory,
  type GroupShape,
  SIGNALS,
  type SignalName,
  subchunksPerChunk,
} from '../group/layout.ts';
import type { FloatArray } from '../numeric/bits.ts';

/**
 * Where each signal and each extreme stands in its section; known when the code is compiled, unlike a look-up by name.
 */
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
  /** Subchunks that have extremes of their own. */
  subchunkCount = 1;
  /** NaN where a loss is. */
  lossMin = Number.NaN;
  lossMax = Number.NaN;
  /** NaN where a norm is. */
  gradientNormMax = Number.NaN;
  /** Of the cosines that are numbers; NaN where none is. */
  updateCosineMin = Number.NaN;
  changedParametersMax = 0;
  nonFiniteMax = 0;
  readonly #options: { readonly shape: GroupShape; readonly memory: GroupMemory; readonly lane: number };
  readonly #signals: FloatArray;
  readonly #extremes: FloatArray;
  readonly #lanes: number;
  readonly #lane: number;
  readonly #subchunkEpochs: number;
  /** Numbers from one signal to the next, and from one extreme to the next. */
  readonly #signalLength: number;
  readonly #extremeLength: number;
  /** Where the first signal of the first epoch stands. */
  #origin: number;
  #subchunk: LaneSignals | null = null;

  constructor(options: { shape: GroupShape; memory: GroupMemory; lane: number }) {
    const { shape, memory, lane } = options;
    this.#options = options;
    this.#signals = memory.signals;
    this.#extremes = memory.extremes;
    this.#lanes = shape.lanes;
    this.#lane = lane;
    this.#subchunkEpochs = shape.subchunkEpochs;
    this.#signalLength = shape.chunkEpochs * shape.lanes;
    this.#extremeLength = subchunksPerChunk(shape) * shape.lanes;
    this.#origin = lane;
  }

  begin({ firstEpoch, count }: { firstEpoch: number; count: number }): void {
    this.firstEpoch = firstEpoch;
    this.count = count;
    this.subchunkCount = Math.max(1, count / this.#subchunkEpochs);
    this.#takeExtremes(0);
    for (let subchunk = 1; subchunk < this.subchunkCount; subchunk++) this.#joinExtremes(subchunk);
  }

  /** A subchunk of the chunk by its number, until the next one is asked for: one that has no subchunks itself. */
  subchunk(number: number): LaneSignals {
    if (this.subchunkCount === 1) return this;
    this.#subchunk ??= new LaneSignals(this.#options);
    const subchunk = this.#subchunk;
    subchunk.firstEpoch = this.firstEpoch + number * this.#subchunkEpochs;
    subchunk.count = this.#subchunkEpochs;
    subchunk.#origin = this.#lane + number * this.#subchunkEpochs * this.#lanes;
    subchunk.#takeExtremes(number);
    return subchunk;
  }

  get lastEpoch(): number {
    return this.firstEpoch + this.count - 1;
  }

  /** Of epoch firstEpoch + i. */
  loss(i: number): number {
    return this.#signal(LOSS, i);
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

  /** Copies the losses of `count` epochs from i = `first` on to `target`, from `at` on. */
  copyLosses(target: FloatArray, { at, first, count }: { at: number; first: number; count: number }): void {
    const [signals, lanes] = [this.#signals, this.#lanes];
    let from = this.#place(LOSS, first);
    for (let to = at; to < at + count; to++, from += lanes) target[to] = signals[from];
  }

  /** Copies the last epoch of each `bucketEpochs` into rows, from row `at` on. */
  copyLastOfEach(bucketEpochs: number, rows: SignalColumns, at: number): void {
    const signals = this.#signals;
    const last = bucketEpochs - 1;
    const row = { at, count: this.count / bucketEpochs, stride: bucketEpochs * this.#lanes };
    copyDoubles(rows.loss, signals, this.#place(LOSS, last), row);
    copySingles(rows.gradientNorm, signals, this.#place(GRADIENT_NORM, last), row);
    copySingles(rows.updateNorm, signals, this.#place(UPDATE_NORM, last), row);
    copySingles(rows.updateCosine, signals, this.#place(UPDATE_COSINE, last), row);
    copyCounts(rows.changedParameters, signals, this.#place(CHANGED_PARAMETERS, last), row);
  }

  /** Copies the extremes of each subchunk into rows, from row `at` on. */
  copyExtremes(rows: ExtremeColumns, at: number): void {
    const extremes = this.#extremes;
    const row = { at, count: this.subchunkCount, stride: this.#lanes };
    copyDoubles(rows.lossMin, extremes, this.#extremePlace(LOSS_MIN, 0), row);
    copyDoubles(rows.lossMax, extremes, this.#extremePlace(LOSS_MAX, 0), row);
    copySingles(rows.gradientNormMax, extremes, this.#extremePlace(GRADIENT_NORM_MAX, 0), row);
    copySingles(rows.updateCosineMin, extremes, this.#extremePlace(UPDATE_COSINE_MIN, 0), row);
  }

  #signal(place: number, i: number): number {
    return this.#signals[this.#place(place, i)];
  }

  /** Where a signal of epoch firstEpoch + i stands in its section. */
  #place(signal: number, i: number): number {
    return signal * this.#signalLength + i * this.#lanes + this.#origin;
  }

  #takeExtremes(subchunk: number): void {
    this.lossMin = this.#extreme(LOSS_MIN, subchunk);
    this.lossMax = this.#extreme(LOSS_MAX, subchunk);
    this.gradientNormMax = this.#extreme(GRADIENT_NORM_MAX, subchunk);
    this.updateCosineMin = this.#extreme(UPDATE_COSINE_MIN, subchunk);
    this.changedParametersMax = this.#extreme(CHANGED_PARAMETERS_MAX, subchunk);
    this.nonFiniteMax = this.#extreme(NON_FINITE_MAX, subchunk);
  }

  /** Math.min and Math.max return NaN where an operand is NaN; of cosines NaN never wins. */
  #joinExtremes(subchunk: number): void {
    this.lossMin = Math.min(this.lossMin, this.#extreme(LOSS_MIN, subchunk));
    this.lossMax = Math.max(this.lossMax, this.#extreme(LOSS_MAX, subchunk));
    this.gradientNormMax = Math.max(this.gradientNormMax, this.#extreme(GRADIENT_NORM_MAX, subchunk));
    const cosine = this.#extreme(UPDATE_COSINE_MIN, subchunk);
    if (cosine < this.updateCosineMin || Number.isNaN(this.updateCosineMin)) this.updateCosineMin = cosine;
    this.changedParametersMax = Math.max(this.changedParametersMax, this.#extreme(CHANGED_PARAMETERS_MAX, subchunk));
    this.nonFiniteMax = Math.max(this.nonFiniteMax, this.#extreme(NON_FINITE_MAX, subchunk));
  }

  #extreme(extreme: number, subchunk: number): number {
    return this.#extremes[this.#extremePlace(extreme, subchunk)];
  }

  #extremePlace(extreme: number, subchunk: number): number {
    return extreme * this.#extremeLength + subchunk * this.#lanes + this.#lane;
  }
}

/** Columns of signals, `[row]`. */
export interface SignalColumns {
  readonly loss: Float64Array;
  readonly gradientNorm: Float32Array;
  readonly updateNorm: Float32Array;
  readonly updateCosine: Float32Array;
  readonly changedParameters: Uint32Array;
}

/** Columns of extremes, `[row]`. */
export interface ExtremeColumns {
  readonly lossMin: Float64Array;
  readonly lossMax: Float64Array;
  readonly gradientNormMax: Float32Array;
  readonly updateCosineMin: Float32Array;
}

/** How many numbers to copy, each `stride` behind the one before, and the row of the first. */
interface Copying {
  readonly at: number;
  readonly count: number;
  readonly stride: number;
}

// A loop for each type of target: one for all would look up the type of each number it writes.

function copyDoubles(to: Float64Array, from: FloatArray, first: number, { at, count, stride }: Copying): void {
  for (let row = at, i = first; row < at + count; row++, i += stride) to[row] = from[i];
}

function copySingles(to: Float32Array, from: FloatArray, first: number, { at, count, stride }: Copying): void {
  for (let row = at, i = first; row < at + count; row++, i += stride) to[row] = from[i];
}

function copyCounts(to: Uint32Array, from: FloatArray, first: number, { at, count, stride }: Copying): void {
  for (let row = at, i = first; row < at + count; row++, i += stride) to[row] = from[i];
}
