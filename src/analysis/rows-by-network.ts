/**
 * Rows of findings, network by network: spikes and windows of one network resemble each other, so every interval is
 * that of resampled networks.
 */
import type { FindingsRow } from '../../schemas/findings.ts';
import { clusteredMedian, clusteredShare, type Estimate } from './statistics.ts';

/** Rows by a key, keys in the order of their first rows. */
export function grouped(rows: readonly FindingsRow[], keyOf: (row: FindingsRow) => string): Map<string, FindingsRow[]> {
  const groups = new Map<string, FindingsRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

/** The rows of each network, `[network][row]`. */
export const byNetwork = (rows: readonly FindingsRow[]): FindingsRow[][] => [
  ...grouped(rows, ({ network }) => String(network)).values(),
];

/** The share of rows that have something, `networks[network][row]`, with the interval of resampled networks. */
export const share = (networks: readonly (readonly FindingsRow[])[], holds: (row: FindingsRow) => boolean): Estimate =>
  clusteredShare(networks.map((rows) => ({ count: rows.filter(holds).length, total: rows.length })));

/** Reads a cell of a row. */
type ReadCell = (row: FindingsRow) => FindingsRow[string];

/** The median of the finite cells, with the interval of resampled networks. */
export const middleOf = (networks: readonly (readonly FindingsRow[])[], read: ReadCell): Estimate =>
  clusteredMedian(networks.map((rows) => numbersOf(rows, read)));

/** The finite cells of rows. */
export function numbersOf(rows: readonly FindingsRow[], read: ReadCell): number[] {
  return rows.flatMap((row) => {
    const value = read(row);
    return typeof value === 'number' && Number.isFinite(value) ? [value] : [];
  });
}
