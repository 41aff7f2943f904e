/**
 * The double twisted spiral of a window: whether the fast motion of the parameters winds, and how fast it shrinks.
 *
 * Near the edge of stability the fast mode flips its sign each epoch, so even and odd epochs are two arms. Second
 * differences take away the drift, (−1)^t joins the arms, and what is left is read as a complex number: θ along one
 * direction as its real part, m along the same direction as its imaginary part. Two oscillations of one frequency and a
 * fixed phase turn it steadily; noise and monotone growth do not.
 *
 * The direction is one for both, in the metric of the optimiser: the top singular vector of P^−½·m, along which P^½·θ
 * is read as well. With a direction for each, as one would choose first, θ may follow one mode and m another where
 * several are awake: at β1 = 0.8 a third of the relaxations then seemed not to wind, and all of them do.
 */
import type { OptimizerConfig } from '../../schemas/network.ts';
import { largestEigenpair } from './eigenvalue.ts';
import { fitLine } from './line.ts';
import { preconditioner } from './preconditioner.ts';

/**
 * Fewer turns than these cannot be told from a bend; more than this share of the epochs cannot be followed from one to
 * the next.
 */
const TURNS_MIN = 1.5;
const TURNS_AN_EPOCH_MAX = 0.35;
/** Share of all turning that goes one way. */
const HANDEDNESS_MIN = 0.9;
/** Of ln |z| over the epochs. */
const FIT_MIN = 0.9;
/** Relative distance of the decay rate from −½ ln β1 that still counts as equal. */
const DECAY_TOLERANCE = 0.25;

/** Consecutive epochs of θ, m and v; rows of `parameterCount` numbers, `[row][parameter]`. */
export interface Motion {
  readonly firstEpoch: number;
  readonly parameterCount: number;
  readonly theta: ArrayLike<number>;
  readonly firstMoment: ArrayLike<number>;
  readonly secondMoment: ArrayLike<number>;
}

/** What a window's motion comes to. */
export interface Spiral {
  /** Turns of z, whichever way; the same per epoch. */
  readonly winding: number;
  readonly windingRate: number;
  /** |Σ Δarg z| / Σ |Δarg z|: 1 where it always turns one way. */
  readonly handedness: number;
  /** Decrease of ln |z| an epoch, and R² of the line that it is the slope of. */
  readonly decayRate: number;
  readonly fit: number;
  /** −Σ u_t·u_{t−1} / (‖u_{1:}‖ ‖u_{:−1}‖): 1 where each update undoes the one before. */
  readonly flipIndex: number;
  readonly isTwisted: boolean;
  /** Twisted, and shrinking as √β1^t. */
  readonly isDamped: boolean;
}

/** The spiral of a window, with the motion that it is read from. */
export interface WindowSpiral extends Spiral {
  readonly motion: FastMotion;
}

/** The spiral of a window of at least four epochs. NaN where nothing moves. */
export function spiralOf(motion: Motion, optimizer: OptimizerConfig): WindowSpiral {
  const { beta1 = 0 } = optimizer;
  const fast = fastMotion(differencesOf(motion, optimizer));
  return { ...readSpiral(fast, { beta1, flipIndex: flipIndexOf(motion) }), motion: fast };
}

/** Second differences of θ and m in the optimiser's metric, their signs joined, `[row][parameter]`. */
export interface Differences {
  readonly parameterCount: number;
  readonly theta: Float64Array;
  readonly firstMoment: Float64Array;
}

/**
 * The second differences of a window, two rows shorter than it: P^½·d_t of θ and P^−½·d_t of m, each times (−1)^t, with
 * P of one row, the middle one unless another is named.
 */
export function differencesOf(motion: Motion, optimizer: OptimizerConfig, metricRow?: number): Differences {
  const { firstEpoch, parameterCount, theta, firstMoment, secondMoment } = motion;
  const row = metricRow ?? Math.floor(theta.length / parameterCount / 2);
  const v = Array.from({ length: parameterCount }, (_, i) => secondMoment[row * parameterCount + i]);
  const root = preconditioner(optimizer, firstEpoch + row, v).map(Math.sqrt);
  return {
    parameterCount,
    theta: secondDifferences(theta, parameterCount, (i) => root[i]),
    firstMoment: secondDifferences(firstMoment, parameterCount, (i) => 1 / root[i]),
  };
}

/** θ and m along the fast direction, `[row]`. */
export interface FastMotion {
  /** Of length 1 in the metric of the differences, `[parameter]`. */
  readonly direction: Float64Array;
  readonly theta: Float64Array;
  readonly firstMoment: Float64Array;
}

/** The motion along the top singular vector of m's differences. */
export function fastMotion({ theta, firstMoment, parameterCount }: Differences): FastMotion {
  const direction = topDirection(firstMoment, parameterCount);
  return { direction, theta: along(theta, direction), firstMoment: along(firstMoment, direction) };
}

/** Reads fast motion as turns and decay. */
export function readSpiral(motion: FastMotion, options: { beta1: number; flipIndex: number }): Spiral {
  const { re, im } = whitened(motion);
  const length = re.length;
  let turned = 0;
  let moved = 0;
  for (let t = 1; t < length; t++) {
    // arg(z_t · conj z_{t−1})
    const angle = Math.atan2(re[t - 1] * im[t] - im[t - 1] * re[t], re[t - 1] * re[t] + im[t - 1] * im[t]);
    turned += angle;
    moved += Math.abs(angle);
  }
  const winding = Math.abs(turned) / (2 * Math.PI);
  const handedness = Math.abs(turned) / moved;
  const { slope, fit } = fitLine(Array.from(re, (x, t) => [t, 0.5 * Math.log(x * x + im[t] * im[t])] as const));
  const windingRate = winding / (length - 1);
  const isTwisted = areTurns(winding, length) && handedness >= HANDEDNESS_MIN;
  const theory = -0.5 * Math.log(options.beta1);
  const isDamped = isTwisted && fit >= FIT_MIN && Math.abs(-slope - theory) <= DECAY_TOLERANCE * theory;
  const { flipIndex } = options;
  return { winding, windingRate, handedness, decayRate: -slope, fit, flipIndex, isTwisted, isDamped };
}

/** Whether so much winding over rows is neither a bend nor too fast to be followed. */
export function areTurns(winding: number, rows: number): boolean {
  return winding >= TURNS_MIN && winding <= TURNS_AN_EPOCH_MAX * rows;
}

/** −Σ u_t·u_{t−1} / (‖u_{1:}‖ ‖u_{:−1}‖) over the updates within a window. */
function flipIndexOf({ theta, parameterCount }: Motion): number {
  const rows = theta.length / parameterCount;
  let products = 0;
  let later = 0;
  let earlier = 0;
  for (let t = 2; t < rows; t++) {
    for (let i = 0; i < parameterCount; i++) {
      const at = t * parameterCount + i;
      const u = theta[at] - theta[at - parameterCount];
      const before = theta[at - parameterCount] - theta[at - 2 * parameterCount];
      products += u * before;
      later += u * u;
      earlier += before * before;
    }
  }
  return -products / Math.sqrt(later * earlier);
}

/** (−1)^t·(x_{t+1} − 2x_t + x_{t−1}), each parameter scaled: rows of a window less its ends. */
function secondDifferences(
  values: ArrayLike<number>,
  width: number,
  scale: (parameter: number) => number,
): Float64Array {
  const rows = values.length / width;
  const differences = new Float64Array((rows - 2) * width);
  for (let t = 1; t < rows - 1; t++) {
    const sign = t % 2 === 0 ? 1 : -1;
    for (let i = 0; i < width; i++) {
      const at = t * width + i;
      differences[at - width] = sign * scale(i) * (values[at + width] - 2 * values[at] + values[at - width]);
    }
  }
  return differences;
}

/** The top right singular vector of rows: the top eigenvector of their Gram matrix. */
function topDirection(rows: Float64Array, width: number): Float64Array {
  return largestEigenpair((x, target) => {
    target.fill(0);
    for (let at = 0; at < rows.length; at += width) {
      let product = 0;
      for (let i = 0; i < width; i++) product += rows[at + i] * x[i];
      for (let i = 0; i < width; i++) target[i] += product * rows[at + i];
    }
  }, width).vector;
}

function along(rows: Float64Array, direction: Float64Array): Float64Array {
  const width = direction.length;
  return Float64Array.from({ length: rows.length / width }, (_, t) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += rows[t * width + i] * direction[i];
    return sum;
  });
}

/** The motion in axes in which it has unit covariance about 0 (not about its mean, which a decay does not have). */
export function whitened({ theta, firstMoment }: FastMotion): { readonly re: Float64Array; readonly im: Float64Array } {
  const mean = (value: (t: number) => number) => theta.reduce((sum, _, t) => sum + value(t), 0) / theta.length;
  const l11 = Math.sqrt(mean((t) => theta[t] * theta[t]));
  const l21 = mean((t) => theta[t] * firstMoment[t]) / l11;
  const l22 = Math.sqrt(mean((t) => firstMoment[t] * firstMoment[t]) - l21 * l21);
  const re = theta.map((x) => x / l11);
  return { re, im: firstMoment.map((y, t) => (y - l21 * re[t]) / l22) };
}
