/**
 * Results by network: commits in any order, failures that a later commit overrides, and the fingerprint of the whole.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { LabelName } from '../../schemas/catalogue.ts';
import type { NetworkResults } from '../../schemas/journal.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { Results } from '../../src/run/results.ts';
import { sweepOf } from '../support/runs.ts';

const networks = expandSweep(sweepOf({ seeds: 3 }));

/** Results of some networks; every number of a network is told by its id. */
function resultsOf(ids: readonly number[], label: string = 'descending'): NetworkResults {
  return {
    network: Uint32Array.from(ids),
    label: ids.map(() => label as LabelName),
    degraded: Uint8Array.from(ids, (id) => id % 2),
    subnormal: Uint8Array.from(ids, (id) => (id + 1) % 2),
    onsetEpoch: Uint32Array.from(ids, (id) => 5 + id),
    divergedEpoch: Uint32Array.from(ids, (id) => 10 + id),
    nonFiniteEpoch: Uint32Array.from(ids, (id) => 20 + id),
    lossMinEpoch: Uint32Array.from(ids, (id) => 30 + id),
    lossFirst: Float64Array.from(ids, (id) => 40 + id),
    lossMin: Float64Array.from(ids, (id) => 50 + id),
    lossLast: Float64Array.from(ids, (id) => 60 + id),
    spikeCount: Uint32Array.from(ids, (id) => 80 + id),
    spikeInterval: Float64Array.from(ids, (id) => 90 + id),
    spikeHeight: Float64Array.from(ids, (id) => 100 + id),
    flipFraction: Float64Array.from(ids, (id) => id / 8),
    digest: Uint8Array.from({ length: 32 * ids.length }, (_, i) => 70 + ids[Math.floor(i / 32)]),
  };
}

describe('results', () => {
  test('stand at the network they belong to, whatever order they come in', () => {
    const results = new Results(3);
    results.commit({ results: resultsOf([2, 0], 'stagnated'), unfinished: null, kept: [] });
    expect([0, 1, 2].map((id) => results.labelOf(id))).toEqual(['stagnated', null, 'stagnated']);
    expect([0, 1, 2].map((id) => results.isDone(id))).toEqual([true, false, true]);
    expect([...results.columns.divergedEpoch, ...results.columns.nonFiniteEpoch]).toEqual([10, 0, 12, 20, 0, 22]);
    expect([...results.columns.lossMinEpoch, ...results.columns.lossFirst]).toEqual([30, 0, 32, 40, 0, 42]);
    expect([...results.columns.lossMin, ...results.columns.lossLast]).toEqual([50, 0, 52, 60, 0, 62]);
    expect([...results.columns.onsetEpoch, ...results.columns.spikeCount]).toEqual([5, 0, 7, 80, 0, 82]);
    expect([...results.columns.spikeInterval]).toEqual([90, Number.NaN, 92]);
    expect([...results.columns.spikeHeight, ...results.columns.flipFraction]).toEqual([
      100,
      Number.NaN,
      102,
      0,
      0,
      0.25,
    ]);
    expect(results.digestOf(2)).toBe('48'.repeat(32));
    expect(results.digestOf(1)).toBe(null);
    expect([results.doneCount, results.failedCount]).toEqual([2, 0]);
    expect(results.labelCounts()).toMatchObject({ stagnated: 2, descending: 0, failed: 0 });
  });

  test('of a failed network are open until a later commit has them, and a failure takes nothing back', () => {
    const results = new Results(3);
    results.commit({ results: resultsOf([0]), unfinished: null, kept: [] });
    results.fail(Uint32Array.of(0, 1));
    expect([0, 1, 2].map((id) => results.labelOf(id))).toEqual(['descending', 'failed', null]);
    expect(results.isDone(1)).toBe(false);
    expect(results.digestOf(1)).toBe(null);
    expect([results.doneCount, results.failedCount]).toEqual([1, 1]);
    results.commit({ results: resultsOf([1]), unfinished: null, kept: [] });
    results.commit({ results: resultsOf([1]), unfinished: null, kept: [] });
    expect([results.doneCount, results.failedCount]).toEqual([2, 0]);
  });

  test('have a fingerprint once every network is done, and it is that of the definition', () => {
    const results = new Results(3);
    results.commit({ results: resultsOf([1, 2]), unfinished: null, kept: [] });
    expect(results.fingerprint(networks)).toBe(null);
    results.commit({ results: resultsOf([0]), unfinished: null, kept: [] });
    const bytes = [0, 1, 2].map((id) =>
      Buffer.concat([Buffer.of(id, 0, 0, 0), Buffer.from(networks[id].key, 'hex'), Buffer.alloc(32, 70 + id)]),
    );
    expect(bytes[0]).toHaveLength(4 + 8 + 32);
    expect(results.fingerprint(networks)).toBe(createHash('sha256').update(Buffer.concat(bytes)).digest('hex'));
  });

  test('with a label that this version does not know are not done', () => {
    const results = new Results(3);
    results.commit({ results: resultsOf([0], 'enlightened'), unfinished: null, kept: [] });
    expect([results.labelOf(0), results.isDone(0), results.doneCount]).toEqual([null, false, 0]);
  });
});
