/**
 * The board: what workers write, readers with a view of the same buffer see, and counts are the counts of what stands
 * there.
 */
import { describe, expect, test } from 'vitest';
import { LABEL_NAMES } from '../../schemas/catalogue.ts';
import { Board } from '../../src/group/board.ts';

const size = { networkCount: 5, threadCount: 3 };
const noLabels = Object.fromEntries(LABEL_NAMES.map((name) => [name, 0]));

describe('a new board', () => {
  const board = new Board(size);

  test('has trained nothing, labelled nothing and idles', () => {
    expect(board.epochsTrained()).toBe(0);
    expect(board.labelCounts()).toEqual(noLabels);
    expect(board.threads()).toEqual([null, null, null]);
  });
});

describe('a board', () => {
  test('shows through another view of its buffer what was written, each section on its own', () => {
    const written = new Board(size);
    const seen = new Board(size, written.buffer);
    written.setNetwork(4, { epochs: 700, label: 'failed' });
    written.setThread(0, 0);
    written.setThread(2, 4);
    expect(seen.epochsOf(4)).toBe(700);
    expect([0, 1, 2, 3].map((id) => seen.epochsOf(id))).toEqual([0, 0, 0, 0]);
    expect(seen.labelCounts()).toEqual({ ...noLabels, failed: 1 });
    expect(seen.threads()).toEqual([0, null, 4]);
  });

  test('counts each label, the first one of the list too, and forgets the label of a network that starts anew', () => {
    const board = new Board({ networkCount: LABEL_NAMES.length, threadCount: 1 });
    for (const [id, label] of LABEL_NAMES.entries()) board.setNetwork(id, { epochs: 1, label });
    expect(board.labelCounts()).toEqual(Object.fromEntries(LABEL_NAMES.map((name) => [name, 1])));
    board.setNetwork(0, { epochs: 0, label: null });
    expect(board.labelCounts()).toEqual({ ...board.labelCounts(), [LABEL_NAMES[0]]: 0 });
  });

  test('forgets what a thread trained once it idles', () => {
    const board = new Board(size);
    board.setThread(1, 0);
    board.setThread(1, null);
    expect(board.threads()).toEqual([null, null, null]);
  });

  test('sums epochs far beyond 32 bits', () => {
    const board = new Board(size);
    const epochs = 2 ** 31 - 1;
    for (let id = 0; id < size.networkCount; id++) board.setNetwork(id, { epochs, label: null });
    expect(board.epochsTrained()).toBe(5 * epochs);
  });

  test('weighs the epochs of each network by its own number', () => {
    const board = new Board(size);
    for (let id = 0; id < size.networkCount; id++) board.setNetwork(id, { epochs: 10 ** id, label: null });
    expect(board.weightedEpochs(Float64Array.of(5, 4, 3, 2, 1))).toBe(12_345);
  });
});
