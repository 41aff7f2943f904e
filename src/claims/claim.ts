/**
 * What a claim is: a statement of the literature, or of our own results, that a small computation can check, and the
 * rows that come of checking it: a number for each setting, with the range that it must lie in.
 */

/** The claims by name, in the order in which they are told. */
export const CLAIMS = {
  'stability-threshold': {
    statement: 'the sharpness lr·λ_max(P⁻¹H) passes 2(1 + β1)/(1 − β1) before at least 95 % of spikes',
    source: 'Cohen et al., arXiv:2207.14484',
  },
  'loss-relaxation': {
    statement: 'after a spike the excess loss falls at −ln β1 an epoch, within 15 %',
    source: 'theory of the fast mode: its amplitude decays as √β1^t',
  },
  reignition: {
    statement: 'Adam on ½x² takes fire again after 20,000 quiet steps, in float32 only where the quotient comes first',
    source: 'computed with the four forms of Adam’s update; lr 0.001, β = (0.9, 0.999), ε 1e-8',
  },
  'constant-curvature': {
    statement: 'a spike on ½x² begins when √v̂ + ε has fallen below lr(1 − β1)/(2(1 + β1))',
    source: 'Bai et al., arXiv:2506.04805; float64, ε 1e-8',
  },
  'three-phases': {
    statement: 'on x⁴/4 Adam converges, spikes or oscillates with β2; β1 0.9, lr 0.001, ε 0, 100,000 steps',
    source: 'arXiv:2603.09581',
  },
  'two-cycle': {
    statement: 'without momentum Adam on ½x² ends in a cycle of two points ±lr(1 − β1)/(2(1 + β1))',
    source: 'arXiv:2210.02070; β1 0, β2 0.9',
  },
} as const;

export type ClaimName = keyof typeof CLAIMS;
export const CLAIM_NAMES = Object.keys(CLAIMS) as ClaimName[];

/** One setting of a claim. */
export interface ClaimRow {
  readonly claim: ClaimName;
  readonly setting: string;
  /** What is claimed, and the range within which a measurement passes, both ends included. */
  readonly expected: number;
  readonly low: number;
  readonly high: number;
  /** NaN where there was nothing to measure, which does not pass. */
  readonly measured: number;
  readonly passed: boolean;
  readonly seconds: number;
}

/** What was measured of one setting, to be judged. */
export interface Measurement {
  readonly setting: string;
  readonly expected: number;
  readonly measured: number;
  /** A relative tolerance, or the range itself. */
  readonly within: number | readonly [low: number, high: number];
}

/** The verdict on one setting. */
export function judged(
  claim: ClaimName,
  { setting, expected, measured, within }: Measurement,
  seconds: number,
): ClaimRow {
  const [low, high] = typeof within === 'number' ? [expected * (1 - within), expected * (1 + within)] : within;
  return { claim, setting, expected, low, high, measured, passed: measured >= low && measured <= high, seconds };
}
