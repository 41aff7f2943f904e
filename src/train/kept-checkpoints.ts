/**
 * The checkpoints that a task keeps for good: the state of each of its networks at every multiple of `keepEvery` below
 * the last epoch. All of them go to one file, so that a run of many short groups has few.
 */
import { BLOCK_EPOCHS } from '../../schemas/arithmetic.ts';
import type { NetworkCheckpoint } from '../../schemas/checkpoint.ts';
import type { KeptNetworks } from '../../schemas/journal.ts';
import { FORMAT_VERSION } from '../../schemas/trace.ts';
import type { TaskRequest } from '../../schemas/training-messages.ts';
import { KeptWriter, keptName } from '../storage/checkpoints/checkpoints.ts';

/** Keeps checkpoints; `finish` or `abandon` must be called once. */
export class KeptCheckpoints {
  readonly #request: TaskRequest;
  readonly #file: string;
  readonly #writer: KeptWriter;
  /** Ids by epoch. */
  readonly #ids = new Map<number, number[]>();

  constructor(request: TaskRequest) {
    const { groups, epochs, session, checkpointFolder } = request;
    this.#request = request;
    this.#file = keptName({ session, network: groups[0].networks[0].id, epoch: groups[0].epoch, epochs });
    this.#writer = new KeptWriter(checkpointFolder, this.#file);
  }

  /** Whether the state after an epoch is kept. */
  isDue(epoch: number): boolean {
    const { keepEvery, epochs } = this.#request;
    return epoch % keepEvery === 0 && epoch < epochs;
  }

  /** The first block of losses that the checkpoint before has not seen the end of. */
  firstBlock(epoch: number): number {
    return Math.floor((epoch - this.#request.keepEvery) / BLOCK_EPOCHS);
  }

  /** Keeps the networks of one group. */
  append(epoch: number, networks: readonly NetworkCheckpoint[]): void {
    const { runKey } = this.#request;
    this.#writer.append({ kind: 'checkpoint', formatVersion: FORMAT_VERSION, runKey, epoch, networks });
    const ids = this.#ids.get(epoch) ?? [];
    ids.push(...networks.map(({ network }) => network));
    this.#ids.set(epoch, ids);
  }

  /** Makes everything durable and says what is kept, ascending. */
  finish(): KeptNetworks[] {
    this.#writer.finish();
    const epochs = [...this.#ids.keys()].sort((a, b) => a - b);
    return epochs.map((epoch) => ({
      network: Uint32Array.from(this.#ids.get(epoch) ?? []),
      epoch,
      checkpoint: this.#file,
    }));
  }

  /** Gives up what was kept. */
  abandon(): void {
    this.#writer.abandon();
  }
}
