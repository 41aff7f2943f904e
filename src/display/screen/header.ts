/**
 * The top of the screen: which run, how far, how fast, on what. Where a run is over, what came of it.
 */
import { bytes, clock, count, duration, percent, scaled } from '../format.ts';
import type { View } from '../view-model.ts';
import { fitted, joinedToFit, type Line, line, span, widthOf } from './lines.ts';

/** Cells of the sparkline. */
const SPARKS = 16;

/** Three lines. */
export function headerLines(view: View, width: number): Line[] {
  return [
    spread(titleOf(view), line(timesText(view)), width),
    barLine(view, width),
    line(ratesText(view, width), 'dim'),
  ];
}

/** Two lines in one, at either end of it. */
function spread(left: Line, right: Line, width: number): Line {
  const room = width - widthOf(right) - 2;
  return room < 12 ? fitted(left, width) : [...fitted(left, room), span('  '), ...right];
}

function titleOf({ run }: View): Line {
  if (run === null) return [span('gyre', 'accent'), span('  planning…')];
  const shape = `${run.name} · ${count(run.networks)} networks × ${count(run.epochs)} epochs`;
  return [span('gyre', 'accent'), span(`  ${shape}`)];
}

/** Elapsed, and what is left with as much doubt as there is. */
function timesText(view: View): string {
  const { progress, remainingRange, state } = view;
  if (progress === null) return '';
  const elapsed = `${clock(progress.elapsedMs)} elapsed`;
  if (state !== 'running') return `${elapsed}   ${stateText(view)}`;
  if (remainingRange === null) return `${elapsed}   starting`;
  const [low, high] = [remainingRange.low, remainingRange.high].map(duration);
  return `${elapsed}   about ${low === high ? low : `${low} – ${high}`} left`;
}

function stateText({ state, ending }: View): string {
  if (state !== 'ended') return state;
  return ending ?? 'ended';
}

/** A bar in eighths of a cell, with the count of networks at its right. */
function barLine({ run, progress }: View, width: number): Line {
  if (run === null || progress === null) return [];
  const total = count(run.networks);
  const text =
    `${count(progress.networksDone).padStart(total.length)}/${total} done ` +
    `${percent(progress.share, 1).padStart(7)}`;
  const cells = Math.max(8, width - text.length - 2);
  const eighths = Math.round(Math.min(1, progress.share) * cells * 8);
  const full = '█'.repeat(Math.floor(eighths / 8));
  const part = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8];
  const rest = '░'.repeat(Math.max(0, cells - full.length - part.length));
  return [span(full + part, 'accent'), span(rest, 'dim'), span(`  ${text}`)];
}

function ratesText({ progress, epochsPerSecond, meanEpochsPerSecond, rates }: View, width: number): string {
  if (progress === null) return '';
  const { threads, residentBytes, writtenBytes } = progress;
  const now = `${epochsPerSecond === null ? '–' : scaled(epochsPerSecond)} network-epochs/s`;
  const sparks = sparkline(rates);
  const mean = meanEpochsPerSecond === null ? '' : `mean ${scaled(meanEpochsPerSecond)}`;
  const busy = threads === null ? '–' : `${threads.filter((trains) => trains !== null).length}/${threads.length}`;
  const memory = `${residentBytes === null ? '–' : bytes(residentBytes)} memory`;
  const written = `${bytes(writtenBytes)} written`;
  const parts = [now, sparks, mean, `threads ${busy}`, memory, written].filter((part) => part !== '');
  return joinedToFit(parts, { separator: '   ', width, dispensable: [sparks, mean, memory, written] });
}

/** The latest rates, each as high as it is beside the highest of them. */
function sparkline(rates: readonly number[]): string {
  const shown = rates.slice(-SPARKS);
  const highest = Math.max(...shown, Number.MIN_VALUE);
  return shown.map((rate) => '▁▂▃▄▅▆▇█'[Math.min(7, Math.floor((rate / highest) * 8))]).join('');
}
