/**
 * Events and verdicts by the book: from the signals of a whole run at once, by slices and sorts, without a thought for
 * speed and without a line in common with the detectors.
 */
import type { LabelName } from '../../schemas/catalogue.ts';
import type { Thresholds } from '../../schemas/detectors.ts';
import type { NetworkEvent } from '../../schemas/events.ts';
import type { NetworkOutcome } from '../../src/detect/observer.ts';
import type { Signals } from './signals.ts';

/** All that is to be said of a run; events in the order of kinds and epochs. */
export interface Judgement {
  readonly verdict: NetworkOutcome;
  readonly events: readonly NetworkEvent[];
}

export function judge(signals: Signals, targetVariance: number | null, thresholds: Thresholds): Judgement {
  const { loss, updateCosine, nonFinite } = signals;
  const epochs = loss.length;
  const last = (share: number) => Math.max(1, Math.round(share * epochs));
  const tailLength = last(thresholds.tail);
  const tailFrom = epochs - tailLength + 1;
  const min = minimum(loss);

  const spikes = spikesOf(loss, thresholds);
  const tailSpikes = spikes.filter(({ kind, epoch }) => kind === 'spike' && epoch >= tailFrom);
  const tall = (factor: number) =>
    tailSpikes.filter(({ spike }) => spike !== null && spike.peak >= factor * spike.base);
  const counted = tall(thresholds.countedHeight).map(({ spike }) => spike as NonNullable<typeof spike>);
  const hasStatistics = counted.length >= thresholds.countedMin;
  const peaks = counted.map(({ peakEpoch }) => peakEpoch);

  const isFlip = updateCosine.map((cosine) => cosine < thresholds.flipCosine);
  const onsetAt = isFlip.findIndex(
    (_, i) => i + thresholds.onsetEpochs <= epochs && isFlip.slice(i, i + thresholds.onsetEpochs).every(Boolean),
  );
  const flipFraction = isFlip.slice(-tailLength).filter(Boolean).length / tailLength;

  const stagnations = stagnationsOf(signals, thresholds);
  const divergenceMin = minimum(loss.slice(-last(thresholds.divergenceTail)));
  const degraded = divergenceMin > thresholds.lossRatio * min;
  const headLength = Math.max(1, Math.round(thresholds.convergenceHead * tailLength));
  const head = minimum(loss.slice(tailFrom - 1, tailFrom - 1 + headLength));
  const end = minimum(loss.slice(-last(thresholds.convergenceTail)));
  const nonFiniteAt = nonFinite.indexOf(1);

  const verdicts: [LabelName, boolean][] = [
    ['non-finite', nonFiniteAt >= 0],
    ['diverged', degraded && divergenceMin > thresholds.varianceShare * (targetVariance ?? loss[0])],
    ['stagnated', stagnations.some(({ endEpoch }) => endEpoch === null)],
    ['spiking', tall(thresholds.spikingHeight).length >= thresholds.spikingCount],
    ['fluctuating', flipFraction >= thresholds.fluctuatingShare],
    ['converged', head === end || head / end < thresholds.convergenceRatio],
    ['descending', true],
  ];
  const [[label]] = verdicts.filter(([, holds]) => holds);
  const low = loss.findLastIndex((value) => value <= thresholds.lossRatio * min) + 1;
  const divergedEpoch = (label === 'diverged' || label === 'non-finite') && low > 0 ? low : null;
  const isNumber = loss.some((value) => !Number.isNaN(value));
  const moment = (kind: NetworkEvent['kind'], epoch: number | null): NetworkEvent[] =>
    epoch === null || epoch === 0 ? [] : [{ kind, epoch, endEpoch: null, spike: null }];
  return {
    verdict: {
      label,
      degraded,
      onsetEpoch: onsetAt + 1 || null,
      divergedEpoch,
      nonFiniteEpoch: nonFiniteAt + 1 || null,
      spikeCount: counted.length,
      spikeInterval: hasStatistics ? middle(peaks.slice(1).map((peak, i) => peak - peaks[i])) : null,
      spikeHeight: hasStatistics ? middle(counted.map(({ height }) => height)) : null,
      flipFraction,
      lossFirst: loss[0],
      lossMin: isNumber ? min : Number.NaN,
      lossMinEpoch: isNumber ? loss.indexOf(min) + 1 : null,
      lossLast: loss[epochs - 1],
    },
    events: inOrder([
      ...moment('onset', onsetAt + 1),
      ...spikes,
      ...stagnations,
      ...moment('divergence', divergedEpoch),
      ...moment('non-finite', nonFiniteAt + 1),
    ]),
  };
}

/** Events sorted by kind and epoch. */
export function inOrder(events: readonly NetworkEvent[]): NetworkEvent[] {
  return [...events].sort((a, b) => a.kind.localeCompare(b.kind) || a.epoch - b.epoch);
}

const minimum = (values: readonly number[]) =>
  values.filter((value) => !Number.isNaN(value)).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

/** Spikes and level shifts, each found by looking ahead from its onset. Indices count from 0, epochs from 1. */
function spikesOf(loss: readonly number[], thresholds: Thresholds): NetworkEvent[] {
  const events: NetworkEvent[] = [];
  let windowFrom = 0;
  let armedFrom = thresholds.spikeStart - 1;
  for (let i = 0; i < loss.length; i++) {
    const base = minimum(loss.slice(Math.max(windowFrom, i - thresholds.spikeLookback), i));
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

function stagnationsOf({ changedParameters }: Signals, { stagnationEpochs }: Thresholds): NetworkEvent[] {
  const events: NetworkEvent[] = [];
  for (let from = 0; from < changedParameters.length; ) {
    let until = from;
    while (changedParameters[until] === 0) until++;
    const endEpoch = until === changedParameters.length ? null : until;
    if (until - from >= stagnationEpochs) events.push({ kind: 'stagnation', epoch: from + 1, endEpoch, spike: null });
    from = until + 1;
  }
  return events;
}
