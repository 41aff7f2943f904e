/** The data sets against their formulas, and the properties that training relies on. */
import { describe, expect, test } from 'vitest';
import type { DataConfig } from '../../schemas/network.ts';
import { makeDataset } from '../../src/data/datasets.ts';
import { uniform } from '../../src/numeric/philox.ts';

const teacherDraw = (seed: number, layer: number, index: number) =>
  6 * uniform({ seed, stream: 'teacher', layer, index }) - 3;

const formulas: { data: DataConfig; start: number; end: number; y: (x: number) => number }[] = [
  { data: { kind: 'sine', points: 16 }, start: 0, end: 1, y: (x) => Math.sin(2 * Math.PI * x) },
  { data: { kind: 'polynomial', points: 33 }, start: -1, end: 1, y: (x) => 2 * x ** 3 + 0.3 * x ** 2 - x },
  { data: { kind: 'absolute', points: 7 }, start: -1, end: 1, y: (x) => Math.abs(x - 0.4) },
  {
    data: { kind: 'teacher', points: 16, seed: 5 },
    start: 0,
    end: 1,
    y: (x) =>
      teacherDraw(5, 1, 3) +
      [0, 1, 2].reduce(
        (sum, j) => sum + teacherDraw(5, 1, j) * Math.tanh(teacherDraw(5, 0, j) * x + teacherDraw(5, 0, 3 + j)),
        0,
      ),
  },
];

describe.each(formulas)('$data.kind', ({ data, start, end, y }) => {
  const { inputs, targets, targetVariance } = makeDataset(data);

  test('has evenly spaced inputs with both ends, and the targets of its formula', () => {
    expect(inputs).toHaveLength(data.points);
    expect(inputs[0]).toBe(start);
    expect(inputs[data.points - 1]).toBe(end);
    for (let i = 0; i < data.points; i++) {
      const x = start + ((end - start) * i) / (data.points - 1);
      expect(inputs[i]).toBe(Math.fround(x));
      expect(Math.abs(targets[i] - y(x))).toBeLessThan(1e-6);
    }
  });

  test('knows the population variance of its targets', () => {
    const mean = targets.reduce((a, b) => a + b, 0) / targets.length;
    const variance = targets.reduce((sum, t) => sum + (t - mean) ** 2, 0) / targets.length;
    expect(Math.abs(targetVariance / variance - 1)).toBeLessThan(1e-12);
  });
});

test('teachers of different seeds differ, and the default seed is 0', () => {
  const targets = (seed?: number) => [
    ...makeDataset({ kind: 'teacher', points: 8, ...(seed !== undefined && { seed }) }).targets,
  ];
  expect(targets()).toEqual(targets(0));
  expect(targets(1)).not.toEqual(targets(0));
});
