/**
 * The elementary functions against their stated bounds: a sample of all float32, float64 arguments chosen to be hard,
 * special values, symmetries, and hashes of their bits. Every float32 is the soak's business (elementary.soak.ts).
 */
// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: arguments as they were given to mpmath.
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
  it.each(Object.entries(publishedValues()))('agrees with mpmath to 95 bits in %s', (name, rows) => {
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

/** [argument, significand of 120 bits, exponent of its leading bit], by mpmath at 400 bits. */
function publishedValues(): Record<keyof typeof truths, readonly (readonly [number, bigint, number])[]> {
  return {
    exp: [
      [1.0, 0xadf85458a2bb4a9aafdc5620273d3dn, 1],
      [-1.0, 0xbc5ab1b16779be3575bd8f0520a9f2n, -2],
      [0.1, 0x8d763d9ad0069d1056ce9e38fac787n, 0],
      [-0.3465735902799727, 0xb504f333f9de624784b2804f93bc70n, -1],
      [88.72, 0xff463329c14b425c98125135a9cc97n, 127],
      [709.782712893384, 0xfffffffffff950d87131a0068afe29n, 1023],
      [-708.5, 0xe6cf6d08897abafefd5ddf79f67ea0n, -1023],
      [-745.1332191019411, 0x80000000000df6306395946f384c17n, -1075],
      [1e-10, 0x8000000036f9bfb3bb49c6864ad1c3n, 0],
      [300.25, 0x8fed1f5759e86f001139614a6fae98n, 433],
    ],
    tanh: [
      [0.5, 0xec9a9ebab4579b28947710e32d846an, -2],
      [-0.5, -0xec9a9ebab4579b28947710e32d846an, -2],
      [1e-8, 0xabcc77118461ce635a7331f41cb47en, -27],
      [1e-5, 0xa7c5ac4703429dd6cfad96fe8591dcn, -17],
      [0.01, 0xa3d5a45722caf10992ce4a0b149b20n, -7],
      [0.17328679513998632, 0xafb0ccc06219b61b360d659c6a78d9n, -3],
      [0.25, 0xfacbf534d0e42f89ac6b8ec2394e40n, -3],
      [1.0, 0xc2f7d5a8a79ca2ac3195f149e213a8n, -1],
      [3.7, 0xffafee4a42445cf0b33856a52eda25n, -1],
      [18.5, 0xfffffffffffff3b3dc701acfd5cc62n, -1],
    ],
    sigmoid: [
      [0.5, 0x9f597ea69a1c85f1358d71d84729c8n, -1],
      [-0.5, 0xc14d02b2cbc6f41d94e51c4f71ac70n, -2],
      [1e-8, 0x8000000abcc77118461cf98d69ccc8n, -1],
      [-3.3, 0x91b31869b159ae082d4509176745ben, -5],
      [5.5, 0xfef5426b9eb8f99696536212641236n, -1],
      [20.0, 0xfffffff725bcd554a515b0b44b44c2n, -1],
      [-20.0, 0x8da432aab5aea4f4bb4bb3de6e686dn, -29],
      [36.7, 0xfffffffffffff7b33a7da117386badn, -1],
      [-700.1, 0xfa97c9efa6fe75757c5ee2318ed959n, -1011],
      [-744.9, 0xa19ec7d67867032ae81d0533512805n, -1075],
    ],
    sin: [
      [0.5, 0xf57743a2582f7f43b25e1b27ec1bdbn, -2],
      [1.0, 0xd76aa47848677020c6e9e909c50f3cn, -1],
      [1e-5, 0xa7c5ac470f4512eb6608a170ebba9an, -17],
      [1.5707963267948966, 0xfffffffffffffffffffffffffff644n, -1],
      [3.141592653589793, 0x8d313198a2e03707344a4093821b71n, -53],
      [-3.1415926535897936, 0xb9676733ae8fe47c65dadfb63eadden, -52],
      [100.0, -0x81a12dbc626dc03847b0aae841f591n, -1],
      [4097.123, 0xef3b9d7aee33bee27f998c49588b5fn, -2],
      [8192.0, -0xf4c7c384c6471eebf0124f4e4bf2e1n, -1],
      [-7777.7, 0xc5dd4014d4400456044d9c42cad92dn, -1],
    ],
    cos: [
      [0.5, 0xe0a94032dbea7cedbddd9da2fafadan, -1],
      [1.0, 0x8a51407da8345c91c2466d976871bdn, -1],
      [1e-5, 0xffffffffc906404c527c401e97d380n, -1],
      [1.5707963267948966, 0x8d313198a2e03707344a40938220d0n, -54],
      [3.141592653589793, -0xffffffffffffffffffffffffffd910n, -1],
      [4.71238898038469, -0xd3c9ca64f450528ace6f60dd431bben, -53],
      [100.0, 0xdcc0edfb32fefb1fa19b9b30bd020bn, -1],
      [4097.123, 0xe255f900c0210bdb4df947fcfaf10en, -1],
      [8192.0, 0x95ea1e87596491ec7526d51d8dc209n, -2],
      [-7777.7, 0xa26fd65c2a98d55e15b3a5bfbe47f9n, -1],
    ],
    log: [
      [2.0, 0xb17217f7d1cf79abc9e3b39803f2f7n, -1],
      [0.5, -0xb17217f7d1cf79abc9e3b39803f2f7n, -1],
      [3.0, 0x8c9f53d5681854bb520cc6aa829dben, 0],
      [1.0000000000000002, 0xfffffffffffff80000000000005555n, -53],
      [0.9999999999999999, -0x800000000000020000000000000aabn, -53],
      [1.4142135623730951, 0xb17217f7d1cf8385c1c362a9184270n, -2],
      [0.7071067811865476, -0xb17217f7d1cf6fd1d2040486efa37dn, -2],
      [1e308, 0xb14c8eaeb152ef0bc492440c25565fn, 9],
      [5e-324, -0xba1c2a236b8e1b1cad3f51dcf02454n, 9],
      [2.5e-310, -0xb238a5488ae67ef9863f52dbd751b1n, 9],
    ],
  };
}
