/**
 * A made-up run for the dashboard: a grid of networks whose labels, traces and events follow from their place in it, so
 * that frames can be compared with golden ones.
 */
import type { NetworkEvent } from '../../schemas/events.ts';
import { LABEL_PAIRS, type Labels, labelCounts, labelNumber } from '../../schemas/labels.ts';
import type { Network } from '../../schemas/network.ts';
import type { Notice } from '../../schemas/notices.ts';
import { Dashboard, type DashboardSource } from '../../src/display/dashboard.ts';
import type { Size } from '../../src/display/screen/frame.ts';
import { begun, ended, progress } from './notices.ts';

export const EPOCHS = 50_000;
const RATES = [1e-4, 3.2e-4, 1e-3, 3.2e-3, 1e-2, 3.2e-2, 1e-1];
const BETAS = [0.9, 0.99, 0.999, 0.9999];
const SEEDS = 10;

/** 7 learning rates × 4 beta2 × 2 shapes × 10 seeds. */
export const NETWORKS: readonly Network[] = RATES.flatMap((learningRate) =>
  BETAS.flatMap((beta2) =>
    [
      [1, 8, 1],
      [1, 8, 8, 1],
    ].flatMap((layers) => Array.from({ length: SEEDS }, (_, seed) => ({ learningRate, beta2, layers, seed }))),
  ),
).map(({ learningRate, beta2, layers, seed }, id) => ({
  id,
  key: id.toString(16).padStart(16, '0'),
  layers,
  activation: 'tanh',
  data: { kind: 'sine', points: 16 },
  init: 'glorot-uniform',
  optimizer: { kind: 'adam', form: 'torch', learningRate, beta1: 0.9, beta2, epsilon: 1e-8 },
  batch: 'full',
  precision: 'float32',
  subnormals: 'ieee',
  seed,
}));

const COLLAPSED: Labels = { outcome: 'collapsed', motion: 'steady' };

/** The higher the rate and the longer the memory, the worse. */
function labelsOf({ optimizer, seed }: Network): Labels {
  const badness = RATES.indexOf(optimizer.learningRate) + 2 * BETAS.indexOf(optimizer.beta2 ?? 0) + (seed % 4);
  if (badness > 13) return seed === 3 ? { outcome: 'non-finite', motion: null } : COLLAPSED;
  const outcome = badness === 0 ? 'untrained' : 'learned';
  if (badness > 7) return { outcome, motion: badness > 11 ? 'bursting' : 'spiking' };
  return { outcome, motion: badness > 4 ? 'fluctuating' : badness > 2 ? 'steady' : 'descending' };
}

/** A loss that falls, with a spike every 5000 epochs. */
const LOSSES = Array.from({ length: EPOCHS / 20 }, (_, i) => {
  const epoch = 20 * (i + 1);
  const floor = 10 ** (-1 - 4 * Math.sqrt(epoch / EPOCHS));
  return { epoch, low: floor, high: epoch % 5000 === 0 ? 300 * floor : 1.2 * floor };
});

const EVENTS: readonly NetworkEvent[] = [
  { kind: 'onset', epoch: 3975, endEpoch: null, spike: null },
  {
    kind: 'spike',
    epoch: 44_990,
    endEpoch: 45_060,
    spike: { peakEpoch: 45_000, height: 2.4, base: 1e-5, peak: 2.5e-3 },
  },
];

/** The run when so many of its networks are done. */
export function madeUpSource(doneCount: number, changes: Partial<DashboardSource> = {}): DashboardSource {
  return {
    networks: NETWORKS,
    epochs: EPOCHS,
    isOwn: true,
    labelsOf: (id) => (id < doneCount ? labelsOf(NETWORKS[id]) : null),
    detailOf: () => ({ losses: LOSSES, events: EVENTS }),
    ...changes,
  };
}

const DONE = 480;

/** Notices up to the moment at which 480 of 560 networks are done. */
export const RUNNING_NOTICES: readonly Notice[] = [
  begun({ name: 'overnight', networks: NETWORKS.length, epochs: EPOCHS, threads: 2 }),
  ...Array.from({ length: 40 }, (_, i) =>
    progress({
      elapsedMs: 60_000 * i,
      epochsTrained: 600_000 * i,
      epochsPlanned: NETWORKS.length * EPOCHS,
      share: (0.857 * i) / 39,
      networksDone: Math.floor((DONE * i) / 39),
      labels: counts(Math.floor((DONE * i) / 39)),
      threads: ['1-8-8-1 tanh float32', '1-8-1 tanh float32'],
    }),
  ),
  {
    kind: 'events',
    elapsedMs: 2_300_000,
    counts: { spike: 2, divergence: 1 },
    notable: [
      { network: 479, kind: 'spike', epoch: 44_990, height: 2.4 },
      { network: 477, kind: 'divergence', epoch: 41_207, height: null },
      { network: 470, kind: 'onset', epoch: 3975, height: null },
    ],
  },
];

function counts(done: number) {
  const networksOfPair = new Uint32Array(LABEL_PAIRS);
  for (const network of NETWORKS.slice(0, done)) networksOfPair[labelNumber(labelsOf(network))]++;
  return labelCounts(networksOfPair);
}

/** A dashboard in one of its states. */
export function madeUpDashboard(
  state: 'running' | 'paused' | 'done' | 'failed',
  source = madeUpSource(DONE),
): Dashboard {
  const done = state === 'done';
  const dashboard = new Dashboard(done ? madeUpSource(NETWORKS.length) : source);
  for (const notice of RUNNING_NOTICES) dashboard.notify(notice);
  if (state === 'paused') dashboard.notify({ kind: 'paused', elapsedMs: 2_340_000 });
  if (state === 'failed') {
    dashboard.notify({ kind: 'failed', networks: [540, 541], reason: 'the worker ran out of memory' });
    dashboard.notify(ended({ reason: 'failed', networksDone: DONE, networksFailed: 2 }));
  }
  if (done) {
    dashboard.notify(
      progress({
        elapsedMs: 2_400_000,
        epochsTrained: NETWORKS.length * EPOCHS,
        share: 1,
        networksDone: NETWORKS.length,
        labels: counts(NETWORKS.length),
        threads: [null, null],
      }),
    );
    dashboard.notify(ended({ networksDone: NETWORKS.length }));
  }
  return dashboard;
}

/** What stands on the screen, without tones. */
export function textOf(dashboard: Dashboard, size: Size): string {
  return dashboard
    .lines(size)
    .map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    )
    .join('\n');
}
