/**
 * The observers of a group's networks, as a task has them, without what a task digests and writes.
 */
import { DEFAULT_THRESHOLDS } from '../../schemas/detectors.ts';
import type { NetworkEvent } from '../../schemas/events.ts';
import { makeDataset } from '../../src/data/datasets.ts';
import { Observer } from '../../src/detect/observer.ts';
import { floatArray } from '../../src/numeric/bits.ts';
import type { Engine, GroupInMemory } from '../../src/train/engine.ts';
import { LaneSignals } from '../../src/train/lane-signals.ts';

/** An observer a lane, for a run of so many epochs. */
export function observersOf(
  { networks, shape, sections }: GroupInMemory,
  { epochs, emit }: { epochs: number; emit: (event: NetworkEvent) => void },
) {
  const watches = networks.map(({ data, precision }, lane) => ({
    signals: new LaneSignals({ shape, memory: sections, lane }),
    observer: new Observer({
      ...{ epochs, thresholds: DEFAULT_THRESHOLDS, emit },
      targetVariance: data === undefined ? null : makeDataset(data).targetVariance,
      isShuffled: false,
      window: floatArray(precision, DEFAULT_THRESHOLDS.spikeLookback),
    }),
  }));
  return {
    /** An engine, watched: all observers look at each chunk that it has trained. */
    watching:
      (engine: Engine): Engine =>
      (chunk) => {
        engine(chunk);
        for (const { signals, observer } of watches) {
          signals.begin(chunk);
          observer.observe(signals);
        }
      },
    readings: () => watches.map(({ observer }) => observer.readings()),
  };
}
