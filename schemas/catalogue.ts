/**
 * The catalogue: every precision, activation, optimiser, form, initialisation, data set, outcome, motion and event by
 * name, with one sentence on each. The sweep schema, the plan's checks, the reference and the documents all read this
 * one list; it knows names and which options belong together, never how anything is computed.
 */
import type { Precision } from '../src/numeric/rounding.ts';

export type { Precision } from '../src/numeric/rounding.ts';

/** What one catalogue entry says about itself to a reader. */
interface Entry {
  readonly description: string;
}

/** The names of a catalogue as a tuple that is not empty, as `z.enum` wants it, in the order of the list. */
export function namesOf<Name extends string>(catalogue: Readonly<Record<Name, unknown>>): [Name, ...Name[]] {
  return Object.keys(catalogue) as [Name, ...Name[]];
}

/** Floating-point formats that a network can be trained in. */
export const PRECISIONS = {
  float32: { description: 'IEEE 754 binary32; every operation is rounded to it' },
  float64: { description: 'IEEE 754 binary64' },
} as const satisfies Record<Precision, Entry>;

/** Activations of the hidden layers; the output layer is always linear. */
export const ACTIVATIONS = {
  tanh: { description: 'hyperbolic tangent' },
  sigmoid: { description: '1 / (1 + exp(−z))' },
  relu: { description: 'max(z, 0), with derivative 0 at 0' },
  sine: { description: 'sin(z); NaN where |z| > 8192' },
  identity: { description: 'z: a linear network' },
} as const satisfies Record<string, Entry>;
export type ActivationName = keyof typeof ACTIVATIONS;

/** Distributions of the initial weights. Biases start at 0, but torch-linear draws them like the weights. */
export const INITS = {
  'glorot-uniform': { description: 'uniform on ±√(6 / (fan_in + fan_out)) (Glorot & Bengio 2010)' },
  'glorot-normal': { description: 'normal, standard deviation √(2 / (fan_in + fan_out)), not truncated' },
  'he-uniform': { description: 'uniform on ±√(6 / fan_in) (He et al. 2015)' },
  'lecun-normal': { description: 'normal, standard deviation √(1 / fan_in), not truncated' },
  'torch-linear': { description: 'weights and biases uniform on ±1 / √fan_in, as torch.nn.Linear does' },
} as const satisfies Record<string, Entry>;
export type InitName = keyof typeof INITS;

/** Data sets that Gyre computes itself, one input and one output each. */
export const DATASETS = {
  sine: { description: 'y = sin(2πx), x on linspace(0, 1, points)', options: [] },
  polynomial: { description: 'y = 2x³ + 0.3x² − x, x on linspace(−1, 1, points)', options: [] },
  absolute: { description: 'y = |x − 0.4|, x on linspace(−1, 1, points)', options: [] },
  teacher: {
    description: 'outputs of a random 1-3-1 tanh network, x on linspace(0, 1, points)',
    options: ['seed'],
  },
} as const satisfies Record<string, Entry & { options: readonly string[] }>;
export type DatasetName = keyof typeof DATASETS;

/** Objectives of one parameter, in place of a network and its data. */
export const OBJECTIVES = {
  power: { description: 'λ|x|^k/k with a whole exponent k: optimisers by themselves' },
} as const satisfies Record<string, Entry>;
export type ObjectiveName = keyof typeof OBJECTIVES;

/** The published ways of writing one optimiser's update; their parentheses decide bits. */
export const FORMS = {
  torch: { description: 'as PyTorch computes it: (s·m) / (√v/c + ε)' },
  paper: { description: 'as Kingma & Ba write it: (lr·m̂) / (√v̂ + ε)' },
  quotient: { description: 'the paper form with lr·(m̂ / (√v̂ + ε))' },
  keras: { description: 'as Keras computes it: (m·α) / (√v + ε)' },
} as const satisfies Record<string, Entry>;
export type FormName = keyof typeof FORMS;

/** Moments that an optimiser may keep of each parameter beside θ, in the order of the state and of the digest. */
const MOMENTS = {
  firstMoment: { description: 'm, a moving average of the gradient' },
  secondMoment: { description: 'v, a moving average of its square' },
  maxSecondMoment: { description: 'v_max, the largest v so far' },
} as const satisfies Record<string, Entry>;
export type MomentName = keyof typeof MOMENTS;

/** The moments in their order. */
export const MOMENT_NAMES: readonly MomentName[] = namesOf(MOMENTS);

/** Optimisers with the forms that exist for each, the options that each one takes and the moments that it keeps. */
export const OPTIMIZERS = {
  adam: {
    description: 'Adam (Kingma & Ba 2015)',
    forms: ['torch', 'paper', 'quotient', 'keras'],
    options: ['beta1', 'beta2', 'epsilon'],
    moments: ['firstMoment', 'secondMoment'],
  },
  adamw: {
    description: 'Adam with decoupled weight decay (Loshchilov & Hutter 2019)',
    forms: ['torch', 'paper', 'keras'],
    options: ['beta1', 'beta2', 'epsilon', 'weightDecay'],
    moments: ['firstMoment', 'secondMoment'],
  },
  amsgrad: {
    description: 'Adam that divides by the largest second moment so far (Reddi, Kale & Kumar 2018)',
    forms: ['torch', 'paper', 'keras'],
    options: ['beta1', 'beta2', 'epsilon'],
    moments: ['firstMoment', 'secondMoment', 'maxSecondMoment'],
  },
  rmsprop: {
    description: 'RMSprop (Tieleman & Hinton 2012), not centred; beta2 is what PyTorch calls alpha',
    forms: ['torch'],
    options: ['beta2', 'epsilon'],
    moments: ['secondMoment'],
  },
  momentum: {
    description: 'gradient descent with heavy-ball momentum beta1, without dampening',
    forms: ['torch'],
    options: ['beta1'],
    moments: ['firstMoment'],
  },
  sgd: { description: 'gradient descent without momentum', forms: ['torch'], options: [], moments: [] },
} as const satisfies Record<
  string,
  Entry & {
    forms: readonly FormName[];
    options: readonly OptimizerOption[];
    moments: readonly MomentName[];
  }
>;
export type OptimizerName = keyof typeof OPTIMIZERS;
export type OptimizerOption = 'beta1' | 'beta2' | 'epsilon' | 'weightDecay';

/** How numbers below the normal range are treated. */
export const SUBNORMALS = {
  ieee: { description: 'kept, as IEEE 754 says' },
  flush: {
    description:
      'tiny gradients and moments are set to 0: float32 |g| < 2⁻⁵⁰ and |m|, v < 2⁻¹⁰⁰, float64 2⁻⁵⁰⁰ and 2⁻¹⁰⁰⁰',
  },
} as const satisfies Record<string, Entry>;
export type SubnormalsName = keyof typeof SUBNORMALS;

/** Whether a network learned and kept it, in order of precedence: the first outcome that holds. */
export const OUTCOMES = {
  'non-finite': { description: 'NaN or ∞ in the loss, parameters or moments' },
  exploded: { description: 'ends above ten times the variance of its targets, and above its first loss' },
  untrained: { description: 'never came to a tenth of the variance of its targets' },
  collapsed: { description: 'was trained, and ends above a tenth of the variance of its targets' },
  degraded: { description: 'is trained, but ends at ten times its smallest loss or more' },
  learned: { description: 'none of the above: trained, and close to its best' },
  failed: { description: 'has no results: its task was lost three times' },
} as const satisfies Record<string, Entry>;
export type OutcomeName = keyof typeof OUTCOMES;

/** The names of outcomes in order of precedence. */
export const OUTCOME_NAMES: readonly OutcomeName[] = namesOf(OUTCOMES);

/** Outcomes that count as divergence, in the order in which displays name them. */
export const DIVERGED_OUTCOMES: readonly OutcomeName[] = ['non-finite', 'exploded', 'collapsed'];

/** How a network moves at the end of its run, in order of precedence: the first motion that holds. */
export const MOTIONS = {
  frozen: { description: 'no bit changed for the last 1000 epochs or more' },
  spiking: { description: 'at least three separate spikes of four times their base in the tail' },
  bursting: { description: 'spikes merge: a level shift or open rises over most of the tail, a decade or more' },
  noisy: { description: 'shuffled mini-batches move the loss' },
  oscillating: { description: 'nearly every update flips while the loss is at rest: a cycle of two steps' },
  fluctuating: { description: 'updates flip and the loss moves' },
  rising: { description: 'the loss ends at least 5 % above the beginning of the tail' },
  descending: { description: 'the loss ends at least 5 % below the beginning of the tail' },
  steady: { description: 'none of the above: at rest' },
} as const satisfies Record<string, Entry>;
export type MotionName = keyof typeof MOTIONS;

/** The names of motions in order of precedence. */
export const MOTION_NAMES: readonly MotionName[] = namesOf(MOTIONS);

/** Kinds of events. */
export const EVENTS = {
  onset: { description: 'onset of fluctuation: the first of ten consecutive flips of the update' },
  spike: { description: 'the loss rose above twice the smallest of the 1000 epochs before, and came back' },
  'level-shift': { description: 'it rose and had not come back after 2000 epochs' },
  divergence: { description: 'last epoch at which a network that has diverged was trained' },
  freeze: { description: 'no bit changed for at least 1000 epochs' },
  'non-finite': { description: 'first NaN or ∞ in the loss, parameters or moments' },
} as const satisfies Record<string, Entry>;
export type EventKind = keyof typeof EVENTS;

export const EVENT_KINDS: readonly EventKind[] = namesOf(EVENTS);
