/**
 * The displays without a screen: lines of text for logs, ever rarer in a long run, and NDJSON for programs.
 */
import { describe, expect, test } from 'vitest';
import type { Notice } from '../../schemas/notices.ts';
import { jsonDisplay } from '../../src/display/json.ts';
import { plainDisplay, progressLine } from '../../src/display/plain.ts';
import { EMPTY_VIEW } from '../../src/display/view-model.ts';
import { begun, ended, labels, progress, RUNNING, viewAfter } from './notices.ts';

/** The lines that a display writes on notices. */
function linesOn(
  display: (write: (line: string) => void) => (notice: Notice) => void,
  notices: readonly Notice[],
): string[] {
  const lines: string[] = [];
  const notify = display((line) => lines.push(line));
  for (const notice of notices) notify(notice);
  return lines;
}

describe('the plain display', () => {
  test('says what begins, where it stands and what ends it, a line each', () => {
    const lines = linesOn(plainDisplay, [
      begun(),
      progress(),
      { kind: 'committed', elapsedMs: 1, networks: [{ network: 1, outcome: 'learned', motion: 'steady' }] },
      { kind: 'stopping' },
      ended(),
    ]);
    expect(lines).toEqual([
      'made-up: 1,620 networks × 50,000 epochs in 408 groups on 3 threads → traces/runs/made-up-01234567',
      '00:00:00  0.0 %  0/1,620 networks  diverged 0  threads 2/3  212 MB memory',
      'stopping: the workers leave their groups; what is committed is kept',
    ]);
  });

  test('says how much earlier sessions have done', () => {
    expect(linesOn(plainDisplay, [begun({ networksDone: 1200 })])[0]).toContain(' on 3 threads, 1,200 already done → ');
  });

  test('says at once what goes wrong, each time', () => {
    const retry: Notice = { kind: 'retry', networks: [1, 2], attempt: 2, reason: 'lost' };
    const lines = linesOn(plainDisplay, [
      begun(),
      retry,
      progress(),
      { ...retry, attempt: 3 },
      { kind: 'failed', networks: [1, 2], reason: 'lost' },
    ]);
    expect(lines.filter((line) => !line.startsWith('00:'))).toEqual([
      expect.stringContaining('made-up'),
      'a worker was lost (lost); networks 1–2: attempt 2',
      'a worker was lost (lost); networks 1–2: attempt 3',
      'networks 1–2 given up: lost',
    ]);
  });

  test('writes of its progress every 2 s at first, every 15 s after half a minute, every minute after ten', () => {
    const progresses = Array.from({ length: 3600 }, (_, second) => progress({ elapsedMs: second * 1000 }));
    const seconds = linesOn(plainDisplay, [begun(), ...progresses])
      .slice(1)
      .map((line) =>
        line
          .slice(0, 8)
          .split(':')
          .reduce((sum, part) => 60 * sum + Number(part), 0),
      );
    const gaps = seconds.map((second, i) => second - (seconds[i - 1] ?? 0));
    expect(seconds.slice(0, 3)).toEqual([0, 2, 4]);
    expect(new Set(gaps.filter((_, i) => i > 0 && seconds[i] < 30))).toEqual(new Set([2]));
    expect(new Set(gaps.filter((_, i) => seconds[i] > 50 && seconds[i] < 600))).toEqual(new Set([15]));
    expect(new Set(gaps.filter((_, i) => seconds[i] > 700))).toEqual(new Set([60]));
  });
});

describe('a line of progress', () => {
  test('has the time, the share, counts, the rate, the time left, divergence, threads and memory', () => {
    expect(progressLine(RUNNING)).toBe(
      '00:00:08  20.0 %  324/1,620 networks  375 k network-epochs/s  about 32 s left  diverged 33  threads 2/3  ' +
        '212 MB memory',
    );
  });

  test('leaves out what is not known, and is nothing before there is progress', () => {
    expect(progressLine(viewAfter(begun(), progress({ labels: labels({ collapsed: 1 }) })))).toBe(
      '00:00:00  0.0 %  0/1,620 networks  diverged 1  threads 2/3  212 MB memory',
    );
    expect(progressLine(EMPTY_VIEW)).toBe('');
    expect(progressLine(viewAfter(begun()))).toBe('');
  });
});

test('the JSON display writes every notice as it is, one a line', () => {
  const notices: Notice[] = [
    begun(),
    progress({ threads: ['a\nb', null] }),
    { kind: 'retry', networks: [1], attempt: 2, reason: 'two\nlines' },
    { kind: 'stopping' },
    ended({ fingerprint: null }),
  ];
  const lines = linesOn(jsonDisplay, notices);
  expect(lines.map((line) => JSON.parse(line))).toEqual(notices);
  expect(lines.filter((line) => line.includes('\n'))).toEqual([]);
});
