/**
 * The bits of every optimiser and form, and of every activation: one digest each, by the WebAssembly kernel and by the
 * scalar reference. The digests were recorded from these engines, so a row that passes says that no bit has changed.
 * That they are the bits of the declared arithmetic is shown elsewhere: test/interop/check_digests.py computes every
 * digest again, in Python.
 */
import { hash } from 'node:crypto';
import {
  ACTIVATIONS,
  type ActivationName,
  MOMENT_NAMES,
  namesOf,
  PRECISIONS,
  type Precision,
} from '../../schemas/catalogue.ts';
import type { Network, OptimizerConfig } from '../../schemas/network.ts';
import { type GroupMemory, type GroupShape, groupBytes, sharedMemory } from '../group/layout.ts';
import { compileKernel } from '../kernel/compile.ts';
import { bytesOf, canonicaliseNaNs } from '../numeric/bits.ts';
import { groupShape } from '../plan/pack.ts';
import { type Engine, initialiseGroup, kernelEngine, referenceEngine } from '../train/engine.ts';
import type { DigestMeasurement } from './claim.ts';
import { everyForm } from './first-steps-claim.ts';
import { RECORDED_DIGESTS } from './recorded-digests.ts';

const STEPS = 1000;
const CHUNK_STEPS = 250;
/** Two networks a digest: one as usual, one with hyper-parameters that leave little as it is. */
const USUAL = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };
const UNUSUAL = { learningRate: 0.003, beta1: 0.7, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.3 };

export function* bits(): Generator<DigestMeasurement> {
  const unusual = everyForm(UNUSUAL);
  const forms = everyForm(USUAL).map((usual, i) => ({ optimizers: [usual, unusual[i]], activation: 'tanh' as const }));
  const [adam] = forms;
  const activations = namesOf(ACTIVATIONS).filter((name) => name !== adam.activation);
  const cases = [...forms, ...activations.map((activation) => ({ optimizers: adam.optimizers, activation }))];
  for (const { optimizers, activation } of cases) {
    const [{ kind, form }] = optimizers;
    for (const precision of namesOf(PRECISIONS)) {
      const setting = `${kind} ${form}, ${activation}, ${precision}`;
      const expected = RECORDED_DIGESTS[setting] ?? 'nothing recorded';
      yield { setting, expected, ...digestsOf(optimizers, activation, precision) };
    }
  }
}

/** The digests of two networks 1-3-1 on four samples, by either engine. */
function digestsOf(optimizers: readonly OptimizerConfig[], activation: ActivationName, precision: Precision) {
  const networks = optimizers.map(
    (optimizer, id): Network => ({
      layers: [1, 3, 1],
      activation,
      data: { kind: 'polynomial', points: 4 },
      init: 'torch-linear',
      optimizer,
      batch: 'full',
      precision,
      subnormals: 'ieee',
      seed: id,
      id,
      key: '',
    }),
  );
  const lanes = precision === 'float32' ? 4 : 2;
  const chunk = { chunkEpochs: CHUNK_STEPS, subchunkEpochs: CHUNK_STEPS };
  const shape: GroupShape = { ...groupShape({ networks, lanes }, CHUNK_STEPS), ...chunk };
  const kernel = compileKernel(shape);
  const byKernel = initialiseGroup({ networks, shape, memory: sharedMemory(kernel.memoryBytes) });
  const byReference = initialiseGroup({ networks, shape, memory: sharedMemory(groupBytes(shape)) });
  return {
    kernel: digestAfter(kernelEngine(byKernel, kernel), byKernel),
    reference: digestAfter(referenceEngine(byReference), byReference),
  };
}

/** SHA-256 over θ, m, v and v_max of the networks after all steps, section by section, parameter by parameter. */
function digestAfter(
  engine: Engine,
  { networks, shape, sections }: { networks: readonly Network[]; shape: GroupShape; sections: GroupMemory },
): string {
  for (let firstEpoch = 1; firstEpoch <= STEPS; firstEpoch += CHUNK_STEPS) engine({ firstEpoch, count: CHUNK_STEPS });
  const state = (['theta', ...MOMENT_NAMES] as const).map((name) => {
    const own = sections[name].filter((_, i) => i % shape.lanes < networks.length);
    canonicaliseNaNs(own);
    return bytesOf(own);
  });
  return hash('sha256', Buffer.concat(state), 'hex').slice(0, 16);
}
