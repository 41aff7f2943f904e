/**
 * Whatever goes wrong while a run is read has words: a problem that has its own keeps them, any other error names what
 * was read and stays as its cause.
 */
import { expect, test } from 'vitest';
import { RunError, UsageError } from '../../schemas/problems.ts';
import { reading } from '../../src/storage/reading.ts';

test('an error of any kind becomes a RunError that names what was read', () => {
  for (const error of [new RangeError('offset is out of bounds'), new TypeError('x is undefined'), 'a text']) {
    const read = () =>
      reading('traces/runs/x', () => {
        throw error;
      });
    expect(read).toThrow(RunError);
    expect(read).toThrow(/^traces\/runs\/x: cannot be read: /);
    expect(read).toThrow(expect.objectContaining({ cause: error }));
  }
});

test('a problem with words of its own, and what is read, stay as they are', () => {
  for (const error of [new RunError({ where: 'a', got: 'b' }), new UsageError({ where: 'a', got: 'b' })])
    expect(() =>
      reading('x', () => {
        throw error;
      }),
    ).toThrow(error);
  expect(reading('x', () => 5)).toBe(5);
});
