/**
 * Spikes and level shifts of the loss. A spike begins where the loss exceeds a multiple of its base, the smallest loss
 * of the window before, raised to a floor; the base stays until the loss has come back and stayed. One that does not
 * come back in time is a level shift, after which the window begins again. NaN closes a spike; over a base of 0 there
 * is none.
 */

import type { Thresholds } from '../../schemas/detectors.ts';
import type { SpikeShape } from '../../schemas/events.ts';
import type { FloatArray } from '../numeric/bits.ts';
import { decades } from './decades.ts';
import type { NumberReader, NumberWriter } from './numbers.ts';
import type { SignalChunk } from './signals.ts';
import { SlidingMinimum } from './sliding-minimum.ts';

/** A spike or level shift as it is told of. */
export interface Spike extends SpikeShape {
  readonly kind: 'spike' | 'level-shift';
  readonly epoch: number;
  readonly endEpoch: number | null;
}

/** What a run has of counted spikes, the open one included. */
export interface SpikeStatistics {
  /** Of the whole run. */
  readonly count: number;
  /** Of those that began in the tail: how many, median distance of neighbouring peaks, median height in decades. */
  readonly tailCount: number;
  /** Null where there are fewer than two. */
  readonly interval: number | null;
  /** Null where there is none. */
  readonly height: number | null;
}

export class SpikeDetector {
  readonly #thresholds: Thresholds;
  readonly #tailStart: number;
  readonly #emit: (spike: Spike) => void;
  readonly #minimum: SlidingMinimum;
  /** The first epoch that a spike may begin at. */
  #armedFrom: number;
  /** The first epoch of the open spike; 0 where none is open. */
  #onset = 0;
  #base = 0;
  #peak = 0;
  #peakEpoch = 0;
  /** Consecutive epochs, up to the last one, that the open spike was over for. */
  #lowEpochs = 0;
  /** Losses at or below it are no rise. */
  #floor = 0;
  /** Counted spikes that have ended. */
  #count = 0;
  /** First epochs of the latest of them, as many as make a network a spiking one. */
  #latestCounted: number[] = [];
  /** Of those of the tail. */
  #peakEpochs: number[] = [];
  #heights: number[] = [];
  /** Last epoch of the latest level shift; 0 where there was none. */
  #levelShiftEnd = 0;
  /** Epochs of the tail inside rises that have ended. */
  #tailOpenEpochs = 0;

  /** `window` has room for the losses of the window and is the detector's own while it is in use. */
  constructor(options: {
    thresholds: Thresholds;
    tailStart: number;
    window: FloatArray;
    emit: (spike: Spike) => void;
  }) {
    this.#thresholds = options.thresholds;
    this.#tailStart = options.tailStart;
    this.#emit = options.emit;
    this.#minimum = new SlidingMinimum(options.window);
    this.#armedFrom = options.thresholds.spikeStart;
  }

  /** Sets the loss that bases are raised to, before the first chunk. */
  setFloor(floor: number): void {
    this.#floor = floor;
  }

  /** The smallest loss of the window, raised to the floor. */
  get #baseNow(): number {
    return Math.max(this.#minimum.value, this.#floor);
  }

  observe(chunk: SignalChunk): void {
    if (this.#passOver(chunk)) return;
    for (let i = 0; i < chunk.subchunkCount; i++) this.#observeSubchunk(chunk.subchunk(i));
  }

  #observeSubchunk(subchunk: SignalChunk): void {
    if (this.#passOver(subchunk)) return;
    for (let i = 0; i < subchunk.count; )
      i = this.#onset === 0 ? this.#seekOnset(subchunk, i) : this.#followOpen(subchunk, i);
  }

  /** Takes a chunk in which nothing can happen, and says whether it is one. */
  #passOver(chunk: SignalChunk): boolean {
    const isQuiet = this.#onset === 0 ? this.#isCalm(chunk) : this.#isAloft(chunk);
    if (isQuiet) {
      this.#lowEpochs = 0;
      this.#minimum.pushChunk(chunk);
    }
    return isQuiet;
  }

  /**
   * Whether no spike can begin: over the chunk the base is at least the smaller of what it is now and the smallest loss
   * of the chunk. NaN begins no spike, and it moves no base.
   */
  #isCalm({ firstEpoch, count, lossMin, lossMax }: SignalChunk): boolean {
    if (firstEpoch + count <= this.#armedFrom) return true;
    const base = Math.max(Math.min(lossMin, this.#minimum.value), this.#floor);
    return lossMax <= this.#thresholds.spikeRise * base;
  }

  /** Whether the open spike neither grows nor nears its end. */
  #isAloft({ firstEpoch, count, lossMin, lossMax, lossNan }: SignalChunk): boolean {
    const { spikeFall, levelShiftEpochs } = this.#thresholds;
    if (!(lossMin > spikeFall * this.#base && lossMax <= this.#peak)) return false;
    return lossNan === 0 && firstEpoch + count <= this.#onset + levelShiftEpochs - 1;
  }

  /**
   * Takes the losses of a chunk from one on, to the beginning of a spike or the end of the chunk; returns how far it
   * came.
   */
  #seekOnset(chunk: SignalChunk, from: number): number {
    const { spikeRise } = this.#thresholds;
    for (let i = from; i < chunk.count; i++) {
      const [epoch, loss, base] = [chunk.firstEpoch + i, chunk.loss(i), this.#baseNow];
      this.#minimum.push(loss);
      if (!(loss > spikeRise * base && base > 0 && epoch >= this.#armedFrom)) continue;
      this.#onset = epoch;
      this.#base = base;
      this.#peak = loss;
      this.#peakEpoch = epoch;
      this.#lowEpochs = 0;
      return i + 1;
    }
    return chunk.count;
  }

  /** The same to the end of the open spike. */
  #followOpen(chunk: SignalChunk, from: number): number {
    const { spikeFall, spikeFallEpochs, levelShiftEpochs, spikeStart } = this.#thresholds;
    const lowMax = spikeFall * this.#base;
    const lastOpenEpoch = this.#onset + levelShiftEpochs - 1;
    let [i, epoch] = [from, chunk.firstEpoch + from - 1];
    let end: Spike['kind'] | null = null;
    while (end === null && i < chunk.count) {
      const loss = chunk.loss(i++);
      epoch++;
      if (loss > this.#peak) {
        this.#peak = loss;
        this.#peakEpoch = epoch;
      }
      this.#lowEpochs = loss <= lowMax ? this.#lowEpochs + 1 : 0;
      if (Number.isNaN(loss) || this.#lowEpochs === spikeFallEpochs) end = 'spike';
      else if (epoch >= lastOpenEpoch) end = 'level-shift';
    }
    this.#minimum.pushSubchunk(chunk, { first: from, count: i - from });
    if (end === null) return i;
    this.#close(end, this.#lowEpochs === spikeFallEpochs ? epoch - spikeFallEpochs + 1 : epoch);
    if (end === 'level-shift') {
      this.#minimum.restart();
      this.#armedFrom = epoch + 1 + spikeStart;
    }
    return i;
  }

  #close(kind: Spike['kind'], endEpoch: number): void {
    const spike = this.#openSpike(kind, endEpoch);
    if (kind === 'spike') this.#take(spike);
    else this.#levelShiftEnd = endEpoch;
    this.#tailOpenEpochs += this.#tailEpochsTo(endEpoch);
    this.#onset = 0;
    this.#lowEpochs = 0;
    this.#emit(spike);
  }

  #openSpike(kind: Spike['kind'], endEpoch: number | null): Spike {
    const [peak, base] = [this.#peak, this.#base];
    const height = decades(peak, base);
    return { kind, epoch: this.#onset, endEpoch, peakEpoch: this.#peakEpoch, height, base, peak };
  }

  /** Epochs of the open rise up to one, as far as they lie in the tail. */
  #tailEpochsTo(epoch: number): number {
    return Math.max(0, epoch - Math.max(this.#onset, this.#tailStart) + 1);
  }

  #take(spike: Spike): void {
    if (!this.#isCounted(spike)) return;
    const { epoch, peakEpoch, height } = spike;
    this.#count++;
    this.#latestCounted.push(epoch);
    if (this.#latestCounted.length > this.#thresholds.spikingCount) this.#latestCounted.shift();
    if (epoch < this.#tailStart) return;
    this.#peakEpochs.push(peakEpoch);
    this.#heights.push(height);
  }

  #isCounted({ peak, base }: Spike): boolean {
    return peak >= this.#thresholds.spikingHeight * base;
  }

  /** Whether a rise is open by now. */
  get isOpen(): boolean {
    return this.#onset !== 0;
  }

  /** The spike that is open by now, or null. */
  get open(): Spike | null {
    return this.#onset === 0 ? null : this.#openSpike('spike', null);
  }

  /** The open spike where it counts. */
  get #openCounted(): Spike | null {
    const { open } = this;
    return open !== null && this.#isCounted(open) ? open : null;
  }

  /**
   * How many of the latest counted spikes began at an epoch or later, up to as many as make a network a spiking one.
   */
  countSince(epoch: number): number {
    const open = this.#openCounted;
    const first = open === null ? this.#latestCounted : [...this.#latestCounted, open.epoch];
    return Math.min(first.filter((one) => one >= epoch).length, this.#thresholds.spikingCount);
  }

  /** Whether a level shift ended at an epoch or later. */
  hasLevelShiftSince(epoch: number): boolean {
    return this.#levelShiftEnd >= epoch;
  }

  /** Epochs of the tail, up to the last epoch of the run, that lie inside rises. */
  tailOpenEpochs(lastEpoch: number): number {
    return this.#tailOpenEpochs + (this.#onset === 0 ? 0 : this.#tailEpochsTo(lastEpoch));
  }

  statistics(): SpikeStatistics {
    const open = this.#openCounted;
    const isInTail = open !== null && open.epoch >= this.#tailStart;
    const peakEpochs = isInTail ? [...this.#peakEpochs, open.peakEpoch] : this.#peakEpochs;
    const heights = isInTail ? [...this.#heights, open.height] : this.#heights;
    const intervals = peakEpochs.slice(1).map((peakEpoch, i) => peakEpoch - peakEpochs[i]);
    return {
      count: this.#count + Number(open !== null),
      tailCount: heights.length,
      interval: intervals.length === 0 ? null : median(intervals),
      height: heights.length === 0 ? null : median(heights),
    };
  }

  save(numbers: NumberWriter): void {
    numbers.write(this.#armedFrom, this.#onset, this.#base, this.#peak, this.#peakEpoch, this.#lowEpochs);
    numbers.write(this.#floor, this.#count, this.#levelShiftEnd, this.#tailOpenEpochs);
    numbers.writeList(this.#latestCounted);
    numbers.writeList(this.#peakEpochs);
    numbers.writeList(this.#heights);
    this.#minimum.save(numbers);
  }

  /** The window in short, for a checkpoint. */
  window(): FloatArray {
    return this.#minimum.window();
  }

  restore(numbers: NumberReader, window: FloatArray): void {
    this.#armedFrom = numbers.read();
    this.#onset = numbers.read();
    this.#base = numbers.read();
    this.#peak = numbers.read();
    this.#peakEpoch = numbers.read();
    this.#lowEpochs = numbers.read();
    this.#floor = numbers.read();
    this.#count = numbers.read();
    this.#levelShiftEnd = numbers.read();
    this.#tailOpenEpochs = numbers.read();
    this.#latestCounted = numbers.readList();
    this.#peakEpochs = numbers.readList();
    this.#heights = numbers.readList();
    this.#minimum.restore(numbers, window);
  }

  /** Forgets what was counted for a tail that is not the run's any more. */
  forgetTail(): void {
    this.#peakEpochs = [];
    this.#heights = [];
    this.#tailOpenEpochs = 0;
  }
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
