/**
 * The claims that need no training of networks hold, and a claim that is wrong does not pass.
 */
import { describe, expect, test } from 'vitest';
import { CLAIMS, type ClaimName, judged, type Measurement } from '../../src/claims/claim.ts';
import { DIRECT_CLAIMS } from '../../src/claims/direct-claims.ts';
import { intervalLimit } from '../../src/claims/interval-limit.ts';

/** Rows of each claim, and how many of them expect nothing but an earlier number of our own. */
const ROWS: Readonly<Record<keyof typeof DIRECT_CLAIMS, readonly [rows: number, constancy: number]>> = {
  reignition: [13, 13],
  'constant-curvature': [15, 0],
  'threshold-family': [4, 0],
  'critical-epsilon': [16, 0],
  'interval-law': [6, 0],
  'amsgrad-rest': [6, 0],
  'three-phases': [5, 4],
  'two-cycle': [6, 0],
  'first-steps': [13, 0],
  'hessian-products': [5, 0],
  bits: [34, 34],
};

describe.each(Object.keys(DIRECT_CLAIMS) as (keyof typeof DIRECT_CLAIMS)[])('%s', (claim) => {
  test('passes in every row, and says which rows are no more than constancy', () => {
    const rows = [...DIRECT_CLAIMS[claim]()].map((measurement) => judged(claim, measurement, 0));
    expect(rows.filter(({ passed }) => !passed)).toEqual([]);
    expect([rows.length, rows.filter(({ basis }) => basis === 'constancy').length]).toEqual(ROWS[claim]);
    expect(new Set(rows.map(({ setting }) => setting)).size).toBe(rows.length);
  });
});

const passes = (measurement: Measurement) => judged('bits', measurement, 0).passed;

test('a number within its limits passes, one beyond does not, nor does none', () => {
  const number = (measured: number, within: number | readonly [number, number]) =>
    passes({ setting: '', basis: 'theory', expected: 100, measured, within });
  expect([number(85, 0.15), number(114.9, 0.15), number(84.9, 0.15), number(115.1, 0.15)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect([number(1, [0, 1]), number(1.01, [0, 1]), number(Number.NaN, [0, 1])]).toEqual([true, false, false]);
});

test('a digest passes if both engines give the recorded one', () => {
  const digest = (kernel: string, reference: string) => passes({ setting: '', expected: 'aa', kernel, reference });
  expect([digest('aa', 'aa'), digest('aa', 'bb'), digest('bb', 'aa'), digest('bb', 'bb')]).toEqual([
    true,
    false,
    false,
    false,
  ]);
  const row = judged('bits', { setting: '', expected: 'aa', kernel: 'aa', reference: 'bb' }, 0);
  expect(row).toMatchObject({ basis: 'constancy', low: null, high: null });
  expect(row.measured).toBe('aa by the kernel, bb by the reference');
});

test('the limit of the interval law is that of finer steps', () => {
  // By a program of its own, in steps of 1e-5 of ln w throughout and from other germs.
  for (const [beta1, c] of [
    [0.95, 0.294],
    [0.9, 0.473],
    [0.8, 0.69303],
  ])
    expect(intervalLimit(beta1)).toBeCloseTo(c, 3);
});

test('every claim says what it states and whence', () => {
  for (const name of Object.keys(CLAIMS) as ClaimName[])
    for (const text of Object.values(CLAIMS[name])) expect(text.length).toBeGreaterThan(10);
});
