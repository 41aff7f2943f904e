/**
 * Survival of a run's networks: how many epochs until the onset of fluctuation, the first spike and divergence, for
 * each value of each axis. Epochs are those that the run has found; nothing is replayed. A network without the event is
 * censored at its last epoch, or where it became non-finite, because nothing can follow that.
 */
import { ALL_NETWORKS, type FindingsRow, SURVIVAL_EVENTS, type SurvivalEvent } from '../../schemas/findings.ts';
import type { Network } from '../../schemas/network.ts';
import type { Estimate } from '../analysis/statistics.ts';
import {
  type Lifetime,
  type LogRankTest,
  logRank,
  medianSurvival,
  type SurvivalStep,
  survivalCurve,
} from '../analysis/survival.ts';
import { type Axis, axesOf, inRanges } from '../plan/axes.ts';
import type { RunRecord } from '../run/folder.ts';
import type { Results } from '../run/results.ts';

/** Axes of more values have too few networks of each for a curve. */
const VALUES_MAX = 12;
/** Steps of a curve that are written: as many as a screen has columns, and a run may have a million networks. */
const STEPS_MAX = 1000;

/** One group of networks and one event. */
export interface SurvivalGroup {
  /** Null where the axis does not apply to the networks. */
  readonly value: string | null;
  readonly networks: number;
  /** Networks that have the event. */
  readonly events: number;
  /** Epochs until half of the networks have the event; NaN where fewer do. */
  readonly median: Estimate;
}

/** The groups of one axis and one event. */
export interface SurvivalComparison {
  readonly event: SurvivalEvent;
  /** A column of networks.arrow, or `all`. */
  readonly axis: string;
  readonly groups: readonly SurvivalGroup[];
  /** Null of all networks together, because one group has nothing to be compared with. */
  readonly test: LogRankTest | null;
}

export interface SurvivalFindings {
  readonly comparisons: readonly SurvivalComparison[];
  readonly rows: readonly FindingsRow[];
}

/** The axes that survival is shown by: numbers that a sample has drawn in ranges, and none of too many values. */
export function survivalAxes(networks: readonly Network[]): Axis[] {
  return axesOf(networks)
    .map(inRanges)
    .filter(({ values }) => values.length <= VALUES_MAX);
}

/** What survival needs beside the results of a run. */
export interface SurvivalOptions {
  readonly axes: readonly Axis[];
  /** Epochs at which first spikes begin, by network. */
  readonly firstSpikes: ReadonlyMap<number, number>;
  /** Of each network of the run. */
  readonly epochs: number;
}

/** Survival of the networks that are done, of all together and by each of some axes. */
export function analyseSurvival(
  { networks, results }: Pick<RunRecord, 'networks' | 'results'>,
  options: SurvivalOptions,
): SurvivalFindings {
  const done = networks.filter(({ id }) => results.isDone(id));
  const all: Axis = { name: ALL_NETWORKS, valueFor: () => undefined, values: [undefined] };
  const comparisons: SurvivalComparison[] = [];
  const rows: FindingsRow[] = [];
  for (const axis of [all, ...options.axes]) {
    const members = membersOf(axis, done);
    for (const event of SURVIVAL_EVENTS) {
      const groups = members.map(({ value, own }) => {
        const lifetimes = own.map(({ id }) => lifetimeOf(results, id, event, options));
        return { value, lifetimes, curve: survivalCurve(lifetimes) };
      });
      const test = axis === all ? null : logRank(groups.map(({ lifetimes }) => lifetimes));
      comparisons.push({ event, axis: axis.name, groups: groups.map(summaryOf), test });
      for (const { value, lifetimes, curve } of groups)
        rows.push(...curveRows(curve, lifetimes).map((cells) => ({ event, axis: axis.name, value, ...cells })));
    }
  }
  return { comparisons, rows };
}

/** The networks of each value of an axis, in the order of its values; values without networks are left out. */
function membersOf({ values, valueFor }: Axis, networks: readonly Network[]) {
  const members = new Map(values.map((value) => [value, [] as Network[]]));
  for (const network of networks) members.get(valueFor(network))?.push(network);
  return [...members]
    .filter(([, own]) => own.length > 0)
    .map(([value, own]) => ({ value: value === undefined ? null : String(value), own }));
}

/** Where the epoch of each event comes from: 0 or undefined where a network does not have it. */
const EVENT_EPOCHS: Readonly<
  Record<SurvivalEvent, (results: Results, id: number, options: SurvivalOptions) => number | undefined>
> = {
  onset: ({ columns }, id) => columns.onsetEpoch[id],
  'first-spike': (_, id, { firstSpikes }) => firstSpikes.get(id),
  divergence: ({ columns }, id) => columns.divergedEpoch[id],
};

function lifetimeOf(results: Results, id: number, event: SurvivalEvent, options: SurvivalOptions): Lifetime {
  const epoch = EVENT_EPOCHS[event](results, id, options) ?? 0;
  if (epoch !== 0) return { epoch, hasEvent: true };
  return { epoch: results.columns.nonFiniteEpoch[id] || options.epochs, hasEvent: false };
}

/** A group with its curve. */
interface SurvivalCurve {
  readonly value: string | null;
  readonly lifetimes: readonly Lifetime[];
  readonly curve: readonly SurvivalStep[];
}

function summaryOf({ value, lifetimes, curve }: SurvivalCurve): SurvivalGroup {
  const events = lifetimes.filter(({ hasEvent }) => hasEvent).length;
  return { value, networks: lifetimes.length, events, median: medianSurvival(curve) };
}

/** The rows of a curve, from epoch 0 to the last one; where there are too many, evenly spread ones with the last. */
function curveRows(curve: readonly SurvivalStep[], lifetimes: readonly Lifetime[]): FindingsRow[] {
  const start = { epoch: 0, atRisk: lifetimes.length, events: 0, survival: { value: 1, lower: 1, upper: 1 } };
  const last = lifetimes.reduce((latest, { epoch }) => Math.max(latest, epoch), 0);
  const count = Math.min(curve.length, STEPS_MAX);
  const shown = Array.from({ length: count }, (_, row) => {
    const [from, until] = [row, row + 1].map((rows) => Math.floor((rows * curve.length) / count));
    const events = curve.slice(from, until).reduce((sum, step) => sum + step.events, 0);
    return { ...curve[until - 1], events };
  });
  const end = shown.at(-1) ?? start;
  const atRisk = lifetimes.filter(({ epoch }) => epoch === last).length;
  const tail = end.epoch < last ? [{ ...end, epoch: last, atRisk, events: 0 }] : [];
  return [start, ...shown, ...tail].map(({ survival, ...step }) => ({
    epoch: step.epoch,
    at_risk: step.atRisk,
    events: step.events,
    survival: survival.value,
    lower: survival.lower,
    upper: survival.upper,
  }));
}
