/**
 * Labels: the verdict on a network, as the first of the catalogue's that holds.
 */
import type { LabelName } from '../../schemas/catalogue.ts';
import type { Thresholds } from '../../schemas/detectors.ts';

/** What labels are judged by. A minimum over nothing is ∞. */
export interface LabelFacts {
  readonly isNonFinite: boolean;
  readonly lossMin: number;
  /** Smallest loss of the end that a diverged network stays high over. */
  readonly divergenceTailMin: number;
  /** Variance of the targets; of an objective, its first loss. */
  readonly targetVariance: number;
  readonly isStagnating: boolean;
  readonly isSpiking: boolean;
  /** Share of the tail's epochs that are flips. */
  readonly flipFraction: number;
  /** Smallest losses of the beginning of the tail, and of its end. */
  readonly convergenceHeadMin: number;
  readonly convergenceTailMin: number;
}

/** The first label that holds. */
export function labelOf(facts: LabelFacts, thresholds: Thresholds): LabelName {
  if (facts.isNonFinite) return 'non-finite';
  if (isDegraded(facts, thresholds) && facts.divergenceTailMin > thresholds.varianceShare * facts.targetVariance)
    return 'diverged';
  if (facts.isStagnating) return 'stagnated';
  if (facts.isSpiking) return 'spiking';
  if (facts.flipFraction >= thresholds.fluctuatingShare) return 'fluctuating';
  const { convergenceHeadMin: head, convergenceTailMin: end } = facts;
  // Equal first: nothing is left to gain at a loss of 0, and 0 / 0 is no number.
  return head === end || head / end < thresholds.convergenceRatio ? 'converged' : 'descending';
}

/** Whether the loss ended far above its minimum. */
export function isDegraded(
  facts: Pick<LabelFacts, 'lossMin' | 'divergenceTailMin'>,
  { lossRatio }: Thresholds,
): boolean {
  return facts.divergenceTailMin > lossRatio * facts.lossMin;
}
