/**
 * Outcomes and motions with their counts and shares. The first line is what the eye should find first: how many
 * diverged.
 */
import { count, percent } from '../format.ts';
import { type LabelLine, motionLines, outcomeLines, type View } from '../view-model.ts';
import { EMPTY_LINE, type Line, line, span } from './lines.ts';

/** Columns of the pane. */
export const LABELS_WIDTH = 30;

/** A heading and a line per outcome, and the same for motions. */
export function labelLines({ run, progress }: View): Line[] {
  if (run === null || progress === null) return [];
  const { labels } = progress;
  const begun = Object.values(labels.outcomes).reduce((sum, networks) => sum + networks, 0);
  const row = ({ name, networks, isPart }: LabelLine): Line => {
    const tone = name === 'diverged' && networks > 0 ? 'alarm' : isPart ? 'dim' : 'plain';
    return [
      span(`${isPart ? '  ' : ''}${name}`.padEnd(13), tone),
      span(count(networks).padStart(8), tone),
      span(percent(networks, run.networks).padStart(8), 'dim'),
    ];
  };
  const motions = motionLines(labels);
  return [
    line('outcome', 'bold'),
    ...outcomeLines(labels).map(row),
    ...(begun < run.networks ? [row({ name: 'not begun', networks: run.networks - begun, isPart: false })] : []),
    ...(motions.length > 0 ? [EMPTY_LINE, line('motion', 'bold'), ...motions.map(row)] : []),
  ];
}

/** The same as bars, for a sweep without axes. */
export function labelBars({ run, progress }: View, width: number): Line[] {
  if (run === null || progress === null) return [];
  const cells = Math.max(4, width - 24);
  const bar = ({ name, networks, isPart }: LabelLine): Line => [
    span(`${isPart ? '  ' : ''}${name}`.padEnd(13)),
    span(
      '█'.repeat(Math.round((networks / run.networks) * cells)).padEnd(cells),
      name === 'diverged' ? 'alarm' : isPart ? 'dim' : 'accent',
    ),
    span(percent(networks, run.networks).padStart(9), 'dim'),
  ];
  return [...outcomeLines(progress.labels), ...motionLines(progress.labels)].map(bar);
}
