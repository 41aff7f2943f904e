/**
 * Compares what two engines have left in the memories of one group: signals, extremes and state of every lane that has
 * a network, bit for bit, but with one NaN for all. A difference is a line that names epoch, lane, parameter or signal,
 * and both bit patterns.
 */
import { EXTREME_NAMES, SIGNAL_NAMES } from '../../schemas/signals.ts';
import { type GroupMemory, type GroupShape, STATE_SECTIONS, subchunksPerChunk } from '../../src/group/layout.ts';
import { hexOf } from '../../src/numeric/bits.ts';
import type { Precision } from '../../src/numeric/rounding.ts';

/** Two memories of one group, after the same chunk. */
export interface Comparison {
  readonly shape: GroupShape;
  readonly networkCount: number;
  readonly chunk: { readonly firstEpoch: number; readonly count: number };
  readonly found: GroupMemory;
  readonly expected: GroupMemory;
}

/** The bits of a number; those of one NaN for all. */
const bitsOf = (value: number, precision: Precision) => hexOf(Number.isNaN(value) ? Number.NaN : value, precision);

/** All differences as text, signals first, from epoch to epoch. */
export function differencesOf(comparison: Comparison): string[] {
  const hex = (value: number) => bitsOf(value, comparison.shape.precision);
  return differingNumbers(comparison).map(
    ({ epoch, lane, what, is, should }) => `epoch ${epoch}, lane ${lane}, ${what}: ${hex(is)}, expected ${hex(should)}`,
  );
}

/** How many bits differ. */
export function differingBits(comparison: Comparison): number {
  const bits = (value: number) => BigInt(`0x${bitsOf(value, comparison.shape.precision)}`);
  const counts = differingNumbers(comparison).map(
    ({ is, should }) => [...(bits(is) ^ bits(should)).toString(2)].filter((digit) => digit === '1').length,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

interface Difference {
  readonly epoch: number;
  readonly lane: number;
  readonly what: string;
  readonly is: number;
  readonly should: number;
}

/** Object.is takes all NaN as one and tells −0 from +0. */
function differingNumbers({ shape, networkCount, chunk, found, expected }: Comparison): Difference[] {
  const { lanes, chunkEpochs } = shape;
  const differences: Difference[] = [];
  const compare = (options: { section: keyof GroupMemory; slot: number; epoch: number; what: () => string }): void => {
    for (let lane = 0; lane < networkCount; lane++) {
      const i = options.slot * lanes + lane;
      const [is, should] = [found[options.section][i], expected[options.section][i]];
      if (Object.is(is, should)) continue;
      differences.push({ epoch: options.epoch, lane, what: options.what(), is, should });
    }
  };
  const last = chunk.firstEpoch + chunk.count - 1;
  for (let i = 0; i < chunk.count; i++) {
    for (const [place, name] of SIGNAL_NAMES.entries()) {
      const epoch = chunk.firstEpoch + i;
      compare({ section: 'signals', slot: place * chunkEpochs + i, epoch, what: () => `signal ${name}` });
    }
  }
  for (const section of STATE_SECTIONS) {
    for (let slot = 0; slot < expected[section].length / lanes; slot++) {
      compare({ section, slot, epoch: last, what: () => `parameter ${slot} of ${section}` });
    }
  }
  const subchunkEpochs = Math.min(shape.subchunkEpochs, chunk.count);
  for (let subchunk = 0; subchunk < chunk.count / subchunkEpochs; subchunk++) {
    const epoch = chunk.firstEpoch + (subchunk + 1) * subchunkEpochs - 1;
    for (const [place, name] of EXTREME_NAMES.entries()) {
      compare({
        section: 'extremes',
        slot: place * subchunksPerChunk(shape) + subchunk,
        epoch,
        what: () => `extreme ${name}`,
      });
    }
  }
  return differences;
}
