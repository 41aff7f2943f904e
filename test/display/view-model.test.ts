/**
 * The model behind the displays: a pure function of notices. Rates and the time left from made-up progress, states, and
 * what went wrong in words of one line.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { divergenceCount } from '../../schemas/labels.ts';
import type { Notice } from '../../schemas/notices.ts';
import { EMPTY_VIEW, motionLines, outcomeLines, range, reduce } from '../../src/display/view-model.ts';
import { begun, ended, labels, progress, RUNNING, viewAfter } from './notices.ts';

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

describe('reduce', () => {
  const notice: fc.Arbitrary<Notice> = fc.oneof(
    fc.constant(begun()),
    fc
      .record({
        elapsedMs: fc.nat(100_000),
        epochsTrained: fc.nat(),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .map(progress),
    fc.constantFrom<Notice>(
      { kind: 'stopping' },
      { kind: 'committed', elapsedMs: 3, networks: [{ network: 1, outcome: 'learned', motion: 'steady' }] },
      { kind: 'retry', networks: [1, 2], attempt: 2, reason: 'x' },
      { kind: 'failed', networks: [1, 2], reason: 'x' },
      ended(),
    ),
  );

  test('gives the same view for the same notices and changes neither', () => {
    const holds = fc.property(fc.array(notice, { maxLength: 20 }), (notices) => {
      deepFreeze(notices);
      const views = notices.map((_, i) =>
        notices.slice(0, i + 1).reduce((view, next) => deepFreeze(reduce(view, next)), EMPTY_VIEW),
      );
      expect(viewAfter(...structuredClone(notices))).toEqual(views.at(-1) ?? EMPTY_VIEW);
      for (const { epochsPerSecond, remainingMs } of views) {
        expect(epochsPerSecond === null || epochsPerSecond > 0).toBe(true);
        expect(remainingMs === null || remainingMs >= 0).toBe(true);
      }
    });
    fc.assert(holds);
  });

  test('goes from planning to running, stopping and ended', () => {
    expect(EMPTY_VIEW.state).toBe('planning');
    expect(viewAfter(begun()).state).toBe('running');
    expect(viewAfter(begun(), progress()).state).toBe('running');
    expect(viewAfter(begun(), { kind: 'stopping' }, progress()).state).toBe('stopping');
    expect(viewAfter(begun(), { kind: 'stopping' }, ended()).state).toBe('ended');
  });

  test('forgets an earlier session when the next one begins', () => {
    const next = begun({ networksDone: 7 });
    expect(reduce(RUNNING, next)).toEqual({ ...EMPTY_VIEW, state: 'running', run: next });
  });

  test('keeps the progress notice as it came, and leaves the view as it is at a commit', () => {
    const now = progress({ elapsedMs: 5, share: 0.5 });
    const view = viewAfter(begun(), now);
    expect(view.progress).toBe(now);
    expect(reduce(view, { kind: 'committed', elapsedMs: 6, networks: [] })).toBe(view);
  });
});

describe('rates', () => {
  /** A run that trains `epochsPerMs` and gets 1 / totalMs of its work done a millisecond, told every `everyMs`. */
  const steady = (options: {
    epochsPerMs: number;
    totalMs: number;
    everyMs: number;
    untilMs: number;
    fromMs?: number;
  }) =>
    Array.from({ length: options.untilMs / options.everyMs + 1 }, (_, i) => {
      const elapsedMs = i * options.everyMs;
      return progress({
        elapsedMs,
        epochsTrained: options.epochsPerMs * elapsedMs,
        share: elapsedMs / options.totalMs,
      });
    });

  test('are unknown until something has moved', () => {
    const view = viewAfter(begun(), progress({ elapsedMs: 0 }), progress({ elapsedMs: 9000 }));
    expect([view.epochsPerSecond, view.remainingMs]).toEqual([null, null]);
  });

  test('do not count the time that workers take to start', () => {
    const view = viewAfter(
      begun(),
      progress({ elapsedMs: 0 }),
      progress({ elapsedMs: 9000 }),
      progress({ elapsedMs: 10_000, epochsTrained: 500, share: 0.1 }),
    );
    expect(view.epochsPerSecond).toBe(500);
    expect(view.remainingMs).toBeCloseTo(9000, 6);
  });

  test('of a steady run are its own, and what was done in earlier sessions does not count', () => {
    const earlier = { epochsTrained: 1e6, share: 0.5 };
    const view = viewAfter(
      begun(),
      progress({ elapsedMs: 0, ...earlier }),
      progress({ elapsedMs: 2000, epochsTrained: 1e6 + 3000, share: 0.6 }),
    );
    expect(view.epochsPerSecond).toBe(1500);
    expect(view.remainingMs).toBeCloseTo(8000, 6);
    const long = viewAfter(begun(), ...steady({ epochsPerMs: 2, totalMs: 400_000, everyMs: 250, untilMs: 100_000 }));
    expect(long.epochsPerSecond).toBeCloseTo(2000, 6);
    expect(long.remainingMs).toBeCloseTo(300_000, 3);
  });

  test('follow a change of speed within ten seconds, the time left within a minute, and no more is remembered', () => {
    const slow = steady({ epochsPerMs: 1, totalMs: 1e6, everyMs: 1000, untilMs: 100_000 });
    const fast = Array.from({ length: 60 }, (_, i) =>
      progress({
        elapsedMs: 101_000 + 1000 * i,
        epochsTrained: 100_000 + 10_000 * (i + 1),
        share: 0.1 + 0.01 * (i + 1),
      }),
    );
    expect(viewAfter(begun(), ...slow, ...fast.slice(0, 10)).epochsPerSecond).toBeCloseTo(10_000, 6);
    expect(viewAfter(begun(), ...slow, ...fast.slice(0, 5)).epochsPerSecond).toBeCloseTo(5500, 6);
    const late = viewAfter(begun(), ...slow, ...fast);
    expect(late.remainingMs).toBeCloseTo((1 - 0.7) / 0.00001, 3);
    expect(late.samples.length).toBe(61);
  });

  test('are unknown where lost work makes the count fall', () => {
    const view = viewAfter(
      begun(),
      progress({ elapsedMs: 0, epochsTrained: 0 }),
      progress({ elapsedMs: 1000, epochsTrained: 500, share: 0.2 }),
      progress({ elapsedMs: 2000, epochsTrained: 0, share: 0 }),
    );
    expect([view.epochsPerSecond, view.remainingMs]).toEqual([null, null]);
  });

  test('of a run that has ended leave no time', () => {
    expect(RUNNING.remainingMs).not.toBeNull();
    expect(reduce(RUNNING, ended()).remainingMs).toBeNull();
  });
});

describe('trouble', () => {
  test('is counted and told in one line, the latest last', () => {
    const retry = {
      kind: 'retry',
      networks: [4, 5, 6, 9],
      attempt: 2,
      reason: 'out of memory\n    at line 3',
    } as const;
    const once = viewAfter(begun(), retry);
    expect(once.trouble).toBe('a worker was lost (out of memory); networks 4–6, 9: attempt 2');
    const view = viewAfter(begun(), retry, retry, { kind: 'failed', networks: [4, 9], reason: 'gone\nfor good' });
    expect([view.retries, view.networksFailed]).toEqual([2, 2]);
    expect(view.trouble).toBe('networks 4, 9 given up: gone');
  });

  test.each([
    [[], ''],
    [[7], '7'],
    [[3, 1, 2], '1–3'],
    [[1, 3, 4, 8], '1, 3–4, 8'],
    [[0, 2, 4, 6, 8, 10], '0, 2, 4, 6, 8, 10'],
    [[0, 2, 4, 6, 8, 10, 12], '0, 2, 4, 6, 8, 10, …'],
  ])('networks %j are written %j', (ids, text) => {
    expect(range(ids)).toBe(text);
  });
});

describe('labels', () => {
  test('of divergence are non-finite, exploded and collapsed', () => {
    const some = labels({ 'non-finite': 4, exploded: 2, collapsed: 3, untrained: 10, learned: 20, failed: 40 });
    expect(divergenceCount(some)).toBe(9);
  });

  test('show divergence first with its parts, and leave out what no network has', () => {
    const texts = (counts: Parameters<typeof labels>[0]) =>
      outcomeLines(labels(counts)).map(({ name, networks, isPart }) => `${isPart ? '  ' : ''}${name} ${networks}`);
    expect(texts({ learned: 2 })).toEqual(['diverged 0', 'untrained 0', 'learned 2']);
    expect(texts({ exploded: 1, collapsed: 3, degraded: 5, failed: 7 })).toEqual([
      ...['diverged 4', '  exploded 1', '  collapsed 3', 'untrained 0', 'degraded 5', 'learned 0', 'failed 7'],
    ]);
    expect(motionLines(labels({ steady: 1, spiking: 2 })).map(({ name }) => name)).toEqual(['spiking', 'steady']);
  });
});
