/**
 * What watches one network while it trains: an observer, a bucket and a digest, fed with each chunk of its signals. They can be
 * taken apart into numbers at any epoch and put together again.
 */
import type { NetworkCheckpoint } from '../../schemas/checkpoint.ts';
import type { Network } from '../../schemas/network.ts';
import { makeDataset } from '../data/datasets.ts';
import { initialParameter } from '../data/objectives.ts';
import { Observer } from '../detect/observer.ts';
import { type FloatArray, floatArray } from '../numeric/bits.ts';
import { objectiveLoss } from '../reference/objective.ts';
import { Bucket } from './buckets.ts';
import { DigestBuilder } from './digest.ts';
import type { LaneSignals } from './lane-signals.ts';
import type { TraceWriter } from './trace-writer.ts';

/** The part of a checkpoint that is about what was seen, not about the network's own state. */
type Seen = Pick<NetworkCheckpoint, 'observer' | 'bucket' | 'blockDigests' | 'openLosses'>;

export class Watch {
  readonly id: number;
  readonly observer: Observer;
  readonly digest: DigestBuilder;
  readonly #signals: LaneSignals;
  readonly #bucket: Bucket;
  readonly #trace: TraceWriter;

  /** `openBlock` is room for the losses of one block, the watch's own while it is in use. */
  constructor(of: {
    network: Network;
    signals: LaneSignals;
    openBlock: FloatArray;
    trace: TraceWriter;
    epochs: number;
    bucketEpochs: number;
  }) {
    const { network, epochs, bucketEpochs } = of;
    this.id = network.id;
    this.observer = new Observer({ epochs, targetVariance: lossScale(network) });
    this.digest = new DigestBuilder(of.openBlock);
    this.#signals = of.signals;
    this.#bucket = new Bucket({ network: network.id, bucketEpochs, epochs });
    this.#trace = of.trace;
  }

  /** Takes the chunk that was trained last; chunks must follow one another without a gap. */
  take(chunk: { firstEpoch: number; count: number }): void {
    this.#signals.begin(chunk);
    this.observer.observe(this.#signals);
    this.#trace.epochs(this.#bucket, this.#signals);
    this.#trace.blocks(this.id, this.digest.losses(this.#signals));
  }

  /** What has been seen by now, as numbers of its own. */
  seen(): Seen {
    return { observer: this.observer.save(), bucket: this.#bucket.save(), ...this.digest.save() };
  }

  /** Goes on where another watch of the network was after `epoch` epochs. */
  goOn(epoch: number, { observer, bucket, blockDigests, openLosses }: Seen): void {
    this.observer.restore(observer);
    this.#bucket.restore(bucket);
    this.digest.restore(epoch, { blockDigests, openLosses });
  }
}

/** What a diverged loss is compared with: the variance of the targets, or of an objective its first loss, L_1. */
function lossScale(network: Network): number {
  if (network.objective === undefined) return makeDataset(network.data).targetVariance;
  const loss = objectiveLoss(network);
  loss.beginEpoch(1);
  loss.step(1, initialParameter(network.objective), floatArray(network.precision, 1));
  return loss.value();
}
