/**
 * Watches one network's signals, every epoch of them: tells of events once they have ended, and reads off the whole run
 * at its end. Streaming: what it has seen is a few numbers and one window of losses, and how the epochs were cut into
 * chunks never changes the answer.
 */
import { EVENT_KINDS, type EventKind } from '../../schemas/catalogue.ts';
import type { Thresholds } from '../../schemas/detectors.ts';
import type { NetworkEvent } from '../../schemas/events.ts';
import { isDiverged, type Labels } from '../../schemas/labels.ts';
import type { FloatArray } from '../numeric/bits.ts';
import { FlipDetector } from './flips.ts';
import { type Freeze, FreezeDetector } from './freeze.ts';
import { History } from './history.ts';
import { decadesAbove, type MotionFacts, motionOf, outcomeOf } from './labels.ts';
import { LossCourse } from './losses.ts';
import { NumberReader, NumberWriter } from './numbers.ts';
import type { SignalChunk } from './signals.ts';
import { type Spike, SpikeDetector } from './spikes.ts';
import { EndLosses, endEpochs, firstTailEpoch, RangeExtremes, tailEpochs, tailStart } from './tail.ts';

/** What is read off a network's whole run; epochs are counted from 1. Columns of networks.arrow say what each is. */
export interface Readings extends Labels {
  readonly targetVariance: number;
  readonly lossFirst: number;
  /** NaN where no loss was a number. */
  readonly lossMin: number;
  /** Null where no loss was a number. */
  readonly lossMinEpoch: number | null;
  readonly lossEnd: number | null;
  readonly lossLast: number;
  readonly lostDecades: number | null;
  readonly tailRangeDecades: number | null;
  readonly excursion: number | null;
  readonly onsetEpoch: number | null;
  readonly divergedEpoch: number | null;
  readonly nonFiniteEpoch: number | null;
  readonly spikeCount: number;
  readonly tailSpikeCount: number;
  readonly spikeInterval: number | null;
  readonly spikeHeight: number | null;
  readonly flipFraction: number;
}

/** An observer in numbers. */
export interface SavedObserver {
  readonly numbers: Float64Array;
  /** In the precision of the losses. */
  readonly window: FloatArray;
}

/** What is only seen in the light of where the run ends. */
interface Ending {
  readonly tail: RangeExtremes;
  /** The beginning of the tail, and the end that a trend leads to. */
  readonly head: RangeExtremes;
  readonly trendEnd: RangeExtremes;
  readonly end: RangeExtremes;
  readonly endLosses: EndLosses;
}

/** A streaming observer of one network over `epochs` epochs. */
export class Observer {
  readonly #epochs: number;
  readonly #thresholds: Thresholds;
  /** V; NaN until the first loss, where that takes its place. */
  #targetVariance: number;
  readonly #isShuffled: boolean;
  readonly #emit: (event: NetworkEvent) => void;
  readonly #losses: LossCourse;
  readonly #spikes: SpikeDetector;
  readonly #flips: FlipDetector;
  readonly #freezes: FreezeDetector;
  readonly #history = new History();
  #ending: Ending;
  #epoch = 0;
  /** Events told of so far, by kind. */
  readonly #told = Object.fromEntries(EVENT_KINDS.map((kind) => [kind, 0])) as Record<EventKind, number>;

  /**
   * `window` has room for the losses of a spike's look-back, in the precision of the losses, and is the observer's own
   * while it is in use. `targetVariance` is the mean over outputs of the variance of their targets; the first loss
   * takes its place where it is 0 or null. `isShuffled` says whether batches are drawn in a new order each epoch.
   */
  constructor(options: {
    epochs: number;
    thresholds: Thresholds;
    targetVariance: number | null;
    isShuffled: boolean;
    window: FloatArray;
    emit: (event: NetworkEvent) => void;
  }) {
    const { epochs, thresholds, window } = options;
    this.#epochs = epochs;
    this.#thresholds = thresholds;
    this.#targetVariance = options.targetVariance || Number.NaN;
    this.#isShuffled = options.isShuffled;
    this.#emit = options.emit;
    const start = tailStart(epochs, thresholds.tail);
    const tell = (event: NetworkEvent) => this.#tell(event);
    this.#losses = new LossCourse({
      excursionStart: thresholds.excursionStart,
      emitNonFinite: (epoch) => tell(moment('non-finite', epoch)),
    });
    this.#spikes = new SpikeDetector({
      thresholds,
      tailStart: start,
      window,
      emit: (spike) => tell(spikeEvent(spike)),
    });
    this.#flips = new FlipDetector({ thresholds, tailStart: start, emit: (epoch) => tell(moment('onset', epoch)) });
    this.#freezes = new FreezeDetector({
      frozenEpochs: thresholds.frozenEpochs,
      emit: (freeze) => tell(freezeEvent(freeze)),
    });
    this.#ending = endingOf(epochs, thresholds);
  }

  /** Takes the next epochs; chunks must follow one another without a gap. */
  observe(chunk: SignalChunk): void {
    const { firstEpoch, count, subchunkCount } = chunk;
    if (count === 0) return;
    if (firstEpoch !== this.#epoch + 1) throw new Error(`epoch ${firstEpoch} follows upon epoch ${this.#epoch}`);
    if (firstEpoch === 1) this.#setScale(chunk.loss(0));
    this.#epoch += count;
    this.#losses.observe(chunk);
    this.#spikes.observe(chunk);
    this.#freezes.observe(chunk);
    const { isOpen } = this.#spikes;
    for (let i = 0; i < subchunkCount; i++) {
      const subchunk = chunk.subchunk(i);
      const flips = this.#flips.observe(subchunk);
      this.#history.add(subchunk.count, subchunk.lossMin, subchunk.lossMax, flips, isOpen ? subchunk.count : 0);
    }
    const { tail, head, trendEnd, end, endLosses } = this.#ending;
    tail.observe(chunk);
    head.observe(chunk);
    trendEnd.observe(chunk);
    end.observe(chunk);
    endLosses.observe(chunk);
  }

  /** Sets what losses are compared with, which the first loss may decide. */
  #setScale(firstLoss: number): void {
    if (Number.isNaN(this.#targetVariance)) this.#targetVariance = firstLoss;
    this.#losses.setTrainedMax(this.#thresholds.trainedShare * this.#targetVariance);
    this.#spikes.setFloor(this.#floor);
  }

  get #floor(): number {
    const floor = this.#thresholds.lossFloor * this.#targetVariance;
    // A first loss that is NaN is no scale.
    return Number.isNaN(floor) ? 0 : floor;
  }

  #tell(event: NetworkEvent): void {
    this.#told[event.kind]++;
    this.#emit(event);
  }

  /** All that has been seen. */
  save(): SavedObserver {
    const numbers = new NumberWriter();
    numbers.write(this.#epoch, this.#epochs, ...EVENT_KINDS.map((kind) => this.#told[kind]), this.#targetVariance);
    this.#losses.save(numbers);
    this.#spikes.save(numbers);
    this.#flips.save(numbers);
    this.#freezes.save(numbers);
    this.#history.save(numbers);
    for (const seen of Object.values(this.#ending)) seen.save(numbers);
    return { numbers: numbers.finish(), window: this.#spikes.window() };
  }

  /**
   * Goes on where another observer was, of a run of as many epochs, or of other ones if it was not yet in the tail of
   * this run: what was seen of an earlier tail is forgotten.
   */
  restore({ numbers: saved, window }: SavedObserver): void {
    const numbers = new NumberReader(saved);
    this.#epoch = numbers.read();
    const epochs = numbers.read();
    if (epochs !== this.#epochs && this.#epoch >= firstTailEpoch(this.#epochs, this.#thresholds))
      throw new Error(`seen ${this.#epoch} of ${epochs} epochs: too far for the tail of ${this.#epochs}`);
    for (const kind of EVENT_KINDS) this.#told[kind] = numbers.read();
    this.#targetVariance = numbers.read();
    this.#losses.restore(numbers);
    this.#spikes.restore(numbers, window);
    this.#flips.restore(numbers);
    this.#freezes.restore(numbers);
    this.#history.restore(numbers);
    for (const seen of Object.values(this.#ending)) seen.restore(numbers);
    numbers.finish();
    if (epochs === this.#epochs) return;
    this.#spikes.forgetTail();
    this.#flips.forgetTail();
    this.#ending = endingOf(this.#epochs, this.#thresholds);
  }

  /**
   * The labels that the network would have, had its run ended now: exact in what the whole run decides, and to about a
   * thirtieth of the epochs so far in what its end decides.
   */
  provisionalLabels(): Labels {
    const epochs = Math.max(1, this.#epoch);
    const thresholds = this.#thresholds;
    const tailLength = tailEpochs(epochs, thresholds.tail);
    const start = epochs - tailLength + 1;
    const headLength = tailEpochs(tailLength, thresholds.trendHead);
    const tail = this.#history.past({ from: 1, until: tailLength });
    const last = (length: number) => this.#history.past({ from: 1, until: length }).lossMin;
    return this.#labels(last(endEpochs(epochs, thresholds)), {
      spikeCount: this.#spikes.countSince(start),
      hasLevelShift: this.#spikes.hasLevelShiftSince(start),
      openShare: tail.open / tail.epochs,
      rangeDecades: decadesAbove(tail.lossMin, tail.lossMax, this.#floor) ?? 0,
      flipShare: tail.flips / tail.epochs,
      headMin: this.#history.past({ from: tailLength - headLength + 1, until: tailLength }).lossMin,
      trendEndMin: last(tailEpochs(epochs, thresholds.trendEnd)),
    });
  }

  /** What is read off the run, once every epoch has been seen. */
  readings(): Readings {
    const [losses, floor, epochs] = [this.#losses, this.#floor, this.#epochs];
    const { tail, head, trendEnd, end, endLosses } = this.#ending;
    const tailLength = tailEpochs(epochs, this.#thresholds.tail);
    const start = epochs - tailLength + 1;
    const flipFraction = this.#flips.tailFlips / tailLength;
    const rangeDecades = decadesAbove(tail.minimum, tail.maximum, floor);
    const spikes = this.#spikes.statistics();
    const labels = this.#labels(end.minimum, {
      spikeCount: spikes.tailCount,
      hasLevelShift: this.#spikes.hasLevelShiftSince(start),
      openShare: this.#spikes.tailOpenEpochs(epochs) / tailLength,
      rangeDecades: rangeDecades ?? 0,
      flipShare: flipFraction,
      headMin: head.minimum,
      trendEndMin: trendEnd.minimum,
    });
    const isSpiking = labels.motion === 'spiking';
    const hasNumbers = losses.minimumEpoch !== null;
    return {
      outcome: labels.outcome,
      motion: labels.motion,
      targetVariance: this.#targetVariance,
      lossFirst: losses.first,
      lossMin: hasNumbers ? losses.minimum : Number.NaN,
      lossMinEpoch: losses.minimumEpoch,
      lossEnd: endLosses.median(),
      lossLast: losses.last,
      lostDecades: end.minimum <= end.maximum ? decadesAbove(losses.minimum, end.minimum, floor) : null,
      tailRangeDecades: rangeDecades,
      excursion: losses.excursion,
      onsetEpoch: this.#flips.onsetEpoch,
      divergedEpoch: isDiverged(labels.outcome) ? losses.lastTrainedEpoch : null,
      nonFiniteEpoch: losses.nonFiniteEpoch,
      spikeCount: spikes.count,
      tailSpikeCount: spikes.tailCount,
      spikeInterval: isSpiking ? spikes.interval : null,
      spikeHeight: isSpiking ? spikes.height : null,
      flipFraction,
    };
  }

  /**
   * The events that the end of the run makes, given what is read off it: what is still open, and divergence. They hold
   * for a run of so many epochs; one that goes on has others, so that the observer itself forgets them.
   */
  lastEvents({ divergedEpoch }: Pick<Readings, 'divergedEpoch'>): NetworkEvent[] {
    const [spike, freeze] = [this.#spikes.open, this.#freezes.open];
    return [
      ...(divergedEpoch === null ? [] : [moment('divergence', divergedEpoch)]),
      ...(spike === null ? [] : [spikeEvent(spike)]),
      ...(freeze === null ? [] : [freezeEvent(freeze)]),
    ];
  }

  /** The labels, given the smallest loss of the end and what the tail decides. */
  #labels(endMin: number, tail: Omit<MotionFacts, 'floor' | 'isFrozen' | 'isShuffled'>): Labels {
    const losses = this.#losses;
    const outcome = outcomeOf(
      {
        isNonFinite: losses.nonFiniteEpoch !== null,
        targetVariance: this.#targetVariance,
        lossFirst: losses.first,
        lossMin: losses.minimum,
        endMin,
      },
      this.#thresholds,
    );
    if (outcome === 'non-finite') return { outcome, motion: null };
    // Member by member: spreading takes longer than all the rest.
    const motion = motionOf(
      {
        floor: this.#floor,
        isFrozen: this.#freezes.open !== null,
        isShuffled: this.#isShuffled,
        spikeCount: tail.spikeCount,
        hasLevelShift: tail.hasLevelShift,
        openShare: tail.openShare,
        rangeDecades: tail.rangeDecades,
        flipShare: tail.flipShare,
        headMin: tail.headMin,
        trendEndMin: tail.trendEndMin,
      },
      this.#thresholds,
    );
    return { outcome, motion };
  }
}

/**
 * How many events of each kind a saved observer had told of. Those of one kind come in the order of their epochs,
 * spikes and level shifts together: whoever takes a network back to a checkpoint keeps as many rows from the first on,
 * and no divergence.
 */
export function eventsTold({ numbers }: SavedObserver): Readonly<Record<EventKind, number>> {
  return Object.fromEntries(EVENT_KINDS.map((kind, i) => [kind, numbers[2 + i]])) as Record<EventKind, number>;
}

function endingOf(epochs: number, thresholds: Thresholds): Ending {
  const from = tailStart(epochs, thresholds.tail);
  const headEnd = from + tailEpochs(epochs - from + 1, thresholds.trendHead) - 1;
  const endStart = epochs - endEpochs(epochs, thresholds) + 1;
  return {
    tail: new RangeExtremes({ from, until: epochs }),
    head: new RangeExtremes({ from, until: headEnd }),
    trendEnd: new RangeExtremes({ from: tailStart(epochs, thresholds.trendEnd), until: epochs }),
    end: new RangeExtremes({ from: endStart, until: epochs }),
    endLosses: new EndLosses(endStart),
  };
}

const moment = (kind: EventKind, epoch: number): NetworkEvent => ({ kind, epoch, endEpoch: null, spike: null });

const spikeEvent = ({ kind, epoch, endEpoch, peakEpoch, height, base, peak }: Spike): NetworkEvent => ({
  kind,
  epoch,
  endEpoch,
  spike: { peakEpoch, height, base, peak },
});

const freezeEvent = ({ epoch, endEpoch }: Freeze): NetworkEvent => ({ kind: 'freeze', epoch, endEpoch, spike: null });
