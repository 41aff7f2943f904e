/** Lines for people about a replay that takes longer than a moment. */
import { duration, percent, scaled } from '../display/format.ts';
import type { ReplayGroup } from '../replay/replay-plan.ts';
import { tellUser } from './output.ts';

const FIRST_LINE_MS = 2000;
const NEXT_LINE_MS = 10_000;

/** Returns a function that takes network-epochs as they are done and reports progress now and then. */
export function replayProgress(groups: readonly ReplayGroup[]): (networkEpochs: number) => void {
  const all = groups.reduce((sum, { networks, epoch, lastEpoch }) => sum + networks.length * (lastEpoch - epoch), 0);
  const startMs = performance.now();
  let nextMs = FIRST_LINE_MS;
  let done = 0;
  return (networkEpochs) => {
    done += networkEpochs;
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs < nextMs || done >= all) return;
    nextMs = elapsedMs + NEXT_LINE_MS;
    const left = duration((elapsedMs * (all - done)) / done);
    tellUser(
      `replayed ${percent(done, all)}  ${scaled((done * 1000) / elapsedMs)} network-epochs/s  about ${left} left`,
    );
  };
}
