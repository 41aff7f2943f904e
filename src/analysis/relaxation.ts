/**
 * Relaxation after a spike: how fast the excess loss and the second moment fall, to be held against −ln β1 and −ln β2.
 * The fast mode's amplitude decays as √β1^t, the loss is its square, and v forgets the spike's gradients at its own
 * rate.
 */
import { fitLine, type Line } from './line.ts';

/** The excess oscillates with the fast mode's beat; its mean over so many epochs does not. */
const SMOOTHED_EPOCHS = 6;
/** The excess is followed down to this multiple of the floor: below it, the floor's own motion is what one sees. */
const EXCESS_MIN = 1;
/** Fewer means than these make no line. */
const POINTS_MIN = 10;

/**
 * The rate at which the excess loss falls, an epoch: the slope of the logarithm of its moving mean over `losses`, the
 * epochs after a spike's peak. NaN where the excess is gone too soon to be followed.
 *
 * @param floor the loss that it falls to: the minimum from the peak until the motion is over
 */
export function lossDecay(losses: ArrayLike<number>, floor: number): Line {
  const points: (readonly [number, number])[] = [];
  for (let t = 0; t + SMOOTHED_EPOCHS <= losses.length; t++) {
    let sum = 0;
    for (let i = t; i < t + SMOOTHED_EPOCHS; i++) sum += losses[i] - floor;
    const excess = sum / SMOOTHED_EPOCHS;
    if (excess > EXCESS_MIN * floor) points.push([t, Math.log(excess)]);
  }
  return negated(points);
}

/** The rate at which Σ v falls, an epoch, over rows of `parameterCount` numbers, `[row][parameter]`. */
export function secondMomentDecay(secondMoment: ArrayLike<number>, parameterCount: number): Line {
  const rows = secondMoment.length / parameterCount;
  const points = Array.from({ length: rows }, (_, t) => {
    let sum = 0;
    for (let i = t * parameterCount; i < (t + 1) * parameterCount; i++) sum += secondMoment[i];
    return [t, Math.log(sum)] as const;
  });
  return negated(points);
}

function negated(points: readonly (readonly [number, number])[]): Line {
  const { slope, intercept, fit } = fitLine(points.length < POINTS_MIN ? [] : points);
  return { slope: -slope, intercept, fit };
}
