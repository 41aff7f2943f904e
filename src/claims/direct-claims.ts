/**
 * The claims that need no run: each is computed by the thread that asks, setting by setting, within seconds. They know
 * engines and the Hessian, but no pool, no folder and no worker, so that a test can bundle and break them.
 */
import { bits } from './bits-claim.ts';
import type { ClaimName, Measurement } from './claim.ts';
import { firstSteps } from './first-steps-claim.ts';
import { hessianProducts } from './hessian-claim.ts';
import { intervalLaw } from './interval-claim.ts';
import { reignition, threePhases, twoCycle } from './objective-claims.ts';
import { amsgradRest, constantCurvature, criticalEpsilon, thresholdFamily } from './threshold-claims.ts';

export const DIRECT_CLAIMS: Readonly<
  Record<Exclude<ClaimName, 'stability-threshold' | 'loss-relaxation'>, () => Generator<Measurement>>
> = {
  reignition,
  'constant-curvature': constantCurvature,
  'threshold-family': thresholdFamily,
  'critical-epsilon': criticalEpsilon,
  'interval-law': intervalLaw,
  'amsgrad-rest': amsgradRest,
  'three-phases': threePhases,
  'two-cycle': twoCycle,
  'first-steps': firstSteps,
  'hessian-products': hessianProducts,
  bits,
};
