/**
 * The signals of one lane of a group over the chunk at hand, read where they stand in the group's memory: by epoch for
 * those who must look at each, and as extremes of the chunk, or of a subchunk of it, for those who need not. Extremes
 * come from the kernel. Counts come from the signals, and only where a number was not finite.
 */
import {
  COUNTS,
  type CountName,
  EXTREME_NAMES,
  EXTREMES,
  type ExtremeName,
  SIGNAL_NAMES,
  type SignalName,
} from '../../schemas/signals.ts';
import type { SignalChunk } from '../detect/signals.ts';
import { type GroupMemory, type GroupShape, subchunksPerChunk } from '../group/layout.ts';
import type { FloatArray } from '../numeric/bits.ts';

/** Where a signal, an extreme or a count stands among its like. */
const placeOf = (name: SignalName): number => SIGNAL_NAMES.indexOf(name);
const extremePlaceOf = (name: ExtremeName): number => EXTREME_NAMES.indexOf(name);
const countPlaceOf = (name: CountName): number => COUNTS.findIndex((count) => count.name === name);

// Known when the code is compiled, unlike a look-up by name.
const LOSS = placeOf('loss');
const GRADIENT_NORM = placeOf('gradientNorm');
const UPDATE_NORM = placeOf('updateNorm');
const UPDATE_COSINE = placeOf('updateCosine');
const CHANGED_PARAMETERS = placeOf('changedParameters');
const NON_FINITE = placeOf('nonFinite');
const LOSS_MIN = extremePlaceOf('lossMin');
const LOSS_MAX = extremePlaceOf('lossMax');
const GRADIENT_NORM_MAX = extremePlaceOf('gradientNormMax');
const UPDATE_COSINE_MIN = extremePlaceOf('updateCosineMin');
const CHANGED_PARAMETERS_MAX = extremePlaceOf('changedParametersMax');
const NON_FINITE_MAX = extremePlaceOf('nonFiniteMax');
const LOSS_NAN = countPlaceOf('lossNan');
const LOSS_INFINITE = countPlaceOf('lossInfinite');

/** The declarations as columns of numbers, for loops over all extremes or counts. */
const SIGNALS_OF_EXTREMES = EXTREMES.map(({ signal }) => placeOf(signal));
const ARE_MINIMA = EXTREMES.map(({ end }) => end === 'min');
const NONES = EXTREMES.map(({ none }) => none);
const SIGNALS_OF_COUNTS = COUNTS.map(({ signal }) => placeOf(signal));
const ARE_COUNTS_OF_NAN = COUNTS.map(({ kind }) => kind === 'nan');

/** What reads one signal at epoch firstEpoch + i, and all extremes and counts: a member for each that is declared. */
type Readers = Readonly<Record<SignalName, (i: number) => number> & Record<ExtremeName | CountName, number>>;

/** One lane's signals; `begin` moves it to the chunk that the engine trained last. */
export class LaneSignals implements SignalChunk, Readers {
  firstEpoch = 1;
  count = 0;
  /** Subchunks that have extremes of their own. */
  subchunkCount = 1;
  /** Of the chunk, `[extreme]`. */
  readonly #joined = Float64Array.from(NONES);
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
    this.#takeExtremes(0, this.subchunkCount);
  }

  /** A subchunk of the chunk by its number, until the next one is asked for: one that has no subchunks itself. */
  subchunk(number: number): LaneSignals {
    if (this.subchunkCount === 1) return this;
    this.#subchunk ??= new LaneSignals(this.#options);
    const subchunk = this.#subchunk;
    subchunk.firstEpoch = this.firstEpoch + number * this.#subchunkEpochs;
    subchunk.count = this.#subchunkEpochs;
    subchunk.#origin = this.#lane + number * this.#subchunkEpochs * this.#lanes;
    subchunk.#takeExtremes(number, 1);
    return subchunk;
  }

  get lastEpoch(): number {
    return this.firstEpoch + this.count - 1;
  }

  loss(i: number): number {
    return this.signal(LOSS, i);
  }

  gradientNorm(i: number): number {
    return this.signal(GRADIENT_NORM, i);
  }

  updateNorm(i: number): number {
    return this.signal(UPDATE_NORM, i);
  }

  updateCosine(i: number): number {
    return this.signal(UPDATE_COSINE, i);
  }

  changedParameters(i: number): number {
    return this.signal(CHANGED_PARAMETERS, i);
  }

  nonFinite(i: number): number {
    return this.signal(NON_FINITE, i);
  }

  get lossMin(): number {
    return this.#joined[LOSS_MIN];
  }

  get lossMax(): number {
    return this.#joined[LOSS_MAX];
  }

  get gradientNormMax(): number {
    return this.#joined[GRADIENT_NORM_MAX];
  }

  get updateCosineMin(): number {
    return this.#joined[UPDATE_COSINE_MIN];
  }

  get changedParametersMax(): number {
    return this.#joined[CHANGED_PARAMETERS_MAX];
  }

  get nonFiniteMax(): number {
    return this.#joined[NON_FINITE_MAX];
  }

  get lossNan(): number {
    return this.countIn(LOSS_NAN, 0, this.count);
  }

  get lossInfinite(): number {
    return this.countIn(LOSS_INFINITE, 0, this.count);
  }

  /** A signal by its place in SIGNAL_NAMES, of epoch firstEpoch + i. */
  signal(signal: number, i: number): number {
    return this.#signals[this.#place(signal, i)];
  }

  /** An extreme by its place in EXTREMES, over the chunk and the epochs that gave `before`. */
  extreme(extreme: number, before: number): number {
    const now = this.#joined[extreme];
    const isBeyond = ARE_MINIMA[extreme] ? now < before : now > before;
    return isBeyond || Number.isNaN(before) ? now : before;
  }

  /** The same over `count` epochs from i = `first` on. */
  extremeIn(extreme: number, before: number, first: number, count: number): number {
    const [signals, lanes] = [this.#signals, this.#lanes];
    const at = this.#place(SIGNALS_OF_EXTREMES[extreme], first);
    const end = at + count * lanes;
    return ARE_MINIMA[extreme]
      ? smallestOf(before, signals, at, end, lanes)
      : largestOf(before, signals, at, end, lanes);
  }

  /** A count by its place in COUNTS, over `count` epochs from i = `first` on. */
  countIn(kind: number, first: number, count: number): number {
    // What a count counts is non-finite too.
    if (this.nonFiniteMax === 0) return 0;
    const [signals, lanes] = [this.#signals, this.#lanes];
    const at = this.#place(SIGNALS_OF_COUNTS[kind], first);
    const end = at + count * lanes;
    return ARE_COUNTS_OF_NAN[kind] ? countNan(signals, at, end, lanes) : countInfinite(signals, at, end, lanes);
  }

  /** Copies the losses of `count` epochs from i = `first` on to `target`, from `at` on. */
  copyLosses(target: FloatArray, { at, first, count }: { at: number; first: number; count: number }): void {
    const [signals, lanes] = [this.#signals, this.#lanes];
    let from = this.#place(LOSS, first);
    for (let to = at; to < at + count; to++, from += lanes) target[to] = signals[from];
  }

  /**
   * Copies a signal by its place in SIGNAL_NAMES, of the last epoch of each `bucketEpochs`, to `target` from `at` on.
   */
  copyLastOfEach(bucketEpochs: number, signal: number, target: Numbers, at: number): void {
    const count = this.count / bucketEpochs;
    const run = { at: this.#place(signal, bucketEpochs - 1), count, stride: bucketEpochs * this.#lanes };
    copy(this.#signals, run, target, at);
  }

  /** Copies an extreme by its place in EXTREMES, of each `bucketEpochs`, to `target` from `at` on. */
  copyExtremes(bucketEpochs: number, extreme: number, target: Numbers, at: number): void {
    const count = this.count / bucketEpochs;
    if (count === this.subchunkCount) {
      copy(this.#extremes, { at: this.#extremePlace(extreme, 0), count, stride: this.#lanes }, target, at);
    } else {
      const none = NONES[extreme];
      for (let k = 0; k < count; k++) target[at + k] = this.extremeIn(extreme, none, k * bucketEpochs, bucketEpochs);
    }
  }

  /** Counts, by the place in COUNTS, the epochs of each `bucketEpochs` into `target` from `at` on. */
  copyCounts(bucketEpochs: number, kind: number, target: Uint32Array, at: number): void {
    const rowEnd = at + this.count / bucketEpochs;
    if (this.nonFiniteMax === 0) {
      // For a few rows `fill` takes longer than a loop.
      for (let row = at; row < rowEnd; row++) target[row] = 0;
      return;
    }
    const [signals, lanes, isNan] = [this.#signals, this.#lanes, ARE_COUNTS_OF_NAN[kind]];
    const step = bucketEpochs * lanes;
    let from = this.#place(SIGNALS_OF_COUNTS[kind], 0);
    for (let row = at; row < rowEnd; row++, from += step) {
      const end = from + step;
      target[row] = isNan ? countNan(signals, from, end, lanes) : countInfinite(signals, from, end, lanes);
    }
  }

  /** Where a signal of epoch firstEpoch + i stands in its section. */
  #place(signal: number, i: number): number {
    return signal * this.#signalLength + i * this.#lanes + this.#origin;
  }

  #takeExtremes(first: number, count: number): void {
    const [joined, extremes, lanes] = [this.#joined, this.#extremes, this.#lanes];
    for (let extreme = 0; extreme < NONES.length; extreme++) {
      const at = this.#extremePlace(extreme, first);
      const end = at + count * lanes;
      joined[extreme] = ARE_MINIMA[extreme]
        ? smallestOf(NONES[extreme], extremes, at, end, lanes)
        : largestOf(NONES[extreme], extremes, at, end, lanes);
    }
  }

  #extremePlace(extreme: number, subchunk: number): number {
    return extreme * this.#extremeLength + subchunk * this.#lanes + this.#lane;
  }
}

/** Numbers of a section: the place of the first, how many, and how far apart. */
interface Run {
  readonly at: number;
  readonly count: number;
  readonly stride: number;
}

/** What rows are made of. */
export type Numbers = Float64Array | Float32Array | Uint32Array;

// Extremes and counts of numbers from one place up to another, a stride apart. Of extremes, a number counts, and NaN
// only where there is nothing else. Names of places instead of a run: an object for each bucket would cost more.

function smallestOf(before: number, from: FloatArray, at: number, end: number, stride: number): number {
  let smallest = before;
  for (let i = at; i < end; i += stride) if (from[i] < smallest || Number.isNaN(smallest)) smallest = from[i];
  return smallest;
}

function largestOf(before: number, from: FloatArray, at: number, end: number, stride: number): number {
  let largest = before;
  for (let i = at; i < end; i += stride) if (from[i] > largest || Number.isNaN(largest)) largest = from[i];
  return largest;
}

function countNan(from: FloatArray, at: number, end: number, stride: number): number {
  let count = 0;
  for (let i = at; i < end; i += stride) if (Number.isNaN(from[i])) count++;
  return count;
}

function countInfinite(from: FloatArray, at: number, end: number, stride: number): number {
  let count = 0;
  for (let i = at; i < end; i += stride) if (Math.abs(from[i]) === Number.POSITIVE_INFINITY) count++;
  return count;
}

/** Copies a run to `to` from `row` on. A loop for each type: one for all would look up the type at each number. */
function copy(from: FloatArray, run: Run, to: Numbers, row: number): void {
  if (to instanceof Float64Array) copyDoubles(from, run, to, row);
  else if (to instanceof Float32Array) copySingles(from, run, to, row);
  else copyWholes(from, run, to, row);
}

function copyDoubles(from: FloatArray, { at, count, stride }: Run, to: Float64Array, row: number): void {
  for (let k = 0, i = at; k < count; k++, i += stride) to[row + k] = from[i];
}

function copySingles(from: FloatArray, { at, count, stride }: Run, to: Float32Array, row: number): void {
  for (let k = 0, i = at; k < count; k++, i += stride) to[row + k] = from[i];
}

function copyWholes(from: FloatArray, { at, count, stride }: Run, to: Uint32Array, row: number): void {
  for (let k = 0, i = at; k < count; k++, i += stride) to[row + k] = from[i];
}
