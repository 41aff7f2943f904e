/**
 * The board of a run: where its networks stand as a session begins, where those of a lost task stand again, and the
 * share of the planned work that is done.
 */
import type { GroupRequest } from '../../schemas/training-messages.ts';
import { Board } from '../group/board.ts';
import { operationsPerEpoch } from '../plan/cost.ts';
import type { OpenRun } from '../run/open-run.ts';

export class RunBoard {
  readonly board: Board;
  /** Operations per epoch, `[network]`; 0 for those of other shards. */
  readonly #operations: Float64Array;
  readonly #operationsPlanned: number;

  /** A board that shows what earlier sessions have trained. */
  constructor({ networks, results, manifest }: OpenRun, threadCount: number) {
    const { epochs } = manifest.sweep;
    this.board = new Board({ networkCount: results.networkCount, threadCount });
    this.#operations = new Float64Array(results.networkCount);
    for (const network of networks) this.#operations[network.id] = operationsPerEpoch(network);
    this.#operationsPlanned = this.#operations.reduce((sum, operations) => sum + operations * epochs, 0);
    for (const { id } of networks) {
      if (results.isDone(id)) this.board.setNetwork(id, { epochs, labels: results.labelsOf(id) });
      else this.board.setNetwork(id, { epochs: results.progressOf(id)?.epoch ?? 0, labels: null });
    }
  }

  /** Shows the networks of a lost task where they were before it, and its thread idle. */
  reset(groups: readonly GroupRequest[], thread: number): void {
    for (const { networks, epoch } of groups)
      for (const { id } of networks) this.board.setNetwork(id, { epochs: epoch, labels: null });
    this.board.setThread(thread, null);
  }

  /** The share of the planned operations that is done, 0 to 1. */
  share(): number {
    return this.board.weightedEpochs(this.#operations) / this.#operationsPlanned;
  }
}
