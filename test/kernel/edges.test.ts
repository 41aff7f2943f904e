/**
 * Edges that no random number meets: what is exactly as large as a limit of the flush mode, and NaN that changes its
 * payload.
 */
import { describe, expect, test } from 'vitest';
import { FLUSH_LIMITS } from '../../schemas/arithmetic.ts';
import { type MomentName, namesOf, OPTIMIZERS, PRECISIONS } from '../../schemas/catalogue.ts';
import { SIGNAL_NAMES } from '../../schemas/signals.ts';
import { type GroupCase, Pair, UPDATES } from './groups.ts';

const still: GroupCase = {
  ...{ layers: [1, 1], activation: 'tanh', update: UPDATES[0], precision: 'float32', subnormals: 'flush' },
  ...{ sampleCount: 1, lanes: 4, chunkEpochs: 4, networks: [], seed: 0 },
};

describe.each(namesOf(PRECISIONS))('the limits of the flush mode in %s', (precision) => {
  const limits = FLUSH_LIMITS[precision];
  const halved = { beta1: 0.5, beta2: 0.5, epsilon: 0.5, parameter: () => 0, input: () => 1 };

  test.each(UPDATES)('a gradient of $kind $form as large as the limit stays, and half of it goes', (update) => {
    // One sample, θ = 0: ∂L/∂b = 2·(0 − y).
    const networks = [1, -1, 0.5].map((factor) => ({ ...halved, target: () => (factor * limits.gradient) / 2 }));
    const pair = new Pair({ ...still, precision, update, networks });
    pair.train([1]);
    const norms = pair.kernel.signals.subarray(SIGNAL_NAMES.indexOf('gradientNorm') * 4 * 4).slice(0, 3);
    expect([...norms].map((norm) => norm > 0)).toEqual([true, true, false]);
  });

  test.each(UPDATES.filter(({ kind }) => OPTIMIZERS[kind].moments.length > 0))(
    'moments of $kind $form as large as the limit stay, and half of them go',
    (update) => {
      const kept: readonly MomentName[] = OPTIMIZERS[update.kind].moments;
      const averages = (['firstMoment', 'secondMoment'] as const).filter((name) => kept.includes(name));
      const pair = new Pair({ ...still, precision, update, networks: [{ ...halved, target: () => 0 }] });
      for (const memory of [pair.kernel, pair.reference]) {
        for (const name of averages) memory[name].set([2 * limits.moment, 0, 0, 0, 2 * limits.moment]);
        if (kept.includes('firstMoment')) memory.firstMoment[4] *= -1;
      }
      pair.train([1]);
      const sign = (name: MomentName) => (name === 'firstMoment' ? -1 : 1);
      for (const name of averages)
        expect([pair.kernel[name][0], pair.kernel[name][4]]).toEqual([limits.moment, sign(name) * limits.moment]);
      pair.train([1], 2);
      for (const name of averages) expect(pair.kernel[name][4]).toBe(0);
    },
  );

  test.each(UPDATES.filter(({ kind }) => kind === 'amsgrad'))(
    'the largest second moment of $kind $form is that of flushed ones, and no more flushed itself',
    (update) => {
      const pair = new Pair({ ...still, precision, update, networks: [{ ...halved, target: () => 0 }] });
      for (const { secondMoment, maxSecondMoment } of [pair.kernel, pair.reference]) {
        secondMoment.set([2 * limits.moment, 0, 0, 0, limits.moment]);
        maxSecondMoment.set([0, 0, 0, 0, limits.moment / 4]);
      }
      pair.train([1]);
      expect([pair.kernel.maxSecondMoment[0], pair.kernel.maxSecondMoment[4]]).toEqual([
        limits.moment,
        limits.moment / 4,
      ]);
      pair.train([1], 2);
      expect([pair.kernel.secondMoment[0], pair.kernel.maxSecondMoment[0]]).toEqual([0, limits.moment]);
    },
  );
});

test.each(namesOf(PRECISIONS))(
  'an update in %s whose norm is 0 though it is not has no cosine, either before or after',
  (precision) => {
    // Its square underflows, its product with another update does not.
    const tiny = precision === 'float32' ? 2 ** -100 : 2 ** -700;
    const lane = { learningRate: tiny, parameter: () => 0, input: () => 1, target: () => 1 };
    const update = { kind: 'sgd', form: 'torch' } as const;
    const pair = new Pair({ ...still, precision, update, networks: [lane, { ...lane, learningRate: 0.25 }] });
    for (const { previousUpdate } of [pair.kernel, pair.reference]) previousUpdate.set([1, tiny, 0, 0, 1, tiny]);
    pair.train([1]);
    const cosines = pair.kernel.signals.slice(SIGNAL_NAMES.indexOf('updateCosine') * still.chunkEpochs * still.lanes);
    expect([...cosines.slice(0, 2)]).toEqual([Number.NaN, Number.NaN]);
    expect(pair.kernel.previousUpdate[0]).not.toBe(0);
  },
);

test('a NaN that becomes a NaN of other bits has not changed', () => {
  const networks = [{ parameter: () => Number.NaN }];
  const pair = new Pair({ ...still, layers: [1, 2, 1], networks });
  // Signalling: the first operation on it sets its quiet bit.
  new Uint32Array(pair.kernel.theta.buffer, pair.kernel.theta.byteOffset, 1).set([0x7f800001]);
  pair.train([2]);
  const changed = SIGNAL_NAMES.indexOf('changedParameters') * still.chunkEpochs * still.lanes;
  expect(pair.kernel.signals[changed]).toBe(0);
});
