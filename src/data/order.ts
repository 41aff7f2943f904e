/**
 * The order in which a network meets its samples in an epoch, where its mini-batches are shuffled: a pure function of
 * seed and epoch, so that any epoch's order can be had without those before it.
 */
import { philox4x32, STREAMS } from '../numeric/philox.ts';

const WORDS_A_DRAW = 4;

/**
 * Writes the numbers of all samples in the order of epoch t ≥ 1: Fisher & Yates from the inside out, order[i] ←
 * order[j] and order[j] ← i with j = ⌊w·(i + 1)·2⁻³²⌋, where w is word i mod 4 of the draw (seed, order, epoch, ⌊i/4⌋).
 * Each j has its probability to 2⁻³².
 *
 * @param order `[place]`, as long as there are samples; overwritten
 */
export function writeSampleOrder(order: Uint32Array, { seed, epoch }: { seed: number; epoch: number }): void {
  const key = [seed, STREAMS.order] as const;
  for (let i = 0; i < order.length; i += WORDS_A_DRAW) {
    const words = philox4x32([i / WORDS_A_DRAW, epoch, 0, 0], key);
    const end = Math.min(WORDS_A_DRAW, order.length - i);
    for (let w = 0; w < end; w++) {
      const place = i + w;
      // At most 2³² · 2²⁰: exact.
      const j = Math.floor((words[w] * (place + 1)) / 2 ** 32);
      order[place] = order[j];
      order[j] = place;
    }
  }
}
