/**
 * The model behind every display: a pure function from notices to a view. No clock, no terminal, no files; what it
 * cannot know from a notice it does not show.
 */
import {
  DIVERGED_OUTCOMES,
  type EventKind,
  MOTION_NAMES,
  OUTCOME_NAMES,
  type OutcomeName,
} from '../../schemas/catalogue.ts';
import type { NotableEvent } from '../../schemas/events.ts';
import { divergenceCount, isDiverged, type LabelCounts } from '../../schemas/labels.ts';
import type { BegunNotice, EndedNotice, EventsNotice, Notice, ProgressNotice } from '../../schemas/notices.ts';

/** Where the run stood at one moment. */
interface Sample {
  readonly elapsedMs: number;
  readonly epochsTrained: number;
  readonly share: number;
}

/** All that a display shows of a run. */
export interface View {
  readonly state: 'planning' | 'running' | 'paused' | 'stopping' | 'ended';
  /** How it ended; null before. */
  readonly ending: EndedNotice['reason'] | null;
  readonly run: BegunNotice | null;
  readonly progress: ProgressNotice | null;
  /** Network-epochs a second over the last ten seconds or so; null until two samples tell. */
  readonly epochsPerSecond: number | null;
  /** The same over the whole session, pauses left out. */
  readonly meanEpochsPerSecond: number | null;
  /** Rates of intervals of equal length since the session began, oldest first; the intervals grow with the session. */
  readonly rates: readonly number[];
  /** Time left, from the share of operations done lately; null until it can be told. */
  readonly remainingMs: number | null;
  /** What it may be, judged by the last ten seconds, the last minute and the whole session. */
  readonly remainingRange: { readonly low: number; readonly high: number } | null;
  readonly networksFailed: number;
  readonly retries: number;
  /** The latest thing that went wrong, in words. */
  readonly trouble: string | null;
  /** Events of this session by kind, and the latest that are worth a line, the last first. */
  readonly eventCounts: Readonly<Partial<Record<EventKind, number>>>;
  readonly latestEvents: readonly NotableEvent[];
  /** Past samples, oldest first. */
  readonly samples: readonly Sample[];
  readonly history: History;
}

/** A session in few numbers: where its training began, where the interval at hand did, and how long an interval is. */
interface History {
  readonly first: Sample | null;
  readonly interval: Sample | null;
  readonly intervalMs: number;
  /** Time in which nothing trained because the user said so. */
  readonly pausedMs: number;
}

/** The view before any notice. */
export const EMPTY_VIEW: View = {
  state: 'planning',
  run: null,
  progress: null,
  ending: null,
  epochsPerSecond: null,
  meanEpochsPerSecond: null,
  rates: [],
  remainingMs: null,
  remainingRange: null,
  networksFailed: 0,
  retries: 0,
  trouble: null,
  eventCounts: {},
  latestEvents: [],
  samples: [],
  history: { first: null, interval: null, intervalMs: 1000, pausedMs: 0 },
};

/** The rate is that of the last ten seconds, the time left is judged by the last minute, which shakes less. */
const RATE_WINDOW_MS = 10_000;
const REMAINING_WINDOW_MS = 60_000;

/** The view after a notice. */
export function reduce(view: View, notice: Notice): View {
  switch (notice.kind) {
    case 'begun':
      return { ...EMPTY_VIEW, state: 'running', run: notice };
    case 'progress':
      return withProgress(view, notice);
    case 'committed':
      return view;
    case 'events':
      return withEvents(view, notice);
    case 'retry':
      return {
        ...view,
        retries: view.retries + 1,
        trouble:
          `a worker was lost (${firstLine(notice.reason)}); ` +
          `networks ${range(notice.networks)}: attempt ${notice.attempt}`,
      };
    case 'failed':
      return {
        ...view,
        networksFailed: view.networksFailed + notice.networks.length,
        trouble: `networks ${range(notice.networks)} given up: ${firstLine(notice.reason)}`,
      };
    case 'paused':
      return { ...view, state: 'paused', epochsPerSecond: null, remainingMs: null, remainingRange: null };
    case 'resumed':
      return afterPause(view, notice.pausedMs);
    case 'stopping':
      return { ...view, state: 'stopping' };
    case 'ended':
      return { ...view, state: 'ended', ending: notice.reason, remainingMs: null, remainingRange: null };
  }
}

/** More than any screen has lines. */
const LATEST_EVENTS_MAX = 100;

function withEvents(view: View, { counts, notable }: EventsNotice): View {
  const eventCounts = { ...view.eventCounts };
  for (const [kind, count] of Object.entries(counts) as [EventKind, number][])
    eventCounts[kind] = (eventCounts[kind] ?? 0) + count;
  return { ...view, eventCounts, latestEvents: [...notable, ...view.latestEvents].slice(0, LATEST_EVENTS_MAX) };
}

/** A line of counts: outcomes that diverged stand together as `diverged`, with their parts below it. */
export interface LabelLine {
  readonly name: string;
  readonly networks: number;
  /** Whether it is a part of the line above. */
  readonly isPart: boolean;
}

/** Outcomes as displays show them, divergence first. What no network has is left out, but for the most common ones. */
export function outcomeLines(labels: LabelCounts): LabelLine[] {
  const { outcomes } = labels;
  const isShown = (name: OutcomeName) => outcomes[name] > 0 || name === 'untrained' || name === 'learned';
  const lineOf = (name: OutcomeName, isPart = false) => ({ name, networks: outcomes[name], isPart });
  return [
    { name: 'diverged', networks: divergenceCount(labels), isPart: false },
    ...DIVERGED_OUTCOMES.filter((name) => outcomes[name] > 0).map((name) => lineOf(name, true)),
    ...OUTCOME_NAMES.filter((name) => !isDiverged(name) && isShown(name)).map((name) => lineOf(name)),
  ];
}

/** Motions that some network has, in the order of the catalogue. */
export function motionLines({ motions }: LabelCounts): LabelLine[] {
  return MOTION_NAMES.filter((name) => motions[name] > 0).map((name) => ({
    name,
    networks: motions[name],
    isPart: false,
  }));
}

/** Reasons may be the messages of foreign errors, with stacks; every display has one line for them. */
const firstLine = (text: string): string => text.split('\n')[0];

function withProgress(view: View, progress: ProgressNotice): View {
  const { elapsedMs, epochsTrained, share } = progress;
  const now: Sample = { elapsedMs, epochsTrained, share };
  // Until the first chunk is done nothing has moved: the time that workers take to start is no measure of their speed.
  const hasMoved = share > (view.samples[0]?.share ?? share);
  const samples = hasMoved
    ? [...view.samples, now].filter((sample) => sample.elapsedMs >= elapsedMs - REMAINING_WINDOW_MS)
    : [now];
  const rateFrom = samples.find((sample) => sample.elapsedMs >= elapsedMs - RATE_WINDOW_MS) ?? now;
  const epochsPerMs = (epochsTrained - rateFrom.epochsTrained) / (elapsedMs - rateFrom.elapsedMs);
  const remainingMs = remainingAfter(samples[0], now);
  const moved = hasMoved ? withHistory(view, now) : view;
  return {
    ...moved,
    progress,
    samples,
    epochsPerSecond: epochsPerMs > 0 ? epochsPerMs * 1000 : null,
    remainingMs,
    remainingRange: rangeOf([remainingMs, remainingAfter(rateFrom, now), remainingInAll(moved.history, now)]),
  };
}

/** Time left at the speed between two samples; null where nothing has moved. */
function remainingAfter(from: Sample, { elapsedMs, share }: Sample, pausedMs = 0): number | null {
  const sharePerMs = (share - from.share) / (elapsedMs - from.elapsedMs - pausedMs);
  return sharePerMs > 0 ? (1 - share) / sharePerMs : null;
}

const remainingInAll = ({ first, pausedMs }: History, now: Sample): number | null =>
  first === null ? null : remainingAfter(first, now, pausedMs);

function rangeOf(guesses: readonly (number | null)[]): View['remainingRange'] {
  const known = guesses.filter((guess) => guess !== null);
  return known.length === 0 ? null : { low: Math.min(...known), high: Math.max(...known) };
}

/** Intervals that a session is told in; where there are as many, each two become one. */
const INTERVALS_MAX = 32;

function withHistory(view: View, now: Sample): View {
  const { history } = view;
  const first = history.first ?? view.samples[0] ?? now;
  const interval = history.interval ?? first;
  const workedMs = now.elapsedMs - first.elapsedMs - history.pausedMs;
  const meanEpochsPerSecond = workedMs > 0 ? ((now.epochsTrained - first.epochsTrained) / workedMs) * 1000 : null;
  if (now.elapsedMs - interval.elapsedMs < history.intervalMs)
    return { ...view, meanEpochsPerSecond, history: { ...history, first, interval } };
  const rate = ((now.epochsTrained - interval.epochsTrained) / (now.elapsedMs - interval.elapsedMs)) * 1000;
  const rates = [...view.rates, rate];
  const isFull = rates.length >= INTERVALS_MAX;
  return {
    ...view,
    meanEpochsPerSecond,
    rates: isFull ? pairwiseMeans(rates) : rates,
    history: { ...history, first, interval: now, intervalMs: isFull ? 2 * history.intervalMs : history.intervalMs },
  };
}

const pairwiseMeans = (values: readonly number[]): number[] =>
  Array.from({ length: Math.floor(values.length / 2) }, (_, i) => (values[2 * i] + values[2 * i + 1]) / 2);

/** Rates begin anew: the pause says nothing of the speed. */
function afterPause(view: View, pausedMs: number): View {
  const { history } = view;
  return {
    ...view,
    state: 'running',
    samples: [],
    history: { ...history, interval: null, first: history.first, pausedMs: history.pausedMs + pausedMs },
  };
}

/** `3, 17–20`: ids in ascending order, runs of neighbours joined. */
export function range(ids: readonly number[]): string {
  const sorted = [...ids].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (sorted[end + 1] === sorted[end] + 1) end++;
    parts.push(start === end ? `${sorted[start]}` : `${sorted[start]}–${sorted[end]}`);
    start = end + 1;
  }
  return parts.length > 6 ? `${parts.slice(0, 6).join(', ')}, …` : parts.join(', ');
}
