/**
 * Exact products of the Hessian of a network's loss with a direction, in float64: the derivative of back-propagation
 * along the direction (Pearlmutter 1994). A network is linearised once at a point and then multiplied with as many
 * directions as are wanted. Training never comes here: the declared arithmetic holds for first derivatives alone, and
 * what is computed here decides no bit of any network.
 */
import type { ActivationName } from '../../schemas/catalogue.ts';
import type { Samples } from '../../schemas/dataset.ts';
import { parameterCount } from '../../schemas/network.ts';
import { elementaryOf } from '../numeric/elementary.ts';

const { sigmoid, sin, cos, tanh } = elementaryOf('float64');

/** f, f′ and f″, where a = f(z): the second derivative of every activation follows from a, or is 0. */
interface Activation {
  value(z: number): number;
  slope(z: number, a: number): number;
  bend(a: number): number;
}

const ACTIVATIONS: Readonly<Record<ActivationName, Activation>> = {
  tanh: { value: tanh, slope: (_z, a) => 1 - a * a, bend: (a) => -2 * a * (1 - a * a) },
  sigmoid: { value: sigmoid, slope: (_z, a) => a * (1 - a), bend: (a) => a * (1 - a) * (1 - 2 * a) },
  relu: { value: (z) => Math.max(z, 0), slope: (z) => (z <= 0 ? 0 : 1), bend: () => 0 },
  sine: { value: sin, slope: (z) => cos(z), bend: (a) => -a },
  identity: { value: (z) => z, slope: () => 1, bend: () => 0 },
};

/** One dense layer at the point where the network is linearised; arrays are `[sample][unit]`. */
interface Layer {
  readonly inputCount: number;
  readonly outputCount: number;
  /** Index in θ of the weights, `[output][input]`, and of the biases, `[output]`. */
  readonly weights: number;
  readonly biases: number;
  readonly activation: Activation;
  /** What the layer reads: the samples, or the activations below. */
  readonly below: Float64Array;
  readonly activations: Float64Array;
  readonly slopes: Float64Array;
  /** ∂L/∂a · f″(z) and ∂L/∂z. */
  readonly bends: Float64Array;
  readonly deltas: Float64Array;
  /** Derivatives along the direction at hand: of z, of a and of ∂L/∂z. */
  readonly zAlong: Float64Array;
  readonly aAlong: Float64Array;
  readonly deltaAlong: Float64Array;
}

/** The full-batch loss of a network around one point of parameter space. */
export class LinearisedNetwork {
  readonly parameterCount: number;
  readonly #layers: readonly Layer[];
  readonly #targets: Float64Array;
  readonly #sampleCount: number;
  #theta = new Float64Array(0);

  constructor(network: { layers: readonly number[]; activation: ActivationName; samples: Samples }) {
    const { layers: sizes, activation, samples } = network;
    this.parameterCount = parameterCount(sizes);
    this.#targets = Float64Array.from(samples.targets);
    this.#sampleCount = samples.inputs.length / samples.inputCount;
    const layers: Layer[] = [];
    let offset = 0;
    for (let i = 1; i < sizes.length; i++) {
      const [inputCount, outputCount] = [sizes[i - 1], sizes[i]];
      const units = () => new Float64Array(this.#sampleCount * outputCount);
      layers.push({
        inputCount,
        outputCount,
        weights: offset,
        biases: offset + inputCount * outputCount,
        activation: ACTIVATIONS[i === sizes.length - 1 ? 'identity' : activation],
        below: i === 1 ? Float64Array.from(samples.inputs) : layers[i - 2].activations,
        activations: units(),
        slopes: units(),
        bends: units(),
        deltas: units(),
        zAlong: units(),
        aAlong: units(),
        deltaAlong: units(),
      });
      offset += (inputCount + 1) * outputCount;
    }
    this.#layers = layers;
  }

  /**
   * Moves to θ, `[parameter]`, which is copied. Returns the loss there: the mean over samples × outputs of the squared
   * error.
   */
  linearise(theta: ArrayLike<number>): number {
    this.#theta = Float64Array.from(theta);
    for (const layer of this.#layers) this.#forward(layer);
    const loss = this.#outputDeltas();
    for (let i = this.#layers.length - 2; i >= 0; i--) this.#hiddenDeltas(this.#layers[i], this.#layers[i + 1]);
    return loss;
  }

  /** The gradient of the loss into `target`, `[parameter]`. */
  gradient(target: Float64Array): void {
    target.fill(0);
    for (const { inputCount, outputCount, weights, biases, below, deltas } of this.#layers) {
      for (let s = 0; s < this.#sampleCount; s++) {
        for (let o = 0; o < outputCount; o++) {
          const delta = deltas[s * outputCount + o];
          const row = weights + o * inputCount;
          for (let i = 0; i < inputCount; i++) target[row + i] += delta * below[s * inputCount + i];
          target[biases + o] += delta;
        }
      }
    }
  }

  /** H·direction into `target`; both are `[parameter]` and must not be the same array. */
  hessianProduct(direction: Float64Array, target: Float64Array): void {
    const layers = this.#layers;
    for (const [i, layer] of layers.entries()) this.#forwardAlong(layer, direction, layers[i - 1]?.aAlong);
    const { aAlong, deltaAlong } = layers[layers.length - 1];
    const scale = 2 / this.#targets.length;
    for (let i = 0; i < aAlong.length; i++) deltaAlong[i] = scale * aAlong[i];
    for (let i = layers.length - 2; i >= 0; i--) this.#hiddenDeltasAlong(layers[i], layers[i + 1], direction);
    target.fill(0);
    for (const [i, layer] of layers.entries()) this.#gradientAlong(layer, layers[i - 1]?.aAlong, target);
  }

  #forward({ inputCount, outputCount, weights, biases, activation, below, activations, slopes }: Layer): void {
    const theta = this.#theta;
    for (let s = 0; s < this.#sampleCount; s++) {
      for (let o = 0; o < outputCount; o++) {
        let z = theta[biases + o];
        for (let i = 0; i < inputCount; i++) z += theta[weights + o * inputCount + i] * below[s * inputCount + i];
        const at = s * outputCount + o;
        activations[at] = activation.value(z);
        slopes[at] = activation.slope(z, activations[at]);
      }
    }
  }

  #outputDeltas(): number {
    const { activations, deltas } = this.#layers[this.#layers.length - 1];
    let squares = 0;
    for (let i = 0; i < deltas.length; i++) {
      const error = activations[i] - this.#targets[i];
      squares += error * error;
      deltas[i] = (2 / deltas.length) * error;
    }
    return squares / deltas.length;
  }

  #hiddenDeltas({ outputCount, activation, activations, slopes, bends, deltas }: Layer, above: Layer): void {
    for (let s = 0; s < this.#sampleCount; s++) {
      for (let j = 0; j < outputCount; j++) {
        let upstream = 0;
        for (let o = 0; o < above.outputCount; o++) {
          upstream += this.#theta[above.weights + o * outputCount + j] * above.deltas[s * above.outputCount + o];
        }
        const at = s * outputCount + j;
        bends[at] = upstream * activation.bend(activations[at]);
        deltas[at] = upstream * slopes[at];
      }
    }
  }

  /**
   * The derivative of #forward: `belowAlong` is that of what the layer reads, nothing for the samples, which do not
   * move.
   */
  #forwardAlong(layer: Layer, direction: Float64Array, belowAlong: Float64Array | undefined): void {
    const { inputCount, outputCount, weights, biases, below, slopes, zAlong, aAlong } = layer;
    const theta = this.#theta;
    for (let s = 0; s < this.#sampleCount; s++) {
      for (let o = 0; o < outputCount; o++) {
        const row = weights + o * inputCount;
        let z = direction[biases + o];
        for (let i = 0; i < inputCount; i++) z += direction[row + i] * below[s * inputCount + i];
        if (belowAlong !== undefined) {
          for (let i = 0; i < inputCount; i++) z += theta[row + i] * belowAlong[s * inputCount + i];
        }
        zAlong[s * outputCount + o] = z;
        aAlong[s * outputCount + o] = slopes[s * outputCount + o] * z;
      }
    }
  }

  /** The derivative of #hiddenDeltas. */
  #hiddenDeltasAlong(
    { outputCount, slopes, bends, zAlong, deltaAlong }: Layer,
    above: Layer,
    direction: Float64Array,
  ): void {
    for (let s = 0; s < this.#sampleCount; s++) {
      for (let j = 0; j < outputCount; j++) {
        let upstream = 0;
        for (let o = 0; o < above.outputCount; o++) {
          const weight = above.weights + o * outputCount + j;
          const delta = s * above.outputCount + o;
          upstream += direction[weight] * above.deltas[delta] + this.#theta[weight] * above.deltaAlong[delta];
        }
        const at = s * outputCount + j;
        deltaAlong[at] = upstream * slopes[at] + bends[at] * zAlong[at];
      }
    }
  }

  /** The derivative of the gradient. */
  #gradientAlong(
    { inputCount, outputCount, weights, biases, below, deltas, deltaAlong }: Layer,
    belowAlong: Float64Array | undefined,
    target: Float64Array,
  ): void {
    for (let s = 0; s < this.#sampleCount; s++) {
      for (let o = 0; o < outputCount; o++) {
        const [delta, along] = [deltas[s * outputCount + o], deltaAlong[s * outputCount + o]];
        const row = weights + o * inputCount;
        for (let i = 0; i < inputCount; i++) target[row + i] += along * below[s * inputCount + i];
        if (belowAlong !== undefined) {
          for (let i = 0; i < inputCount; i++) target[row + i] += delta * belowAlong[s * inputCount + i];
        }
        target[biases + o] += along;
      }
    }
  }
}
