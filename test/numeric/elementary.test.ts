/**
 * The elementary functions against their stated bounds: a sample of all float32, float64 arguments chosen to be hard,
 * special values, symmetries, and hashes of their bits. Every float32 is the soak's business (elementary.soak.ts).
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Elementary, elementaryOf, log } from '../../src/numeric/elementary.ts';
import type { Precision } from '../../src/numeric/rounding.ts';
import {
  absoluteError,
  exactCos,
  exactExp,
  exactLog,
  exactSigmoid,
  exactSin,
  exactTanh,
  hardArguments,
  Sampler,
  type Truth,
  toBigInt,
  ulpError,
} from './double-double.ts';
import { PUBLISHED_VALUES } from './published-values.ts';

type Name = keyof Elementary;
const names: readonly Name[] = ['exp', 'tanh', 'sigmoid', 'sin', 'cos'];
const precisions: readonly Precision[] = ['float32', 'float64'];
const ulpBounds = { exp: 1, tanh: 2.5, sigmoid: 4, sin: 2.5, cos: 2.5, log: 1 };
const absoluteBounds = { float32: 2 ** -22, float64: 2 ** -50 };

const truths = {
  exp: exactExp,
  tanh: exactTanh,
  sigmoid: exactSigmoid,
  sin: exactSin,
  cos: exactCos,
  log: exactLog,
};

/** Float64 has 29 bits more than float32: the engine's own functions are truth enough there. */
const float32Truths: Record<Name, (x: number) => number> = {
  exp: Math.exp,
  tanh: Math.tanh,
  sigmoid: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  sin: Math.sin,
  cos: Math.cos,
};

const goldenHashes: Record<Precision, (readonly [Name, string])[]> = {
  float32: [
    ['exp', '4e9e80c41be1eedbbad21a2601c1a2ab99912c567fb54e3831b13af20b5fff18'],
    ['tanh', '82ff93d30b4d8b4348c36f6bda792fbf35392da42108cd169f4940c216984123'],
    ['sigmoid', 'f7f1c25f88dd4d133633adcd1807d93152e3e5be6bd6240b34e3e645c9d9b94c'],
    ['sin', '9b54e774033309ec2c1a1eed176b6fede6ad4600dfdf84626ed826eb9219c9b1'],
    ['cos', 'd231dbfa8ba8dca8803f5cd097472be5086403b3e109d6c60f44cdcc00695dd6'],
  ],
  float64: [
    ['exp', '41867c46a6187663e6dd793fd58693b7a8a0c6c604175d12186d188170c0229a'],
    ['tanh', '88eca305558ce302eabe5475379fe48135ef0fda02d8ba5f14ac7726c161f8bc'],
    ['sigmoid', '616d556e5337ace81b885409208063768d4b859bb07453ca6a5f7eb3863d2ac6'],
    ['sin', '9592b0ee9b8d8c98d83bb108751a4a689e8c7553f1ebd5b8c83c09e1a08fef7c'],
    ['cos', '4178bd658330d61ceb19df8ca2575a236047ebfb33ef8ddbbea2418a601fa75a'],
  ],
};

const seed = Number(process.env.GYRE_TEST_SEED ?? Date.now() % 2 ** 32);
const cell = new DataView(new ArrayBuffer(8));

describe('the double-double truth', () => {
  it.each(Object.entries(PUBLISHED_VALUES))('agrees with mpmath to 95 bits in %s', (name, rows) => {
    for (const [x, significand, exponent] of rows) {
      const error = toBigInt(truths[name as keyof typeof truths](x), 119 - exponent) - significand;
      expect(error < 0n ? -error : error, `${name}(${x}), in units of 2^-119`).toBeLessThan(2n ** 24n);
    }
  });
});

describe.each(names)('float32 %s', (name) => {
  it('keeps its bounds over all bit patterns (every 4099th)', () => {
    const check = checker(name, 'float32');
    const own = elementaryOf('float32')[name];
    const truth = float32Truths[name];
    for (let bits = 0; bits < 2 ** 32; bits += 4099) {
      const x = float32FromBits(bits);
      if (Number.isNaN(x) || (isSine(name) && !(Math.abs(x) <= 8192))) {
        check.exactly(x, own(x), Number.NaN);
      } else if (isSine(name) && Math.abs(x) > Math.fround(Math.PI)) {
        check.within(x, own(x), truth(x), Math.abs(own(x) - truth(x)), absoluteBounds.float32);
      } else {
        check.within(x, own(x), truth(x), float32UlpError(own(x), truth(x)), ulpBounds[name]);
      }
    }
    check.report();
  });
});

describe.each([...names, 'log'] as const)('float64 %s', (name) => {
  it(`keeps its bounds at 200000 hard arguments (GYRE_TEST_SEED=${seed})`, () => {
    const check = checker(name, 'float64');
    const own = name === 'log' ? log : elementaryOf('float64')[name];
    const sampler = new Sampler(seed);
    for (let i = 0; i < 200_000; i++) {
      const x = hardArguments[name](sampler);
      if (isSine(name) && Math.abs(x) > 8192) check.exactly(x, own(x), Number.NaN);
      else checkAgainstTruth(check, name, x, own(x));
    }
    check.report();
  });
});

it('float64 tanh keeps its bound where the rounding of the reduced argument alone would break it', () => {
  const check = checker('tanh', 'float64');
  // r + r²·q(r) in place of leading + (r²·q(r) − trailing) is off by 2.55 and 2.56 ulp at these.
  for (const x of [0.2205487175126073, 0.21660619398697178]) {
    checkAgainstTruth(check, 'tanh', x, elementaryOf('float64').tanh(x));
  }
  check.report();
});

describe.each(precisions)('in %s', (precision) => {
  const { exp, tanh, sigmoid, sin, cos } = elementaryOf(precision);
  const largest = precision === 'float32' ? 3.4028234663852886e38 : Number.MAX_VALUE;
  const smallest = precision === 'float32' ? 2 ** -149 : Number.MIN_VALUE;
  const round = precision === 'float32' ? Math.fround : (x: number) => x;

  it('returns the same functions for the same precision', () => {
    expect(elementaryOf(precision)).toBe(elementaryOf(precision));
  });

  it('gives NaN for NaN', () => {
    for (const name of names) expect(elementaryOf(precision)[name](Number.NaN), name).toBeNaN();
  });

  it.each([
    [
      'exp',
      [0, -0, Infinity, -Infinity, largest, -largest, smallest, -smallest],
      [1, 1, Infinity, 0, Infinity, 0, 1, 1],
    ],
    ['tanh', [0, -0, Infinity, -Infinity, largest, -largest], [0, -0, 1, -1, 1, -1]],
    ['tanh', [smallest, -smallest], [smallest, -smallest]],
    ['sigmoid', [0, -0, Infinity, -Infinity, largest, -largest, smallest], [0.5, 0.5, 1, 0, 1, 0, 0.5]],
    ['sin', [0, -0, smallest, -smallest], [0, -0, smallest, -smallest]],
    ['sin', [Infinity, -Infinity, largest, -largest], [Number.NaN, Number.NaN, Number.NaN, Number.NaN]],
    ['cos', [0, -0, smallest, -smallest], [1, 1, 1, 1]],
    ['cos', [Infinity, -Infinity, largest, -largest], [Number.NaN, Number.NaN, Number.NaN, Number.NaN]],
  ] as const)('%s has its special values at %j', (name, inputs, expected) => {
    for (const [index, x] of inputs.entries()) expect(elementaryOf(precision)[name](x)).toBe(expected[index]);
  });

  it('sin and cos are numbers at ±8192 and NaN at the next number', () => {
    const next = 8192 * (1 + (precision === 'float32' ? 2 ** -23 : 2 ** -52));
    for (const f of [sin, cos]) {
      expect(f(8192)).not.toBeNaN();
      expect(f(-8192)).not.toBeNaN();
      expect(f(next)).toBeNaN();
      expect(f(-next)).toBeNaN();
    }
  });

  it('sin at the number nearest π is what π was rounded by', () => {
    const nearest = round(Math.PI);
    const truth = exactSin(nearest);
    expect(Math.abs(sin(nearest) - truth.high)).toBeLessThanOrEqual(
      Math.abs(truth.high) * 2 ** (precision === 'float32' ? -23 : -52),
    );
  });

  it('tanh saturates: it reaches 1, stays there and never passes it', () => {
    const start = precision === 'float32' ? 9.02 : 19.07;
    for (let i = 0; i < 100_000; i++) {
      const above = round(start + i * 0.001);
      const below = round(start - i * 0.00005);
      if (tanh(above) !== 1) expect.fail(`tanh is not 1 at ${describeNumber(above, precision)}`);
      if (!(tanh(below) <= 1)) expect.fail(`tanh passes 1 at ${describeNumber(below, precision)}`);
    }
  });

  it('no result of sin and cos passes 1, close to their maxima too', () => {
    const sampler = new Sampler(seed);
    for (let i = 0; i < 100_000; i++) {
      const x = round(sampler.near((sampler.integer(-5215, 5215) * Math.PI) / 2));
      if (Math.abs(sin(x)) > 1 || Math.abs(cos(x)) > 1) expect.fail(`passes 1 at ${describeNumber(x, precision)}`);
    }
  });

  it('tanh and sin are odd and cos is even, to the bit', () => {
    const sampler = new Sampler(seed);
    for (let i = 0; i < 100_000; i++) {
      const x = round(sampler.pattern(-40, 12));
      if (!Object.is(tanh(-x), -tanh(x))) expect.fail(`tanh is not odd at ${describeNumber(x, precision)}`);
      if (!Object.is(sin(-x), -sin(x))) expect.fail(`sin is not odd at ${describeNumber(x, precision)}`);
      if (!Object.is(cos(-x), cos(x))) expect.fail(`cos is not even at ${describeNumber(x, precision)}`);
    }
  });

  it('exp and sigmoid are never negative and every result is a number of the precision', () => {
    const sampler = new Sampler(seed);
    for (let i = 0; i < 100_000; i++) {
      const x = round(sampler.pattern(-40, 12));
      for (const f of [exp, tanh, sigmoid, sin, cos]) {
        const y = f(x);
        if (!Object.is(y, round(y))) expect.fail(`${f.name} is not rounded at ${describeNumber(x, precision)}`);
      }
      if (!(exp(x) >= 0) || !(sigmoid(x) >= 0)) expect.fail(`negative at ${describeNumber(x, precision)}`);
    }
  });

  // A change of these is a change of every trajectory: it needs a new version of the arithmetic.
  it.each(goldenHashes[precision])('%s has the bits it always had', (name, expected) => {
    expect(hashOfResults(name, precision)).toBe(expected);
  });
});

describe('float64 log', () => {
  it('has its special values', () => {
    expect(log(0)).toBe(-Infinity);
    expect(log(-0)).toBe(-Infinity);
    expect(log(1)).toBe(0);
    expect(log(Infinity)).toBe(Infinity);
    expect(log(Number.MAX_VALUE)).toBe(709.782712893384);
    expect(log(Number.MIN_VALUE)).toBe(-744.4400719213812);
    for (const x of [Number.NaN, -1, -Number.MIN_VALUE, -Infinity]) expect(log(x)).toBeNaN();
  });

  it('has the bits it always had', () => {
    expect(hashOfResults('log', 'float64')).toBe('0c5f4f78fc835807bfa8f312728a5d99ed12ae5f21c895216ec1713e0415e42a');
  });
});

function isSine(name: string): boolean {
  return name === 'sin' || name === 'cos';
}

function checkAgainstTruth(check: Checker, name: keyof typeof truths, x: number, actual: number): void {
  const truth: Truth = truths[name](x);
  const shown = truth.high * 2 ** truth.exponent;
  if (isSine(name) && Math.abs(x) > Math.PI) {
    check.within(x, actual, shown, absoluteError(actual, truth), absoluteBounds.float64);
  } else {
    check.within(x, actual, shown, ulpError(actual, truth), ulpBounds[name]);
  }
}

interface Checker {
  within(x: number, actual: number, expected: number, error: number, bound: number): void;
  exactly(x: number, actual: number, expected: number): void;
  /** Fails with the argument that was furthest off, relative to its bound. */
  report(): void;
}

/** Keeps the worst case: an assertion for each of a million arguments would take minutes. */
function checker(name: string, precision: Precision): Checker {
  let failures = 0;
  let worst = 0;
  let message = '';
  const within: Checker['within'] = (x, actual, expected, error, bound) => {
    if (error <= bound) return;
    failures++;
    if (error / bound <= worst) return;
    worst = error / bound;
    message =
      `${precision} ${name} at ${describeNumber(x, precision)}: got ${describeNumber(actual, precision)}, ` +
      `expected ${describeNumber(expected, precision)}: error ${error}, bound ${bound}`;
  };
  const exactly: Checker['exactly'] = (x, actual, expected) =>
    within(x, actual, expected, Object.is(actual, expected) ? 0 : Number.POSITIVE_INFINITY, 1);
  const report = () => {
    if (failures > 0) expect.fail(`${failures} arguments out of bounds (GYRE_TEST_SEED=${seed}); worst: ${message}`);
  };
  return { within, exactly, report };
}

function describeNumber(x: number, precision: Precision): string {
  if (precision === 'float32') cell.setFloat32(0, x);
  else cell.setFloat64(0, x);
  const bits = precision === 'float32' ? BigInt(cell.getUint32(0)) : cell.getBigUint64(0);
  return `${x} (0x${bits.toString(16).padStart(precision === 'float32' ? 8 : 16, '0')})`;
}

function float32FromBits(bits: number): number {
  cell.setUint32(0, bits);
  return cell.getFloat32(0);
}

/** |actual − expected| in ulp of the expected value; ∞ counts as 2^128. */
function float32UlpError(actual: number, expected: number): number {
  if (Number.isNaN(actual)) return Number.POSITIVE_INFINITY;
  if (expected >= 2 ** 128) return actual === Number.POSITIVE_INFINITY ? 0 : Number.POSITIVE_INFINITY;
  if (expected === 0) return actual === 0 ? 0 : Number.POSITIVE_INFINITY;
  cell.setFloat64(0, expected);
  const binade = ((cell.getUint32(0) >>> 20) & 0x7ff) - 1023;
  const finite = actual === Number.POSITIVE_INFINITY ? 2 ** 128 : actual;
  return Math.abs(finite - expected) * 2 ** -Math.max(binade - 23, -149);
}

/** SHA-256 over the results, little-endian, NaN canonical, at 131072 fixed arguments: bit patterns and a plain grid. */
function hashOfResults(name: Name | 'log', precision: Precision): string {
  const own = name === 'log' ? log : elementaryOf(precision)[name];
  const single = precision === 'float32';
  const results = Buffer.alloc(131072 * (single ? 4 : 8));
  for (let i = 0; i < 131072; i++) {
    const y = own(i < 65536 ? patternArgument(i, single) : (i - 98304) / 2048);
    if (single && Number.isNaN(y)) results.writeUInt32LE(0x7fc00000, 4 * i);
    else if (single) results.writeFloatLE(y, 4 * i);
    else if (Number.isNaN(y)) results.writeBigUInt64LE(0x7ff8000000000000n, 8 * i);
    else results.writeDoubleLE(y, 8 * i);
  }
  return createHash('sha256').update(results).digest('hex');
}

function patternArgument(index: number, single: boolean): number {
  if (single) return float32FromBits((index * 65537) % 2 ** 32);
  cell.setUint32(0, (index * 65537) % 2 ** 32);
  cell.setUint32(4, Math.imul(index, 0x9e3779b1) >>> 0);
  return cell.getFloat64(0);
}
