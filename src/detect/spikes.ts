/**
 * Spikes and level shifts of the loss. A spike begins where the loss exceeds a multiple of its base, the smallest loss
 * of the window before; the base is frozen until the loss has come back and stayed. One that does not come back in time
 * is a level shift, after which the window begins anew. NaN closes a spike; over a base of 0 there is none.
 */

import type { Thresholds } from '../../schemas/detectors.ts';
import type { SpikeShape } from '../../schemas/events.ts';
import type { FloatArray } from '../numeric/bits.ts';
import { log } from '../numeric/elementary.ts';
import type { NumberReader, NumberWriter } from './numbers.ts';
import type { SignalChunk } from './signals.ts';
import { SlidingMinimum } from './sliding-minimum.ts';

/** A spike or level shift as it is told of. */
export interface Spike extends SpikeShape {
  readonly kind: 'spike' | 'level-shift';
  readonly epoch: number;
  readonly endEpoch: number | null;
}

/** What the tail of a run has of spikes. */
export interface SpikeStatistics {
  readonly count: number;
  /** Median distance of neighbouring peaks, in epochs, and median height in decades; null where there are too few. */
  readonly interval: number | null;
  readonly height: number | null;
}

/** log10(peak / base). */
function heightInDecades(peak: number, base: number): number {
  const ratio = peak / base;
  // Over a subnormal base the ratio may overflow where its logarithm does not.
  return (ratio < Number.POSITIVE_INFINITY ? log(ratio) : log(peak) - log(base)) * Math.LOG10E;
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
  /** Onsets of the latest tall spikes, as many as make a network a spiking one. */
  #tallOnsets: number[] = [];
  /** Of the counted spikes of the tail. */
  #peakEpochs: number[] = [];
  #heights: number[] = [];

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
   * of the chunk.
   */
  #isCalm({ firstEpoch, count, lossMin, lossMax }: SignalChunk): boolean {
    if (firstEpoch + count <= this.#armedFrom) return true;
    const base = this.#minimum.value;
    return lossMax <= this.#thresholds.spikeRise * (lossMin < base ? lossMin : base);
  }

  /** Whether the open spike neither grows nor nears its end. */
  #isAloft({ firstEpoch, count, lossMin, lossMax }: SignalChunk): boolean {
    const { spikeFall, levelShiftEpochs } = this.#thresholds;
    if (!(lossMin > spikeFall * this.#base && lossMax <= this.#peak)) return false;
    return firstEpoch + count <= this.#onset + levelShiftEpochs - 1;
  }

  /**
   * Takes the losses of a chunk from one on, to the beginning of a spike or the end of the chunk; returns how far it
   * came.
   */
  #seekOnset(chunk: SignalChunk, from: number): number {
    const { spikeRise } = this.#thresholds;
    for (let i = from; i < chunk.count; i++) {
      const [epoch, loss, base] = [chunk.firstEpoch + i, chunk.loss(i), this.#minimum.value];
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
    if (kind === 'spike') this.#count(spike);
    this.#onset = 0;
    this.#lowEpochs = 0;
    this.#emit(spike);
  }

  #openSpike(kind: Spike['kind'], endEpoch: number | null): Spike {
    const [peak, base] = [this.#peak, this.#base];
    const height = heightInDecades(peak, base);
    return { kind, epoch: this.#onset, endEpoch, peakEpoch: this.#peakEpoch, height, base, peak };
  }

  #count(spike: Spike): void {
    const { epoch, peakEpoch, height } = spike;
    if (this.#isTall(spike)) {
      this.#tallOnsets.push(epoch);
      if (this.#tallOnsets.length > this.#thresholds.spikingCount) this.#tallOnsets.shift();
    }
    if (this.#isCounted(spike)) {
      this.#peakEpochs.push(peakEpoch);
      this.#heights.push(height);
    }
  }

  #isTall({ peak, base }: Spike): boolean {
    return peak >= this.#thresholds.spikingHeight * base;
  }

  #isCounted({ epoch, peak, base }: Spike): boolean {
    return epoch >= this.#tailStart && peak >= this.#thresholds.countedHeight * base;
  }

  /** The spike that is open by now, or null. */
  get open(): Spike | null {
    return this.#onset === 0 ? null : this.#openSpike('spike', null);
  }

  /** Whether enough tall spikes, the open one included, have begun since an epoch. */
  isSpikingSince(epoch: number): boolean {
    const { open } = this;
    const onsets = open !== null && this.#isTall(open) ? [...this.#tallOnsets, open.epoch] : this.#tallOnsets;
    const { spikingCount } = this.#thresholds;
    return onsets.length >= spikingCount && onsets[onsets.length - spikingCount] >= epoch;
  }

  /** Of the spikes that began in the tail, the open one included. */
  statistics(): SpikeStatistics {
    const { open } = this;
    const isCounted = open !== null && this.#isCounted(open);
    const peakEpochs = isCounted ? [...this.#peakEpochs, open.peakEpoch] : this.#peakEpochs;
    const heights = isCounted ? [...this.#heights, open.height] : this.#heights;
    const count = heights.length;
    if (count < this.#thresholds.countedMin) return { count, interval: null, height: null };
    const intervals = peakEpochs.slice(1).map((peakEpoch, i) => peakEpoch - peakEpochs[i]);
    return { count, interval: median(intervals), height: median(heights) };
  }

  save(numbers: NumberWriter): void {
    numbers.write(this.#armedFrom, this.#onset, this.#base, this.#peak, this.#peakEpoch, this.#lowEpochs);
    numbers.writeList(this.#tallOnsets);
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
    this.#tallOnsets = numbers.readList();
    this.#peakEpochs = numbers.readList();
    this.#heights = numbers.readList();
    this.#minimum.restore(numbers, window);
  }

  /** Forgets what was counted for a tail that is not the run's any more. */
  forgetTail(): void {
    this.#peakEpochs = [];
    this.#heights = [];
  }
}

/** The middle value, or the mean of the two in the middle. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
