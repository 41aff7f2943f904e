/**
 * The thresholds of the labels. Each is a choice; its reason stands beside it, and run.json records the values a run used.
 */
export const THRESHOLDS = {
  /** Loss this many times its minimum counts as far above it: one decade, well beyond the spikes of a settled network. */
  lossRatio: 10,
  /** Below this share of the targets' variance a network still explains most of the data and has not diverged. */
  varianceShare: 0.1,
  /** The end of a run over which a diverged network must have stayed high: long enough to outlast any one spike. */
  divergenceTail: 0.1,
  /** Epochs without any changed bit that end a network's life: longer than the longest pause seen between updates. */
  stagnationEpochs: 1000,
} as const;

/** Epochs in the last `share` of a run of `epochs`: at least one. */
export function tailEpochs(epochs: number, share: number): number {
  return Math.max(1, Math.round(share * epochs));
}
