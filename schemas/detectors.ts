/**
 * The thresholds behind events and labels. Each is a choice; its default, its limits and its reason stand here and
 * nowhere else. A sweep may set them in its block `detectors`, and run.json records the values that a run used. They
 * decide what is said of a network, never its bits, and are part of no network's key.
 */

/** One threshold: a number, and where it may lie. */
interface Threshold {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
  /** Epochs, or a plain number. */
  readonly unit: 'epoch' | '1';
  readonly meaning: string;
}

type Range = readonly [min: number, max: number];

const epochs = (value: number, [min, max]: Range, meaning: string): Threshold => ({
  value,
  min,
  max,
  isWhole: true,
  unit: 'epoch',
  meaning,
});
const count = (value: number, range: Range, meaning: string): Threshold => ({
  ...epochs(value, range, meaning),
  unit: '1',
});
const number = (value: number, range: Range, meaning: string): Threshold => ({
  ...count(value, range, meaning),
  isWhole: false,
});

/** The window's losses are kept for each network in training and in each checkpoint: 4 bytes an epoch in float32. */
const WINDOW_MAX = 65_536;
const EPOCHS_MAX = 2_147_483_647;
/** Factors beyond it say nothing of losses that fit into float32. */
const FACTOR_MAX = 1e30;
const FACTOR: Range = [1, FACTOR_MAX];
const SHARE: Range = [1e-6, 1];
const DECADES: Range = [0, 60];

/** The thresholds by name. */
export const THRESHOLDS = {
  /**
   * Several relaxation times of the second moment at beta2 = 0.999, so that the base is the calm level, not the last
   * slope.
   */
  spikeLookback: epochs(1000, [2, WINDOW_MAX], 'epochs before a loss; their smallest loss is its base'),
  /** The first descent has no calm level yet. */
  spikeStart: epochs(100, [1, WINDOW_MAX], 'epochs that there must be before a spike can begin'),
  /** Above the flutter of a network at the edge of stability, which stays within tens of per cent. */
  spikeRise: number(2, FACTOR, 'loss divided by its base at which a spike begins'),
  /** Below the rise, so that a loss that hovers at the bound is one spike, not fifty. */
  spikeFall: number(1.25, FACTOR, 'loss divided by its base at or below which a spike can end'),
  /** Two relaxation times of the first moment at beta1 = 0.9: the swings of one spike pass its base and come back. */
  spikeFallEpochs: epochs(20, [1, 10_000], 'epochs that the loss must stay there for the spike to end'),
  /** Twice the look-back: by then the base is forgotten, and the new level is what is normal. */
  levelShiftEpochs: epochs(2000, [1, EPOCHS_MAX], 'epochs after which an open spike is a level shift'),
  /** Half of the way to the pure flip at −1. */
  flipCosine: number(-0.5, [-1, 1], 'cosine with the update before, below which an update flips'),
  /** A relaxation time of the first moment at beta1 = 0.9: chance has few tenfold flips to offer. */
  onsetEpochs: epochs(10, [1, 10_000], 'flips in a row that are the onset of fluctuation'),
  /** Longer than the longest pause seen between two updates. */
  frozenEpochs: epochs(1000, [1, EPOCHS_MAX], 'epochs without a changed bit after which a network is frozen'),
  /** Five digits of the targets: who asks for the labels of a network does not ask for more. One for all precisions. */
  lossFloor: number(1e-10, [0, 1], 'share of the targets’ variance that losses are raised to before they are compared'),
  /** Above it a network explains less than nine tenths of its data. */
  trainedShare: number(0.1, [0, FACTOR_MAX], 'share of the targets’ variance at or below which a network is trained'),
  /** Beyond every predictor that has learned the mean of its targets. */
  explodedRatio: number(10, FACTOR, 'multiple of the targets’ variance above which a network has exploded'),
  /** One decade, well beyond the flutter of a settled network. */
  degradedRatio: number(10, FACTOR, 'smallest loss of the end divided by that of the run at which it is degraded'),
  /** Long enough to count spikes in, late enough to have left the first descent behind. */
  tail: number(0.2, SHARE, 'share of epochs, at the end, that the motion is judged by: the tail'),
  /** Short, so that what happened late counts; the smallest loss of several hundred epochs outlasts single spikes. */
  end: number(0.01, SHARE, 'share of epochs, at the end, that the outcome is judged by: the end'),
  /** Ten relaxation times of the first moment at beta1 = 0.9. */
  endEpochs: epochs(100, [1, EPOCHS_MAX], 'epochs that the end has at least'),
  /** Smaller ones are hard to tell from the flutter between spikes, and would halve the intervals. */
  spikingHeight: number(4, FACTOR, 'peak divided by base from which spikes are counted'),
  /** One is an accident and two may be; a third makes a habit, and an interval. */
  spikingCount: count(3, [1, 1000], 'counted spikes that a spiking network has in the tail, at least'),
  /** More than half: rises that merge are the rule, calm the exception. */
  burstingShare: number(0.5, [0, 1], 'share of the tail inside open rises above which a network is bursting'),
  /** What a plot of the loss shows at first sight. */
  burstingRange: number(1, DECADES, 'decades that the loss of a bursting network covers in the tail, at least'),
  /** Nearly always: what flips less often does something else in between. */
  oscillatingShare: number(0.9, [0, 1], 'share of the tail in which an oscillating network flips, at least'),
  /** A factor of 1.5: a cycle of two steps of equal height moves the loss by less. */
  oscillatingRange: number(0.18, DECADES, 'decades that the loss of an oscillating network covers, at most'),
  /** Rare among networks that go downhill, passed at once by those that swing. */
  fluctuatingShare: number(0.01, [0, 1], 'share of the tail in which a fluctuating network flips, at least'),
  /** Five per cent: a loss that moves by less is a flat line in every plot. */
  movingRange: number(0.02, DECADES, 'decades that a fluctuating or noisy loss covers in the tail, at least'),
  /** The tail against its own end: from here … */
  trendHead: number(0.25, SHARE, 'share of the tail, at its beginning, whose smallest loss a trend starts from'),
  /** … to here, both of one size by default. */
  trendEnd: number(0.05, SHARE, 'share of all epochs, at the end, with whose smallest loss it is compared'),
  /** In a fifth of a run, a change of less than this is none. */
  trendRatio: number(1.05, FACTOR, 'factor between the two at which a loss is rising or descending'),
  /**
   * Two per cent of 50,000 epochs, the first descent. A number of epochs, not a share, so that a longer run reads the
   * same excursion.
   */
  excursionStart: epochs(1000, [0, EPOCHS_MAX], 'epochs after which the largest loss counts as an excursion'),
} as const satisfies Record<string, Threshold>;

export type ThresholdName = keyof typeof THRESHOLDS;

/** A value for each threshold. */
export type Thresholds = Readonly<Record<ThresholdName, number>>;

export const THRESHOLD_NAMES = Object.keys(THRESHOLDS) as ThresholdName[];

/** The thresholds of a sweep that sets none. */
export const DEFAULT_THRESHOLDS = Object.fromEntries(
  THRESHOLD_NAMES.map((name) => [name, THRESHOLDS[name].value]),
) as Thresholds;
