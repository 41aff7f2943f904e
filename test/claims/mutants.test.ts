/**
 * A wrong program does not pass `gyre reproduce`: each mutant changes the product as a plausible mistake would, in the
 * reference and in the kernel alike, and every claim named beside it must have a row that fails.
 */
import { describe, expect, test } from 'vitest';
import { judged } from '../../src/claims/claim.ts';
import type { DIRECT_CLAIMS } from '../../src/claims/direct-claims.ts';
import { mutatedClaims, type Replacement, replaced } from '../support/mutants.ts';

type Name = keyof typeof DIRECT_CLAIMS;

interface Mutant {
  readonly what: string;
  /** Claims of which at least one row must fail. */
  readonly caughtBy: readonly Name[];
  readonly changes: readonly Replacement[];
}

const CONSTANTS = 'src/data/optimizer-constants.ts';
const REFERENCE = 'src/reference/optimizers.ts';
const KERNEL = 'src/kernel/network/optimizers.ts';
const HESSIAN = 'src/analysis/hessian.ts';

/** A change of both engines. */
const inBoth = (reference: readonly [string, string], kernel: readonly [string, string]): Replacement[] => [
  { file: REFERENCE, from: reference[0], to: reference[1] },
  { file: KERNEL, from: kernel[0], to: kernel[1] },
];

const TORCH_V = {
  reference:
    'const v = flush.moment(round(round(secondMoment[i] * beta2) + round(round(oneMinusBeta2 * g) * g)));\n' +
    '      const root',
  kernel:
    "const v = code.let('v', flush(add(multiply(secondMoment, beta2), multiply(multiply(oneMinusBeta2, g), g))));\n" +
    '      const {',
};

const MUTANTS: readonly Mutant[] = [
  {
    what: 'epsilon is ignored',
    caughtBy: ['critical-epsilon', 'first-steps', 'bits'],
    changes: [{ file: CONSTANTS, from: '    epsilon,\n', to: '    epsilon: 0 * epsilon,\n' }],
  },
  {
    what: 'epsilon is added before the bias of v is corrected',
    caughtBy: ['first-steps', 'bits'],
    changes: inBoth(
      ['round(round(root / c[1]) + epsilon)', 'round(round(root + epsilon) / c[1])'],
      ['add(divide(squareRoot(underRoot), c), epsilon)', 'divide(add(squareRoot(underRoot), epsilon), c)'],
    ),
  },
  {
    what: 'v is updated with (1 − β2)·(g·g)',
    caughtBy: ['bits'],
    changes: inBoth(
      [
        TORCH_V.reference,
        TORCH_V.reference.replace('round(round(oneMinusBeta2 * g) * g)', 'round(oneMinusBeta2 * round(g * g))'),
      ],
      [
        TORCH_V.kernel,
        TORCH_V.kernel.replace('multiply(multiply(oneMinusBeta2, g), g)', 'multiply(oneMinusBeta2, multiply(g, g))'),
      ],
    ),
  },
  {
    what: 'm is updated without the lerp form',
    caughtBy: ['bits'],
    changes: inBoth(
      [
        'round(firstMoment[i] + round(oneMinusBeta1 * round(g - firstMoment[i])))',
        'round(round(round(1 - oneMinusBeta1) * firstMoment[i]) + round(oneMinusBeta1 * g))',
      ],
      [
        'add(m0, multiply(oneMinusBeta1, subtract(g, m0)))',
        "add(multiply(constant('beta1'), m0), multiply(oneMinusBeta1, g))",
      ],
    ),
  },
  {
    what: 'Hessian products are those of Gauss and Newton',
    caughtBy: ['hessian-products'],
    changes: [
      { file: HESSIAN, from: 'direction[weight] * above.deltas[delta] + ', to: '' },
      { file: HESSIAN, from: ' + bends[at] * zAlong[at]', to: '' },
      { file: HESSIAN, from: 'target[row + i] += delta * belowAlong', to: 'target[row + i] += 0 * belowAlong' },
    ],
  },
  {
    what: 'the second derivative of the activation has the wrong sign',
    caughtBy: ['hessian-products'],
    changes: [{ file: HESSIAN, from: 'upstream * activation.bend', to: '-upstream * activation.bend' }],
  },
  {
    what: 'β1 and β2 are swapped',
    caughtBy: ['constant-curvature', 'threshold-family', 'first-steps', 'bits'],
    changes: [
      {
        file: CONSTANTS,
        from: '    beta1,\n    beta2,\n    oneMinusBeta1: 1 - beta1,\n    oneMinusBeta2: 1 - beta2,',
        to: '    beta1: beta2,\n    beta2: beta1,\n    oneMinusBeta1: 1 - beta2,\n    oneMinusBeta2: 1 - beta1,',
      },
    ],
  },
  {
    what: 'the bias of m is not corrected',
    caughtBy: ['first-steps', 'bits'],
    changes: [{ file: CONSTANTS, from: 'learningRate / bias1,', to: 'learningRate / (bias1 ** 0),' }],
  },
  {
    what: 'the bias of v is not corrected',
    caughtBy: ['first-steps', 'bits'],
    changes: [{ file: CONSTANTS, from: 'bias2) => Math.sqrt(bias2)', to: 'bias2) => bias2 ** 0' }],
  },
  {
    what: 'weight decay is added to the gradient',
    caughtBy: ['first-steps', 'bits'],
    changes: [
      { file: CONSTANTS, from: '1 - learningRate * weightDecay', to: 'weightDecay' },
      ...inBoth(
        [
          'state.theta[i] = round(state.theta[i] * decayFactor);\n    update(state, i, g);',
          'update(state, i, round(g + round(state.theta[i] * decayFactor)));',
        ],
        [
          'update(code, { ...state, theta: multiply(state.theta, decayFactor) }, g)',
          "update(code, state, code.let('g', add(g, multiply(state.theta, decayFactor))))",
        ],
      ),
    ],
  },
  {
    what: 'amsgrad divides by v itself',
    caughtBy: ['amsgrad-rest', 'first-steps', 'bits'],
    changes: inBoth(
      ['greatest(v, maxSecondMoment[i])', 'v'],
      ["code.let('vMax', greatest(v, maxSecondMoment))", "code.let('vMax', v)"],
    ),
  },
  {
    what: 'momentum subtracts the gradient',
    caughtBy: ['first-steps', 'bits'],
    changes: inBoth(
      ['round(round(beta1 * firstMoment[i]) + g)', 'round(round(beta1 * firstMoment[i]) - g)'],
      ['add(multiply(beta1, firstMoment), g)', 'subtract(multiply(beta1, firstMoment), g)'],
    ),
  },
  {
    what: 'only the kernel has another order of operations',
    caughtBy: ['bits'],
    changes: [{ file: KERNEL, from: 'multiply(lr, divide(m, d))', to: 'divide(multiply(lr, m), d)' }],
  },
];

/** The first row of a claim that fails; the rows behind it are not computed. */
function firstFailure(claims: typeof DIRECT_CLAIMS, name: Name): string | null {
  for (const measurement of claims[name]()) {
    const row = judged(name, measurement, 0);
    if (!row.passed) return row.setting;
  }
  return null;
}

describe('a program in which', () => {
  test.each(MUTANTS)('$what fails $caughtBy', async ({ caughtBy, changes }) => {
    const claims = await mutatedClaims(changes);
    const missed = caughtBy.filter((name) => firstFailure(claims, name) === null);
    expect(missed).toEqual([]);
  });

  test('nothing is wrong passes in every row that has caught a mutant', async () => {
    const claims = await mutatedClaims([]);
    const names = [...new Set(MUTANTS.flatMap(({ caughtBy }) => caughtBy))];
    expect(names.map((name) => [name, firstFailure(claims, name)])).toEqual(names.map((name) => [name, null]));
  });
});

test('a text that is not there, or there twice, is an error and no mutant', async () => {
  const change = { file: REFERENCE, from: 'no such text', to: '' };
  expect(() => replaced('a text', change)).toThrow(`${REFERENCE}: 0 places have the text`);
  expect(() => replaced('no such text, no such text', change)).toThrow('2 places');
  await expect(mutatedClaims([change])).rejects.toThrow('0 places have the text');
  await expect(mutatedClaims([{ ...change, file: 'src/main.ts' }])).rejects.toThrow('not in the bundle: src/main.ts');
});
