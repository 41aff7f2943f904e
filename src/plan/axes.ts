/**
 * The axes of a plan: the ways in which its networks differ, named as the columns of networks.arrow. Seeds are no axis
 * here: they are the replicates that the others are compared over.
 */
import { AXIS_COLUMNS } from '../../schemas/axis-columns.ts';
import type { Network } from '../../schemas/network.ts';

/** One axis: its name and the value of a network on it, undefined where it does not apply. */
export interface Axis {
  readonly name: string;
  readonly valueFor: (network: Network) => string | number | undefined;
  /** The values that occur, in the order of the plan. */
  readonly values: readonly (string | number | undefined)[];
}

/** Values of a number that are told one by one; of more, as a sample draws them, ranges are told. */
const VALUES_MAX = 16;
const RANGES = 4;

/**
 * An axis of many numbers as four ranges with as many values in each, their text for a value; any other axis as it is.
 */
export function inRanges(axis: Axis): Axis {
  const sorted = axis.values.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  if (sorted.length <= VALUES_MAX) return axis;
  const start = (range: number) => Math.ceil((range * sorted.length) / RANGES);
  const texts = Array.from({ length: RANGES }, (_, range) => {
    const [low, high] = [sorted[start(range)], sorted[start(range + 1) - 1]];
    return `${Number(low.toPrecision(3))} … ${Number(high.toPrecision(3))}`;
  });
  const textOf = new Map(sorted.map((value, i) => [value, texts[Math.floor((i * RANGES) / sorted.length)]]));
  const valueFor: Axis['valueFor'] = (network) => {
    const value = axis.valueFor(network);
    return typeof value === 'number' ? textOf.get(value) : value;
  };
  const others = axis.values.filter((value) => typeof value !== 'number');
  return { name: axis.name, valueFor, values: [...new Set(texts), ...others] };
}

/** The axes on which the networks of a plan take more than one value. */
export function axesOf(networks: readonly Network[]): Axis[] {
  return AXIS_COLUMNS.map(({ column: { name }, valueFor: inColumn, comparedBy = inColumn }) => {
    const valueFor: Axis['valueFor'] = (network) => {
      const value = comparedBy(network);
      return typeof value === 'boolean' ? String(value) : value;
    };
    return { name, valueFor, values: valuesOf(networks, valueFor) };
  }).filter(({ values }) => values.filter((value) => value !== undefined).length > 1);
}

/** The different values, in order. Neighbours mostly have the same, which is looked up once. */
function valuesOf(networks: readonly Network[], valueFor: Axis['valueFor']): (string | number | undefined)[] {
  const values = new Set<string | number | undefined>();
  let last: string | number | undefined;
  for (const network of networks) {
    const value = valueFor(network);
    if (value === last && values.size > 0) continue;
    values.add(value);
    last = value;
  }
  return [...values];
}

/** How many different seeds the networks have. Sorted, a million of them take 4 MB, and in a Set forty. */
export function seedCount(networks: readonly Network[]): number {
  const seeds = new Uint32Array(networks.length);
  for (const [i, { seed }] of networks.entries()) seeds[i] = seed;
  seeds.sort();
  return seeds.reduce((count, seed, i) => (i > 0 && seed === seeds[i - 1] ? count : count + 1), 0);
}
