/**
 * Where the epochs stand that are looked at: the windows around a spike (the rise before its peak, the relaxation after
 * it, calm well before its onset) and at random, all of one length, so that what is found in one kind can be held
 * against the others; the record after a peak; the epochs that curvature is followed over. Everything here is a
 * function of the events alone, and of a number to draw from.
 */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { AnalysisSite, RandomSite, SpikeEpochs, SpikeSite } from '../../schemas/analysis-messages.ts';
import type { WindowKind } from '../../schemas/findings.ts';
import { uniform } from '../numeric/philox.ts';

/** Epochs of a window: six relaxation times of the fast mode at β1 = 0.9. */
export const WINDOW_EPOCHS = 62;
/** Epochs from a peak to its relaxation, and from the end of calm to an onset. */
const AFTER_PEAK = 5;
const BEFORE_ONSET = 64;
/** Epochs that curvature is followed over: a crossing longer ago is not held to have brought a spike. */
export const CURVATURE_EPOCHS = 200;
/**
 * Second differences of a record, a power of two: many relaxation times of the first moment, two of the second at β2 =
 * 0.999.
 */
export const RECORD_EPOCHS = 2048;
/** Intervals on either side of a spike that its interval variation comes from. More would include a slow trend. */
const INTERVALS_BESIDE = 8;
/** Fewer intervals show no variation. */
const INTERVALS_MIN = 4;
/** Epochs from a peak over which the loss is expected to have come down to its floor. */
const FLOOR_EPOCHS = 126;

/** The epoch that relaxation is over by. */
export const relaxationEnd = ({ peak }: SpikeEpochs): number => peak + AFTER_PEAK + WINDOW_EPOCHS - 1;

/** The first epoch of the record after a spike. */
export const recordStart = ({ peak }: SpikeEpochs): number => peak + AFTER_PEAK - 1;

/**
 * The sites of some of a network's spikes, by their indices. `spikes` are all of them in order, level shifts included,
 * which may not be chosen. As many epochs as there are for a record, but not more than `rowsMax` where those needed by
 * everything else allow it.
 */
export function spikeSites(
  spikes: readonly SpikeEpochs[],
  chosen: readonly number[],
  limits: { readonly epochs: number; readonly rowsMax: number },
): SpikeSite[] {
  return chosen.map((index) => {
    const spike = spikes[index];
    const next = spikes[index + 1];
    const first = Math.max(1, spike.onset - CURVATURE_EPOCHS - 1);
    const needed = spike.peak + FLOOR_EPOCHS;
    const wanted = recordStart(spike) + RECORD_EPOCHS + 1;
    return {
      kind: 'spike',
      spike,
      index,
      previousEnd: spikes[index - 1]?.end ?? 0,
      nextOnset: next?.onset ?? null,
      nextPeak: next?.peak ?? null,
      intervalVariation: intervalVariation(spikes, index),
      first,
      last: Math.min(limits.epochs, Math.max(needed, Math.min(wanted, first + limits.rowsMax - 1))),
    };
  });
}

/** Standard deviation by mean of the intervals between the peaks around a spike; null where they are too few. */
function intervalVariation(spikes: readonly SpikeEpochs[], index: number): number | null {
  const peaks = spikes
    .slice(Math.max(0, index - INTERVALS_BESIDE), index + INTERVALS_BESIDE + 1)
    .map(({ peak }) => peak);
  const intervals = peaks.slice(1).map((peak, i) => peak - peaks[i]);
  return intervals.length < INTERVALS_MIN ? null : sampleStandardDeviation(intervals) / mean(intervals);
}

/** Epochs at random, one for each number in `draws`; none where the epochs are too few. */
export function randomSites(
  spikes: readonly SpikeEpochs[],
  draws: readonly number[],
  options: { readonly epochs: number; readonly seed: number },
): RandomSite[] {
  const earliest = CURVATURE_EPOCHS + 2;
  if (options.epochs < earliest) return [];
  return draws.map((index) => {
    const draw = uniform({ seed: options.seed, stream: 'analysis', layer: 1, index });
    const epoch = earliest + Math.floor(draw * (options.epochs - earliest + 1));
    const first = epoch - CURVATURE_EPOCHS - 1;
    const onsets = spikes.map(({ onset }) => onset);
    return {
      kind: 'random',
      epoch,
      onsets: onsets.filter((onset) => onset >= first && onset <= epoch + CURVATURE_EPOCHS),
      first,
      last: epoch,
    };
  });
}

/** The first epochs of the windows within a site, those that fit and are what they are called. */
export function windowsWithin(site: AnalysisSite): { readonly kind: WindowKind; readonly firstEpoch: number }[] {
  if (site.kind === 'random') return [{ kind: 'random', firstEpoch: site.epoch - WINDOW_EPOCHS + 1 }];
  const { onset, peak } = site.spike;
  const calm = onset - BEFORE_ONSET - WINDOW_EPOCHS + 1;
  const windows = [
    { kind: 'rise', firstEpoch: peak - WINDOW_EPOCHS },
    { kind: 'relaxation', firstEpoch: peak + AFTER_PEAK },
    { kind: 'calm', firstEpoch: calm },
  ] as const;
  return windows.filter(
    ({ kind, firstEpoch }) =>
      firstEpoch >= site.first &&
      firstEpoch + WINDOW_EPOCHS - 1 <= site.last &&
      (kind !== 'calm' || site.previousEnd < calm),
  );
}

/**
 * The epochs that curvature is followed over in a site, both included; the state before the first one is needed too.
 */
export function curvatureRange(site: AnalysisSite): { readonly first: number; readonly last: number } {
  const last = site.kind === 'spike' ? site.spike.onset : site.epoch;
  const since = site.kind === 'spike' ? site.previousEnd : 0;
  return { first: Math.max(2, since, last - CURVATURE_EPOCHS), last };
}

/** `count` indices of `length`, or all, evenly spread and ascending. */
export function evenlySpread(length: number, count: number): number[] {
  const taken = Math.min(length, count);
  return Array.from({ length: taken }, (_, i) => Math.floor(((i + 0.5) * length) / taken));
}
