/**
 * The two labels of a network, outcome and motion, and how many networks have each. A pair also has a number, so that
 * shared memory and results hold it in one word or byte.
 */
import { DIVERGED_OUTCOMES, MOTION_NAMES, type MotionName, OUTCOME_NAMES, type OutcomeName } from './catalogue.ts';

/** What is said of a network: did it learn and keep it, and how does it move at the end? */
export interface Labels {
  readonly outcome: OutcomeName;
  /** Null where the outcome is non-finite or failed. */
  readonly motion: MotionName | null;
}

/** How many networks have each outcome and each motion. */
export interface LabelCounts {
  readonly outcomes: Readonly<Record<OutcomeName, number>>;
  readonly motions: Readonly<Record<MotionName, number>>;
}

/** The labels of a network that was given up. */
export const FAILED: Labels = { outcome: 'failed', motion: null };

const PAIRS: readonly Labels[] = OUTCOME_NAMES.flatMap((outcome) =>
  [null, ...MOTION_NAMES].map((motion) => ({ outcome, motion })),
);

/** How many pairs there are; their numbers count from 0. */
export const LABEL_PAIRS = PAIRS.length;

/** The number of a pair of labels. */
export function labelNumber({ outcome, motion }: Labels): number {
  const motions = 1 + MOTION_NAMES.length;
  return OUTCOME_NAMES.indexOf(outcome) * motions + (motion === null ? 0 : 1 + MOTION_NAMES.indexOf(motion));
}

/** The pair with a number; null where there is none. */
export const labelsOfNumber = (number: number): Labels | null => PAIRS[number] ?? null;

/** Counts by name, given how many networks have each pair, `[number of the pair]`. */
export function labelCounts(networksOfPair: ArrayLike<number>): LabelCounts {
  const outcomes = Object.fromEntries(OUTCOME_NAMES.map((name) => [name, 0])) as Record<OutcomeName, number>;
  const motions = Object.fromEntries(MOTION_NAMES.map((name) => [name, 0])) as Record<MotionName, number>;
  for (const [number, { outcome, motion }] of PAIRS.entries()) {
    outcomes[outcome] += networksOfPair[number];
    if (motion !== null) motions[motion] += networksOfPair[number];
  }
  return { outcomes, motions };
}

/** Networks that diverged: non-finite, exploded or collapsed. */
export const divergenceCount = ({ outcomes }: LabelCounts): number =>
  DIVERGED_OUTCOMES.reduce((sum, name) => sum + outcomes[name], 0);

export const isDiverged = (outcome: OutcomeName): boolean => DIVERGED_OUTCOMES.includes(outcome);
