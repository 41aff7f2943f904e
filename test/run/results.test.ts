/**
 * Results by network: commits in any order, failures that a later commit overrides, and the fingerprint of the whole.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { OutcomeName } from '../../schemas/catalogue.ts';
import type { NetworkResults } from '../../schemas/journal.ts';
import {
  RESULT_COLUMNS,
  RESULT_NAMES,
  type ResultName,
  resultArrays,
  resultNull,
} from '../../schemas/result-columns.ts';
import { expandSweep } from '../../src/plan/expand.ts';
import { Results } from '../../src/run/results.ts';
import { sweepOf } from '../support/runs.ts';

const networks = expandSweep(sweepOf({ seeds: 3 }));

/** What a made-up result is at network 0; at another one it is more by its id. */
const base = (name: ResultName) => 10 * RESULT_NAMES.indexOf(name);

/** Results of some networks; every number of a network is told by its id. */
function resultsOf(ids: readonly number[], outcome: string = 'learned'): NetworkResults {
  return {
    network: Uint32Array.from(ids),
    outcome: ids.map(() => outcome as OutcomeName),
    motion: ids.map((id) => (id === 0 ? null : 'steady')),
    ...resultArrays(ids.length, (name, row) =>
      RESULT_COLUMNS[name].kind === 'flag' ? ids[row] % 2 : base(name) + ids[row],
    ),
    digest: Uint8Array.from({ length: 32 * ids.length }, (_, i) => 70 + ids[Math.floor(i / 32)]),
  };
}

describe('results', () => {
  test('stand at the network they belong to, whatever order they come in', () => {
    const results = new Results(3);
    results.commit({ results: resultsOf([2, 0], 'collapsed'), unfinished: null, kept: [] });
    expect([0, 1, 2].map((id) => results.labelsOf(id))).toEqual([
      { outcome: 'collapsed', motion: null },
      null,
      { outcome: 'collapsed', motion: 'steady' },
    ]);
    expect([0, 1, 2].map((id) => results.isDone(id))).toEqual([true, false, true]);
    for (const name of RESULT_NAMES) {
      const isFlag = RESULT_COLUMNS[name].kind === 'flag';
      const expected = isFlag ? [0, 0, 0] : [base(name), resultNull(name), base(name) + 2];
      expect([...results.columns[name]], name).toEqual(expected);
    }
    expect(results.digestOf(2)).toBe('48'.repeat(32));
    expect(results.digestOf(1)).toBe(null);
    expect([results.doneCount, results.failedCount]).toEqual([2, 0]);
    expect(results.labelCounts()).toMatchObject({
      outcomes: { collapsed: 2, learned: 0, failed: 0 },
      motions: { steady: 1 },
    });
  });

  test('of a failed network are open until a later commit has them, and a failure takes nothing back', () => {
    const results = new Results(3);
    results.commit({ results: resultsOf([0]), unfinished: null, kept: [] });
    results.fail(Uint32Array.of(0, 1));
    expect([0, 1, 2].map((id) => results.labelsOf(id)?.outcome)).toEqual(['learned', 'failed', undefined]);
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
});
