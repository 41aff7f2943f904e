/**
 * Where the windows around a spike stand: the rise before its peak, the relaxation after it, calm well before its onset, and somewhere at
 * random, all of one length, so that what is found in one kind can be held against the others.
 */
import { uniform } from '../numeric/philox.ts';

/** Epochs of a window: six relaxation times of the fast mode at β1 = 0.9. */
export const WINDOW_EPOCHS = 62;
/** Epochs from a peak to its relaxation, and from the end of calm to an onset. */
const AFTER_PEAK = 5;
const BEFORE_ONSET = 64;

export const WINDOW_KINDS = ['rise', 'relaxation', 'calm', 'random'] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];

/** A spike by its epochs; one that is open at the end has no end. */
export interface SpikeEpochs {
  readonly onset: number;
  readonly peak: number;
  readonly end: number | null;
}

/** The first epoch of a window of a kind. */
export interface WindowPlace {
  readonly kind: WindowKind;
  readonly spike: SpikeEpochs;
  readonly firstEpoch: number;
}

/**
 * The windows around the chosen ones of a network's `spikes`, which are all that it has, in order. A window that does not fit into
 * epochs 1…`epochs`, or calm that is none, is left out.
 */
export function placeWindows(
  spikes: readonly SpikeEpochs[],
  of: { readonly epochs: number; readonly seed: number; readonly isChosen: (index: number) => boolean },
): WindowPlace[] {
  const fits = (first: number) => first >= 1 && first + WINDOW_EPOCHS - 1 <= of.epochs;
  return spikes.flatMap((spike, index) => {
    if (!of.isChosen(index)) return [];
    const { onset, peak } = spike;
    const calm = onset - BEFORE_ONSET - WINDOW_EPOCHS + 1;
    const draw = uniform({ seed: of.seed, stream: 'analysis', layer: 1, index });
    const places: WindowPlace[] = [
      { kind: 'rise', spike, firstEpoch: peak - WINDOW_EPOCHS },
      { kind: 'relaxation', spike, firstEpoch: peak + AFTER_PEAK },
      { kind: 'calm', spike, firstEpoch: calm },
      { kind: 'random', spike, firstEpoch: 1 + Math.floor(draw * (of.epochs - WINDOW_EPOCHS + 1)) },
    ];
    return places.filter(
      ({ kind, firstEpoch }) => fits(firstEpoch) && (kind !== 'calm' || isCalm(spikes, index, firstEpoch)),
    );
  });
}

/** Whether no earlier spike reaches into the window; those after it begin later. */
function isCalm(spikes: readonly SpikeEpochs[], index: number, firstEpoch: number): boolean {
  return spikes.slice(0, index).every(({ end }) => end !== null && end < firstEpoch);
}
