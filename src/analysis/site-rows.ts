/**
 * What one site of one network comes to, as rows of the tables of findings. A function of the replayed window and of
 * what the events say around it: whoever is asked gives the same rows.
 */
import type {
  AnalysedWindow,
  AnalysisOutcome,
  AnalysisRequest,
  AnalysisSite,
  SpikeSite,
} from '../../schemas/analysis-messages.ts';
import type { FindingsRow, WindowKind } from '../../schemas/findings.ts';
import { type LayeredNetwork, parameterCount } from '../../schemas/network.ts';
import { makeDataset, provideDataset } from '../data/datasets.ts';
import { uniform } from '../numeric/philox.ts';
import {
  type Curvature,
  type CurvatureState,
  curvatureAt,
  modesAt,
  stabilityThreshold,
  upwardCrossings,
} from './curvature.ts';
import { LinearisedNetwork } from './hessian.ts';
import { type LinearMode, linearModeOf } from './linear-mode.ts';
import { dominantPeriod, dominantPeriodOf } from './periods.ts';
import { lossDecay, secondMomentDecay } from './relaxation.ts';
import { FLOOR_ULPS_MAX, flippingUlps } from './rounding-floor.ts';
import {
  CURVATURE_EPOCHS,
  curvatureRange,
  RECORD_EPOCHS,
  recordStart,
  relaxationEnd,
  WINDOW_EPOCHS,
  windowsWithin,
} from './sites.ts';
import { differencesOf, fastMotion, type Motion, readSpiral, type Spiral, spiralOf } from './spiral.ts';
import { phaseRandomised } from './surrogate.ts';

/** Null windows a spike: enough for a share of a hundredth, a quarter of the record each. */
const NULLS_A_SPIKE = 4;
/** Epochs before the next onset at which its rise is held to begin, and second moments to rise. */
const RISE_EPOCHS = WINDOW_EPOCHS;
/** Fewer epochs show no slope of a second moment. */
const DECAY_EPOCHS_MIN = 62;
/** Epochs before an onset at which its modes are counted: η is at the threshold, and the rise has not bent it yet. */
const MODES_BEFORE_ONSET = 15;
/** Shorter records hold too few intervals between spikes for a period. */
const PERIOD_EPOCHS_MIN = 1024;

/** The findings of one site; none where its numbers are not finite. */
export function analyseSite({ network, site, window, datasets }: AnalysisRequest): AnalysisOutcome {
  for (const { hash, dataset } of datasets) provideDataset(hash, dataset);
  const { theta, firstMoment, secondMoment } = window;
  if (![theta, firstMoment, secondMoment].every(areFinite)) return { spirals: [], relaxation: [], curvature: [] };
  const epochs = new SiteEpochs(network, window);
  const isSpike = site.kind === 'spike';
  return {
    spirals: [...windowRows(epochs, site), ...(isSpike ? nullRows(epochs, site) : [])],
    relaxation: isSpike && site.last >= relaxationEnd(site.spike) ? [relaxationRow(epochs, site)] : [],
    curvature: [curvatureRow(epochs, site)],
  };
}

function areFinite(values: Float32Array | Float64Array): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}

/** A network and its replayed epochs. */
class SiteEpochs {
  readonly network: LayeredNetwork;
  readonly parameterCount: number;
  /** Its loss around a point that whoever uses it moves it to. */
  readonly linearised: LinearisedNetwork;
  readonly #window: AnalysedWindow;

  constructor(network: LayeredNetwork, window: AnalysedWindow) {
    const { layers, activation, data } = network;
    this.network = network;
    this.parameterCount = parameterCount(layers);
    this.linearised = new LinearisedNetwork({ layers, activation, samples: makeDataset(data) });
    this.#window = window;
  }

  get last(): number {
    return this.#window.last;
  }

  losses(first: number, last: number): Float64Array {
    return this.#window.loss.subarray(first - this.#window.first, last - this.#window.first + 1);
  }

  /** One vector of consecutive epochs, `[epoch][parameter]`. */
  rows(name: 'theta' | 'firstMoment' | 'secondMoment', first: number, last: number): Float32Array | Float64Array {
    const [from, to] = [first, last + 1].map((epoch) => (epoch - this.#window.first) * this.parameterCount);
    return this.#window[name].subarray(from, to);
  }

  /** What the curvature at an epoch is a function of. */
  curvatureState(epoch: number): CurvatureState {
    return {
      optimizer: this.network.optimizer,
      epoch,
      before: this.rows('theta', epoch - 1, epoch - 1),
      secondMoment: this.rows('secondMoment', epoch, epoch),
    };
  }

  motion(first: number, last: number): Motion {
    return {
      firstEpoch: first,
      parameterCount: this.parameterCount,
      theta: this.rows('theta', first, last),
      firstMoment: this.rows('firstMoment', first, last),
      secondMoment: this.rows('secondMoment', first, last),
    };
  }
}

function windowRows(epochs: SiteEpochs, site: AnalysisSite): FindingsRow[] {
  const { network, linearised } = epochs;
  const { optimizer, precision } = network;
  return windowsWithin(site).map(({ kind, firstEpoch }) => {
    const motion = epochs.motion(firstEpoch, firstEpoch + WINDOW_EPOCHS - 1);
    const spiral = spiralOf(motion, optimizer);
    const law = linearModeOf(linearised, motion, { fast: spiral.motion, optimizer });
    const { direction } = curvatureAt(linearised, epochs.curvatureState(firstEpoch + WINDOW_EPOCHS / 2));
    const ulps = flippingUlps(motion, { direction, optimizer, precision });
    return spiralRow(network, site, { kind, firstEpoch, spiral, law, ulps });
  });
}

/** Windows cut from the record after a spike with its phases drawn anew, in the metric of the relaxation. */
function nullRows(epochs: SiteEpochs, site: SpikeSite): FindingsRow[] {
  const first = recordStart(site.spike);
  const last = first + RECORD_EPOCHS + 1;
  if (last > epochs.last) return [];
  const { network, parameterCount: width } = epochs;
  const record = differencesOf(epochs.motion(first, last), network.optimizer, WINDOW_EPOCHS / 2);
  const { theta, firstMoment } = phaseRandomised(record, { seed: network.id, record: site.index });
  const rows = WINDOW_EPOCHS - 2;
  return Array.from({ length: NULLS_A_SPIKE }, (_, i) => {
    const draw = uniform({ seed: network.id, stream: 'analysis', layer: 2, index: site.index * NULLS_A_SPIKE + i });
    const share = RECORD_EPOCHS / NULLS_A_SPIKE;
    const from = i * share + Math.floor(draw * (share - rows + 1));
    const cut = (values: Float64Array) => values.subarray(from * width, (from + rows) * width);
    const motion = fastMotion({ parameterCount: width, theta: cut(theta), firstMoment: cut(firstMoment) });
    const spiral = readSpiral(motion, { beta1: network.optimizer.beta1 ?? 0, flipIndex: Number.NaN });
    return spiralRow(network, site, { kind: 'null', firstEpoch: first, spiral, law: null, ulps: Number.NaN });
  });
}

/** What was found in a window; null windows have no curvature, and no law. */
interface WindowFindings {
  readonly kind: WindowKind;
  readonly firstEpoch: number;
  readonly spiral: Spiral;
  readonly law: LinearMode | null;
  /** Amplitude of the mode of largest curvature; NaN where it is not known. */
  readonly ulps: number;
}

function spiralRow({ id, optimizer }: LayeredNetwork, site: AnalysisSite, window: WindowFindings): FindingsRow {
  const { kind, firstEpoch, spiral, law, ulps } = window;
  return {
    network: id,
    kind,
    first_epoch: firstEpoch,
    peak_epoch: site.kind === 'spike' ? site.spike.peak : null,
    winding: spiral.winding,
    handedness: spiral.handedness,
    decay_rate: spiral.decayRate,
    decay_theory: -0.5 * Math.log(optimizer.beta1 ?? 0),
    fit: spiral.fit,
    flip_index: spiral.flipIndex,
    twisted: spiral.isTwisted,
    damped: spiral.isDamped,
    sharpness: law?.sharpness ?? null,
    winding_rate: spiral.windingRate,
    predicted_winding: law?.winding ?? null,
    winding_residual: law === null ? null : spiral.windingRate - law.winding,
    predicted_damping: law?.damping ?? null,
    damping_residual: law === null ? null : spiral.decayRate - law.damping,
    recurrence_residual: law?.residual ?? null,
    amplitude: ulps,
    at_floor: Number.isNaN(ulps) ? null : ulps <= FLOOR_ULPS_MAX,
  };
}

function relaxationRow(epochs: SiteEpochs, site: SpikeSite): FindingsRow {
  const { spike, nextOnset, nextPeak } = site;
  const { id, optimizer } = epochs.network;
  const { beta1 = 0, beta2 = 0 } = optimizer;
  const end = relaxationEnd(spike);
  const floor = Math.min(...epochs.losses(spike.peak, Math.min(epochs.last, end + WINDOW_EPOCHS)));
  const loss = lossDecay(epochs.losses(end - WINDOW_EPOCHS + 1, end), floor);
  const quietEnd = Math.min(epochs.last, (nextOnset ?? Number.POSITIVE_INFINITY) - RISE_EPOCHS - 1);
  const isQuiet = quietEnd - end >= DECAY_EPOCHS_MIN;
  const secondMoment = isQuiet
    ? secondMomentDecay(epochs.rows('secondMoment', end + 1, quietEnd), epochs.parameterCount)
    : null;
  return {
    network: id,
    peak_epoch: spike.peak,
    loss_rate: loss.slope,
    loss_fit: loss.fit,
    loss_theory: -Math.log(beta1),
    second_moment_rate: secondMoment?.slope ?? null,
    second_moment_fit: secondMoment?.fit ?? null,
    second_moment_theory: -Math.log(beta2),
    first_moment_time: 1 / (1 - beta1),
    second_moment_time: 1 / (1 - beta2),
    interval: nextPeak === null ? null : nextPeak - spike.peak,
    interval_variation: site.intervalVariation,
    ...periods(epochs, recordStart(spike)),
  };
}

function periods(epochs: SiteEpochs, first: number): FindingsRow {
  const last = Math.min(epochs.last, first + RECORD_EPOCHS - 1);
  const isLong = last - first + 1 >= PERIOD_EPOCHS_MIN;
  const read = (name: 'theta' | 'firstMoment' | 'secondMoment') => {
    if (!isLong) return null;
    const values = epochs.rows(name, first, last);
    const width = epochs.parameterCount;
    const columns = Array.from({ length: width }, () => new Float64Array(last - first + 1));
    for (const [i, column] of columns.entries())
      for (let t = 0; t < column.length; t++) column[t] = values[t * width + i];
    return dominantPeriodOf(columns);
  };
  return {
    loss_period: isLong ? dominantPeriod(epochs.losses(first, last).map(Math.log)) : null,
    theta_period: read('theta'),
    first_moment_period: read('firstMoment'),
    second_moment_period: read('secondMoment'),
  };
}

function curvatureRow(epochs: SiteEpochs, site: AnalysisSite): FindingsRow {
  const { network, linearised } = epochs;
  const { optimizer } = network;
  const at = (epoch: number, near: Curvature | null) => curvatureAt(linearised, epochs.curvatureState(epoch), near);
  const { first, last } = curvatureRange(site);
  const series: Curvature[] = [];
  for (let epoch = first; epoch <= last; epoch++) series.push(at(epoch, series.at(-1) ?? null));
  const isSpike = site.kind === 'spike';
  const end = isSpike ? relaxationEnd(site.spike) : Number.POSITIVE_INFINITY;
  const after = end <= epochs.last ? at(end, null) : null;

  const threshold = stabilityThreshold(optimizer);
  const crossings = (name: 'sharpness' | 'alongGradient') =>
    upwardCrossings({ firstEpoch: first, values: series.map((curvature) => curvature[name]) }, threshold);
  const ofSharpness = crossings('sharpness');
  const [crossing] = ofSharpness;
  const onsets = isSpike ? [site.spike.onset] : site.onsets;
  const isFollowed = (epoch: number) => onsets.some((onset) => onset >= epoch && onset <= epoch + CURVATURE_EPOCHS);
  const sharpnessMax = Math.max(...series.map(({ sharpness }) => sharpness));
  return {
    network: network.id,
    kind: site.kind,
    epoch: last,
    first_epoch: first,
    threshold,
    sharpness_before: series[0].sharpness,
    sharpness_at: series[series.length - 1].sharpness,
    sharpness_max: sharpnessMax,
    sharpness_after: after?.sharpness ?? null,
    gradient_before: series[0].alongGradient,
    gradient_at: series[series.length - 1].alongGradient,
    gradient_after: after?.alongGradient ?? null,
    crossing_epoch: crossing ?? null,
    gradient_crossing_epoch: crossings('alongGradient')[0] ?? null,
    delay: crossing === undefined ? null : last - crossing,
    overshoot: crossing === undefined ? null : sharpnessMax / threshold,
    crossings: ofSharpness.length,
    crossings_followed: ofSharpness.filter(isFollowed).length,
    ...modeCells(epochs, { epoch: last - MODES_BEFORE_ONSET, near: series.at(-1 - MODES_BEFORE_ONSET) ?? null }),
  };
}

/** The two largest modes at an epoch; null where the curvature is not followed there, since a spike was still open. */
function modeCells(epochs: SiteEpochs, { epoch, near }: { epoch: number; near: Curvature | null }): FindingsRow {
  if (near === null) return { eta1: null, eta2: null, mode_ratio: null };
  const [eta1, eta2] = modesAt(epochs.linearised, epochs.curvatureState(epoch), near);
  return { eta1, eta2, mode_ratio: eta2 / eta1 };
}
