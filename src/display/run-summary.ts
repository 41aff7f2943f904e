/**
 * The summary of a run, as text that stays on the screen: outcomes and motions over all and by axis, where the files
 * are, what to do next. The same for a run that has just ended and for one of last year.
 */

import { join } from 'node:path';
import { MOTIONS, OUTCOMES } from '../../schemas/catalogue.ts';
import type { Ending } from '../../schemas/journal.ts';
import { divergenceCount, isDiverged, type LabelCounts, type Labels } from '../../schemas/labels.ts';
import type { Network } from '../../schemas/network.ts';
import type { Shard } from '../../schemas/shard.ts';
import { axesOf, inRanges } from '../plan/axes.ts';
import { bytes, columns, count, duration, percent } from './format.ts';
import { type LabelLine, motionLines, outcomeLines } from './view-model.ts';

/** What the summary is made of. */
export interface SummaryInput {
  readonly name: string;
  /** Where the run is a part of one. */
  readonly shard: Shard | null;
  readonly folder: string;
  readonly epochs: number;
  readonly networks: readonly Network[];
  /** Null for a network that is not done. */
  readonly labelsOf: (id: number) => Labels | null;
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
    ...labelTable(input, 'outcome'),
    '',
    ...labelTable(input, 'motion'),
    ...axisTable(input, 'outcome'),
    ...axisTable(input, 'motion'),
    ...subnormalLines(input),
    '',
    ...fileLines(input),
    '',
    ...nextLines(input),
  ];
}

function headline({ name, shard, networks, epochs, state, elapsedMs, labels }: SummaryInput): string {
  const done = Object.entries(labels.outcomes).reduce((sum, [name, n]) => (name === 'failed' ? sum : sum + n), 0);
  const time = elapsedMs === null ? '' : ` · ${duration(elapsedMs)}`;
  const progress = done === networks.length ? 'done' : `${state}, ${count(done)} done`;
  const part = shard === null ? '' : ` · shard ${shard.index} of ${shard.count}`;
  return `${name}${part} · ${count(networks.length)} networks × ${count(epochs)} epochs · ${progress}${time}`;
}

type LabelKind = 'outcome' | 'motion';

const linesOf = (labels: LabelCounts, kind: LabelKind): LabelLine[] =>
  kind === 'outcome' ? outcomeLines(labels) : motionLines(labels);

const DESCRIPTIONS: Readonly<Record<string, { readonly description: string }>> = {
  ...OUTCOMES,
  ...MOTIONS,
  diverged: { description: 'non-finite, exploded or collapsed' },
};

function labelTable({ labels, networks }: SummaryInput, kind: LabelKind): string[] {
  const rows = linesOf(labels, kind).map(({ name, networks: n, isPart }) => [
    `${isPart ? '  ' : ''}${name}`,
    count(n),
    percent(n, networks.length),
    DESCRIPTIONS[name].description,
  ]);
  return columns([[kind, 'networks', 'share', ''], ...rows], ['left', 'right', 'right', 'left']);
}

/** Outcomes or motions by the values of each axis of the sweep; nothing where it has none, or no network is done. */
function axisTable({ networks, labelsOf, labels }: SummaryInput, kind: LabelKind): string[] {
  const axes = axesOf(networks).map(inRanges);
  const names = linesOf(labels, kind).flatMap(({ name, isPart }) => (isPart ? [] : [name]));
  if (axes.length === 0 || names.length === 0) return [];
  const nameOf = (own: Labels) => (kind === 'motion' ? own.motion : isDiverged(own.outcome) ? 'diverged' : own.outcome);
  const rows = axes.flatMap(({ name, valueFor, values }) => {
    const tally = new Map(values.map((value) => [value, new Map<string | null, number>()]));
    for (const network of networks) {
      const own = labelsOf(network.id);
      const counts = tally.get(valueFor(network));
      if (own !== null && counts !== undefined) counts.set(nameOf(own), (counts.get(nameOf(own)) ?? 0) + 1);
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
  next.push(`npx gyre show ${folder}${divergenceCount(labels) > 0 ? ' --outcome diverged' : ''}`);
  next.push(`python -c "import pandas; print(pandas.read_feather('${join(folder, 'networks.arrow')}'))"`);
  return next.map((line, i) => `${i === 0 ? 'next' : '    '}  ${line}`);
}
