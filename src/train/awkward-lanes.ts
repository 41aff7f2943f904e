/**
 * Networks that a kernel proves itself on: one kind of numbers for each lane. Each kind makes another liberty of a
 * compiler visible: fused or reordered operations show in ordinary numbers, flushing in subnormal ones, assumptions on
 * NaN, infinity and signs of zero in those.
 */
import type { OptimizerConfig } from '../../schemas/network.ts';
import type { SectionName } from '../group/layout.ts';
import type { Precision } from '../numeric/rounding.ts';

/** Draws for the numbers of one lane (Marsaglia, "Xorshift RNGs", 2003). */
export class Draws {
  /** A power of two in the middle of the subnormal numbers, and one whose square is such a number. */
  readonly tiny: number;
  readonly small: number;
  /** A power of two that overflows when it is doubled a few times. */
  readonly huge: number;
  #state: number;

  constructor(seed: number, precision: Precision) {
    [this.tiny, this.small, this.huge] =
      precision === 'float32' ? [2 ** -136, 2 ** -68, 2 ** 125] : [2 ** -1050, 2 ** -525, 2 ** 1021];
    this.#state = Math.imul(seed, 0x9e3779b9) | 1;
  }

  /** A number of [−1, 1). */
  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state / 2 ** 31;
  }
}

/** The number at an index of a lane. */
type NumberAt = (draws: Draws, i: number) => number;

type NumbersName = Extract<
  SectionName,
  'theta' | 'firstMoment' | 'secondMoment' | 'maxSecondMoment' | 'previousUpdate' | 'inputs' | 'targets'
>;

/** One kind of numbers. */
export interface AwkwardLane {
  readonly numbers: Readonly<Record<NumbersName, NumberAt>>;
  readonly hyperParameters: Partial<Omit<OptimizerConfig, 'kind' | 'form'>>;
}

const ordinary: NumberAt = (draws) => draws.next();
const square: NumberAt = (draws) => 0.1 * draws.next() ** 2;

/** A lane of ordinary numbers but for those named. */
function lane(
  numbers: Partial<AwkwardLane['numbers']>,
  hyperParameters: AwkwardLane['hyperParameters'] = {},
): AwkwardLane {
  const all = { theta: ordinary, inputs: ordinary, targets: ordinary };
  const tenth: NumberAt = (draws) => 0.1 * draws.next();
  const moments = { firstMoment: tenth, previousUpdate: tenth, secondMoment: square, maxSecondMoment: square };
  const usual = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };
  return { numbers: { ...all, ...moments, ...numbers }, hyperParameters: { ...usual, ...hyperParameters } };
}

/** In the order in which they are taken where a proof has no time for all. */
export const AWKWARD_LANES: readonly AwkwardLane[] = [
  lane({}),
  // Subnormal throughout.
  lane(
    {
      theta: (draws) => draws.tiny * draws.next(),
      firstMoment: (draws) => draws.tiny * draws.next(),
      secondMoment: (draws) => draws.tiny * draws.next() ** 2,
      maxSecondMoment: (draws) => draws.tiny * draws.next() ** 2,
      targets: (draws) => draws.tiny * draws.next(),
    },
    { learningRate: 0.3, epsilon: 0.1 },
  ),
  // Sums of numbers of all magnitudes, whose order shows.
  lane(
    {
      theta: (draws, i) => draws.next() * 2 ** (((i * 7) % 25) - 12),
      inputs: (draws, i) => draws.next() * 2 ** -(i % 9),
    },
    { beta1: 0.5 },
  ),
  lane({ theta: (draws, i) => (i % 3 === 0 ? Number.NaN : draws.next()) }),
  lane({
    inputs: (draws, i) => (i === 1 ? Number.POSITIVE_INFINITY : draws.next()),
    theta: (draws, i) => (i === 0 ? Number.NEGATIVE_INFINITY : draws.next()),
  }),
  // Overflows at once, or within some epochs.
  lane({ theta: (draws) => draws.huge * draws.next() }, { learningRate: 100 }),
  // Zeros of either sign.
  lane(
    {
      theta: (_, i) => (i % 2 === 0 ? -0 : 0),
      firstMoment: (_, i) => (i % 3 === 0 ? -0 : 0),
      secondMoment: () => 0,
      maxSecondMoment: () => 0,
      inputs: (_, i) => (i % 2 === 0 ? 0 : -0),
      targets: () => -0,
    },
    { beta1: 0.5, beta2: 0.5 },
  ),
  // Squares of gradients are subnormal, or 0.
  lane(
    {
      theta: (draws) => draws.small * draws.next(),
      targets: (draws) => draws.small * draws.next(),
      secondMoment: () => 0,
    },
    { epsilon: 0, beta2: 0.9 },
  ),
  // Far from a minimum, with steps that are too large.
  lane(
    { targets: (draws) => 100 * draws.next() },
    { learningRate: 2, beta1: 0, beta2: 0.75, epsilon: 1e-3, weightDecay: 0.5 },
  ),
  lane({ inputs: (draws) => 4 * draws.next() }, { learningRate: 1e-3, beta1: 0.99, beta2: 0.99, epsilon: 0.1 }),
];
