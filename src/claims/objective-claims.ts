/**
 * The claims about how Adam ends on one parameter: reignition, the three phases and the two-cycle. The scalar reference
 * trains each setting here and now.
 */
import type { FormName } from '../../schemas/catalogue.ts';
import type { Basis, NumberMeasurement } from './claim.ts';
import { largest, train } from './objective-training.ts';

/** By then the first descent is over, and x is at rest in every form. */
const QUIET_STEP = 20_000;
const REIGNITED = 1e-6;

export function* reignition(): Generator<NumberMeasurement> {
  const forms: readonly FormName[] = ['torch', 'paper', 'quotient', 'keras'];
  const basis: Basis = 'constancy';
  for (const precision of ['float64', 'float32'] as const) {
    for (const form of forms) {
      const optimizer = { kind: 'adam', form, learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
      const { x } = train({ precision, optimizer }, 30_000);
      const setting = `${precision} ${form}`;
      if (precision === 'float32' && form !== 'quotient') {
        const measured = largest(x, QUIET_STEP + 1);
        yield { setting: `${setting}: freezes at |x|`, basis, expected: 5e-43, measured, within: 0.2 };
        continue;
      }
      const step = x.findIndex((value, t) => t > QUIET_STEP && Math.abs(value) > REIGNITED);
      const expected = precision === 'float64' ? 21_420 : 20_900;
      const measured = step < 0 ? Number.NaN : step;
      yield { setting: `${setting}: first |x| > 1e-6`, basis, expected, measured, within: 0.02 };
      const height = { setting: `${setting}: largest |x|`, basis, measured: largest(x, QUIET_STEP + 1) };
      if (precision === 'float64') yield { ...height, expected: 1.1e-3, within: 0.15 };
      else yield { ...height, expected: 7.5e-4, within: [5e-4, 1e-3] };
    }
  }
}

/** That there are three phases is of the literature. Heights and shares of sign changes are our own numbers. */
export function* threePhases(): Generator<NumberMeasurement> {
  const steps = 100_000;
  const half = steps / 2;
  const at = (beta2: number) => {
    const optimizer = { kind: 'adam', form: 'torch', learningRate: 1e-3, beta1: 0.9, beta2, epsilon: 0 } as const;
    const { x } = train({ exponent: 4, optimizer }, steps);
    let flips = 0;
    for (let t = half + 1; t <= steps; t++) if (x[t] * x[t - 1] < 0) flips++;
    return { height: largest(x, half + 1), flips: flips / half };
  };
  const { height } = at(0.91);
  const converged = { basis: 'literature', expected: 0, measured: height, within: [0, 1e-20] } as const;
  yield { setting: 'β2 0.91 converges: largest |x|', ...converged };
  const basis: Basis = 'constancy';
  // Half of the way between the two shares of sign changes tells spikes from oscillation.
  const limit = 0.28;
  const spiking = at(0.895);
  const oscillating = at(0.8);
  for (const [setting, measured] of [
    ['β2 0.895 spikes', spiking.height],
    ['β2 0.8 oscillates', oscillating.height],
  ] as const) {
    yield { setting: `${setting}: largest |x|`, basis, expected: 3e-4, measured, within: 0.3 };
  }
  const [few, many] = [spiking.flips, oscillating.flips];
  yield { setting: 'β2 0.895 spikes: sign changes', basis, expected: 0.24, measured: few, within: [0, limit] };
  yield { setting: 'β2 0.8 oscillates: sign changes', basis, expected: 0.32, measured: many, within: [limit, 1] };
}

export function* twoCycle(): Generator<NumberMeasurement> {
  const steps = 20_000;
  for (const precision of ['float32', 'float64'] as const) {
    for (const learningRate of [1e-3, 1e-2, 1e-1]) {
      const optimizer = { kind: 'adam', form: 'torch', learningRate, beta1: 0, beta2: 0.9, epsilon: 1e-8 } as const;
      const { x } = train({ precision, optimizer }, steps);
      const isCycle = x[steps] * x[steps - 1] < 0 && x[steps] * x[steps - 2] > 0;
      const measured = isCycle ? Math.abs(x[steps]) : Number.NaN;
      const expected = learningRate / 2;
      yield { setting: `${precision}, lr ${learningRate}: |x|`, basis: 'theory', expected, measured, within: 0.01 };
    }
  }
}
