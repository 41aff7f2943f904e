/**
 * Checks claims one after another and hands over the row of each setting as soon as it is known.
 */
import { CLAIM_NAMES, type ClaimName, type ClaimRow, judged, type Measurement } from './claim.ts';
import { DIRECT_CLAIMS } from './direct-claims.ts';
import { measureSpikeClaims, type SpikeClaimsOptions } from './spike-claims.ts';

/**
 * The rows of some claims, in the order in which claims are told. The two about spikes share one sweep, and its time in
 * equal parts.
 */
export async function* checkClaims(
  chosen: readonly ClaimName[],
  options: SpikeClaimsOptions,
): AsyncGenerator<ClaimRow> {
  let ofSpikes: { measured: Awaited<ReturnType<typeof measureSpikeClaims>>; seconds: number } | null = null;
  for (const claim of CLAIM_NAMES) {
    if (!chosen.includes(claim)) continue;
    if (claim === 'stability-threshold' || claim === 'loss-relaxation') {
      ofSpikes ??= await timed(() => measureSpikeClaims(options));
      const rowCount = Object.values(ofSpikes.measured).flat().length;
      for (const measurement of ofSpikes.measured[claim]) yield judged(claim, measurement, ofSpikes.seconds / rowCount);
    } else {
      yield* judgedOneByOne(claim, DIRECT_CLAIMS[claim]());
    }
  }
}

function* judgedOneByOne(claim: ClaimName, measurements: Generator<Measurement>): Generator<ClaimRow> {
  let startMs = performance.now();
  for (const measurement of measurements) {
    yield judged(claim, measurement, (performance.now() - startMs) / 1000);
    startMs = performance.now();
  }
}

async function timed<T>(measure: () => Promise<T>): Promise<{ measured: T; seconds: number }> {
  const startMs = performance.now();
  const measured = await measure();
  return { measured, seconds: (performance.now() - startMs) / 1000 };
}
