/**
 * The first steps of every optimiser and form on ½x², beside the formulas of their publications. The formulas are
 * written with plain sums, m_t = (1 − β1)·Σ β1^(t−i)·g_i, so they share no line and no order of operations with the
 * engines. They differ in the last digits only, and a misplaced ε, β, decay or correction is many digits off.
 */
import { type FormName, OPTIMIZERS } from '../../schemas/catalogue.ts';
import type { OptimizerConfig } from '../../schemas/network.ts';
import type { NumberMeasurement } from './claim.ts';
import { train } from './objective-training.ts';

const STEPS = 4;
/** Far from their defaults, so that each of them shows at once. */
const HYPER_PARAMETERS = { learningRate: 0.3, beta1: 0.6, beta2: 0.8, epsilon: 0.2, weightDecay: 0.25 } as const;

export function* firstSteps(): Generator<NumberMeasurement> {
  for (const optimizer of everyForm(HYPER_PARAMETERS)) {
    const { x } = train({ optimizer }, STEPS);
    const published = publishedSteps(optimizer, STEPS) - 1;
    const measured = Math.abs((x[STEPS] - x[0]) / published - 1);
    const setting = `${optimizer.kind} ${optimizer.form}: relative difference of x₄ − x₀`;
    yield { setting, basis: 'literature', expected: 0, measured, within: [0, 1e-13] };
  }
}

/** Every form of every optimiser, with those of the hyper-parameters that it has. */
export function everyForm(values: Omit<Required<OptimizerConfig>, 'kind' | 'form'>) {
  return Object.entries(OPTIMIZERS).flatMap(([kind, { forms, options }]) =>
    forms.map((form: FormName): OptimizerConfig => {
      const own = Object.fromEntries(options.map((name) => [name, values[name]]));
      return { kind: kind as OptimizerConfig['kind'], form, learningRate: values.learningRate, ...own };
    }),
  );
}

/** x after some steps from 1 with the gradient x, by the formulas. */
function publishedSteps({ kind, form, ...values }: OptimizerConfig, steps: number): number {
  const { learningRate: lr, beta1 = 0, beta2 = 0, epsilon = 0, weightDecay = 0 } = values;
  const gradients: number[] = [];
  let [x, largestV] = [1, 0];
  for (let t = 1; t <= steps; t++) {
    const sum = (beta: number, of: (g: number) => number) =>
      gradients.reduce((total, g, i) => total + beta ** (t - 1 - i) * of(g), 0);
    gradients.push(x);
    if (kind === 'sgd') {
      x -= lr * x;
      continue;
    }
    const v = (1 - beta2) * sum(beta2, (g) => g * g);
    if (kind === 'momentum') x -= lr * sum(beta1, (g) => g);
    else if (kind === 'rmsprop') x -= (lr * x) / (Math.sqrt(v) + epsilon);
    else {
      largestV = kind === 'amsgrad' ? Math.max(largestV, v) : v;
      const mHat = ((1 - beta1) * sum(beta1, (g) => g)) / (1 - beta1 ** t);
      // Keras and section 2 of Kingma & Ba: ε̂ is added before the bias of v is corrected.
      const shift = form === 'keras' ? epsilon / Math.sqrt(1 - beta2 ** t) : epsilon;
      const decayed = kind === 'adamw' ? x - lr * weightDecay * x : x;
      x = decayed - (lr * mHat) / (Math.sqrt(largestV / (1 - beta2 ** t)) + shift);
    }
  }
  return x;
}
