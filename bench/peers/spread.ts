/**
 * How far measurements of several rounds lie apart. Results keep this and the median in place of the measurements.
 */
import { quantileSorted } from 'simple-statistics';

/** What stands beside a median. */
export interface Spread {
  readonly minimum: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  readonly maximum: number;
  /** Rounds that have a measurement. */
  readonly count: number;
}

/** The spread of at least one measurement; `round` shortens each number. */
export function spreadOf(values: readonly number[], round: (value: number) => number): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [minimum, lowerQuartile, upperQuartile, maximum] = [0, 0.25, 0.75, 1].map((p) =>
    round(quantileSorted(sorted, p)),
  );
  return { minimum, lowerQuartile, upperQuartile, maximum, count: sorted.length };
}
