/**
 * What a claim is: a statement of the literature, of theory or of our own results that a small computation can check.
 * Checking it gives rows: what was measured in each setting, beside what is expected there.
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
    statement: 'on ½x² v decays as β2^t and x as √β1^t until √v̂ + ε is below lr(1 − β1)/(2(1 + β1)); there |x| turns',
    source: 'Bai et al., arXiv:2506.04805, with the step in closed form; float64, β1 0.9, ε 1e-8',
  },
  'threshold-family': {
    statement: 'on ½x² |x| turns within 15 steps of the first lr/(√v̂ + ε) > 2(1 + β1)/(1 − β1); 2 for RMSprop',
    source: 'Cohen et al., arXiv:2207.14484; float64, β2 0.99, lr 0.01, ε 1e-8',
  },
  'critical-epsilon': {
    statement: 'Adam on ½λx² never spikes with ε above lr·λ(1 − β1)/(2(1 + β1)), and spikes for ever below it',
    source: 'the stability threshold at v = 0; float64, λ 3, from x = 0.1, 400,000 steps',
  },
  'interval-law': {
    statement: 'the interval between spikes on ½x² is c(β1)/(1 − β2), with c of the limit β2 → 1',
    source: 'the limit of slow v, see src/claims/interval-limit.ts; float64, lr 0.01, from x = 0.01, ε 1e-8',
  },
  'amsgrad-rest': {
    statement: 'on ½x² AMSGrad comes to rest for ever, because its v_max never falls; Adam takes fire again',
    source: 'Reddi, Kale & Kumar 2018, section 4; the last fifth of 100,000 steps in float64, lr 0.01, β1 0.9, ε 1e-8',
  },
  'three-phases': {
    statement: 'on x⁴/4 Adam converges, spikes or oscillates with β2; β1 0.9, lr 0.001, ε 0, 100,000 steps',
    source: 'arXiv:2603.09581',
  },
  'two-cycle': {
    statement: 'without momentum Adam on ½x² ends in a cycle of two points ±lr(1 − β1)/(2(1 + β1))',
    source: 'arXiv:2210.02070; β1 0, β2 0.9',
  },
  'first-steps': {
    statement: 'the first four steps on ½x² are those of the published formulas, with every moment as a plain sum',
    source: 'Kingma & Ba 2015; Loshchilov & Hutter 2019; Reddi et al. 2018; documentation of PyTorch and Keras',
  },
  'hessian-products': {
    statement: 'products with the Hessian equal finite differences of the gradient at initial weights',
    source: 'Pearlmutter 1994; central differences of the gradient that training follows, 1-8-8-1, float64',
  },
  bits: {
    statement: 'the state after 1000 steps has one digest for each optimiser and form, in kernel and reference',
    source: 'the declared arithmetic gyre-1; the first 16 digits of SHA-256 over θ, m, v, v_max of two networks',
  },
} as const;

export type ClaimName = keyof typeof CLAIMS;
export const CLAIM_NAMES = Object.keys(CLAIMS) as ClaimName[];

/**
 * Where an expectation comes from: theory, the literature, or nothing but our own earlier number. The last is
 * `constancy`: a row that passes says that nothing has changed, not that it was right.
 */
export type Basis = 'theory' | 'literature' | 'constancy';

/** What was measured of one setting, to be judged. */
export type Measurement = NumberMeasurement | DigestMeasurement;

export interface NumberMeasurement {
  readonly setting: string;
  readonly basis: Basis;
  readonly expected: number;
  /** NaN where there was nothing to measure, which does not pass. */
  readonly measured: number;
  /** A relative tolerance, or the range itself. */
  readonly within: number | readonly [low: number, high: number];
}

/** Two engines must give one digest, and it must be the recorded one. */
export interface DigestMeasurement {
  readonly setting: string;
  readonly expected: string;
  readonly kernel: string;
  readonly reference: string;
}

/** One setting of a claim, judged. */
export interface ClaimRow {
  readonly claim: ClaimName;
  readonly setting: string;
  readonly basis: Basis;
  /** A number, or a digest of 16 hex digits. */
  readonly expected: number | string;
  /** The range within which a number passes, both ends included; null for a digest. */
  readonly low: number | null;
  readonly high: number | null;
  /** A number, or the digest of both engines; both digests where the engines differ. */
  readonly measured: number | string;
  readonly passed: boolean;
  readonly seconds: number;
}

/** The verdict on one setting. */
export function judged(claim: ClaimName, measurement: Measurement, seconds: number): ClaimRow {
  if ('kernel' in measurement) {
    const { setting, expected, kernel, reference } = measurement;
    const measured = kernel === reference ? kernel : `${kernel} by the kernel, ${reference} by the reference`;
    const verdict = { low: null, high: null, measured, passed: measured === expected };
    return { claim, setting, basis: 'constancy', expected, ...verdict, seconds };
  }
  const { setting, basis, expected, measured, within } = measurement;
  const [low, high] = typeof within === 'number' ? [expected * (1 - within), expected * (1 + within)] : within;
  const passed = measured >= low && measured <= high;
  return { claim, setting, basis, expected, low, high, measured, passed, seconds };
}
