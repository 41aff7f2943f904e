/**
 * The plain display: one line of text every few seconds and one for each thing that matters, for logs and pipes. Writes
 * to stderr, since stdout is for results.
 */
import { divergenceCount } from '../../schemas/labels.ts';
import type { Notice } from '../../schemas/notices.ts';
import { bytes, clock, count, duration, percent, scaled } from './format.ts';
import { EMPTY_VIEW, reduce, type View } from './view-model.ts';

/**
 * Lines come quickly at first, so that a user sees it works, then ever more slowly: a night is not a thousand pages.
 */
const INTERVALS_MS = [
  { untilMs: 30_000, everyMs: 2_000 },
  { untilMs: 600_000, everyMs: 15_000 },
  { untilMs: Number.POSITIVE_INFINITY, everyMs: 60_000 },
];

/** A display that writes lines through `write`. */
export function plainDisplay(write: (line: string) => void): (notice: Notice) => void {
  let view = EMPTY_VIEW;
  let lastLineMs = Number.NEGATIVE_INFINITY;
  return (notice) => {
    const troubleBefore = view.trouble;
    view = reduce(view, notice);
    if (view.trouble !== troubleBefore && view.trouble !== null) write(view.trouble);
    if (notice.kind === 'begun') {
      const before = notice.networksDone > 0 ? `, ${count(notice.networksDone)} already done` : '';
      write(
        `${notice.name}: ${count(notice.networks)} networks × ${count(notice.epochs)} epochs` +
          `${inGroups(notice.groups)} on ${notice.threads} threads${before} → ${notice.folder}`,
      );
    } else if (notice.kind === 'stopping') {
      write('stopping: the workers leave their groups; what is committed is kept');
    } else if (notice.kind === 'progress') {
      const everyMs = INTERVALS_MS.find(({ untilMs }) => notice.elapsedMs < untilMs)?.everyMs ?? 0;
      if (notice.elapsedMs - lastLineMs < everyMs) return;
      lastLineMs = notice.elapsedMs;
      write(progressLine(view));
    }
  };
}

/**
 * `00:00:12  37.5 %  24/64 networks  151 k network-epochs/s  about 20 s left  diverged 3  threads 2/2  112 MB memory`.
 */
export function progressLine({ run, progress, epochsPerSecond, remainingMs }: View): string {
  if (run === null || progress === null) return '';
  const { threads, residentBytes } = progress;
  return [
    clock(progress.elapsedMs),
    percent(progress.share, 1),
    `${count(progress.networksDone)}/${count(run.networks)} networks`,
    epochsPerSecond === null ? '' : `${scaled(epochsPerSecond)} network-epochs/s`,
    remainingMs === null ? '' : `about ${duration(remainingMs)} left`,
    `diverged ${count(divergenceCount(progress.labels))}`,
    threads === null ? '' : `threads ${threads.filter((thread) => thread !== null).length}/${threads.length}`,
    residentBytes === null ? '' : `${bytes(residentBytes)} memory`,
  ]
    .filter((part) => part !== '')
    .join('  ');
}

/** A run that is done has none left, and who watches one from outside knows of none. */
const inGroups = (groups: number): string => (groups === 0 ? '' : ` in ${count(groups)} groups`);
