/**
 * Which display a command gets: the dashboard on a terminal, lines elsewhere, JSON where asked for. The dashboard's
 * questions about networks are answered here, from the run's folder.
 */

import type { LabelName } from '../../schemas/catalogue.ts';
import type { JournalRecord } from '../../schemas/journal.ts';
import type { Network } from '../../schemas/network.ts';
import type { Notice } from '../../schemas/notices.ts';
import { RunError } from '../../schemas/problems.ts';
import { Dashboard, type DashboardSource } from '../display/dashboard.ts';
import type { WishHandler } from '../display/ink/mount.tsx';
import { jsonDisplay } from '../display/json.ts';
import { plainDisplay } from '../display/plain.ts';
import { runPaths } from '../run/folder.ts';
import { TraceReader } from '../run/trace-reader.ts';
import { JournalTail } from '../storage/journal-tail.ts';
import { printLine, tellUser } from './output.ts';

/** Where notices go. */
export interface Display {
  readonly notify: (notice: Notice) => void;
  /** Resolves once the user has left, at once where there is nothing to leave; rejects where it fails. */
  readonly left: Promise<void>;
  readonly close: () => void;
}

/** Whether there is a terminal that a screen can be drawn on. */
export function isInteractive(): boolean {
  return process.stdout.isTTY === true && process.env.CI === undefined && process.env.TERM !== 'dumb';
}

/** JSON lines on stdout. */
export const jsonLines = (): Display => streamed(jsonDisplay(printLine));

/** Lines of text on stderr. */
export const plainLines = (): Display => streamed(plainDisplay(tellUser));

const streamed = (notify: (notice: Notice) => void): Display => ({ notify, left: Promise.resolve(), close: () => {} });

/** The dashboard on this process's terminal. */
export async function openDashboard(source: DashboardSource, onWish: WishHandler): Promise<Display> {
  process.env.NODE_ENV ??= 'production'; // React's development build costs several times the drawing
  const { inkDisplay } = await import('../display/ink/mount.tsx');
  return inkDisplay(new Dashboard(source), { stdout: process.stdout, stdin: process.stdin, onWish });
}

/** A run as the dashboard asks about it. */
export class RunSource implements DashboardSource {
  readonly networks: readonly Network[];
  epochs: number;
  readonly isOwn: boolean;
  readonly #labelOf: (id: number) => LabelName | null;
  readonly #trace: TraceReader;
  /** The journal, where nobody hands on its records. */
  readonly #tail: JournalTail | null;

  constructor(of: {
    folder: string;
    networks: readonly Network[];
    epochs: number;
    labelOf: (id: number) => LabelName | null;
    /** Whether this process trains the run; its journal is then read as it grows. */
    isOwn: boolean;
  }) {
    this.networks = of.networks;
    this.epochs = of.epochs;
    this.isOwn = of.isOwn;
    this.#labelOf = of.labelOf;
    this.#trace = new TraceReader({ folder: of.folder, journal: [] });
    this.#tail = of.isOwn ? new JournalTail(runPaths(of.folder).journal) : null;
  }

  /** Takes a record of the journal, where the run is followed. */
  readonly take = (record: JournalRecord): void => {
    this.#trace.take(record);
    if (record.kind === 'raised') this.epochs = record.epochs;
  };

  labelOf(id: number): LabelName | null {
    return this.#labelOf(id);
  }

  /** A trace that cannot be read is no reason to leave the screen: the pane says so. */
  detailOf({ id: network }: Network): ReturnType<DashboardSource['detailOf']> {
    for (const record of this.#tail?.read() ?? []) this.#trace.take(record);
    const all = { network, first: 1, last: this.epochs };
    try {
      const { epoch, columns } = this.#trace.buckets(all);
      const losses = Array.from(epoch, (last, row) => ({
        epoch: last,
        low: columns.loss_min[row],
        high: columns.loss_max[row],
      }));
      return { losses, events: this.#trace.events(all) };
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      return { losses: null, events: [] };
    }
  }
}
