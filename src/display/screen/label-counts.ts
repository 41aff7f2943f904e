/**
 * The labels with their counts and shares; networks that are still on their way stand in a line of their own.
 */
import { count, percent } from '../format.ts';
import { shownLabels, type View } from '../view-model.ts';
import { type Line, line, span } from './lines.ts';

/** Columns of the pane. */
export const LABELS_WIDTH = 30;

/** A heading and a line a label. */
export function labelLines({ run, progress }: View): Line[] {
  if (run === null || progress === null) return [];
  const labels = shownLabels(progress.labels);
  const begun = labels.reduce((sum, [, networks]) => sum + networks, 0);
  const row = (name: string, networks: number, isAlarm: boolean): Line => [
    span(name.padEnd(12), isAlarm && networks > 0 ? 'alarm' : 'plain'),
    span(count(networks).padStart(9), isAlarm && networks > 0 ? 'alarm' : 'plain'),
    span(percent(networks, run.networks).padStart(8), 'dim'),
  ];
  return [
    line('labels', 'bold'),
    ...labels.map(([name, networks]) => row(name, networks, name === 'diverged' || name === 'non-finite')),
    ...(begun < run.networks ? [row('not begun', run.networks - begun, false)] : []),
  ];
}

/** Labels as bars, for a sweep without axes. */
export function labelBars({ run, progress }: View, width: number): Line[] {
  if (run === null || progress === null) return [];
  const cells = Math.max(4, width - 24);
  return shownLabels(progress.labels).map(([name, networks]) => [
    span(name.padEnd(13)),
    span(
      '█'.repeat(Math.round((networks / run.networks) * cells)).padEnd(cells),
      name === 'diverged' ? 'alarm' : 'accent',
    ),
    span(percent(networks, run.networks).padStart(9), 'dim'),
  ]);
}
