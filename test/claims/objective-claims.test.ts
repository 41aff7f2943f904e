/**
 * The claims that need no training of networks hold, and a claim that is wrong does not pass.
 */
import { describe, expect, test } from 'vitest';
import { checkClaims } from '../../src/claims/check-claims.ts';
import { CLAIMS, type ClaimName, type ClaimRow, judged } from '../../src/claims/claim.ts';

const NOWHERE = new URL('file:///nowhere');
const rowsOf = async (claim: ClaimName): Promise<ClaimRow[]> => {
  const rows: ClaimRow[] = [];
  const options = {
    folder: '/nowhere',
    threads: 1,
    trainWorkerUrl: NOWHERE,
    replayWorkerUrl: NOWHERE,
    analyseWorkerUrl: NOWHERE,
  };
  for await (const row of checkClaims([claim], options)) rows.push(row);
  return rows;
};

describe.each([
  ['reignition', 13],
  ['constant-curvature', 10],
  ['three-phases', 5],
  ['two-cycle', 6],
] as const)('%s', (claim, count) => {
  test(`has ${count} rows, and all of them pass`, async () => {
    const rows = await rowsOf(claim);
    expect(rows.length).toBe(count);
    expect(rows.filter(({ passed }) => !passed)).toEqual([]);
    expect(new Set(rows.map(({ setting }) => setting)).size).toBe(count);
    for (const row of rows)
      expect(row).toMatchObject({ claim, passed: row.measured >= row.low && row.measured <= row.high });
  });
});

test('a number within its limits passes, one beyond does not, nor does none', () => {
  const passes = (measured: number, within: number | readonly [number, number]) =>
    judged('two-cycle', { setting: '', expected: 100, measured, within }, 0).passed;
  expect([passes(85, 0.15), passes(114.9, 0.15), passes(84.9, 0.15), passes(115.1, 0.15)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect([passes(1, [0, 1]), passes(1.01, [0, 1]), passes(Number.NaN, [0, 1])]).toEqual([true, false, false]);
});

test('every claim says what it states and whence', () => {
  for (const { statement, source } of Object.values(CLAIMS))
    expect(Math.min(statement.length, source.length)).toBeGreaterThan(10);
});
