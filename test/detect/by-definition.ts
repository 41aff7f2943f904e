/**
 * Events, labels and readings by the book: from the signals of a whole run at once, by slices and sorts, without a
 * thought for speed and without a line in common with the detectors.
 */
import { MOTION_NAMES, type MotionName, OUTCOME_NAMES, type OutcomeName } from '../../schemas/catalogue.ts';
import type { Thresholds } from '../../schemas/detectors.ts';
import type { NetworkEvent } from '../../schemas/events.ts';
import type { Readings } from '../../src/detect/observer.ts';
import type { Signals } from './signals.ts';

/** All that is to be said of a run; events in the order of kinds and epochs. */
export interface Judgement {
  readonly readings: Readings;
  readonly events: readonly NetworkEvent[];
}

/** What a run is judged with. */
export interface Scale {
  readonly targetVariance: number | null;
  readonly isShuffled: boolean;
}

/** What both labels are judged with. */
interface Course {
  readonly signals: Signals;
  readonly thresholds: Thresholds;
  readonly epochs: number;
  readonly variance: number;
  /** A loss raised to the floor. */
  readonly raised: (loss: number) => number;
  /** Decades between two losses; equal ones are none apart, and where one is missing there is nothing to say. */
  readonly decades: (low: number, high: number) => number | null;
  /** Epochs in the last share of the run. */
  readonly last: (share: number) => number;
}

function courseOf(signals: Signals, targetVariance: number | null, thresholds: Thresholds): Course {
  const epochs = signals.loss.length;
  const variance = targetVariance || signals.loss[0];
  const raised = (loss: number) => Math.max(loss, floorOf(variance, thresholds));
  return {
    ...{ signals, thresholds, epochs, variance, raised },
    decades: (low, high) =>
      !(high >= low) ? null : raised(low) === raised(high) ? 0 : Math.log10(raised(high) / raised(low)),
    last: (share) => Math.max(1, Math.round(share * epochs)),
  };
}

const floorOf = (variance: number, { lossFloor }: Thresholds) => (Number.isNaN(variance) ? 0 : lossFloor * variance);

/** The losses of the end. */
const endOf = ({ signals: { loss }, thresholds, epochs, last }: Course) =>
  loss.slice(-Math.min(epochs, Math.max(last(thresholds.end), thresholds.endEpochs)));

function outcomeOf(course: Course): OutcomeName {
  const { signals, thresholds, variance, raised } = course;
  const { loss, nonFinite } = signals;
  const [min, endMin] = [minimum(loss), minimum(endOf(course))];
  const trained = thresholds.trainedShare * variance;
  const holds: Record<Exclude<OutcomeName, 'failed'>, boolean> = {
    'non-finite': nonFinite.includes(1),
    exploded: endMin > Math.max(thresholds.explodedRatio * variance, loss[0]),
    untrained: min > trained,
    collapsed: endMin > trained,
    degraded: raised(endMin) !== raised(min) && raised(endMin) >= thresholds.degradedRatio * raised(min),
    learned: true,
  };
  return OUTCOME_NAMES.find((name) => name !== 'failed' && holds[name]) as OutcomeName;
}

/** What of the events the motion is judged by. */
interface Events {
  readonly rises: readonly NetworkEvent[];
  readonly freezes: readonly NetworkEvent[];
  readonly tailSpikes: readonly unknown[];
  /** Share of the tail's epochs that are flips. */
  readonly flips: number;
}

function motionOf(course: Course, { rises, freezes, tailSpikes, flips }: Events, isShuffled: boolean): MotionName {
  const { signals, thresholds, epochs, raised, decades, last } = course;
  const tailLength = last(thresholds.tail);
  const tailFrom = epochs - tailLength + 1;
  const tail = signals.loss.slice(-tailLength);
  const covered = decades(minimum(tail), maximum(tail)) ?? 0;
  const openInTail = tail.filter((_, i) =>
    rises.some(({ epoch, endEpoch }) => epoch <= tailFrom + i && tailFrom + i <= (endEpoch ?? epochs)),
  );
  const isShifted = rises.some(
    ({ kind, endEpoch }) => kind === 'level-shift' && endEpoch !== null && endEpoch >= tailFrom,
  );
  const head = raised(minimum(tail.slice(0, Math.max(1, Math.round(thresholds.trendHead * tailLength)))));
  const end = raised(minimum(signals.loss.slice(-last(thresholds.trendEnd))));
  const holds: Record<MotionName, boolean> = {
    frozen: freezes.some(({ endEpoch }) => endEpoch === null),
    spiking: tailSpikes.length >= thresholds.spikingCount,
    bursting:
      covered >= thresholds.burstingRange && (isShifted || openInTail.length / tailLength > thresholds.burstingShare),
    noisy: isShuffled && covered >= thresholds.movingRange,
    oscillating: !isShuffled && flips >= thresholds.oscillatingShare && covered < thresholds.oscillatingRange,
    fluctuating: !isShuffled && flips >= thresholds.fluctuatingShare && covered >= thresholds.movingRange,
    rising: end !== head && end >= thresholds.trendRatio * head,
    descending: end !== head && head >= thresholds.trendRatio * end,
    steady: true,
  };
  return MOTION_NAMES.find((name) => holds[name]) as MotionName;
}

export function judge(signals: Signals, { targetVariance, isShuffled }: Scale, thresholds: Thresholds): Judgement {
  const { loss, updateCosine, nonFinite } = signals;
  const course = courseOf(signals, targetVariance, thresholds);
  const { epochs, variance, decades, last } = course;
  const tailLength = last(thresholds.tail);
  const tail = loss.slice(-tailLength);
  const end = endOf(course);
  const min = minimum(loss);

  const rises = risesOf(loss, floorOf(variance, thresholds), thresholds);
  const counted = rises.filter(
    ({ kind, spike }) => kind === 'spike' && spike !== null && spike.peak >= thresholds.spikingHeight * spike.base,
  );
  const tailSpikes = counted.flatMap(({ epoch, spike }) =>
    epoch > epochs - tailLength && spike !== null ? [spike] : [],
  );
  const peaks = tailSpikes.map(({ peakEpoch }) => peakEpoch);
  const isFlip = updateCosine.map((cosine) => cosine < thresholds.flipCosine);
  const onsetAt = isFlip.findIndex(
    (_, i) => i + thresholds.onsetEpochs <= epochs && isFlip.slice(i, i + thresholds.onsetEpochs).every(Boolean),
  );
  const flips = isFlip.slice(-tailLength).filter(Boolean).length / tailLength;
  const freezes = freezesOf(signals, thresholds);

  const outcome = outcomeOf(course);
  const motion = outcome !== 'non-finite' ? motionOf(course, { rises, freezes, tailSpikes, flips }, isShuffled) : null;
  const trainedLast = loss.findLastIndex((value) => value <= thresholds.trainedShare * variance) + 1;
  const hasDiverged = ['non-finite', 'exploded', 'collapsed'].includes(outcome);
  const divergedEpoch = hasDiverged ? trainedLast || null : null;
  const late = maximum(loss.slice(thresholds.excursionStart));
  const isNumber = min !== Number.POSITIVE_INFINITY || loss.includes(min);
  const isSpiking = motion === 'spiking';
  const moment = (kind: NetworkEvent['kind'], epoch: number | null): NetworkEvent[] =>
    epoch === null || epoch === 0 ? [] : [{ kind, epoch, endEpoch: null, spike: null }];
  return {
    readings: {
      ...{ outcome, motion, targetVariance: variance, lossFirst: loss[0] },
      lossMin: isNumber ? min : Number.NaN,
      lossMinEpoch: isNumber ? loss.indexOf(min) + 1 : null,
      lossEnd: middle(end.filter((value) => !Number.isNaN(value))),
      lossLast: loss[epochs - 1],
      lostDecades: end.every(Number.isNaN) ? null : decades(min, minimum(end)),
      tailRangeDecades: decades(minimum(tail), maximum(tail)),
      excursion: late === Number.NEGATIVE_INFINITY || !(loss[0] > 0) ? null : late / loss[0],
      onsetEpoch: onsetAt + 1 || null,
      divergedEpoch,
      nonFiniteEpoch: nonFinite.indexOf(1) + 1 || null,
      spikeCount: counted.length,
      tailSpikeCount: tailSpikes.length,
      spikeInterval: isSpiking ? middle(peaks.slice(1).map((peak, i) => peak - peaks[i])) : null,
      spikeHeight: isSpiking ? middle(tailSpikes.map(({ height }) => height)) : null,
      flipFraction: flips,
    },
    events: inOrder([
      ...moment('onset', onsetAt + 1),
      ...rises,
      ...freezes,
      ...moment('divergence', divergedEpoch),
      ...moment('non-finite', nonFinite.indexOf(1) + 1),
    ]),
  };
}

/** Events sorted by kind and epoch. */
export function inOrder(events: readonly NetworkEvent[]): NetworkEvent[] {
  return [...events].sort((a, b) => a.kind.localeCompare(b.kind) || a.epoch - b.epoch);
}

const minimum = (values: readonly number[]) =>
  values.filter((value) => !Number.isNaN(value)).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

const maximum = (values: readonly number[]) =>
  values.filter((value) => !Number.isNaN(value)).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

/** The middle value, or the mean of the two in the middle; null of none. */
function middle(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

/** Spikes and level shifts, each found by looking ahead from its onset. Indices count from 0, epochs from 1. */
function risesOf(loss: readonly number[], floor: number, thresholds: Thresholds): NetworkEvent[] {
  const events: NetworkEvent[] = [];
  let windowFrom = 0;
  let armedFrom = thresholds.spikeStart - 1;
  for (let i = 0; i < loss.length; i++) {
    const base = Math.max(floor, minimum(loss.slice(Math.max(windowFrom, i - thresholds.spikeLookback), i)));
    if (i < armedFrom || !(base > 0) || !(loss[i] > thresholds.spikeRise * base)) continue;
    const isLow = (at: number) => loss[at] <= thresholds.spikeFall * base;
    const candidates: { kind: 'spike' | 'level-shift'; end: number; known: number }[] = [];
    const nan = loss.findIndex((value, at) => at >= i && Number.isNaN(value));
    if (nan >= 0) candidates.push({ kind: 'spike', end: nan, known: nan });
    for (let at = i, lows = 0; at < loss.length; at++) {
      lows = isLow(at) ? lows + 1 : 0;
      if (lows < thresholds.spikeFallEpochs) continue;
      candidates.push({ kind: 'spike', end: at - thresholds.spikeFallEpochs + 1, known: at });
      break;
    }
    const limit = i + thresholds.levelShiftEpochs - 1;
    if (limit < loss.length) candidates.push({ kind: 'level-shift', end: limit, known: limit });
    // What is known first ends it; a spike that is over as its time runs out is a spike.
    const [ending] = candidates.toSorted((a, b) => a.known - b.known || b.kind.localeCompare(a.kind));
    const until = ending?.known ?? loss.length - 1;
    const inside = loss.slice(i, until + 1).map((value) => (Number.isNaN(value) ? -1 : value));
    const peak = Math.max(...inside);
    events.push({
      kind: ending?.kind ?? 'spike',
      epoch: i + 1,
      endEpoch: ending === undefined ? null : ending.end + 1,
      spike: { peakEpoch: i + inside.indexOf(peak) + 1, height: Math.log10(peak / base), base, peak },
    });
    if (ending?.kind === 'level-shift') {
      windowFrom = until + 1;
      armedFrom = until + 1 + thresholds.spikeStart;
    }
    i = until;
  }
  return events;
}

function freezesOf({ changedParameters }: Signals, { frozenEpochs }: Thresholds): NetworkEvent[] {
  const events: NetworkEvent[] = [];
  for (let from = 0; from < changedParameters.length; ) {
    let until = from;
    while (changedParameters[until] === 0) until++;
    const endEpoch = until === changedParameters.length ? null : until;
    if (until - from >= frozenEpochs) events.push({ kind: 'freeze', epoch: from + 1, endEpoch, spike: null });
    from = until + 1;
  }
  return events;
}
