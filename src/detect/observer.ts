/**
 * Watches one network's signals, every epoch of them: tells of events as they are over, and says at the end what became
 * of it. Streaming: what it has seen is a few numbers and one window of losses, and how the epochs were cut into chunks
 * never changes the answer.
 */
import { EVENT_KINDS, type EventKind, type LabelName } from '../../schemas/catalogue.ts';
import type { Thresholds } from '../../schemas/detectors.ts';
import type { NetworkEvent } from '../../schemas/events.ts';
import type { FloatArray } from '../numeric/bits.ts';
import { FlipDetector } from './flips.ts';
import { History } from './history.ts';
import { isDegraded, type LabelFacts, labelOf } from './labels.ts';
import { LossCourse } from './losses.ts';
import { NumberReader, NumberWriter } from './numbers.ts';
import type { SignalChunk } from './signals.ts';
import { type Spike, SpikeDetector } from './spikes.ts';
import { type Stagnation, StagnationDetector } from './stagnation.ts';
import { firstTailEpoch, RangeMinimum, tailEpochs, tailStart } from './tail.ts';

/** What a network's run comes to; epochs are counted from 1. */
export interface NetworkOutcome {
  readonly label: LabelName;
  /** Minimum of the last 10 % of epochs > 10 × minimum of the run. */
  readonly degraded: boolean;
  readonly onsetEpoch: number | null;
  /** The last epoch with loss ≤ 10 × minimum; null unless diverged or non-finite. */
  readonly divergedEpoch: number | null;
  readonly nonFiniteEpoch: number | null;
  readonly spikeCount: number;
  readonly spikeInterval: number | null;
  readonly spikeHeight: number | null;
  readonly flipFraction: number;
  readonly lossFirst: number;
  /** NaN where no loss was a number. */
  readonly lossMin: number;
  /** Null where no loss was a number. */
  readonly lossMinEpoch: number | null;
  readonly lossLast: number;
}

/** An observer in numbers. */
export interface SavedObserver {
  readonly numbers: Float64Array;
  /** In the precision of the losses. */
  readonly window: FloatArray;
}

/** A streaming observer of one network over `epochs` epochs. */
export class Observer {
  readonly #epochs: number;
  readonly #thresholds: Thresholds;
  readonly #targetVariance: number | null;
  readonly #emit: (event: NetworkEvent) => void;
  readonly #losses: LossCourse;
  readonly #spikes: SpikeDetector;
  readonly #flips: FlipDetector;
  readonly #stagnation: StagnationDetector;
  readonly #history = new History();
  /** Smallest losses of the ranges at the end that labels look at. */
  #minima: Readonly<Record<'divergence' | 'head' | 'tail', RangeMinimum>>;
  #epoch = 0;
  /** Events told of so far, by kind. */
  readonly #told = Object.fromEntries(EVENT_KINDS.map((kind) => [kind, 0])) as Record<EventKind, number>;

  /**
   * `window` has room for the losses of the spikes' window, in the precision of the losses, and is the observer's own
   * while it is in use. Without a variance of the targets, the first loss takes its place.
   */
  constructor(options: {
    epochs: number;
    thresholds: Thresholds;
    targetVariance: number | null;
    window: FloatArray;
    emit: (event: NetworkEvent) => void;
  }) {
    const { epochs, thresholds, window } = options;
    this.#epochs = epochs;
    this.#thresholds = thresholds;
    this.#targetVariance = options.targetVariance;
    this.#emit = options.emit;
    const start = tailStart(epochs, thresholds.tail);
    const tell = (event: NetworkEvent) => this.#tell(event);
    this.#losses = new LossCourse({
      lossRatio: thresholds.lossRatio,
      emitNonFinite: (epoch) => tell(moment('non-finite', epoch)),
    });
    this.#spikes = new SpikeDetector({
      thresholds,
      tailStart: start,
      window,
      emit: (spike) => tell(spikeEvent(spike)),
    });
    this.#flips = new FlipDetector({ thresholds, tailStart: start, emit: (epoch) => tell(moment('onset', epoch)) });
    this.#stagnation = new StagnationDetector({
      stagnationEpochs: thresholds.stagnationEpochs,
      emit: (stagnation) => tell(stagnationEvent(stagnation)),
    });
    this.#minima = minimaOf(epochs, thresholds);
  }

  /** Takes the next epochs; chunks must follow one another without a gap. */
  observe(chunk: SignalChunk): void {
    const { firstEpoch, count, subchunkCount } = chunk;
    if (count === 0) return;
    if (firstEpoch !== this.#epoch + 1) throw new Error(`epoch ${firstEpoch} follows upon epoch ${this.#epoch}`);
    this.#epoch += count;
    this.#losses.observe(chunk);
    this.#spikes.observe(chunk);
    this.#stagnation.observe(chunk);
    for (let i = 0; i < subchunkCount; i++) {
      const subchunk = chunk.subchunk(i);
      this.#history.add(subchunk.count, subchunk.lossMin, this.#flips.observe(subchunk));
    }
    const { divergence, head, tail } = this.#minima;
    divergence.observe(chunk);
    head.observe(chunk);
    tail.observe(chunk);
  }

  #tell(event: NetworkEvent): void {
    this.#told[event.kind]++;
    this.#emit(event);
  }

  /** All that has been seen. */
  save(): SavedObserver {
    const numbers = new NumberWriter();
    numbers.write(this.#epoch, this.#epochs, ...EVENT_KINDS.map((kind) => this.#told[kind]));
    this.#losses.save(numbers);
    this.#spikes.save(numbers);
    this.#flips.save(numbers);
    this.#stagnation.save(numbers);
    this.#history.save(numbers);
    for (const minimum of Object.values(this.#minima)) minimum.save(numbers);
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
    this.#losses.restore(numbers);
    this.#spikes.restore(numbers, window);
    this.#flips.restore(numbers);
    this.#stagnation.restore(numbers);
    this.#history.restore(numbers);
    for (const minimum of Object.values(this.#minima)) minimum.restore(numbers);
    numbers.finish();
    if (epochs === this.#epochs) return;
    this.#spikes.forgetTail();
    this.#flips.forgetTail();
    this.#minima = minimaOf(this.#epochs, this.#thresholds);
  }

  /**
   * The label that the network would have, had its run ended now: exact in what the whole run decides, and to about a
   * thirtieth of the epochs so far in what its end decides.
   */
  provisionalLabel(): LabelName {
    const epochs = Math.max(1, this.#epoch);
    const { tail, divergenceTail, convergenceHead, convergenceTail } = this.#thresholds;
    const tailLength = tailEpochs(epochs, tail);
    const history = this.#history;
    const last = (share: number) => history.minimum({ from: 1, until: tailEpochs(epochs, share) });
    const headLength = tailEpochs(tailLength, convergenceHead);
    const facts = this.#facts({
      divergenceTailMin: last(divergenceTail),
      isSpiking: this.#spikes.isSpikingSince(tailStart(epochs, tail)),
      flipFraction: history.flipShare(tailLength),
      convergenceHeadMin: history.minimum({ from: tailLength - headLength + 1, until: tailLength }),
      convergenceTailMin: last(convergenceTail),
    });
    return labelOf(facts, this.#thresholds);
  }

  /** The outcome, once every epoch has been seen. */
  outcome(): NetworkOutcome {
    const { divergence, head, tail } = this.#minima;
    const losses = this.#losses;
    const flipFraction = this.#flips.tailFlips / tailEpochs(this.#epochs, this.#thresholds.tail);
    const facts = this.#facts({
      divergenceTailMin: divergence.value,
      isSpiking: this.#spikes.isSpikingSince(tailStart(this.#epochs, this.#thresholds.tail)),
      flipFraction,
      convergenceHeadMin: head.value,
      convergenceTailMin: tail.value,
    });
    const label = labelOf(facts, this.#thresholds);
    const { count, interval, height } = this.#spikes.statistics();
    return {
      label,
      degraded: isDegraded(facts, this.#thresholds),
      onsetEpoch: this.#flips.onsetEpoch,
      divergedEpoch: label === 'diverged' || label === 'non-finite' ? losses.lastLowEpoch : null,
      nonFiniteEpoch: losses.nonFiniteEpoch,
      spikeCount: count,
      spikeInterval: interval,
      spikeHeight: height,
      flipFraction,
      lossFirst: losses.first,
      lossMin: losses.minimumEpoch === null ? Number.NaN : losses.minimum,
      lossMinEpoch: losses.minimumEpoch,
      lossLast: losses.last,
    };
  }

  /**
   * The events that the end of the run makes, given its outcome: what is still open, and divergence. They hold for a
   * run of so many epochs; one that goes on has others, so that the observer itself forgets them.
   */
  lastEvents({ divergedEpoch }: Pick<NetworkOutcome, 'divergedEpoch'>): NetworkEvent[] {
    const [spike, stagnation] = [this.#spikes.open, this.#stagnation.open];
    return [
      ...(divergedEpoch === null ? [] : [moment('divergence', divergedEpoch)]),
      ...(spike === null ? [] : [spikeEvent(spike)]),
      ...(stagnation === null ? [] : [stagnationEvent(stagnation)]),
    ];
  }

  /**
   * All that a label is judged by, given what the end of the run decides. Member by member: spreading takes longer than
   * all the rest of an outcome.
   */
  #facts(end: Omit<LabelFacts, 'isNonFinite' | 'lossMin' | 'targetVariance' | 'isStagnating'>): LabelFacts {
    const losses = this.#losses;
    return {
      isNonFinite: losses.nonFiniteEpoch !== null,
      lossMin: losses.minimum,
      targetVariance: this.#targetVariance ?? losses.first,
      isStagnating: this.#stagnation.open !== null,
      divergenceTailMin: end.divergenceTailMin,
      isSpiking: end.isSpiking,
      flipFraction: end.flipFraction,
      convergenceHeadMin: end.convergenceHeadMin,
      convergenceTailMin: end.convergenceTailMin,
    };
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

function minimaOf(epochs: number, { tail, divergenceTail, convergenceHead, convergenceTail }: Thresholds) {
  const from = tailStart(epochs, tail);
  const until = from + tailEpochs(epochs - from + 1, convergenceHead) - 1;
  return {
    divergence: new RangeMinimum({ from: tailStart(epochs, divergenceTail), until: epochs }),
    head: new RangeMinimum({ from, until }),
    tail: new RangeMinimum({ from: tailStart(epochs, convergenceTail), until: epochs }),
  };
}

const moment = (kind: EventKind, epoch: number): NetworkEvent => ({ kind, epoch, endEpoch: null, spike: null });

const spikeEvent = ({ kind, epoch, endEpoch, peakEpoch, height, base, peak }: Spike): NetworkEvent => ({
  kind,
  epoch,
  endEpoch,
  spike: { peakEpoch, height, base, peak },
});

const stagnationEvent = ({ epoch, endEpoch }: Stagnation): NetworkEvent => ({
  kind: 'stagnation',
  epoch,
  endEpoch,
  spike: null,
});
