/**
 * The two labels of a network, each the first of the catalogue's that holds. Outcome: did it learn, and keep it?
 * Motion: how does it move at the end? Losses are raised to a floor before they are compared, so that a loss of 0 is a
 * good loss and not an infinite ratio.
 */
import type { MotionName, OutcomeName } from '../../schemas/catalogue.ts';
import type { Thresholds } from '../../schemas/detectors.ts';
import { decades } from './decades.ts';

/** What the outcome is judged by. A minimum over nothing is ∞. */
export interface OutcomeFacts {
  readonly isNonFinite: boolean;
  /** V: variance of the targets, or the first loss in its place. */
  readonly targetVariance: number;
  readonly lossFirst: number;
  /** Smallest loss of the run. */
  readonly lossMin: number;
  /** Smallest loss of the end. */
  readonly endMin: number;
}

/** What the motion is judged by, all of the tail. */
export interface MotionFacts {
  /** Losses below it count as equal. */
  readonly floor: number;
  readonly isFrozen: boolean;
  /** Counted spikes that begin in the tail. */
  readonly spikeCount: number;
  readonly hasLevelShift: boolean;
  /** Share of its epochs inside open rises. */
  readonly openShare: number;
  /** log10(largest loss / smallest loss). */
  readonly rangeDecades: number;
  /** Whether batches are shuffled: the update cosine then measures sampling. */
  readonly isShuffled: boolean;
  /** Share of its epochs that are flips. */
  readonly flipShare: number;
  /** Smallest losses of its beginning and of the end that a trend leads to. */
  readonly headMin: number;
  readonly trendEndMin: number;
}

/** The first outcome that holds. */
export function outcomeOf(facts: OutcomeFacts, thresholds: Thresholds): OutcomeName {
  const { isNonFinite, targetVariance, lossFirst, lossMin, endMin } = facts;
  const trained = thresholds.trainedShare * targetVariance;
  const floor = thresholds.lossFloor * targetVariance;
  if (isNonFinite) return 'non-finite';
  if (endMin > Math.max(thresholds.explodedRatio * targetVariance, lossFirst)) return 'exploded';
  if (lossMin > trained) return 'untrained';
  if (endMin > trained) return 'collapsed';
  // Equal first: at a floor of 0 both may be 0.
  const [end, best] = [Math.max(endMin, floor), Math.max(lossMin, floor)];
  return end !== best && end >= thresholds.degradedRatio * best ? 'degraded' : 'learned';
}

/** The first motion that holds. */
export function motionOf(facts: MotionFacts, thresholds: Thresholds): MotionName {
  const { rangeDecades, flipShare } = facts;
  if (facts.isFrozen) return 'frozen';
  if (facts.spikeCount >= thresholds.spikingCount) return 'spiking';
  const isOpen = facts.hasLevelShift || facts.openShare > thresholds.burstingShare;
  if (isOpen && rangeDecades >= thresholds.burstingRange) return 'bursting';
  const isMoving = rangeDecades >= thresholds.movingRange;
  if (facts.isShuffled) {
    if (isMoving) return 'noisy';
  } else {
    if (flipShare >= thresholds.oscillatingShare && rangeDecades < thresholds.oscillatingRange) return 'oscillating';
    if (flipShare >= thresholds.fluctuatingShare && isMoving) return 'fluctuating';
  }
  return trendOf(facts, thresholds);
}

function trendOf({ headMin, trendEndMin, floor }: MotionFacts, { trendRatio }: Thresholds): MotionName {
  const [head, end] = [Math.max(headMin, floor), Math.max(trendEndMin, floor)];
  if (head === end) return 'steady';
  if (end >= trendRatio * head) return 'rising';
  return head >= trendRatio * end ? 'descending' : 'steady';
}

/** Decades from a smaller loss to a larger one, both raised to the floor; null where one is no number. */
export function decadesAbove(smaller: number, larger: number, floor: number): number | null {
  if (!(larger >= smaller)) return null;
  const [from, to] = [Math.max(smaller, floor), Math.max(larger, floor)];
  return from === to ? 0 : decades(to, from);
}
