/**
 * What the scalar reference makes of a network epoch by epoch, kept whole: the truth that replayed windows are compared
 * with.
 */
import { MOMENT_NAMES } from '../../schemas/catalogue.ts';
import type { Network } from '../../schemas/network.ts';
import type { StateWindow } from '../../schemas/replay-messages.ts';
import { makeDataset } from '../../src/data/datasets.ts';
import { hexOf } from '../../src/numeric/bits.ts';
import { makeEpoch } from '../../src/reference/epoch.ts';
import { initialParameters } from '../../src/reference/init.ts';
import type { Samples } from '../../src/reference/network-loss.ts';
import { floats, stateOf } from '../reference/networks.ts';

/** The vectors of a window's row. */
const VECTORS = ['theta', ...MOMENT_NAMES, 'gradient'] as const;

interface ReferenceRow extends Record<(typeof VECTORS)[number], ArrayLike<number>> {
  readonly loss: number;
}

/** Rows 0 … epochs of a network; row 0 has neither loss nor gradient. */
export function referenceRows(network: Network, epochs: number): ReferenceRow[] {
  const epoch = makeEpoch(network, samplesOf(network));
  const { objective } = network;
  const state = stateOf(network, objective === undefined ? initialParameters(network) : [objective.start]);
  const row = (loss: number, gradient: ArrayLike<number>): ReferenceRow => ({
    loss,
    theta: state.theta.slice(),
    firstMoment: state.firstMoment.slice(),
    secondMoment: state.secondMoment.slice(),
    maxSecondMoment: state.maxSecondMoment.slice(),
    gradient,
  });
  const rows = [row(Number.NaN, new Float64Array(state.theta.length))];
  for (let t = 1; t <= epochs; t++) {
    const { loss, gradient } = epoch(state, t);
    rows.push(row(loss, gradient.slice()));
  }
  return rows;
}

function samplesOf({ data, precision }: Network): Samples | null {
  if (data === undefined) return null;
  const { inputs, targets } = makeDataset(data);
  return { inputs: floats(precision, inputs), targets: floats(precision, targets) };
}

/** How a window differs from the rows of the reference, in bits; the first difference, or null. */
export function windowDifference(
  window: StateWindow,
  rows: readonly ReferenceRow[],
  { id, precision }: Network,
): string | null {
  const differs = (is: number, should: number, what: string): string | null =>
    Object.is(is, should)
      ? null
      : `network ${id}, ${what}: ${hexOf(is, precision)}, expected ${hexOf(should, precision)}`;
  for (let epoch = window.first; epoch <= window.last; epoch++) {
    const row = epoch - window.first;
    const loss = differs(window.loss[row], rows[epoch].loss, `epoch ${epoch}, loss`);
    if (loss !== null) return loss;
    for (const name of VECTORS) {
      const expected = rows[epoch][name];
      for (let i = 0; i < expected.length; i++) {
        const found = differs(
          window[name][row * expected.length + i],
          expected[i],
          `epoch ${epoch}, parameter ${i} of ${name}`,
        );
        if (found !== null) return found;
      }
      if (window[name].length !== expected.length * window.loss.length) return `network ${id}: length of ${name}`;
    }
  }
  return null;
}
