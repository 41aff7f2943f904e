/**
 * The summary of a run, as text that stays on the screen: labels over all and by axis, where the files are, what to do
 * next. The same for a run that has just ended and for one of last year.
 */

import { join } from 'node:path';
import { LABELS, type LabelName } from '../../schemas/catalogue.ts';
import type { Ending } from '../../schemas/journal.ts';
import type { Network } from '../../schemas/network.ts';
import type { LabelCounts } from '../../schemas/notices.ts';
import type { Shard } from '../../schemas/shard.ts';
import { axesOf, inRanges } from '../plan/axes.ts';
import { bytes, columns, count, duration, percent } from './format.ts';
import { shownLabels } from './view-model.ts';

/** What the summary is made of. */
export interface SummaryInput {
  readonly name: string;
  /** Where the run is a part of one. */
  readonly shard: Shard | null;
  readonly folder: string;
  readonly epochs: number;
  readonly networks: readonly Network[];
  /** Null for a network that is not done. */
  readonly labelOf: (id: number) => LabelName | null;
  readonly labels: LabelCounts;
  /** Networks whose last state has subnormal moments. */
  readonly subnormalCount: number;
  readonly state: Ending | 'running';
  /** Of all sessions together; null where no session has ended in good order. */
  readonly elapsedMs: number | null;
  readonly traceBytes: number;
  readonly fingerprint: string | null;
}

/** The lines of a run's summary. */
export function summaryLines(input: SummaryInput): string[] {
  return [
    headline(input),
    '',
    ...labelTable(input),
    ...axisTable(input),
    ...subnormalLines(input),
    '',
    ...fileLines(input),
    '',
    ...nextLines(input),
  ];
}

function headline({ name, shard, networks, epochs, state, elapsedMs, labels }: SummaryInput): string {
  const done = Object.entries(labels).reduce((sum, [label, n]) => (label === 'failed' ? sum : sum + n), 0);
  const time = elapsedMs === null ? '' : ` · ${duration(elapsedMs)}`;
  const progress = done === networks.length ? 'done' : `${state}, ${count(done)} done`;
  const part = shard === null ? '' : ` · shard ${shard.index} of ${shard.count}`;
  return `${name}${part} · ${count(networks.length)} networks × ${count(epochs)} epochs · ${progress}${time}`;
}

function labelTable({ labels, networks }: SummaryInput): string[] {
  const rows = shownLabels(labels).map(([name, n]) => [
    name,
    count(n),
    percent(n, networks.length),
    LABELS[name].description,
  ]);
  return columns([['label', 'networks', 'share', ''], ...rows], ['left', 'right', 'right', 'left']);
}

/** Labels by the values of each axis of the sweep; nothing where it has none. */
function axisTable({ networks, labelOf, labels }: SummaryInput): string[] {
  const axes = axesOf(networks).map(inRanges);
  if (axes.length === 0) return [];
  const names = shownLabels(labels).map(([name]) => name);
  const rows = axes.flatMap(({ name, valueFor, values }) => {
    const tally = new Map(values.map((value) => [value, new Map<LabelName, number>()]));
    for (const network of networks) {
      const label = labelOf(network.id);
      const counts = tally.get(valueFor(network));
      if (label !== null && counts !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    return values.map((value, i) => [
      i === 0 ? name : '',
      valueText(value),
      ...names.map((label) => count(tally.get(value)?.get(label) ?? 0)),
    ]);
  });
  return [
    '',
    ...columns([['axis', 'value', ...names], ...rows], ['left', 'right', ...names.map(() => 'right' as const)]),
  ];
}

/** Hyper-parameters as they were written: 0.99999 must not read as 1. */
function valueText(value: string | number | undefined): string {
  return value === undefined ? '–' : String(value);
}

/** Many processors take many times as long over numbers below the normal range. */
function subnormalLines({ subnormalCount, networks }: SummaryInput): string[] {
  if (subnormalCount === 0) return [];
  return [
    '',
    `${count(subnormalCount)} of ${count(networks.length)} networks ended with subnormal moments, ` +
      'on which many processors are slow;',
    '`subnormals: flush` in the sweep sets such moments to 0, in networks with keys of their own',
  ];
}

function fileLines({ folder, traceBytes, fingerprint }: SummaryInput): string[] {
  const rows = [
    ['files', folder, bytes(traceBytes)],
    ['', join(folder, 'networks.arrow'), 'one row per network'],
    ['', join(folder, 'epochs', '*.arrow'), 'loss, norms and extremes by bucket of epochs'],
    ['', join(folder, 'events', '*.arrow'), 'onsets, spikes and divergences, one row per event'],
    ['', join(folder, 'blocks', '*.arrow'), 'digests of the losses'],
  ];
  const lines = columns(rows, ['left', 'left', 'left']);
  return fingerprint === null ? lines : [...lines, `fingerprint  ${fingerprint}`];
}

function nextLines({ folder, state, labels }: SummaryInput): string[] {
  const next: string[] = [];
  if (state === 'stopped') next.push('the same gyre run again continues where it stopped');
  if (state === 'failed') next.push('the same gyre run again tries the networks that failed');
  next.push(`npx gyre show ${folder}${labels.diverged > 0 ? ' --label diverged' : ''}`);
  next.push(`python -c "import pandas; print(pandas.read_feather('${join(folder, 'networks.arrow')}'))"`);
  return next.map((line, i) => `${i === 0 ? 'next' : '    '}  ${line}`);
}
