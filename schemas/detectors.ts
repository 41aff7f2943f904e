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
  spikeLookback: epochs(1000, [2, WINDOW_MAX], 'epochs before a loss; their smallest loss is its base'),
  /** The first descent has no calm level yet. */
  spikeStart: epochs(100, [1, WINDOW_MAX], 'epochs that there must be before a spike can begin'),
  /** Above the flutter of a network at the edge of stability, which stays within tens of per cent. */
  spikeRise: number(2, FACTOR, 'loss divided by its base at which a spike begins'),
  /** Below the rise, so that a loss that hovers at the bound is one spike, not fifty. */
  spikeFall: number(1.25, FACTOR, 'loss divided by its base at or below which a spike can end'),
  /** Two relaxation times of the first moment at beta1 = 0.9: the swings of one spike pass its base and come back. */
  spikeFallEpochs: epochs(20, [1, 10_000], 'epochs that the loss must stay there for the spike to end'),
  /** Twice the window: by then the window has forgotten the base, and the new level is what is normal. */
  levelShiftEpochs: epochs(2000, [1, EPOCHS_MAX], 'epochs after which an open spike is a level shift'),
  /** Half of the way to the pure flip at −1. */
  flipCosine: number(-0.5, [-1, 1], 'cosine with the update before, below which an update flips'),
  /** A relaxation time of the first moment at beta1 = 0.9: chance has few tenfold flips to offer. */
  onsetEpochs: epochs(10, [1, 10_000], 'flips in a row that are the onset of fluctuation'),
  /** Longer than the longest pause seen between two updates. */
  stagnationEpochs: epochs(1000, [1, EPOCHS_MAX], 'epochs without a changed bit that are stagnation'),
  /** One decade, well beyond the flutter of a settled network. */
  lossRatio: number(10, FACTOR, 'loss divided by the smallest of the run above which it is far from it'),
  /** Below it a network still explains most of its data, however far it has come from its best. */
  varianceShare: number(0.1, [0, FACTOR_MAX], 'share of the variance of its targets that a diverged network has lost'),
  /** Long enough to outlast any one spike of a run of tens of thousands of epochs. */
  divergenceTail: number(0.1, SHARE, 'share of epochs, at the end, over which a diverged network stays high'),
  /** Long enough to count spikes in, late enough to have left the first descent behind. */
  tail: number(0.2, SHARE, 'share of epochs, at the end, that spikes, flips and convergence are judged by: the tail'),
  /** A decade: what a plot of the loss shows at first sight. */
  spikingHeight: number(10, FACTOR, 'peak divided by base that the spikes of a spiking network reach'),
  /** One is an accident and two may be; a third makes a habit. */
  spikingCount: count(3, [1, 1000], 'such spikes that a spiking network has in the tail, at least'),
  /** Rare among networks that go downhill, passed at once by those that swing. */
  fluctuatingShare: number(0.01, [0, 1], 'share of the tail in which a fluctuating network flips, at least'),
  /** Smaller ones are hard to tell from the flutter between spikes, and would halve the intervals. */
  countedHeight: number(4, FACTOR, 'peak divided by base from which spikes are counted and averaged'),
  /** Three intervals: fewer have no median worth the name. */
  countedMin: count(4, [2, 1000], 'counted spikes in the tail, below which interval and height are null'),
  /** The tail against its own end: from here … */
  convergenceHead: number(0.25, SHARE, 'share of the tail, at its beginning, whose smallest loss convergence compares'),
  /** … to here, both of one size by default. */
  convergenceTail: number(0.05, SHARE, 'share of all epochs, at the end, with whose smallest loss it is compared'),
  /** In a fifth of a run, progress of less than this is none. */
  convergenceRatio: number(1.05, FACTOR, 'factor by which a converged network has become better, at most'),
} as const satisfies Record<string, Threshold>;

export type ThresholdName = keyof typeof THRESHOLDS;

/** A value for each threshold. */
export type Thresholds = Readonly<Record<ThresholdName, number>>;

export const THRESHOLD_NAMES = Object.keys(THRESHOLDS) as ThresholdName[];

/** The thresholds of a sweep that sets none. */
export const DEFAULT_THRESHOLDS = Object.fromEntries(
  THRESHOLD_NAMES.map((name) => [name, THRESHOLDS[name].value]),
) as Thresholds;
