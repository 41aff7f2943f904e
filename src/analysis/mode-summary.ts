/**
 * Modes in a few numbers per setting: windows beside the linear mode that is their plain rival, windows at the floor of
 * rounding apart from those above it, and whether spikes have one mode or several. Made from the rows of the tables.
 */
import { type FindingsRow, WINDOW_KINDS } from '../../schemas/findings.ts';
import type { FindingsSetting } from './findings-summary.ts';
import { WINDOW_EPOCHS } from './sites.ts';
import { areTurns } from './spiral.ts';
import { type Estimate, medianOf, proportion, ratioOfMedians } from './statistics.ts';

/** The windows of one kind beside the linear mode; null windows have none. */
export interface LinearModeSummary extends FindingsSetting {
  readonly kind: 'linear-mode';
  readonly window: string;
  readonly windows: number;
  /** Medians, per epoch. */
  readonly winding: number;
  readonly predictedWinding: number;
  readonly windingResidual: number;
  readonly damping: number;
  readonly predictedDamping: number;
  readonly dampingResidual: number;
  readonly recurrenceResidual: number;
  /** Share of windows for which the linear mode predicts enough turns, and the share of these that are twisted. */
  readonly predictedTwisted: Estimate;
  readonly twistedAsPredicted: Estimate;
  /** The share that is twisted although the linear mode predicts too few turns, or too many. */
  readonly twistedUnpredicted: Estimate;
  /** Median amplitude in ulps; the share of windows at the floor; how many are twisted there, and above it. */
  readonly amplitude: number;
  readonly atFloor: Estimate;
  readonly twistedAtFloor: Estimate;
  readonly twistedAboveFloor: Estimate;
}

/** One mode or several: medians over spikes, the ratio with its interval over networks. */
export interface ModesSummary extends FindingsSetting {
  readonly kind: 'modes';
  readonly spikes: number;
  readonly eta1: number;
  readonly eta2: number;
  readonly modeRatio: Estimate;
  readonly intervalVariation: Estimate;
}

/** Rows of a window's second differences. */
const WINDOW_ROWS = WINDOW_EPOCHS - 2;

/** One summary for each kind of window that a setting has. */
export function linearModeSummaries(setting: FindingsSetting, rows: readonly FindingsRow[]): LinearModeSummary[] {
  return WINDOW_KINDS.flatMap((window) => {
    const own = rows.filter(({ kind, predicted_winding }) => kind === window && predicted_winding !== null);
    if (own.length === 0) return [];
    const middle = (column: string) => medianOf(numbersOf(own, column));
    const [predicted, unpredicted] = split(own, isPredicted);
    const placed = own.filter(({ at_floor }) => at_floor !== null);
    const [atFloor, aboveFloor] = split(placed, ({ at_floor }) => at_floor === true);
    return {
      kind: 'linear-mode',
      ...setting,
      window,
      windows: own.length,
      winding: middle('winding_rate'),
      predictedWinding: middle('predicted_winding'),
      windingResidual: middle('winding_residual'),
      damping: middle('decay_rate'),
      predictedDamping: middle('predicted_damping'),
      dampingResidual: middle('damping_residual'),
      recurrenceResidual: middle('recurrence_residual'),
      predictedTwisted: proportion(predicted.length, own.length),
      twistedAsPredicted: twistedShare(predicted),
      twistedUnpredicted: twistedShare(unpredicted),
      amplitude: middle('amplitude'),
      atFloor: proportion(atFloor.length, placed.length),
      twistedAtFloor: twistedShare(atFloor),
      twistedAboveFloor: twistedShare(aboveFloor),
    };
  });
}

/** From the rows of the tables curvature and relaxation; none without spikes. */
export function modesSummaries(
  setting: FindingsSetting,
  rows: { readonly curvature: readonly FindingsRow[]; readonly relaxation: readonly FindingsRow[] },
): ModesSummary[] {
  const spikes = rows.curvature.filter(({ kind }) => kind === 'spike');
  if (spikes.length === 0) return [];
  return [
    {
      kind: 'modes',
      ...setting,
      spikes: spikes.length,
      eta1: medianOf(numbersOf(spikes, 'eta1')),
      eta2: medianOf(numbersOf(spikes, 'eta2')),
      modeRatio: networkMedian(spikes, 'mode_ratio'),
      intervalVariation: networkMedian(rows.relaxation, 'interval_variation'),
    },
  ];
}

/** Whether the linear mode alone would count as twisted. */
function isPredicted({ predicted_winding }: FindingsRow): boolean {
  return areTurns(Number(predicted_winding) * (WINDOW_ROWS - 1), WINDOW_ROWS);
}

const twistedShare = (rows: readonly FindingsRow[]): Estimate =>
  proportion(rows.filter(({ twisted }) => twisted === true).length, rows.length);

function split(rows: readonly FindingsRow[], holds: (row: FindingsRow) => boolean): [FindingsRow[], FindingsRow[]] {
  return [rows.filter(holds), rows.filter((row) => !holds(row))];
}

/** The median over networks of their medians, with the bootstrap's interval: spikes of a network are a cluster. */
function networkMedian(rows: readonly FindingsRow[], column: string): Estimate {
  const networks = new Map<unknown, FindingsRow[]>();
  for (const row of rows) networks.set(row.network, [...(networks.get(row.network) ?? []), row]);
  const medians = [...networks.values()].map((own) => medianOf(numbersOf(own, column)));
  return ratioOfMedians(medians.filter(Number.isFinite), [1], 0);
}

/** The finite numbers of a column. */
function numbersOf(rows: readonly FindingsRow[], column: string): number[] {
  return rows.map((row) => row[column]).filter((cell) => typeof cell === 'number' && Number.isFinite(cell)) as number[];
}
