/** Remarks on a plan in words: few lines, however many data sets there are. */
import { expect, test } from 'vitest';
import { remarkLines } from '../../src/display/plan-remarks.ts';
import type { VarianceRemark } from '../../src/plan/remarks.ts';

const remark = (seed: number): VarianceRemark => ({
  data: { kind: 'teacher', points: 16, seed },
  variance: 1e-4,
  learningRates: [0.01, 0.1],
  networks: seed + 1,
});
const noFile = () => expect.fail('there is no file');

test('no remark has no line', () => {
  expect(remarkLines({ remarks: [], unjudgedDataSets: 0 }, noFile)).toEqual([]);
});

test('five data sets have a line each, and the others are counted', () => {
  const remarks = Array.from({ length: 1200 }, (_, seed) => remark(seed));
  const lines = remarkLines({ remarks, unjudgedDataSets: 2000 }, noFile);
  expect(lines).toHaveLength(8);
  expect(lines[0]).toBe(
    'remark: data teacher (16 points, seed 0): variance of targets 1e-4; one step of lr 0.01 … 0.1 may exceed it ' +
      '(1 network)',
  );
  expect(lines.slice(5)).toEqual([
    '… and 1,195 more data sets',
    'choose data that vary more (another seed of the teacher, larger y), or smaller learning rates',
    'the targets of 2,000 more data sets were not looked at: they are too many',
  ]);
});
