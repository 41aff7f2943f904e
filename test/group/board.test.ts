/**
 * The board: what workers write, readers with a view of the same buffer see, and counts are the counts of what stands
 * there.
 */
import { describe, expect, test } from 'vitest';
import { MOTION_NAMES, OUTCOME_NAMES } from '../../schemas/catalogue.ts';
import { FAILED, LABEL_PAIRS, labelCounts, labelsOfNumber } from '../../schemas/labels.ts';
import { Board } from '../../src/group/board.ts';

const size = { networkCount: 5, threadCount: 3 };
const noLabels = labelCounts(new Uint32Array(LABEL_PAIRS));

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
    written.setNetwork(4, { epochs: 700, labels: FAILED });
    written.setThread(0, 0);
    written.setThread(2, 4);
    expect(seen.epochsOf(4)).toBe(700);
    expect([0, 1, 2, 3].map((id) => seen.epochsOf(id))).toEqual([0, 0, 0, 0]);
    expect(seen.labelCounts()).toEqual({ ...noLabels, outcomes: { ...noLabels.outcomes, failed: 1 } });
    expect(seen.threads()).toEqual([0, null, 4]);
  });

  test('counts every pair of labels, and forgets those of a network that starts again', () => {
    const board = new Board({ networkCount: LABEL_PAIRS, threadCount: 1 });
    for (let id = 0; id < LABEL_PAIRS; id++) board.setNetwork(id, { epochs: 1, labels: labelsOfNumber(id) });
    const { outcomes, motions } = board.labelCounts();
    expect(outcomes).toEqual(Object.fromEntries(OUTCOME_NAMES.map((name) => [name, 1 + MOTION_NAMES.length])));
    expect(motions).toEqual(Object.fromEntries(MOTION_NAMES.map((name) => [name, OUTCOME_NAMES.length])));
    board.setNetwork(0, { epochs: 0, labels: null });
    expect(board.labelCounts().outcomes[OUTCOME_NAMES[0]]).toBe(MOTION_NAMES.length);
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
    for (let id = 0; id < size.networkCount; id++) board.setNetwork(id, { epochs, labels: null });
    expect(board.epochsTrained()).toBe(5 * epochs);
  });

  test('weighs the epochs of each network by its own number', () => {
    const board = new Board(size);
    for (let id = 0; id < size.networkCount; id++) board.setNetwork(id, { epochs: 10 ** id, labels: null });
    expect(board.weightedEpochs(Float64Array.of(5, 4, 3, 2, 1))).toBe(12_345);
  });
});
