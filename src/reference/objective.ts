/**
 * Objectives of one parameter and their gradients: optimisers by themselves, without a network. Powers are products
 * from the left, so that they need no function of Math.
 */
import type { ObjectiveConfig } from '../../schemas/network.ts';
import { objectiveConstants } from '../data/objectives.ts';
import { roundingTo } from '../numeric/rounding.ts';
import type { Loss } from './loss.ts';

/** L = (λ/k)·(q·|x|) and g = λ·q with the sign of x, where q = ((|x|·|x|)·|x|)… is |x|^(k−1). */
export function objectiveLoss({ objective, precision }: ObjectiveConfig): Loss {
  const round = roundingTo(precision);
  const [scale, curvature] = objectiveConstants(objective).map(round);
  let loss = 0;
  return {
    parameterCount: 1,
    steps: 1,
    beginEpoch: () => {},
    step(_step, theta, gradient) {
      const x = theta[0];
      const size = Math.abs(x);
      let q = size;
      for (let power = 2; power < objective.exponent; power++) q = round(q * size);
      loss = round(scale * round(q * size));
      const slope = round(curvature * q);
      gradient[0] = x < 0 || Object.is(x, -0) ? -slope : slope;
    },
    value: () => loss,
  };
}
