/**
 * Kernel against reference, bit for bit: every activation and every form of every optimiser in both precisions and both
 * treatments of subnormals, over shapes that no tile fits, any number of lanes, and numbers that are hard to get right.
 */
import { describe, expect, test } from 'vitest';
import { ACTIVATIONS, namesOf, PRECISIONS, SUBNORMALS } from '../../schemas/catalogue.ts';
import { differencesOf } from './compare.ts';
import { copyState, type GroupCase, type Lane, memoryOf, networksOf, Pair, UPDATES, variedLanes } from './groups.ts';

const SHAPES = ['1-1', '1-1-1', '1-2-1', '1-3-5-1', '2-7-3', '1-17-1', '3-1-2', '5-8-8-4', '9-4-2-9', '1-4-1', '16-3'];
const SAMPLE_COUNTS = [1, 2, 3, 7, 16, 5, 4];
/** Networks of lanes. */
const OCCUPATIONS = [
  [4, 4],
  [3, 4],
  [1, 8],
  [5, 8],
  [16, 16],
  [7, 8],
  [15, 16],
  [1, 4],
] as const;

const layersOf = (text: string) => text.split('-').map(Number);

/**
 * All activations under Adam and gradient descent; the other optimisers, which see of them no more than a gradient,
 * take turns.
 */
const pairs = UPDATES.flatMap((update, i) => {
  const activations = namesOf(ACTIVATIONS);
  const crossesAll = update.kind === 'adam' || update.kind === 'sgd';
  const own = crossesAll ? activations : [activations[i % activations.length]];
  return own.map((activation) => ({ activation, update }));
});

const catalogue = pairs.flatMap((pair) =>
  namesOf(PRECISIONS).flatMap((precision) =>
    namesOf(SUBNORMALS).map((subnormals) => ({ ...pair, precision, subnormals })),
  ),
);

/** Lanes whose numbers are hard in one way each; `float32` decides what is tiny and what is huge. */
function hardLanes(isFloat32: boolean): Lane[] {
  const [tiny, huge] = isFloat32 ? [2 ** -140, 1e30] : [2 ** -1060, 1e300];
  const nan = (i: number, value: number) => (i === 1 ? Number.NaN : value);
  return [
    { learningRate: huge },
    { learningRate: 1e4, epsilon: 0 },
    { parameter: () => -0, input: (i, x) => (i % 2 === 0 ? -0 : x) },
    { parameter: (_, w) => w * tiny, learningRate: 1e-3 },
    { input: (_, x) => x * tiny, target: (_, y) => y * tiny },
    { input: () => 0, target: () => 0, epsilon: 0 },
    { parameter: (_, w) => -Math.abs(w) - 1, input: (_, x) => Math.abs(x) },
    { beta1: 0, beta2: 0, epsilon: 0 },
    { parameter: (_, w) => w * 30_000, learningRate: 1e-3 },
    { target: (_, y) => y * huge, learningRate: 0.1 },
    { parameter: nan },
    { parameter: (i, w) => (i === 0 ? Number.POSITIVE_INFINITY : w) },
    { parameter: (_, w) => w * 400, learningRate: 0.5 },
    { learningRate: tiny, beta1: 0.999, epsilon: tiny },
    { target: (_, y) => y * 2 ** (isFloat32 ? -51 : -501), parameter: () => 0, beta2: 0.5, epsilon: 0 },
    { learningRate: 0, epsilon: 1 },
  ];
}

describe.each(catalogue)('$activation, $update.kind $update.form, $precision, $subnormals', (entry) => {
  const turn = catalogue.indexOf(entry);
  const isFloat32 = entry.precision === 'float32';

  test('has the bits of the reference over awkward shapes, numbers of samples and lanes', () => {
    for (const [i, shape] of SHAPES.entries()) {
      const [networkCount, lanes] = OCCUPATIONS[(turn + 3 * i) % OCCUPATIONS.length];
      const pair = new Pair({
        ...entry,
        layers: layersOf(shape),
        sampleCount: SAMPLE_COUNTS[(turn + i) % SAMPLE_COUNTS.length],
        lanes,
        chunkEpochs: 6,
        subchunkEpochs: 2,
        networks: variedLanes(networkCount, turn + i),
        seed: 100 * turn + i,
      });
      pair.train([1, 4, 2, 6]);
    }
  });

  test('keeps them for 1100 epochs in chunks of different lengths', () => {
    const pair = new Pair({
      ...entry,
      layers: [1, 3, 2, 1],
      sampleCount: 3,
      lanes: 4,
      chunkEpochs: 512,
      subchunkEpochs: 8,
      networks: variedLanes(4, turn),
      seed: turn,
    });
    expect(pair.train([1, 2, 500, 3, 33, 1, 512, 48])).toBe(1101);
  });

  test('has them where numbers overflow, vanish, are NaN or −0', () => {
    const networks = hardLanes(isFloat32);
    const hard: GroupCase = {
      ...entry,
      layers: [2, 3, 2, 1],
      sampleCount: 3,
      lanes: 16,
      chunkEpochs: 40,
      subchunkEpochs: 20,
      networks,
      seed: turn,
    };
    new Pair(hard).train([1, 40, 19]);
    new Pair({ ...hard, layers: [1, 2], networks: networks.slice(0, 15) }).train([9]);
  });
});

describe.each(namesOf(PRECISIONS))('in %s', (precision) => {
  const entry = { activation: 'tanh', update: UPDATES[0], precision, subnormals: 'ieee' } as const;

  test.each(SHAPES)('%s has the bits of the reference for every number of samples and lanes together', (shape) => {
    for (const sampleCount of SAMPLE_COUNTS) {
      for (const [networkCount, lanes] of OCCUPATIONS) {
        const networks = variedLanes(networkCount, sampleCount);
        const seed = sampleCount;
        new Pair({
          ...entry,
          layers: layersOf(shape),
          sampleCount,
          lanes,
          chunkEpochs: 3,
          subchunkEpochs: 1,
          networks,
          seed,
        }).train([2, 1]);
      }
    }
  });

  test.each(namesOf(ACTIVATIONS))(
    'every width from 1 to 21 under %s does so, above and below widths of its own',
    (activation) => {
      for (let width = 1; width <= 21; width++) {
        const layers = [(width % 6) + 1, width, ((width * 5) % 11) + 1, (width % 4) + 1];
        const networks = variedLanes(3, width);
        const options = {
          ...entry,
          activation,
          layers,
          sampleCount: (width % 9) + 1,
          lanes: 4,
          chunkEpochs: 3,
          networks,
        };
        new Pair({ ...options, seed: width }).train([3]);
      }
    },
  );
});

describe.each(UPDATES)('objectives under $kind $form', (update) => {
  test.each([
    ['float32', 'ieee'],
    ['float32', 'flush'],
    ['float64', 'ieee'],
    ['float64', 'flush'],
  ] as const)('in %s, %s have the bits of the reference', (precision, subnormals) => {
    const isFloat32 = precision === 'float32';
    const [tiny, huge] = isFloat32 ? [2 ** -70, 2 ** 60] : [2 ** -600, 2 ** 500];
    const hard: Lane[] = [-0, 0, tiny, -tiny, huge, -huge, Number.NaN, Number.NEGATIVE_INFINITY, 0.1].map((x, i) => ({
      parameter: () => x,
      curvature: [1, 1e-3, 1e4][i % 3],
      learningRate: [0.1, 1e-3, 2][i % 3],
    }));
    for (const [i, exponent] of [2, 3, 4, 7, 8].entries()) {
      const lanes = 4 * 2 ** (i % 3);
      const ordinary = variedLanes(lanes - (i % 2)).map((lane, l) => ({ ...lane, curvature: 0.5 + l }));
      const options = {
        exponent,
        update,
        precision,
        subnormals,
        lanes: 16,
        chunkEpochs: 30,
        subchunkEpochs: 10,
        seed: 1,
      } as const;
      const none = { layers: [], activation: 'identity', sampleCount: 0 } as const;
      new Pair({ ...options, ...none, networks: hard }).train([1, 30]);
      new Pair({ ...options, ...none, lanes, networks: ordinary }).train([2, 30, 7]);
    }
  });
});

describe.each(namesOf(PRECISIONS))('mini-batches in %s', (precision) => {
  /** Samples, and the samples of a step: the last step takes as many, one, or a few; up to three turns of Philox. */
  const BATCHES = [
    [2, 1],
    [7, 3],
    [8, 4],
    [16, 5],
    [17, 16],
    [39, 13],
    [50, 7],
  ] as const;

  test.each([false, true])('have the bits of the reference for every number of lanes, shuffled: %s', (shuffle) => {
    for (const [i, [sampleCount, batch]] of BATCHES.entries()) {
      for (const [networkCount, lanes] of OCCUPATIONS.filter((_, o) => (o + i) % 3 === 0)) {
        new Pair({
          ...{ activation: 'tanh', update: UPDATES[0], precision, subnormals: 'ieee', sampleCount, batch, shuffle },
          ...{ layers: layersOf(SHAPES[(i + lanes) % SHAPES.length]), lanes, chunkEpochs: 3, subchunkEpochs: 1 },
          ...{ networks: variedLanes(networkCount, i), seed: 4_294_967_000 + i },
        }).train([2, 3, 1]);
      }
    }
  });

  test.each(UPDATES)('have them under $kind $form, whatever the treatment of subnormals', (update) => {
    for (const subnormals of namesOf(SUBNORMALS)) {
      new Pair({
        ...{ activation: 'sine', update, precision, subnormals, sampleCount: 11, batch: 4, shuffle: true },
        ...{
          layers: [5, 4, 6],
          lanes: 16,
          chunkEpochs: 6,
          subchunkEpochs: 3,
          networks: hardLanes(precision === 'float32'),
          seed: 3,
        },
      }).train([1, 6, 2]);
    }
  });
});

describe.each(UPDATES)('the state of $kind $form', (update) => {
  test.each([
    ['float32', 'ieee'],
    ['float32', 'flush'],
    ['float64', 'ieee'],
    ['float64', 'flush'],
  ] as const)('in %s, %s, passes from either engine to the other in the midst', (precision, subnormals) => {
    const groupCase: GroupCase = {
      ...{ activation: 'sine', update, precision, subnormals, layers: [2, 5, 1], sampleCount: 7 },
      ...{ lanes: 8, chunkEpochs: 64, subchunkEpochs: 64, networks: variedLanes(5), seed: 7 },
    };
    for (const [first, second] of [
      ['trainReference', 'trainKernel'],
      ['trainKernel', 'trainReference'],
    ] as const) {
      const [whole, cut] = [new Pair(groupCase), new Pair(groupCase)];
      const memoryFor = (name: typeof first) => (name === 'trainKernel' ? cut.kernel : cut.reference);
      whole.train([37, 64]);
      cut[first]({ firstEpoch: 1, count: 37 });
      copyState(memoryFor(first), memoryFor(second));
      const chunk = { firstEpoch: 38, count: 64 };
      cut[second](chunk);
      const compared = {
        shape: cut.shape,
        networkCount: 5,
        chunk,
        found: memoryFor(second),
        expected: whole.reference,
      };
      expect(differencesOf(compared)).toEqual([]);
    }
  });
});

test.each(namesOf(PRECISIONS))(
  'in %s, after the corrections have come to rest, a group has the right ones from the first epoch on again',
  (precision) => {
    const pair = new Pair({
      ...{ activation: 'tanh', update: UPDATES[0], precision, subnormals: 'ieee', layers: [1, 2, 1], sampleCount: 3 },
      ...{ lanes: 4, chunkEpochs: 20, subchunkEpochs: 5, seed: 1 },
      networks: variedLanes(4).map((lane) => ({ ...lane, beta1: 0.5, beta2: 0.75 })),
    });
    pair.train([300]);
    pair.train([40]);
  },
);

test.each(['trainKernel', 'trainReference'] as const)(
  '%s refuses a chunk with a short part behind whole ones',
  (name) => {
    const pair = new Pair({
      ...{ activation: 'tanh', update: UPDATES[0], precision: 'float32', subnormals: 'ieee', layers: [1, 2, 1] },
      ...{ sampleCount: 3, lanes: 4, chunkEpochs: 6, subchunkEpochs: 2, networks: variedLanes(3), seed: 1 },
    });
    for (const count of [3, 7, 8])
      expect(() => pair[name]({ firstEpoch: 1, count })).toThrow(`a chunk of ${count} epochs`);
    for (const count of [1, 2, 4, 6]) expect(() => pair[name]({ firstEpoch: 1, count })).not.toThrow();
  },
);

describe('the comparison', () => {
  const groupCase: GroupCase = {
    ...{ activation: 'tanh', update: UPDATES[0], precision: 'float32', subnormals: 'ieee', layers: [1, 2, 1] },
    ...{ sampleCount: 3, lanes: 4, chunkEpochs: 5, networks: variedLanes(3), seed: 1 },
  };
  const { shape } = networksOf(groupCase);
  const chunk = { firstEpoch: 11, count: 2 };
  const compare = (plant: (memory: ReturnType<typeof memoryOf>) => void) => {
    const [found, expected] = [memoryOf(shape), memoryOf(shape)];
    plant(found);
    return differencesOf({ shape, networkCount: 3, chunk, found, expected });
  };

  test('names epoch, lane, parameter or signal and both bit patterns of one planted bit', () => {
    expect(compare(() => {})).toEqual([]);
    expect(compare(({ theta }) => theta.set([2 ** -149], 4 * 4 + 2))).toEqual([
      'epoch 12, lane 2, parameter 4 of theta: 00000001, expected 00000000',
    ]);
    expect(compare(({ previousUpdate }) => previousUpdate.set([-0], 1))).toEqual([
      'epoch 12, lane 1, parameter 0 of previousUpdate: 80000000, expected 00000000',
    ]);
    expect(compare(({ signals }) => signals.set([2 ** -149], (1 * 5 + 0) * 4))).toEqual([
      'epoch 11, lane 0, signal gradientNorm: 00000001, expected 00000000',
    ]);
    expect(compare(({ extremes }) => extremes.set([1], 1 * 4))).toEqual([
      'epoch 12, lane 0, extreme lossMax: 3f800000, expected 00000000',
    ]);
  });

  test('names the last epoch of the part whose extreme differs', () => {
    const ofSubchunks = { ...shape, chunkEpochs: 6, subchunkEpochs: 2 };
    const [found, expected] = [memoryOf(ofSubchunks), memoryOf(ofSubchunks)];
    found.extremes.set([1], (1 * 3 + 1) * 4);
    const options = { shape: ofSubchunks, networkCount: 3, chunk: { firstEpoch: 11, count: 4 }, found, expected };
    expect(differencesOf(options)).toEqual(['epoch 14, lane 0, extreme lossMax: 3f800000, expected 00000000']);
  });

  test('passes over lanes without a network and epochs beyond the chunk', () => {
    expect(compare(({ theta, signals }) => [theta.set([1], 3), signals.set([1], 2 * 4)])).toEqual([]);
  });

  test('takes all NaN as one', () => {
    const [found, expected] = [memoryOf(shape), memoryOf(shape)];
    for (const [memory, bits] of [
      [found, 0xffc00001],
      [expected, 0x7fc00000],
    ] as const) {
      new Uint32Array(memory.theta.buffer, memory.theta.byteOffset, 1).set([bits]);
    }
    expect(found.theta[0]).toBeNaN();
    expect(differencesOf({ shape, networkCount: 3, chunk, found, expected })).toEqual([]);
  });

  test('of a kernel that is told another β2 names the first epoch, also in the midst of a chunk', () => {
    const pair = new Pair(groupCase);
    pair.train([2]);
    pair.kernel.constants[2 * 4 + 1] *= 0.5;
    expect(() => pair.train([5], 3)).toThrow(/^1-2-1 tanh adam torch .*\n {2}epoch 3, lane 1, signal updateNorm: /);
  });
});
