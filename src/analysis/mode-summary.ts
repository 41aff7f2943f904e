/**
 * Modes in a few numbers per setting: windows beside the linear mode that is their plain rival, windows at the floor of
 * rounding apart from those above it, and whether spikes have one mode or several. Made from the rows of the tables.
 */
import { type FindingsRow, WINDOW_KINDS } from '../../schemas/findings.ts';
import type { FindingsSetting } from './findings-summary.ts';
import { byNetwork, middleOf, share } from './rows-by-network.ts';
import { WINDOW_EPOCHS } from './sites.ts';
import { areTurns } from './spiral.ts';
import type { Estimate } from './statistics.ts';

/** The windows of one kind beside the linear mode; null windows have none. */
export interface LinearModeSummary extends FindingsSetting {
  readonly kind: 'linear-mode';
  readonly window: string;
  readonly windows: number;
  /** Medians, per epoch. */
  readonly winding: Estimate;
  readonly predictedWinding: Estimate;
  readonly windingResidual: Estimate;
  readonly damping: Estimate;
  readonly predictedDamping: Estimate;
  readonly dampingResidual: Estimate;
  readonly recurrenceResidual: Estimate;
  /** Share of windows for which the linear mode predicts enough turns, and the share of these that are twisted. */
  readonly predictedTwisted: Estimate;
  readonly twistedAsPredicted: Estimate;
  /** The share that is twisted although the linear mode predicts too few turns, or too many. */
  readonly twistedUnpredicted: Estimate;
  /** Median amplitude in ulps; the share of windows at the floor; how many are twisted there, and above it. */
  readonly amplitude: Estimate;
  readonly atFloor: Estimate;
  readonly twistedAtFloor: Estimate;
  readonly twistedAboveFloor: Estimate;
}

/** One mode or several: medians over spikes, with intervals over networks. */
export interface ModesSummary extends FindingsSetting {
  readonly kind: 'modes';
  readonly spikes: number;
  readonly eta1: Estimate;
  readonly eta2: Estimate;
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
    const middle = (column: string) => middleOf(byNetwork(own), (row) => row[column]);
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
      predictedTwisted: share(byNetwork(own), isPredicted),
      twistedAsPredicted: twistedShare(predicted),
      twistedUnpredicted: twistedShare(unpredicted),
      amplitude: middle('amplitude'),
      atFloor: share(byNetwork(placed), ({ at_floor }) => at_floor === true),
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
      eta1: middleOf(byNetwork(spikes), ({ eta1 }) => eta1),
      eta2: middleOf(byNetwork(spikes), ({ eta2 }) => eta2),
      modeRatio: middleOf(byNetwork(spikes), ({ mode_ratio }) => mode_ratio),
      intervalVariation: middleOf(byNetwork(rows.relaxation), ({ interval_variation }) => interval_variation),
    },
  ];
}

/** Whether the linear mode alone would count as twisted. */
function isPredicted({ predicted_winding }: FindingsRow): boolean {
  return areTurns(Number(predicted_winding) * (WINDOW_ROWS - 1), WINDOW_ROWS);
}

const twistedShare = (rows: readonly FindingsRow[]): Estimate =>
  share(byNetwork(rows), ({ twisted }) => twisted === true);

function split(rows: readonly FindingsRow[], holds: (row: FindingsRow) => boolean): [FindingsRow[], FindingsRow[]] {
  return [rows.filter(holds), rows.filter((row) => !holds(row))];
}
