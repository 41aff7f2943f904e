/**
 * What a sweep excludes: rules that match networks by some of their keys, and which of them have matched anything.
 * Knows one network at a time, and nothing of where it comes from.
 */
import type { NetworkConfig } from '../../schemas/network.ts';
import type { ExcludeRule } from '../../schemas/sweep.ts';
import { isRange } from './sample.ts';

/** The rules of one sweep. */
export interface Exclusion {
  /** Whether any rule matches a network. */
  readonly excludes: (network: NetworkConfig) => boolean;
  /** Places of the rules that have matched none of the networks so far. */
  readonly unused: () => number[];
}

/** The rules of a sweep, none of which has matched yet. */
export function exclusionBy(rules: readonly ExcludeRule[]): Exclusion {
  const patterns = rules.map(patternOf);
  const isUsed = patterns.map(() => false);
  return {
    // Every rule is asked, also behind one that matches: a rule is unused only where it would match nothing by itself.
    excludes: (network) => {
      let isExcluded = false;
      for (const [i, pattern] of patterns.entries()) {
        if (!holds(pattern, network)) continue;
        isUsed[i] = true;
        isExcluded = true;
      }
      return isExcluded;
    },
    unused: () => isUsed.flatMap((used, i) => (used ? [] : [i])),
  };
}

/** For each key of a network, and of its blocks, the items of which it must have one. */
type Pattern = Readonly<Record<string, unknown>>;

/** A rule in the words of a network: it has one seed, and knows a data file by its content. */
function patternOf({ seeds, data, ...rule }: ExcludeRule): Pattern {
  return {
    ...rule,
    ...(seeds !== undefined && { seed: seeds }),
    ...(data !== undefined && {
      data: data.map((block) =>
        'content' in block ? { kind: ['file'], hash: block.content.map(({ hash }) => hash) } : block,
      ),
    }),
  };
}

function holds(pattern: Pattern, value: object): boolean {
  return Object.entries(pattern).every(([key, items]) => {
    const own: unknown = Object.hasOwn(value, key) ? value[key as keyof typeof value] : undefined;
    return (Array.isArray(items) ? items : [items]).some((item) => matches(item, own));
  });
}

/** An item is a value, a range, layers, or a block. Both ends belong to a range. */
function matches(item: unknown, value: unknown): boolean {
  if (isRange(item)) {
    const [low, high] = item.linear ?? item.log;
    return typeof value === 'number' && low <= value && value <= high;
  }
  if (Array.isArray(item)) return JSON.stringify(item) === JSON.stringify(value);
  if (typeof item === 'object' && item !== null)
    return typeof value === 'object' && value !== null && holds(item as Pattern, value);
  return item === value;
}
