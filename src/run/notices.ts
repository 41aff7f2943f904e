/**
 * What a run tells those who watch: notices made of its state and of the record that has just been taken. The process
 * that trains a run and one that watches it from outside both ask here, so that both see the same.
 */
import type { JournalRecord } from '../../schemas/journal.ts';
import type { EngineName } from '../../schemas/manifest.ts';
import type { Notice } from '../../schemas/notices.ts';
import type { RunState } from './run-state.ts';

/** The notices of a record. */
export function noticesOf(record: JournalRecord): Notice[] {
  if (record.kind === 'failed') return [{ kind: 'failed', networks: [...record.network], reason: record.reason }];
  if (record.kind !== 'commit') return [];
  const { elapsedMs, events, results } = record;
  const networks = Array.from(results.network, (network, row) => ({
    network,
    outcome: results.outcome[row],
    motion: results.motion[row],
  }));
  return [
    ...(events.notable.length > 0 ? [{ kind: 'events', elapsedMs, ...events } as const] : []),
    ...(networks.length > 0 ? [{ kind: 'committed', elapsedMs, networks } as const] : []),
  ];
}

/** That a session begins, or that what was told before no longer holds. */
export function begunNotice(
  state: RunState,
  run: { name: string; key: string; folder: string; engine: EngineName; groups: number; threads: number },
): Notice {
  return {
    kind: 'begun',
    ...run,
    networks: state.networks.length,
    epochs: state.epochs,
    networksDone: state.results.doneCount,
  };
}

/** How a run has ended, whether its process said so or was killed. */
export function endedNotice(state: RunState): Extract<Notice, { kind: 'ended' }> {
  const { results, networks } = state;
  return {
    kind: 'ended',
    reason: state.ending,
    elapsedMs: state.sessionMs,
    networksDone: results.doneCount,
    networksFailed: results.failedCount,
    labels: results.labelCounts(),
    fingerprint: results.fingerprint(networks),
  };
}
