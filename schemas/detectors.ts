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

/** The thresholds by name. */
export const THRESHOLDS = {
  /**
   * Several relaxation times of the second moment at beta2 = 0.999, so that the base is the calm level, not the last
   * slope.
   */
  spikeWindow: epochs(1000, [2, WINDOW_MAX], 'the base of a spike is the smallest loss of so many epochs before it'),
  /** The first descent has no calm level yet. */
  spikeStart: epochs(100, [1, WINDOW_MAX], 'a spike needs so many epochs in its window'),
  /** Above the flutter of a network at the edge of stability, which stays within tens of per cent. */
  spikeRise: number(2, FACTOR, 'a spike begins where the loss exceeds its base so many times'),
  /** Below the rise, so that a loss that hovers at the bound is one spike, not fifty. */
  spikeFall: number(1.25, FACTOR, 'a spike is over where the loss is at most so many times its base'),
  /** Two relaxation times of the first moment at beta1 = 0.9: the swings of one spike pass its base and come back. */
  spikeFallEpochs: epochs(20, [1, 10_000], 'and stays there for so many epochs'),
  /** Twice the window: by then the window has forgotten the base, and the new level is what is normal. */
  levelShiftEpochs: epochs(2000, [1, EPOCHS_MAX], 'a spike that is still open after so many epochs is a level shift'),
  /** Half of the way to the pure flip at −1. */
  flipCosine: number(-0.5, [-1, 1], 'an update flips where its cosine with the one before is less than this'),
  /** A relaxation time of the first moment at beta1 = 0.9: chance has few tenfold flips to offer. */
  onsetEpochs: epochs(10, [1, 10_000], 'so many flips in a row are the onset of fluctuation'),
  /** Longer than the longest pause seen between two updates. */
  stagnationEpochs: epochs(1000, [1, EPOCHS_MAX], 'so many epochs without a changed bit are stagnation'),
  /** One decade, well beyond the flutter of a settled network. */
  lossRatio: number(10, FACTOR, 'a loss so many times the smallest of the run is far above it'),
  /** Below it a network still explains most of its data, however far it has come from its best. */
  varianceShare: number(0.1, [0, FACTOR_MAX], 'a diverged network has lost this share of the variance of its targets'),
  /** Long enough to outlast any one spike of a run of tens of thousands of epochs. */
  divergenceTail: number(0.1, SHARE, 'the share of epochs, at the end, over which a diverged network stays high'),
  /** Long enough to count spikes in, late enough to have left the first descent behind. */
  tail: number(0.2, SHARE, 'the share of epochs, at the end, that spikes, flips and convergence are judged by'),
  /** A decade: what a plot of the loss shows at first sight. */
  spikingHeight: number(10, FACTOR, 'a spiking network has spikes of at least so many times their base'),
  /** One is an accident and two may be; a third makes a habit. */
  spikingCount: count(3, [1, 1000], 'at least so many of them in the tail'),
  /** Rare among networks that go downhill, passed at once by those that swing. */
  fluctuatingShare: number(0.01, [0, 1], 'a fluctuating network flips in at least this share of the tail'),
  /** Smaller ones are hard to tell from the flutter between spikes, and would halve the intervals. */
  countedHeight: number(4, FACTOR, 'spikes of at least so many times their base are counted and averaged'),
  /** Three intervals: fewer have no median worth the name. */
  countedMin: count(4, [2, 1000], 'with fewer of them in the tail, interval and height are null'),
  /** The tail against its own end: from here … */
  convergenceHead: number(0.25, SHARE, 'convergence compares the smallest loss of this first share of the tail'),
  /** … to here, both of one size by default. */
  convergenceTail: number(0.05, SHARE, 'with that of this last share of the epochs'),
  /** In a fifth of a run, progress of less than this is none. */
  convergenceRatio: number(1.05, FACTOR, 'a converged network has become better by less than this factor'),
} as const satisfies Record<string, Threshold>;

export type ThresholdName = keyof typeof THRESHOLDS;

/** A value for each threshold. */
export type Thresholds = Readonly<Record<ThresholdName, number>>;

export const THRESHOLD_NAMES = Object.keys(THRESHOLDS) as ThresholdName[];

/** The thresholds of a sweep that sets none. */
export const DEFAULT_THRESHOLDS = Object.fromEntries(
  THRESHOLD_NAMES.map((name) => [name, THRESHOLDS[name].value]),
) as Thresholds;
