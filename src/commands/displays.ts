/**
 * Which display a command gets: the dashboard on a terminal, lines elsewhere, JSON where asked for. The dashboard's
 * questions about networks are answered here, from the run's folder.
 */

import type { Labels } from '../../schemas/labels.ts';
import type { Network } from '../../schemas/network.ts';
import type { Notice } from '../../schemas/notices.ts';
import { RunError } from '../../schemas/problems.ts';
import { Dashboard, type DashboardSource } from '../display/dashboard.ts';
import type { WishHandler } from '../display/ink/mount.tsx';
import { jsonDisplay } from '../display/json.ts';
import { plainDisplay } from '../display/plain.ts';
import { TraceReader } from '../replay/trace-reader.ts';
import type { RunState } from '../run/run-state.ts';
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
  readonly isOwn: boolean;
  readonly #state: RunState;
  readonly #trace: TraceReader;

  /** `isOwn` says whether this process trains the run. */
  constructor({ folder, state, isOwn }: { folder: string; state: RunState; isOwn: boolean }) {
    this.isOwn = isOwn;
    this.#state = state;
    this.#trace = new TraceReader({ folder, state });
  }

  get networks(): readonly Network[] {
    return this.#state.networks;
  }

  get epochs(): number {
    return this.#state.epochs;
  }

  labelsOf(id: number): Labels | null {
    return this.#state.results.labelsOf(id);
  }

  /** A trace that cannot be read is no reason to leave the screen: the pane says so. */
  detailOf({ id: network }: Network): ReturnType<DashboardSource['detailOf']> {
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
