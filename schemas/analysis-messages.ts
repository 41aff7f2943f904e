/**
 * Analysis: what main and workers say to each other about it. One request is one stretch of one network's epochs,
 * replayed, and what is asked of it; the rows of the outcome depend on the request alone.
 */
import type { FindingsRow } from './findings.ts';
import type { LayeredNetwork } from './network.ts';
import type { EpochRange, StateWindow } from './replay-messages.ts';
import type { ProvidedDataset } from './training-messages.ts';

/** A spike by its epochs; one that is open at the end has no end. */
export interface SpikeEpochs {
  readonly onset: number;
  readonly peak: number;
  readonly end: number | null;
}

/** The epochs around a spike, and what of its neighbours matters for them. */
export interface SpikeSite extends EpochRange {
  readonly kind: 'spike';
  readonly spike: SpikeEpochs;
  /** End of the spike or level shift before it; 0 where it is the first. */
  readonly previousEnd: number;
  /** Onset and peak of the one after it; null where it is the last. */
  readonly nextOnset: number | null;
  readonly nextPeak: number | null;
  /** Coefficient of variation of the intervals around it; null where there are too few. */
  readonly intervalVariation: number | null;
  /** Which of the spikes of its network it is. */
  readonly index: number;
}

/** The epochs before one that was drawn at random. */
export interface RandomSite extends EpochRange {
  readonly kind: 'random';
  readonly epoch: number;
  /** Onsets of the network's spikes from the first of the epochs on, as far as a crossing may be followed by them. */
  readonly onsets: readonly number[];
}

export type AnalysisSite = SpikeSite | RandomSite;

/** What of a replayed window is looked at. */
export type AnalysedWindow = Pick<StateWindow, 'first' | 'last' | 'loss' | 'theta' | 'firstMoment' | 'secondMoment'>;

export interface AnalysisRequest {
  readonly network: LayeredNetwork;
  readonly site: AnalysisSite;
  readonly window: AnalysedWindow;
  readonly datasets: readonly ProvidedDataset[];
}

/** The rows found, by table. */
export interface AnalysisOutcome {
  readonly spirals: readonly FindingsRow[];
  readonly relaxation: readonly FindingsRow[];
  readonly curvature: readonly FindingsRow[];
}
