/**
 * The summary of a made-up run, to the letter: outcomes and motions over all and by axis, files, fingerprint and what
 * to do next, for runs in every state.
 */
import { describe, expect, test } from 'vitest';
import { FAILED, type Labels } from '../../schemas/labels.ts';
import { sweepSchema } from '../../schemas/sweep.ts';
import { type SummaryInput, summaryLines } from '../../src/display/run-summary.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { labels } from './notices.ts';

/** Eight networks on two axes; beta2 differs in the fifth digit. */
const networks = expandSweep(
  sweepSchema.parse({
    name: 'made-up',
    epochs: 50_000,
    layers: [
      [1, 8, 1],
      [1, 8, 8, 1],
    ],
    data: { kind: 'sine', points: 16 },
    optimizer: { kind: 'adam', learningRate: 0.01, beta2: [0.9999, 0.99999] },
    seeds: 2,
  }),
);
const LEARNED: Labels = { outcome: 'learned', motion: 'descending' };
const COLLAPSED: Labels = { outcome: 'collapsed', motion: 'spiking' };
const LABELS_OF: readonly Labels[] = [
  ...[LEARNED, LEARNED, { outcome: 'untrained', motion: 'frozen' } as const, LEARNED],
  ...[COLLAPSED, LEARNED, { outcome: 'non-finite', motion: null } as const, COLLAPSED],
];
const DONE: SummaryInput = {
  shard: null,
  name: 'made-up',
  folder: 'traces/runs/made-up-01234567',
  epochs: 50_000,
  networks,
  labelsOf: (id) => LABELS_OF[id],
  labels: labels({ learned: 4, untrained: 1, collapsed: 2, 'non-finite': 1, descending: 4, frozen: 1, spiking: 2 }),
  subnormalCount: 0,
  state: 'done',
  elapsedMs: 83_000,
  traceBytes: 1_440_000,
  fingerprint: 'ab'.repeat(32),
};
const textOf = (input: Partial<SummaryInput> = {}): string => summaryLines({ ...DONE, ...input }).join('\n');

test('the summary of a run that is done', () => {
  expect(`\n${textOf()}\n`).toMatchInlineSnapshot(`
    "
    made-up · 8 networks × 50,000 epochs · done · 1 min 23 s

    outcome       networks   share
    diverged             3  37.5 %  non-finite, exploded or collapsed
      non-finite         1  12.5 %  NaN or ∞ in the loss, parameters or moments
      collapsed          2  25.0 %  was trained, and ends above a tenth of the variance of its targets
    untrained            1  12.5 %  never came to a tenth of the variance of its targets
    learned              4  50.0 %  none of the above: trained, and close to its best

    motion      networks   share
    frozen             1  12.5 %  no bit changed for the last 1000 epochs or more
    spiking            2  25.0 %  at least three separate spikes of four times their base in the tail
    descending         4  50.0 %  the loss ends at least 5 % below the beginning of the tail

    axis      value  diverged  untrained  learned
    layers    1-8-1         0          1        3
            1-8-8-1         3          0        1
    beta2    0.9999         1          0        3
            0.99999         2          1        1

    axis      value  frozen  spiking  descending
    layers    1-8-1       1        0           3
            1-8-8-1       0        2           1
    beta2    0.9999       0        1           3
            0.99999       1        1           1

    files  traces/runs/made-up-01234567                 1.44 MB
           traces/runs/made-up-01234567/networks.arrow  one row per network
           traces/runs/made-up-01234567/epochs/*.arrow  loss, norms and extremes by bucket of epochs
           traces/runs/made-up-01234567/events/*.arrow  onsets, spikes and divergences, one row per event
           traces/runs/made-up-01234567/blocks/*.arrow  digests of the losses
    fingerprint  abababababababababababababababababababababababababababababababab

    next  npx gyre show traces/runs/made-up-01234567 --outcome diverged
          python -c "import pandas; print(pandas.read_feather('traces/runs/made-up-01234567/networks.arrow'))"
    "
  `);
});

describe('the summary of a run that is not done', () => {
  const three: Partial<SummaryInput> = {
    labelsOf: (id) => (id < 3 ? LABELS_OF[id] : null),
    labels: labels({ learned: 2, untrained: 1, descending: 2, frozen: 1 }),
    fingerprint: null,
  };

  test('says how far it is, has no fingerprint and says how to go on', () => {
    const text = textOf({ ...three, state: 'stopped' });
    expect(text.split('\n')[0]).toBe('made-up · 8 networks × 50,000 epochs · stopped, 3 done · 1 min 23 s');
    expect(text).not.toContain('fingerprint');
    expect(text).toContain('next  the same gyre run again continues where it stopped\n');
    expect(text).toMatch(/^layers +1-8-1 +0 +1 +2$/m);
    expect(text).toMatch(/^ +1-8-8-1( +0){3}$/m);
    expect(text).toContain('npx gyre show traces/runs/made-up-01234567\n');
  });

  test('shows failed networks, which are not done, and that they are tried again', () => {
    const text = textOf({
      ...three,
      labelsOf: (id) => (id < 3 ? LABELS_OF[id] : FAILED),
      labels: labels({ learned: 2, untrained: 1, descending: 2, frozen: 1, failed: 5 }),
      state: 'failed',
    });
    expect(text.split('\n')[0]).toContain(' · failed, 3 done · ');
    expect(text).toMatch(/^failed +5 +62\.5 % {2}has no results: its task was lost three times$/m);
    expect(text).toMatch(/^ +1-8-8-1( +0){3} +4$/m);
    expect(text).toContain('next  the same gyre run again tries the networks that failed\n');
  });

  test('gives no time where no session has ended, and no advice to a run that goes on', () => {
    const text = textOf({ ...three, state: 'running', elapsedMs: null });
    expect(text.split('\n')[0]).toBe('made-up · 8 networks × 50,000 epochs · running, 3 done');
    expect(text).not.toContain('the same gyre run');
  });
});

test('a run without axes has no table of them', () => {
  const [first] = networks;
  const lines = summaryLines({
    ...DONE,
    networks: [first],
    labelsOf: () => LEARNED,
    labels: labels({ learned: 1, descending: 1 }),
  });
  expect(lines.join('\n')).not.toContain('axis');
  expect(lines.slice(0, 3)).toEqual([
    'made-up · 1 networks × 50,000 epochs · done · 1 min 23 s',
    '',
    'outcome    networks    share',
  ]);
});

test('networks that ended with subnormal moments are counted, with a remedy', () => {
  expect(textOf()).not.toContain('subnormal');
  expect(textOf({ subnormalCount: 3 })).toContain(
    '\n3 of 8 networks ended with subnormal moments, on which many processors are slow;\n' +
      '`subnormals: flush` in the sweep ',
  );
});
